#pragma once
// Axes: some of the axes of a batch, as Keras counts them: axis 0 is that of the samples, -1 the last.
#include <keratin/core/shape.hpp>

namespace keratin {

struct Axes : Numbers {
  using Numbers::Numbers;

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
  /// Counted from the last one, -1, of samples with `rank` axes.
  constexpr Axes from_the_end(int rank) const {
    Axes axes = *this;
    for (int i = 0; i < count; ++i)
      if (axes.item[i] > 0 && axes.item[i] <= rank) axes.item[i] -= rank + 1;
    return axes;
  }
};

}  // namespace keratin
