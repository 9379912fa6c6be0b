#pragma once
// ZeroPadding and Cropping: zeros around an image, and an image without its border. Each is the other's
// gradient.
#include <keratin/layers/layer.hpp>
#include <keratin/layers/window.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_padding_of_at_least_0{
    "padding must be at least 0: one number, one for each axis, or one for each side"};
inline constexpr Rule needs_cropping_of_at_least_0{
    "cropping must be at least 0: one number, one for each axis, or one for each side"};
inline constexpr Rule crops_the_whole_input{"cropping must leave at least 1 of every axis"};

/// What lies before and behind each spatial axis.
template <int Rank> using Sides = std::array<Sizes<2>, Rank>;

namespace detail {

// One number for all sides, one for each axis, or one for each side; -1 for any other count.
template <int Rank, int... N> constexpr Sides<Rank> sides() {
  constexpr int count = sizeof...(N), given[] = {N...};
  constexpr int times = count == 1 || count == Rank || count == 2 * Rank ? 2 * Rank / count : 0;
  Sides<Rank> all{};
  for (int side = 0; side < 2 * Rank; ++side)
    all[static_cast<std::size_t>(side / 2)][static_cast<std::size_t>(side % 2)] =
        times > 0 ? given[side / times] : -1;
  return all;
}

// An image in a larger one, in values of one sample. A sequence is an image of height 1, an image a volume of
// depth 1.
struct Frame {
  int planes, rows, row;
  std::int64_t head, row_gap, plane_gap, tail;  // before the first row; between two rows, two planes; at last

  template <std::size_t N> constexpr Frame(Shape inner, const std::array<Sizes<2>, N>& sides) {
    constexpr int rank = N;
    const auto axis = [&](int a) { return a < 0 ? Sizes<2>{} : sides[static_cast<std::size_t>(a)]; };
    const auto [front, back] = axis(rank - 3);
    const auto [top, bottom] = axis(rank - 2);
    const auto [left, right] = axis(rank - 1);
    const std::int64_t channels = inner.last(), width = (inner[rank - 1] + left + right) * channels;
    planes = rank > 2 ? inner[rank - 3] : 1;
    rows = rank > 1 ? inner[rank - 2] : 1;
    row = static_cast<int>(inner[rank - 1] * channels);
    const std::int64_t plane = (rows + top + bottom) * width;
    row_gap = (left + right) * channels;
    plane_gap = (top + bottom) * width + row_gap;
    head = front * plane + top * width + left * channels;
    tail = back * plane + bottom * width + right * channels;
  }

  /// The larger image: zeros around the inner one.
  template <class T> void surround(int samples, const T* inner, T* outer) const {
    const auto* x = scalars(inner);
    auto* y = scalars(outer);
    each_row<T>(
        samples, [&](std::ptrdiff_t n) { y = std::copy_n(x, n, y), x += n; },
        [&](std::ptrdiff_t n) { y = std::fill_n(y, n, Scalar<T>{}); });
  }
  /// The inner image.
  template <class T> void cut_out(int samples, const T* outer, T* inner) const {
    const auto* x = scalars(outer);
    auto* y = scalars(inner);
    each_row<T>(
        samples, [&](std::ptrdiff_t n) { y = std::copy_n(x, n, y), x += n; },
        [&](std::ptrdiff_t n) { x += n; });
  }

 private:
  // inside(n) for every row of the inner image, outside(n) for what lies before, between and behind them.
  template <class T> void each_row(int samples, auto inside, auto outside) const {
    constexpr std::ptrdiff_t L = Unit<T>::samples;
    for (int s = 0; s < samples; ++s) {
      outside(head * L);
      for (int r = 0; r < planes * rows; ++r) {
        if (r > 0) outside((r % rows == 0 ? plane_gap : row_gap) * L);
        inside(row * L);
      }
      outside(tail * L);
    }
  }
};

}  // namespace detail

/// Keras: ZeroPadding1D/2D/3D. (steps, channels), (height, width, channels) or (depth, height, width,
/// channels), longer by the padding before and behind each axis, 1.
template <int Rank> struct ZeroPaddingSpec {
  Sides<Rank> padding = detail::sides<Rank, 1>();

  static constexpr const char* name = name_of<Rank>("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D");
  static constexpr const char* arguments = "padding?";

  constexpr Fit fit(Shape in) const {
    if (in.rank != Rank + 1) return needs_axes<Rank>();
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

  using Geometry = detail::Frame;
  constexpr Geometry geometry(Shape in) const { return {in, padding}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    g.surround(static_cast<int>(c.count), c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.dx) g.cut_out<T>(c.count, c.dy, c.dx);
  }
};

/// Keras: Cropping1D/2D/3D. The shapes of ZeroPadding, shorter by the cropping before and behind each axis:
/// 1, of Cropping2D 0.
template <int Rank> struct CroppingSpec {
  Sides<Rank> cropping = detail::sides<Rank, Rank == 2 ? 0 : 1>();

  static constexpr const char* name = name_of<Rank>("Cropping1D", "Cropping2D", "Cropping3D");
  static constexpr const char* arguments = "cropping?";

  constexpr Fit fit(Shape in) const {
    if (in.rank != Rank + 1) return needs_axes<Rank>();
    Shape out = in;
    for (int axis = 0; axis < Rank; ++axis) {
      const auto [before, behind] = cropping[static_cast<std::size_t>(axis)];
      if (before < 0 || behind < 0) return needs_cropping_of_at_least_0;
      if (std::int64_t{before} + behind >= in[axis]) return crops_the_whole_input;
      out.extent[axis] -= before + behind;
    }
    return out;
  }
  constexpr Traits traits() const { return {.reads_input = false, .reads_output = false}; }

  using Geometry = detail::Frame;
  constexpr Geometry geometry(Shape in) const { return {fit(in).out, cropping}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    g.cut_out(static_cast<int>(c.count), c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.dx) g.surround<T>(c.count, c.dy, c.dx);
  }
};

using ZeroPadding1DSpec = ZeroPaddingSpec<1>;
using ZeroPadding2DSpec = ZeroPaddingSpec<2>;
using ZeroPadding3DSpec = ZeroPaddingSpec<3>;
using Cropping1DSpec = CroppingSpec<1>;
using Cropping2DSpec = CroppingSpec<2>;
using Cropping3DSpec = CroppingSpec<3>;

namespace detail {
// The spec of these sides; without any the default.
template <class Spec, int Rank, int... N> constexpr Spec spec_of_sides() {
  if constexpr (sizeof...(N) == 0)
    return {};
  else
    return {sides<Rank, N...>()};
}
}  // namespace detail

/// ZeroPadding1D<1>; ZeroPadding1D<1, 2>: before and behind.
template <int... N> struct ZeroPadding1D : layer_of<ZeroPadding1D<N...>, ZeroPadding1DSpec> {
  static constexpr ZeroPadding1DSpec spec = detail::spec_of_sides<ZeroPadding1DSpec, 1, N...>();
};
/// ZeroPadding2D<1>; ZeroPadding2D<1, 2>: rows and columns; ZeroPadding2D<1, 2, 3, 4>: top, bottom, left,
/// right.
template <int... N> struct ZeroPadding2D : layer_of<ZeroPadding2D<N...>, ZeroPadding2DSpec> {
  static constexpr ZeroPadding2DSpec spec = detail::spec_of_sides<ZeroPadding2DSpec, 2, N...>();
};
/// ZeroPadding3D<1>; ZeroPadding3D<1, 2, 3>: an axis each; or two numbers for each axis.
template <int... N> struct ZeroPadding3D : layer_of<ZeroPadding3D<N...>, ZeroPadding3DSpec> {
  static constexpr ZeroPadding3DSpec spec = detail::spec_of_sides<ZeroPadding3DSpec, 3, N...>();
};
/// Cropping1D<1>; Cropping1D<1, 2>: before and behind.
template <int... N> struct Cropping1D : layer_of<Cropping1D<N...>, Cropping1DSpec> {
  static constexpr Cropping1DSpec spec = detail::spec_of_sides<Cropping1DSpec, 1, N...>();
};
/// Cropping2D<1>; Cropping2D<1, 2>: rows and columns; Cropping2D<1, 2, 3, 4>: top, bottom, left, right.
template <int... N> struct Cropping2D : layer_of<Cropping2D<N...>, Cropping2DSpec> {
  static constexpr Cropping2DSpec spec = detail::spec_of_sides<Cropping2DSpec, 2, N...>();
};
/// Cropping3D<1>; Cropping3D<1, 2, 3>: an axis each; or two numbers for each axis.
template <int... N> struct Cropping3D : layer_of<Cropping3D<N...>, Cropping3DSpec> {
  static constexpr Cropping3DSpec spec = detail::spec_of_sides<Cropping3DSpec, 3, N...>();
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::ZeroPadding1DSpec, padding);
KERATIN_ADAPT_STRUCT(keratin::ZeroPadding2DSpec, padding);
KERATIN_ADAPT_STRUCT(keratin::ZeroPadding3DSpec, padding);
KERATIN_ADAPT_STRUCT(keratin::Cropping1DSpec, cropping);
KERATIN_ADAPT_STRUCT(keratin::Cropping2DSpec, cropping);
KERATIN_ADAPT_STRUCT(keratin::Cropping3DSpec, cropping);
