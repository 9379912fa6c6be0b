#pragma once
// What is written as an operator or a function of tensors in a run-time graph: Rescaling (x * 2 + 1), Power,
// means and other reductions along axes, slices.
#include <keratin/layers/layer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace keratin {

inline constexpr Rule needs_axes_that_the_input_has{"every axis must be one of the input's"};
inline constexpr Rule needs_a_slice_that_is_not_empty{"a slice must hold at least one index of its axis"};

/// Keras: Rescaling. y = scale * x + offset.
struct RescalingSpec {
  double scale = 1, offset = 0;

  static constexpr const char* name = "Rescaling";
  static constexpr const char* arguments = "scale, offset?";

  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const {
    return {.reads_input = false,
            .reads_output = false,
            .in_place = true,
            .pointwise = true,
            .writes_over_gradient = false};
  }
  constexpr double flops(Shape in) const { return 2.0 * static_cast<double>(in.elements()); }

  struct Geometry {
    int size;
    double scale, offset;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), scale, offset}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S scale = static_cast<S>(g.scale), offset = static_cast<S>(g.offset);
    const S* const x = scalars(c.x);
    S* const y = scalars(c.y);
    kernels::for_each_vector<S>(
        std::ptrdiff_t{static_cast<int>(c.count)} * g.size * Unit<T>::samples,
        [=](std::ptrdiff_t i, auto part) { part.store(y + i, part.load(x + i) * scale + offset); });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    if (!c.dx) return;
    const S scale = static_cast<S>(g.scale);
    const S* const dy = scalars(c.dy);
    S* const dx = scalars(c.dx);
    kernels::for_each_vector<S>(
        std::ptrdiff_t{c.count} * g.size * Unit<T>::samples,
        [=](std::ptrdiff_t i, auto part) { part.store(dx + i, part.load(dy + i) * scale); });
  }
};

/// Rescaling<1 / 127.5, -1>.
template <double Scale, double Offset = 0.0>
struct Rescaling : layer_of<Rescaling<Scale, Offset>, RescalingSpec> {
  static constexpr RescalingSpec spec{Scale, Offset};
};

/// y = x to a constant power; NaN where that is not defined. Keras: ops.power.
struct PowerSpec {
  double exponent = 1;

  static constexpr const char* name = "Power";

  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const {
    return {.reads_output = false, .pointwise = true, .writes_over_gradient = false};
  }

  struct Geometry {
    int size;
    double exponent;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), exponent}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    each<T>(g, static_cast<int>(c.count),
            [=, x = scalars(c.x), y = scalars(c.y)](std::ptrdiff_t i) { y[i] = raised(x[i], g.exponent); });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    each<T>(g, c.count, [=, x = scalars(c.x), dy = scalars(c.dy), dx = scalars(c.dx)](std::ptrdiff_t i) {
      dx[i] = dy[i] * static_cast<Scalar<T>>(g.exponent) * raised(x[i], g.exponent - 1);
    });
  }

 private:
  template <class T> static void each(const Geometry& g, int count, auto f) {
    const std::ptrdiff_t n = std::ptrdiff_t{count} * g.size * Unit<T>::samples;
    for (std::ptrdiff_t i = 0; i < n; ++i) f(i);
  }
  // Small whole exponents by multiplication. A lane without a sample holds 0, and its inverse has to stay
  // finite only where somebody reads it.
  template <class S> static S raised(S x, double exponent) {
    if (exponent == 0) return 1;
    if (exponent == 1) return x;
    if (exponent == 2) return x * x;
    if (exponent == 0.5) return std::sqrt(x);
    return static_cast<S>(std::pow(static_cast<double>(x), exponent));
  }
};

/// x where it is above the threshold, elsewhere the default value. Keras: activations.threshold.
struct ThresholdSpec {
  double threshold = 0, default_value = 0;

  static constexpr const char* name = "Threshold";

  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const {
    return {.reads_output = false, .pointwise = true, .writes_over_gradient = false};
  }

  struct Geometry {
    int size;
    double threshold, default_value;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), threshold, default_value}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    choose(g, static_cast<int>(c.count), c.x, c.x, c.y, static_cast<Scalar<T>>(g.default_value));
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    if (c.dx) choose<T>(geometry, c.count, c.x, c.dy, c.dx, Scalar<T>{});
  }

 private:
  // to = from where x is above the threshold.
  template <class T>
  static void choose(const Geometry& g, int count, const T* x, const T* from, T* to, Scalar<T> otherwise) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    const V limit = kernels::broadcast<V>(static_cast<S>(g.threshold)),
            other = kernels::broadcast<V>(otherwise);
    kernels::for_each_vector<S>(std::ptrdiff_t{count} * g.size * Unit<T>::samples, [=](std::ptrdiff_t i,
                                                                                       auto part) {
      part.store(scalars(to) + i, part.load(scalars(x) + i) > limit ? part.load(scalars(from) + i) : other);
    });
  }
};

namespace detail {

// Goes over the elements of a shape in order, and beside it over those of another, of which each axis has a
// stride.
struct Walk {
  static constexpr int axes = Shape::max_rank;

  int size = 1, extent[axes] = {1, 1, 1, 1, 1}, stride[axes] = {}, first = 0;

  /// Over the first n axes of a shape, beside the same without those that it does not keep, whose elements
  /// lie `step` apart.
  static constexpr Walk beside(const Shape& in, int n, auto keeps, int step = 1) {
    Walk walk;
    for (int a = n - 1, axis = axes - 1; a >= 0; --a, --axis) {
      walk.size *= in[a];
      walk.extent[axis] = in[a];
      if (!keeps(a)) continue;
      walk.stride[axis] = step;
      step *= in[a];
    }
    return walk;
  }

  // f(element of the shape, element of the other).
  void each(auto f) const {
    int index[axes] = {}, other = first;
    for (int i = 0; i < size; ++i) {
      f(i, other);
      for (int axis = axes - 1; axis >= 0; --axis) {
        const bool carry = ++index[axis] == extent[axis];
        other += carry ? -stride[axis] * (extent[axis] - 1) : stride[axis];
        if (!carry) break;
        index[axis] = 0;
      }
    }
  }
};

}  // namespace detail

enum class Reduction : unsigned char { sum, mean, max, min, any };

/// Sum, mean, maximum or minimum along some axes of a sample, or `any`: of a mask. The gradient of an extreme
/// is shared by those that are equal. Keras: ops.sum, mean, max, min, any.
template <Reduction Kind> struct ReduceSpec {
  unsigned axes = 0;  // bit a: along axis a of a sample, counted from 0; none set: along all
  bool keepdims =
      false;  // such axes stay, with one element; otherwise they are gone, and one element is left at least

  static constexpr const char* name = Kind == Reduction::sum    ? "Sum"
                                      : Kind == Reduction::mean ? "Mean"
                                      : Kind == Reduction::max  ? "Max"
                                      : Kind == Reduction::any  ? "Any"
                                                                : "Min";

  constexpr bool operator==(const ReduceSpec&) const = default;
  constexpr Fit fit(Shape in) const {
    if (axes >> in.rank != 0) return needs_axes_that_the_input_has;
    Shape out;
    for (int a = 0; a < in.rank; ++a)
      if (!reduces(a) || keepdims) out.extent[out.rank++] = reduces(a) ? 1 : in[a];
    return out.rank == 0 ? Shape{1} : out;
  }
  constexpr Traits traits() const {
    return {.reads_input = is_extreme,
            .reads_output = is_extreme,
            .writes_over_gradient = false,
            .constant = Kind == Reduction::any};
  }
  constexpr double flops(Shape in) const { return static_cast<double>(in.elements()); }

  struct Geometry {
    detail::Walk walk;  // over the input, beside the output
    int out;
  };
  constexpr Geometry geometry(Shape in) const {
    return {detail::Walk::beside(in, in.rank, [&](int a) { return !reduces(a); }), fit(in).out.size()};
  }
  /// How many are equal to the extreme.
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return is_extreme ? static_cast<std::size_t>(g.out) * Unit<T>::samples : 0;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const T* x = c.x;
    T* y = c.y;
    for (int s = 0; s < static_cast<int>(c.count); ++s, x += g.walk.size, y += g.out) {
      if constexpr (is_extreme)
        g.walk.each([&](int i, int o) { y[o] = x[i]; });  // any of them
      else
        std::fill_n(scalars(y), std::ptrdiff_t{g.out} * Unit<T>::samples, Scalar<T>{});
      g.walk.each([&](int i, int o) {
        if constexpr (is_extreme)
          y[o] = more_extreme(x[i], y[o]);
        else
          y[o] += x[i];
      });
      if constexpr (Kind == Reduction::mean)
        for (int o = 0; o < g.out; ++o) y[o] *= share<T>(g);
    }
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    const T *x = c.x, *y = c.y, *dy = c.dy;
    T *dx = c.dx, *const equal = reinterpret_cast<T*>(c.scratch);
    for (int s = 0; s < c.count; ++s, dx += g.walk.size, dy += g.out) {
      if constexpr (is_extreme) {
        std::fill_n(c.scratch, std::ptrdiff_t{g.out} * Unit<T>::samples, Scalar<T>{});
        g.walk.each([&](int i, int o) { equal[o] += same(x[i], y[o]); });
        g.walk.each([&](int i, int o) { dx[i] = same(x[i], y[o]) * dy[o] / equal[o]; });
        x += g.walk.size;
        y += g.out;
      } else {
        const Scalar<T> factor = Kind == Reduction::mean ? share<T>(g) : Scalar<T>{1};
        g.walk.each([&](int i, int o) { dx[i] = dy[o] * factor; });
      }
    }
  }

 private:
  static constexpr bool is_extreme = Kind != Reduction::sum && Kind != Reduction::mean;

  constexpr bool reduces(int a) const { return axes == 0 || (axes >> a & 1) != 0; }
  template <class T> static Scalar<T> share(const Geometry& g) {
    return Scalar<T>{1} / static_cast<Scalar<T>>(g.walk.size / g.out);
  }
  template <class T> static T more_extreme(const T& a, const T& b) {
    if constexpr (Unit<T>::samples > 1)
      return Kind == Reduction::min ? (a.v < b.v ? a.v : b.v) : (a.v > b.v ? a.v : b.v);
    else
      return (Kind == Reduction::min ? a < b : a > b) ? a : b;
  }
  template <class T> static T same(const T& a, const T& b) {
    if constexpr (Unit<T>::samples > 1)
      return a.v == b.v ? T{1}.v : T{}.v;
    else
      return static_cast<T>(a == b);
  }
};

/// Indices [begin, end) of an axis, `step` apart; end below begin with a negative step. -1 counts from the
/// end, as in Python; `whole` means all of it. at(i) is a single index: its axis goes.
struct Slice {
  static constexpr int whole = INT32_MAX;
  int begin = 0, end = whole, step = 1;

  static constexpr Slice at(int index) { return {index, index, 0}; }

  constexpr bool operator==(const Slice&) const = default;
};

/// Some indices of the first axes of a sample. Keras: x[:, begin:end:step, index, ...].
struct SliceSpec {
  int count = 0;  // axes that are cut; those behind are taken whole
  std::array<Slice, Shape::max_rank> slices{};

  static constexpr const char* name = "GetItem";

  constexpr Fit fit(Shape in) const {
    if (count < 0 || count > in.rank) return needs_axes_that_the_input_has;
    Shape out;
    for (int a = 0; a < in.rank; ++a) {
      const Range r = range(in, a);
      if (r.count < 1) return needs_a_slice_that_is_not_empty;
      if (r.stays) out.extent[out.rank++] = r.count;
    }
    return out.rank == 0 ? Shape{1} : out;
  }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .writes_over_gradient = false};
  }

  struct Geometry {
    detail::Walk walk;  // over the output, beside the input
    int in;
  };
  constexpr Geometry geometry(Shape in) const {
    Geometry g{{.size = fit(in).out.size()}, in.size()};
    int step = 1;
    for (int a = in.rank - 1, axis = detail::Walk::axes - 1; a >= 0; --a, --axis) {
      const Range r = range(in, a);
      g.walk.extent[axis] = r.count;
      g.walk.stride[axis] = step * r.step;
      g.walk.first += step * r.first;
      step *= in[a];
    }
    return g;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const T* x = c.x;
    T* y = c.y;
    for (int s = 0; s < static_cast<int>(c.count); ++s, x += g.in, y += g.walk.size)
      g.walk.each([&](int o, int i) { y[o] = x[i]; });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    std::fill_n(scalars(c.dx), std::ptrdiff_t{c.count} * g.in * Unit<T>::samples, Scalar<T>{});
    const T* dy = c.dy;
    T* dx = c.dx;
    for (int s = 0; s < c.count; ++s, dx += g.in, dy += g.walk.size)
      g.walk.each([&](int o, int i) { dx[i] = dy[o]; });
  }

 private:
  struct Range {
    int first, step, count;
    bool stays = true;
  };
  // As Python resolves it: what lies outside is cut off.
  constexpr Range range(const Shape& in, int a) const {
    const int n = in[a];
    if (a >= count) return {0, 1, n};
    const Slice& s = slices[static_cast<std::size_t>(a)];
    if (s.step == 0) {
      const int index = s.begin < 0 ? s.begin + n : s.begin;
      return {index, 1, s.end == s.begin && index >= 0 && index < n ? 1 : 0, false};
    }
    const bool up = s.step > 0;
    const auto place = [&](int i) { return std::clamp(i < 0 ? i + n : i, up ? 0 : -1, up ? n : n - 1); };
    const int begin = place(s.begin), end = s.end == Slice::whole ? (up ? n : -1) : place(s.end);
    const int length = up ? end - begin : begin - end, step = up ? s.step : -s.step;
    return {begin, s.step, length <= 0 ? 0 : (length - 1) / step + 1};
  }
};

namespace functional {  // met by graphs only
inline constexpr Rule needs_the_whole_that_it_is_a_piece_of{"another shape came than it takes a piece of"};
}  // namespace functional

/// Some values of a sample as a shape: one of several results that a layer leaves one behind the other.
struct PieceSpec {
  int first = 0;
  Shape shape{};
  int whole = 0;  // values of the sample

  static constexpr const char* name = "Piece";

  constexpr Fit fit(Shape in) const {
    if (in.elements() != whole) return functional::needs_the_whole_that_it_is_a_piece_of;
    return shape;
  }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .writes_over_gradient = false};
  }

  struct Geometry {
    int first, size, whole;
  };
  constexpr Geometry geometry(Shape) const { return {first, shape.size(), whole}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    for (std::ptrdiff_t s = 0; s < static_cast<int>(c.count); ++s)
      std::copy_n(c.x + s * g.whole + g.first, g.size, c.y + s * g.size);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    std::fill_n(scalars(c.dx), std::ptrdiff_t{c.count} * g.whole * Unit<T>::samples, Scalar<T>{});
    for (std::ptrdiff_t s = 0; s < c.count; ++s)
      std::copy_n(c.dy + s * g.size, g.size, c.dx + s * g.whole + g.first);
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::RescalingSpec, scale, offset);
KERATIN_ADAPT_STRUCT(keratin::PowerSpec, exponent);
KERATIN_ADAPT_STRUCT(keratin::ThresholdSpec, threshold, default_value);
KERATIN_ADAPT_STRUCT(keratin::ReduceSpec<keratin::Reduction::sum>, axes, keepdims);
KERATIN_ADAPT_STRUCT(keratin::ReduceSpec<keratin::Reduction::mean>, axes, keepdims);
KERATIN_ADAPT_STRUCT(keratin::ReduceSpec<keratin::Reduction::max>, axes, keepdims);
KERATIN_ADAPT_STRUCT(keratin::ReduceSpec<keratin::Reduction::min>, axes, keepdims);
KERATIN_ADAPT_STRUCT(keratin::ReduceSpec<keratin::Reduction::any>, axes, keepdims);
KERATIN_ADAPT_STRUCT(keratin::SliceSpec, count, slices);
KERATIN_ADAPT_STRUCT(keratin::PieceSpec, first, shape, whole);
