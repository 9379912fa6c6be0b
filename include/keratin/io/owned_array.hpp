#pragma once
// OwnedArray: the numbers of a file with their extents, in a type that holds each of them exactly; and the
// other way round, arrays with names that are to be written.
#include <keratin/core/array.hpp>
#include <keratin/core/half.hpp>
#include <keratin/io/file_error.hpp>

#include <bit>
#include <functional>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace keratin::io {

/// An array of any rank in row-major order; the first axis counts the samples. fit, predict and evaluate take
/// it as it is: it converts to an Array, which refers to it. Of a file's types float16 and bfloat16 become
/// float, bool becomes uint8, other integers the next larger of int32 and int64.
struct OwnedArray {
  using Values = std::variant<std::vector<float>, std::vector<double>, std::vector<std::uint8_t>,
                              std::vector<std::int32_t>, std::vector<std::int64_t>>;

  std::vector<std::size_t> extents;  // none: one number
  Values values;

  /// The values read as scale * value, in rows of a sample each.
  Array array(double scale = 1) const {
    std::size_t row = 1;
    for (std::size_t axis = 1; axis < extents.size(); ++axis) row *= extents[axis];
    return std::visit([&](const auto& v) { return Array(v.data(), v.size(), scale, row); }, values);
  }
  operator Array() const { return array(); }
};

/// An array to be written. extents: of all axes, the samples' too; none: those of an array's rows.
struct NamedArray {
  std::string name;
  Array values;
  std::vector<std::size_t> extents{};
};

namespace detail {

/// How a file holds a number.
struct Element {
  enum Kind : unsigned char { floating, bfloat, signed_integer, unsigned_integer, boolean };

  Kind kind = floating;
  std::size_t bytes = 4;
  bool big_endian = false;
};

/// The product of the extents, 0 among them, and `bytes`; nothing if it, or that of some of them, is beyond
/// 2^62.
inline std::optional<std::size_t> bytes_of(const std::vector<std::size_t>& extents, std::size_t bytes) {
  constexpr std::size_t most = std::size_t{1} << 62;
  bool empty = false;
  for (const std::size_t extent : extents) {
    empty = empty || extent == 0;
    if (extent == 0) continue;
    if (bytes > most / extent) return std::nullopt;
    bytes *= extent;
  }
  return empty ? 0 : bytes;
}

inline std::string extents_text(const std::vector<std::size_t>& extents) {
  std::string text;
  for (const std::size_t extent : extents) text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return "(" + text + ")";
}
inline std::vector<std::size_t> extents_of(const Shape& shape) {
  return {shape.extent, shape.extent + shape.rank};
}

template <class To, class From, class Convert>
std::vector<To> convert_all(std::span<const std::byte> bytes, bool swap, Convert convert) {
  std::vector<To> values(bytes.size() / sizeof(From));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::array<std::byte, sizeof(From)> element;
    std::memcpy(element.data(), bytes.data() + i * sizeof(From), sizeof(From));
    if (swap) std::reverse(element.begin(), element.end());
    values[i] = static_cast<To>(convert(std::bit_cast<From>(element)));
  }
  return values;
}
template <class To, class From = To>
std::vector<To> convert_all(std::span<const std::byte> bytes, bool swap) {
  if constexpr (std::is_same_v<To, From>)
    if (!swap && !bytes.empty()) {
      std::vector<To> values(bytes.size() / sizeof(To));
      std::memcpy(values.data(), bytes.data(), bytes.size());
      return values;
    }
  return convert_all<To, From>(bytes, swap, std::identity());
}

/// The numbers of a file. Error: FileError; an unsigned number of 64 bits that is no int64.
inline OwnedArray::Values values_of(const Element& e, std::span<const std::byte> bytes) {
  const bool swap = e.big_endian != (std::endian::native == std::endian::big);
  switch (e.kind) {
    case Element::floating:
      if (e.bytes == 2) return convert_all<float, std::uint16_t>(bytes, swap, Float16::to_float);
      if (e.bytes == 4) return convert_all<float>(bytes, swap);
      return convert_all<double>(bytes, swap);
    case Element::bfloat:
      return convert_all<float, std::uint16_t>(bytes, swap, BFloat16::to_float);
    case Element::signed_integer:
      if (e.bytes == 1) return convert_all<std::int32_t, std::int8_t>(bytes, swap);
      if (e.bytes == 2) return convert_all<std::int32_t, std::int16_t>(bytes, swap);
      if (e.bytes == 4) return convert_all<std::int32_t>(bytes, swap);
      return convert_all<std::int64_t>(bytes, swap);
    case Element::unsigned_integer:
      if (e.bytes == 1) return convert_all<std::uint8_t>(bytes, swap);
      if (e.bytes == 2) return convert_all<std::int32_t, std::uint16_t>(bytes, swap);
      if (e.bytes == 4) return convert_all<std::int64_t, std::uint32_t>(bytes, swap);
      return convert_all<std::int64_t, std::uint64_t>(bytes, swap, [](std::uint64_t v) {
        if (v > INT64_MAX) refuse(v, " came, at most ", INT64_MAX, " wanted");
        return v;
      });
    default:
      return convert_all<std::uint8_t, std::uint8_t>(bytes, swap, [](std::uint8_t v) { return v != 0; });
  }
}

/// Values in column-major order, the first index running fastest, brought to row-major order.
template <class V>
std::vector<V> to_row_major(const std::vector<V>& from, const std::vector<std::size_t>& extents) {
  std::vector<std::size_t> index(extents.size()), stride(extents.size());
  for (std::size_t axis = 0, n = 1; axis < extents.size(); n *= extents[axis++]) stride[axis] = n;
  std::vector<V> to(from.size());
  std::size_t at = 0;
  for (V& value : to) {
    value = from[at];
    for (std::size_t axis = extents.size(); axis-- > 0;) {
      at += stride[axis];
      if (++index[axis] < extents[axis]) break;
      at -= stride[axis] * extents[axis];
      index[axis] = 0;
    }
  }
  return to;
}

}  // namespace detail
}  // namespace keratin::io
