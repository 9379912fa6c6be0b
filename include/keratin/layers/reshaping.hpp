#pragma once
// Flatten and Reshape: another shape for the same values. They cost nothing: no code, no buffer.
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_the_same_number_of_elements{
    "the target shape must have as many elements as the input"};
inline constexpr Rule has_more_than_one_minus_1{"only one extent of the target may be -1"};

namespace detail {
// What both specs share: kernels that are never called, for a view has nothing to do.
struct ViewKernels {
  struct Geometry {};
  constexpr Geometry geometry(Shape) const { return {}; }
  template <class T, class Count> static void forward(auto, const Forward<T, Count>&) {}
  template <class T> static void backward(auto, const Backward<T>&) {}
};
}  // namespace detail

/// Keras: Flatten. Any shape -> (elements).
struct FlattenSpec : detail::ViewKernels {
  static constexpr const char* name = "Flatten";
  static constexpr const char* arguments = "";
  constexpr Fit fit(Shape in) const { return Shape{in.size()}; }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .in_place = true, .view = true};
  }
};

/// Keras: Reshape. One extent of the target may be -1: it is what is left.
struct ReshapeSpec : detail::ViewKernels {
  Shape target_shape{};

  constexpr ReshapeSpec() = default;
  constexpr ReshapeSpec(Shape s) : target_shape(s) {}

  static constexpr const char* name = "Reshape";
  static constexpr const char* arguments = "target_shape";
  constexpr Fit fit(Shape in) const {
    if (target_shape.rank > Shape::max_rank) return has_more_than_5_axes;
    Shape out = target_shape;
    int open = -1;
    std::int64_t known = 1;
    for (int axis = 0; axis < out.rank; ++axis) {
      if (out[axis] == -1 && open >= 0) return has_more_than_one_minus_1;
      if (out[axis] == -1)
        open = axis;
      else if (out[axis] < 1)
        return needs_extents_of_at_least_1;
      else
        known = std::min<std::int64_t>(known * out[axis], std::int64_t{1} << 31);
    }
    if (open >= 0) out.extent[open] = static_cast<int>(in.elements() / known);
    if (known < 1 || out.elements() != in.elements()) return needs_the_same_number_of_elements;
    return out;
  }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .in_place = true, .view = true};
  }
};

struct Flatten : layer_of<Flatten, FlattenSpec> {
  static constexpr FlattenSpec spec{};
};
/// Reshape<-1, 6>.
template <int... Extents> struct Reshape : layer_of<Reshape<Extents...>, ReshapeSpec> {
  static constexpr ReshapeSpec spec{Shape{Extents...}};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::FlattenSpec);
KERATIN_ADAPT_STRUCT(keratin::ReshapeSpec, target_shape);
