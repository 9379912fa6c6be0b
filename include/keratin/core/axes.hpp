#pragma once
// Axes: some of the axes of a batch, as Keras counts them: axis 0 is that of the samples, -1 the last.
#include <keratin/core/shape.hpp>

#include <array>
#include <type_traits>

namespace keratin {

struct Axes {
  static constexpr int most = Shape::max_rank;

  int count = 0;
  std::array<int, most> list{};

  constexpr Axes() = default;
  template <class... Int>
    requires(sizeof...(Int) > 0 && sizeof...(Int) <= most && (std::is_same_v<Int, int> && ...))
  constexpr Axes(Int... axes) : count(sizeof...(Int)), list{axes...} {}

  constexpr int operator[](int i) const { return list[static_cast<std::size_t>(i)]; }
  constexpr const int* begin() const { return list.data(); }
  constexpr const int* end() const { return list.data() + count; }
  constexpr bool operator==(const Axes&) const = default;

  /// Whether a sample of this shape has them all.
  constexpr bool are_of(const Shape& in) const {
    for (const int axis : *this)
      if (axis == 0 || axis > in.rank || axis < -in.rank) return false;
    return true;
  }
  /// Bit a is set: axis a of a sample, counted from 0; -1 where one of them is none of a sample.
  constexpr int bits(const Shape& in) const {
    if (!are_of(in)) return -1;
    int bits = 0;
    for (const int axis : *this) bits |= 1 << (axis < 0 ? axis + in.rank : axis - 1);
    return bits;
  }
  /// Whether axis a of a sample, counted from 0, is one of them.
  constexpr bool contain(int a, const Shape& in) const {
    for (const int axis : *this)
      if ((axis < 0 ? axis + in.rank : axis - 1) == a) return true;
    return false;
  }
};

}  // namespace keratin
