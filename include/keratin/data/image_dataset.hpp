#pragma once
// Images of a folder. Needs libpng and libjpeg. Keras: image_dataset_from_directory.
#include <keratin/data/dataset.hpp>
#include <keratin/data/folder.hpp>
#include <keratin/data/image_file.hpp>
#include <keratin/layers/resizing.hpp>

namespace keratin::data {

struct ImageOptions {
  FolderOptions folder{};
  ColorMode color_mode = ColorMode::rgb;
  std::size_t batch_size = 32;
  std::array<int, 2> image_size{256, 256};  // height and width
  Interpolation interpolation = Interpolation::bilinear;
  bool crop_to_aspect_ratio = false, pad_to_aspect_ratio = false;
};

namespace detail {

// Image i is read and resized when it is asked for.
class ImageSource : public InTurn<ImageSource> {
 public:
  ImageSource(const Folder& folder, const ImageOptions& options)
      : paths_(folder.file_paths),
        targets_(folder, options.folder.label_mode),
        mode_(options.color_mode),
        resizing_{options.image_size[0],        options.image_size[1],       options.interpolation,
                  options.crop_to_aspect_ratio, options.pad_to_aspect_ratio, 0} {}

  std::size_t size() const { return paths_.size(); }
  void at(std::size_t i, Batch& to) {
    reader_.read(paths_[i], mode_, image_);
    pixels_.resize(image_.values.size());
    copy_values(image_, 0, pixels_.size(), pixels_.data());
    const Shape shape{image_.height, image_.width, image_.channels};
    const auto size = static_cast<std::size_t>(resizing_.fit(shape).out.size());
    resized_.resize(size);
    resizing_.geometry(shape).forward(1, pixels_.data(), resized_.data());
    to.x = Array(resized_).rows_of(size);
    to.y = targets_[i];
    to.sample_weight = Arrays();
    to.samples = 1;
  }

 private:
  std::vector<std::string> paths_;
  FolderTargets targets_;
  ColorMode mode_;
  ResizingSpec resizing_;
  ImageReader reader_;
  Image image_;
  std::vector<float> pixels_, resized_;
};

}  // namespace detail

/// Batches of images with their labels; what the labels are called, and the files in the order of the folder.
struct ImageDataset : detail::Batched<detail::Shuffled<detail::ImageSource>> {
  ImageDataset(const Folder& folder, const ImageOptions& options)
      : Batched(detail::Shuffled(detail::ImageSource(folder, options),
                                 options.folder.shuffle ? folder.file_paths.size() : 1, options.folder.seed,
                                 true),
                options.batch_size, false),
        class_names(folder.class_names),
        file_paths(folder.file_paths) {}

  std::vector<std::string> class_names, file_paths;
};

/// The images of a folder: PNG and JPEG files in a folder for each class, and in folders within. x: float32
/// of 0 to 255, of (height, width, channels), resized as by the layer Resizing. The files are shuffled and
/// split as Keras does with this seed, and then shuffled anew in each round. Errors: std::runtime_error;
/// those of read_folder, a file in another format, an image that cannot be read (when its turn comes), an
/// impossible image_size. Keras: image_dataset_from_directory.
inline ImageDataset image_dataset_from_directory(const std::string& folder,
                                                 const ImageOptions& options = {}) {
  // Keras takes BMP and GIF as well: without them the labels and the split would be others.
  const Folder found = read_folder(folder, {".bmp", ".gif", ".jpeg", ".jpg", ".png"}, options.folder);
  for (const std::string& path : found.file_paths)
    if (detail::has_ending(path, {".bmp", ".gif"}))
      throw std::runtime_error("'" + path + "' came, PNG and JPEG files wanted");
  const ResizingSpec spec{options.image_size[0], options.image_size[1], options.interpolation,
                          options.crop_to_aspect_ratio, options.pad_to_aspect_ratio};
  if (const Fit fit = spec.fit({1, 1, static_cast<int>(options.color_mode)}); fit.broken)
    detail::refuse_folder(folder, std::string("image_dataset_from_directory: ") + fit.broken->text);
  if (options.batch_size == 0) detail::refuse_folder(folder, "batch_size 0 came, at least 1 wanted");
  return ImageDataset(found, options);
}

}  // namespace keratin::data
