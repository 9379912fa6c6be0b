#pragma once
// Fashion-MNIST: 60,000 and 10,000 images of 28 x 28 in ten classes of clothing (Xiao, Rasul, Vollgraf 2017).
#include <keratin/core/array.hpp>
#include <keratin/data/idx.hpp>

#include <array>

namespace keratin::datasets {

/// Images and their labels. `x` gives images as values from 0 to 1, x[i] one of them. May be moved but not
/// copied: x and y point into the set itself.
struct ImageSet {
  struct MoveOnly {
    MoveOnly() = default;
    MoveOnly(MoveOnly&&) = default;
    MoveOnly& operator=(MoveOnly&&) = default;
  };

  IdxArray<std::uint8_t> images, labels;
  Array x{}, y{};
  MoveOnly move_only{};
};
struct ImageSplit {
  ImageSet train, test;
};

namespace fashion_mnist {

inline constexpr std::array<const char*, 10> class_names{
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};

/// Where Debian's package dataset-fashion-mnist puts the files.
inline constexpr const char* default_folder = "/usr/share/datasets/fashion-mnist";

namespace detail {
[[gnu::cold]] inline ImageSet load(const std::string& stem) {
  ImageSet set{read_idx<std::uint8_t>(stem + "-images-idx3-ubyte.gz"),
               read_idx<std::uint8_t>(stem + "-labels-idx1-ubyte.gz")};
  const auto &image = set.images.shape, &label = set.labels.shape;
  if (image.size() != 3 || label.size() != 1 || image[0] != label[0])
    throw std::runtime_error("'" + stem + "-...': " + std::to_string(image[0]) + " images and " +
                             std::to_string(label[0]) +
                             " labels came, as many of one as of the other wanted");
  if (image[1] != 28 || image[2] != 28)
    throw std::runtime_error("'" + stem + "-...': images of " + std::to_string(image[1]) + " x " +
                             std::to_string(image[2]) + " came, 28 x 28 wanted");
  const std::size_t pixels = image[1] * image[2];
  set.x = Array(set.images.values.data(), set.images.values.size(), 1 / 255.0, pixels);
  set.y = Array(set.labels.values.data(), set.labels.values.size(), 1, 1);
  return set;
}
}  // namespace detail

/// Reads the four gzip files. Error: std::runtime_error that says what is missing or broken.
inline ImageSplit load(const std::string& folder = default_folder) {
  return {detail::load(folder + "/train"), detail::load(folder + "/t10k")};
}

}  // namespace fashion_mnist
}  // namespace keratin::datasets
