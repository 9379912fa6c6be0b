#pragma once
// Reads IDX files, the format of MNIST and its successors.

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <keratin/data/gzip.hpp>

namespace keratin {

/// An array of any rank; `values` are in row-major order, the last index running fastest.
template <class T> struct IdxArray {
  std::vector<std::size_t> shape;
  std::vector<T> values;
};

namespace detail {

// How a file's header writes the element type T; 0 for a type that IDX does not know.
template <class T>
inline constexpr int idx_code = std::same_as<T, std::uint8_t>   ? 0x08
                                : std::same_as<T, std::int8_t>  ? 0x09
                                : std::same_as<T, std::int16_t> ? 0x0B
                                : std::same_as<T, std::int32_t> ? 0x0C
                                : std::same_as<T, float>        ? 0x0D
                                : std::same_as<T, double>       ? 0x0E
                                                                : 0;

[[gnu::cold]] inline std::string idx_type_name(int code) {
  const char* names[] = {"uint8", "int8", "type 10", "int16", "int32", "float32", "float64"};
  return code >= 0x08 && code <= 0x0E ? names[code - 0x08] : "type " + std::to_string(code);
}

// Turns big-endian numbers into the machine's own, in place.
template <class T> void from_big_endian(T* numbers, std::size_t count) {
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little)
    for (std::size_t i = 0; i < count; ++i) {
      auto* const bytes = reinterpret_cast<unsigned char*>(numbers + i);
      std::reverse(bytes, bytes + sizeof(T));
    }
}

// Reads the header: 0, 0, element type, rank, and then as many extents of 32 bits.
[[gnu::cold]] inline std::vector<std::size_t> read_idx_shape(GzipFile& file, int code) {
  std::uint8_t magic[4];
  file.read(magic, 4, 4);
  const int type = magic[2], rank = magic[3];
  if (magic[0] != 0 || magic[1] != 0)
    file.fail("is not an IDX file: begins with bytes " + std::to_string(magic[0]) + " " +
              std::to_string(magic[1]) + ", 0 0 wanted");
  if (type != code) file.fail("holds " + idx_type_name(type) + " values, " + idx_type_name(code) + " wanted");
  if (rank < 1 || rank > 5) file.fail("has rank " + std::to_string(rank) + ", 1 to 5 wanted");

  std::uint32_t extents[5];
  const auto count = static_cast<std::size_t>(rank);
  file.read(extents, count * 4, 4 + count * 4);
  from_big_endian(extents, count);
  for (std::size_t i = 0; i < count; ++i)
    if (extents[i] == 0) file.fail("has an extent of 0, at least 1 wanted");
  return {extents, extents + count};
}

// How many bytes the whole file has.
[[gnu::cold]] inline std::size_t idx_file_bytes(GzipFile& file, const std::vector<std::size_t>& shape,
                                                std::size_t element) {
  constexpr std::size_t most = std::size_t{1} << 62;
  std::size_t count = 1;
  for (const std::size_t extent : shape) {
    if (extent > most / (count * element)) file.fail("promises more than 2^62 bytes");
    count *= extent;
  }
  return 4 + 4 * shape.size() + count * element;
}

// Appends the next numbers of the file. A hostile header may promise anything, so memory grows only with what
// has really come.
template <class T>
void read_idx_values(GzipFile& file, std::size_t count, std::size_t file_bytes, std::vector<T>& values) {
  const std::size_t first = values.size(), end = first + count;
  while (values.size() < end) {
    const std::size_t have = values.size(), next = std::min(end, std::max<std::size_t>(2 * have, 1 << 17));
    values.reserve(next);  // resize alone may take more than that
    values.resize(next);
    file.read(&values[have], (next - have) * sizeof(T), file_bytes);
  }
  from_big_endian(values.data() + first, count);
}

}  // namespace detail

/// Reads an IDX file, gzip or plain, whose elements are of type T: std::uint8_t, std::int8_t, std::int16_t,
/// std::int32_t, float or double. The shape is the file's, of rank 1 to 5 without zeros.
/// Throws std::runtime_error, naming the file, if it cannot be read, is damaged, holds elements of another
/// type, or has fewer or more bytes than its header promises (which never decides how much memory is taken).
template <class T> IdxArray<T> read_idx(const std::string& path) {
  static_assert(detail::idx_code<T> != 0, "IDX files hold no elements of this type");
  GzipFile file(path);
  IdxArray<T> array{detail::read_idx_shape(file, detail::idx_code<T>), {}};

  std::size_t count = 1;
  const std::size_t bytes = detail::idx_file_bytes(file, array.shape, sizeof(T));
  for (const std::size_t extent : array.shape) count *= extent;
  detail::read_idx_values(file, count, bytes, array.values);
  file.expect_end();
  return array;
}

}  // namespace keratin
