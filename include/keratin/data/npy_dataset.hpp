#pragma once
// from_npy: arrays larger than memory, where they lie on the disk. Needs libzip, as <keratin/io/npy.hpp>.
#include <keratin/data/dataset.hpp>
#include <keratin/io/file_image.hpp>
#include <keratin/io/npy.hpp>

namespace keratin::data {

namespace detail {

// Samples of a file that is mapped: the system reads what is asked for.
class NpySource : public ArraySource {
 public:
  NpySource(io::FileImage image, const Array& values, std::size_t samples)
      : ArraySource(Batch{values, {}, {}, samples}), image_(std::move(image)) {}

 private:
  io::FileImage image_;
};

}  // namespace detail

/// x: the samples of an .npy file, read as scale * value. Nothing is copied, and they may be shuffled as
/// arrays are. Targets: zip(from_npy(x), from_npy(y) | as_targets()). An .npz archive is read whole,
/// io::read_npz, and its arrays given to from_arrays. Error: FileError; it cannot be read, is damaged, has no
/// samples, or its values are others than float32, float64, uint8, int32 or int64 in the machine's byte order
/// and row-major order, which io::read_npy reads as well.
inline auto from_npy(const std::string& path, double scale = 1) {
  return io::naming(path, [&] {
    io::FileImage image = io::FileImage::of(path);
    const auto [header, bytes] = io::detail::parse_npy_header(std::as_bytes(image.bytes));
    const io::detail::Element& element = header.element;
    const bool swapped = element.bytes > 1 && element.big_endian != (std::endian::native == std::endian::big);
    if (header.extents.empty() || header.extents[0] == 0 || bytes.empty())
      io::refuse("the shape ", io::detail::extents_text(header.extents), " came, samples wanted");
    if (swapped || (header.column_major && header.extents.size() > 1))
      io::refuse("values in another byte order or in column-major order came; io::read_npy reads them");

    const std::size_t samples = header.extents[0];
    const auto view = [&]<class E>(E) {
      if (element.bytes != sizeof(E) || reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(E) != 0)
        io::refuse("values of ", element.bytes,
                   " bytes, or where none may lie, came; io::read_npy reads them");
      const std::size_t n = bytes.size() / sizeof(E);
      return detail::NpySource(image, Array(reinterpret_cast<const E*>(bytes.data()), n, scale, n / samples),
                               samples);
    };
    using Kind = io::detail::Element;
    if (element.kind == Kind::boolean) return view(std::uint8_t{});
    if (element.kind == Kind::floating) return element.bytes == 8 ? view(double{}) : view(float{});
    if (element.kind == Kind::unsigned_integer) return view(std::uint8_t{});
    return element.bytes == 8 ? view(std::int64_t{}) : view(std::int32_t{});
  });
}

}  // namespace keratin::data
