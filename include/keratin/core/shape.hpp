#pragma once
// Shape: the extents of one sample, channels last, without the batch axis. A structural value: ordinary
// constexpr functions compute it, and it may be a template argument. Shapes: those of a layer's inputs.
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
  /// Whether another shape's first axes have these extents.
  constexpr bool begins(const Shape& other) const {
    bool same = rank <= other.rank;
    for (int axis = 0; axis < rank && same; ++axis) same = extent[axis] == other[axis];
    return same;
  }
  constexpr bool operator==(const Shape&) const = default;
};

/// A few whole numbers where Keras takes one or a list. 0 is Keras's None.
struct Numbers {
  static constexpr int capacity = Shape::max_rank + 1;

  int count = 0;
  int item[capacity] = {};

  constexpr Numbers() = default;
  /// More than `capacity` are cut off.
  template <std::same_as<int>... N>
    requires(sizeof...(N) > 0)
  constexpr Numbers(N... numbers) : count(sizeof...(N) < capacity ? sizeof...(N) : capacity) {
    const int all[] = {numbers...};
    for (int i = 0; i < count; ++i) item[i] = all[i];
  }
  constexpr int operator[](int i) const { return item[i]; }
  constexpr const int* begin() const { return item; }
  constexpr const int* end() const { return item + count; }
  constexpr bool operator==(const Numbers&) const = default;
};

/// How many inputs a layer may have.
inline constexpr int max_inputs = 8;

/// A value for each of a layer's inputs. Most layers have one: they take the value itself.
template <class V> struct PerInput {
  int count = 0;
  V item[max_inputs] = {};

  constexpr PerInput() = default;
  constexpr PerInput(const V& only) : count(1) { item[0] = only; }

  /// More than max_inputs are counted, not kept; the planner refuses such a layer.
  constexpr void add(const V& v) {
    if (count < max_inputs) item[count] = v;
    ++count;
  }
  constexpr const V& operator[](int i) const { return item[i]; }
  constexpr const V* begin() const { return item; }
  constexpr const V* end() const { return item + count; }
};

/// The shapes that come into a layer. A spec for one input may take the first of them, a Shape.
struct Shapes : PerInput<Shape> {
  using PerInput::PerInput;
  constexpr operator const Shape&() const { return item[0]; }
};

}  // namespace keratin
