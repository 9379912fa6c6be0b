#pragma once
// Shape: the extents of one sample, channels last, without the batch axis. A structural value: ordinary
// constexpr functions compute it, and it may be a template argument.
#include <concepts>
#include <cstdint>

namespace keratin {

struct Shape {
  static constexpr int max_rank = 5;

  int rank = 0;
  int extent[max_rank] = {};

  constexpr Shape() = default;
  /// More than max_rank extents are cut off; the planner refuses such a shape.
  template <std::convertible_to<int>... Extents>
    requires(sizeof...(Extents) > 0)
  constexpr Shape(Extents... extents) : rank(sizeof...(Extents)) {
    const int all[] = {static_cast<int>(extents)...};
    for (int axis = 0; axis < rank && axis < max_rank; ++axis) extent[axis] = all[axis];
  }

  constexpr int operator[](int axis) const { return axis < max_rank ? extent[axis] : 0; }
  constexpr int last() const { return rank > 0 ? (*this)[rank - 1] : 0; }

  /// Number of elements; may exceed an int, which the planner refuses.
  constexpr std::int64_t elements() const {
    if (rank < 1 || rank > max_rank) return 0;
    std::int64_t n = 1;
    for (int axis = 0; axis < rank; ++axis) {
      if (extent[axis] > 0 && n > INT64_MAX / extent[axis]) return INT64_MAX;
      n *= extent[axis];
    }
    return n;
  }
  /// Number of elements of a shape that the planner has accepted.
  constexpr int size() const { return static_cast<int>(elements()); }

  constexpr Shape with_last(int n) const {
    Shape s = *this;
    s.extent[rank - 1] = n;
    return s;
  }
  constexpr bool operator==(const Shape&) const = default;
};

}  // namespace keratin
