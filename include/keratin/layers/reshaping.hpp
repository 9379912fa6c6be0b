#pragma once
// Flatten and Reshape: another shape for the same values. They cost nothing: no code, no buffer. ZeroPadding:
// zeros around them.
#include <keratin/layers/layer.hpp>
#include <keratin/layers/window.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_the_same_number_of_elements{
    "the target shape must have as many elements as the input"};
inline constexpr Rule has_more_than_one_minus_1{"only one extent of the target may be -1"};
inline constexpr Rule needs_padding_of_at_least_0{
    "padding must be at least 0: one number, one for each axis, or one for each side"};

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

/// Keras: ZeroPadding1D/2D. (steps, channels) or (height, width, channels), longer by the padding before and
/// behind each axis, 1.
template <int Rank> struct ZeroPaddingSpec {
  using Sides = std::array<Sizes<2>, Rank>;

  // One number for all sides, one for each axis, or one for each side; -1 for any other count.
  template <int... N> static constexpr Sides sides() {
    constexpr int count = sizeof...(N), given[] = {N..., -1};
    if constexpr (count == 0) {
      return sides<1>();
    } else {
      constexpr int times = 2 * Rank % count == 0 ? 2 * Rank / count : 0;
      Sides all{};
      for (int side = 0; side < 2 * Rank; ++side)
        all[static_cast<std::size_t>(side / 2)][static_cast<std::size_t>(side % 2)] =
            given[times > 0 ? side / times : count];
      return all;
    }
  }

  Sides padding = sides<1>();

  static constexpr const char* name = Rank == 1 ? "ZeroPadding1D" : "ZeroPadding2D";
  static constexpr const char* arguments = "padding?";

  constexpr Fit fit(Shape in) const {
    if (in.rank != Rank + 1) return Rank == 1 ? needs_sequence_TxC : needs_image_HxWxC;
    Shape out = in;
    for (int axis = 0; axis < Rank; ++axis) {
      const auto [before, behind] = padding[static_cast<std::size_t>(axis)];
      if (before < 0 || behind < 0) return needs_padding_of_at_least_0;
      const std::int64_t extent = std::int64_t{in[axis]} + before + behind;
      if (extent > INT32_MAX) return more_than_2_31_elements;
      out.extent[axis] = static_cast<int>(extent);
    }
    return out;
  }
  constexpr Traits traits() const { return {.reads_input = false, .reads_output = false}; }

  // In values of one sample; a sequence is an image of height 1.
  struct Geometry {
    int rows, row;
    std::int64_t head, gap, tail;  // zeros before the first row, between two rows, behind the last one
  };
  constexpr Geometry geometry(Shape in) const {
    const auto [left, right] = padding[Rank - 1];
    const auto [top, bottom] = Rank == 2 ? padding[0] : Sizes<2>{};
    const std::int64_t channels = in.last(), width = (in[Rank - 1] + left + right) * channels;
    return {.rows = Rank == 2 ? in[0] : 1,
            .row = static_cast<int>(in[Rank - 1] * channels),
            .head = top * width + left * channels,
            .gap = (left + right) * channels,
            .tail = bottom * width + right * channels};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    Scalar<T>* y = scalars(c.y);
    each_row<T>(
        g, static_cast<int>(c.count), scalars(c.x),
        [&](const Scalar<T>* x, std::ptrdiff_t n) { y = std::copy_n(x, n, y); },
        [&](std::ptrdiff_t n) { y = std::fill_n(y, n, Scalar<T>{}); });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const Scalar<T>* dy = scalars(c.dy);
    if (!c.dx) return;
    each_row<T>(
        g, c.count, scalars(c.dx), [&](Scalar<T>* dx, std::ptrdiff_t n) { std::copy_n(dy, n, dx), dy += n; },
        [&](std::ptrdiff_t n) { dy += n; });
  }

 private:
  template <class T> static Scalar<T>* scalars(T* p) { return reinterpret_cast<Scalar<T>*>(p); }
  template <class T> static const Scalar<T>* scalars(const T* p) {
    return reinterpret_cast<const Scalar<T>*>(p);
  }

  // row(values, n) for every row of the inputs, zeros(n) for what lies before, between and behind them.
  template <class T> static void each_row(const Geometry& g, int samples, auto* x, auto row, auto zeros) {
    constexpr std::ptrdiff_t L = Unit<T>::samples;
    for (int s = 0; s < samples; ++s)
      for (int r = 0; r < g.rows; ++r, x += g.row * L) {
        zeros((r == 0 ? g.head : g.gap) * L);
        row(x, g.row * L);
        if (r + 1 == g.rows) zeros(g.tail * L);
      }
  }
};

using ZeroPadding1DSpec = ZeroPaddingSpec<1>;
using ZeroPadding2DSpec = ZeroPaddingSpec<2>;

struct Flatten : layer_of<Flatten, FlattenSpec> {
  static constexpr FlattenSpec spec{};
};
/// Reshape<-1, 6>.
template <int... Extents> struct Reshape : layer_of<Reshape<Extents...>, ReshapeSpec> {
  static constexpr ReshapeSpec spec{Shape{Extents...}};
};
/// ZeroPadding1D<1>; ZeroPadding1D<1, 2>: before and behind.
template <int... N> struct ZeroPadding1D : layer_of<ZeroPadding1D<N...>, ZeroPadding1DSpec> {
  static constexpr ZeroPadding1DSpec spec{ZeroPadding1DSpec::sides<N...>()};
};
/// ZeroPadding2D<1>; ZeroPadding2D<1, 2>: rows and columns; ZeroPadding2D<1, 2, 3, 4>: top, bottom, left,
/// right.
template <int... N> struct ZeroPadding2D : layer_of<ZeroPadding2D<N...>, ZeroPadding2DSpec> {
  static constexpr ZeroPadding2DSpec spec{ZeroPadding2DSpec::sides<N...>()};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::FlattenSpec);
KERATIN_ADAPT_STRUCT(keratin::ReshapeSpec, target_shape);
KERATIN_ADAPT_STRUCT(keratin::ZeroPadding1DSpec, padding);
KERATIN_ADAPT_STRUCT(keratin::ZeroPadding2DSpec, padding);
