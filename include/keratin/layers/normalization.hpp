#pragma once
// Normalization within a sample: values less their mean, divided by their standard deviation, times gamma,
// plus beta; or divided by the root of their mean square, or by their length. Over rows along some axes, or
// over groups of channels.
#include <keratin/core/axes.hpp>
#include <keratin/initializers/constant.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/layers/permute.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace keratin {

inline constexpr Rule needs_an_epsilon_above_0{"epsilon must be above 0"};
inline constexpr Rule normalizes_the_last_axes{"axis must be the input's last axis, or several last ones"};
inline constexpr Rule normalizes_axes_of_a_sample{"axis must name axes of a sample, each once"};
inline constexpr Rule makes_groups_along_one_axis{"axis must be one axis of a sample"};
inline constexpr Rule needs_groups_of_equal_size{
    "the number of groups must be at least 1, or -1, and divide that of the channels"};

/// The axes that are normalized, or of which each index has its own statistics: Axis<-2, -1>; 1 is the first
/// of a sample, -1 the last; Axis<>: none. Keras: axis.
template <int... A> struct Axis {
  KERATIN_SETS(axis, {A...})
};

/// Added to the variance: Epsilon<1e-5>. Keras: epsilon.
template <double E> struct Epsilon {
  KERATIN_SETS(epsilon, E)
};
/// No beta. Keras: center=False.
struct NoCenter {
  KERATIN_SETS(center, false)
};
/// No gamma. Keras: scale=False.
struct NoScale {
  KERATIN_SETS(scale, false)
};

namespace detail {

// A row of n T's as vectors: those of one sample run along the row, those of Lanes along the samples.
template <class T> struct RowVectors {
  using S = Scalar<T>;
  using V = kernels::Vec<S>;
  static constexpr bool across = Unit<T>::samples > 1;
  static constexpr int step = across ? 1 : lanes<S>;  // elements a vector

  // f(i, part) for the vector of element i, and with one sample of those that follow it.
  [[gnu::always_inline]] static void each(int n, auto f) {
    if constexpr (across)
      for (std::ptrdiff_t i = 0; i < n; ++i) f(i, kernels::Whole{});
    else
      kernels::for_each_vector<S>(n, f);
  }
  // N sums over a row in every lane that belongs to the sample: f(a, i, part) adds to a[0 .. N). Four of each
  // at a time, so that no addition waits for the one before.
  template <int N> struct Sums {
    V of[N];
  };
  template <int N> [[gnu::always_inline]] static Sums<N> sums(int n, auto f) {
    constexpr int chains = 4;
    Sums<N> a[chains] = {};
    std::ptrdiff_t i = 0;
    for (; i + chains * step <= n; i += chains * step)
#pragma GCC unroll 4
      for (int c = 0; c < chains; ++c) f(a[c].of, i + c * step, kernels::Whole{});
    for (; i + step <= n; i += step) f(a[0].of, i, kernels::Whole{});
    if constexpr (!across)
      if (i < n) f(a[1].of, i, kernels::Rest{static_cast<int>(n - i)});
#pragma GCC unroll 4
    for (int k = 0; k < N; ++k) {
      const V all = (a[0].of[k] + a[1].of[k]) + (a[2].of[k] + a[3].of[k]);
      a[0].of[k] = across ? all : kernels::broadcast<V>(kernels::sum(all));
    }
    return a[0];
  }
  // 1 / sqrt(v) of a value that a row has once.
  [[gnu::always_inline]] static V inverse_root(V v) {
    if constexpr (across)
      return 1 / kernels::sqrt(v);
    else
      return kernels::broadcast<V>(1 / std::sqrt(v[0]));
  }

  [[gnu::always_inline]] static V load(const T* x, auto part) {
    return part.load(reinterpret_cast<const S*>(x));
  }
  [[gnu::always_inline]] static void store(T* y, V v, auto part) { part.store(reinterpret_cast<S*>(y), v); }
  // The parameter of an element.
  [[gnu::always_inline]] static V parameter(const S* p, auto part) {
    if constexpr (across)
      return kernels::broadcast<V>(*p);
    else
      return part.load(p);
  }
  // One value of a row, kept.
  [[gnu::always_inline]] static void keep(T* p, V v) {
    if constexpr (across)
      kernels::store(reinterpret_cast<S*>(p), v);
    else
      *p = v[0];
  }
  [[gnu::always_inline]] static V kept(const T* p) {
    if constexpr (across)
      return kernels::load(reinterpret_cast<const S*>(p));
    else
      return kernels::broadcast<V>(*p);
  }

  // Gradients of a row of n parameters are added up in whole vectors: a masked store would hold up the load
  // that follows.
  static constexpr std::size_t sum_size(int n) {
    return static_cast<std::size_t>((n + step - 1) / step) * lanes<S>;
  }
  [[gnu::always_inline]] static S* at(S* sum, std::ptrdiff_t i) { return sum + i * Unit<T>::samples; }
  static void hand_on(const S* sum, int n, S* gradient) {
    for (int i = 0; i < n; ++i) gradient[i] += over_samples(reinterpret_cast<const T*>(sum)[i]);
  }
};

// Of n columns the sums, over rows of n scalars, of the two vectors that f(element, column, part) makes of a
// row's; of rows from `whole` on what only(row, vector) leaves of them.
template <class S>
[[gnu::always_inline]] inline void sum_rows(std::ptrdiff_t n, std::ptrdiff_t whole, std::ptrdiff_t rows,
                                            S* sums, S* others, auto f, auto only) {
  using V = kernels::Vec<S>;
  constexpr int abreast = 4;
  const auto columns = [&]<int K>(std::integral_constant<int, K>, std::ptrdiff_t first,
                                  auto part) __attribute__((always_inline)) {
    V a[K] = {}, b[K] = {};
    const auto add = [&](std::ptrdiff_t row, auto left) __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int k = 0; k < K; ++k) {
        const auto [p, q] = f(row * n + first + k * lanes<S>, first + k * lanes<S>, part);
        a[k] += left(row, p);
        b[k] += left(row, q);
      }
    };
    for (std::ptrdiff_t r = 0; r < whole; ++r)
      add(r, [](std::ptrdiff_t, V v) __attribute__((always_inline)) { return v; });
    for (std::ptrdiff_t r = whole; r < rows; ++r) add(r, only);
#pragma GCC unroll 4
    for (int k = 0; k < K; ++k) {
      part.store(sums + first + k * lanes<S>, a[k]);
      part.store(others + first + k * lanes<S>, b[k]);
    }
  };
  std::ptrdiff_t i = 0;
  for (; i + abreast * lanes<S> <= n; i += abreast * lanes<S>)
    columns(std::integral_constant<int, abreast>{}, i, kernels::Whole{});
  kernels::for_each_vector<S>(n - i, [&](std::ptrdiff_t k, auto part) __attribute__((always_inline)) {
    columns(std::integral_constant<int, 1>{}, i + k, part);
  });
}

// Axes of a sample moved behind the others, so that what is normalized along them lies side by side; nothing
// moves where it does already.
struct MovedLast : PermuteSpec::Geometry {
  constexpr MovedLast(const Shape& in, const Axes& axes)
      : PermuteSpec::Geometry(PermuteSpec(order(in, axes)).geometry(in)) {}

  // The values of a sample that has to be moved.
  constexpr int moved() const { return there.run < there.size ? there.size : 0; }
  // f(a pass over samples as they are wanted), each with so many T's of intermediate values of its own.
  template <class T, class Count>
  [[gnu::always_inline]] void forward(const Forward<T, Count>& c, std::ptrdiff_t own, auto f) const {
    if (moved() == 0) return f(c);
    Forward<T, Count> one = c;
    if constexpr (std::is_same_v<Count, int>) one.count = 1;
    for (std::ptrdiff_t s = 0; s < static_cast<int>(c.count); ++s) {
      one.intermediate = c.intermediate + s * (own + moved());
      T* const sample = one.intermediate + own;
      there.apply(1, c.x + s * moved(), sample);
      one.x = one.y = sample;
      f(one);
      back.apply(1, sample, c.y + s * moved());
    }
  }
  // Of the scratch memory the first scalars are f's own.
  template <class T>
  void backward(const Backward<T>& c, std::ptrdiff_t own, std::size_t scratch, auto f) const {
    if (moved() == 0) return f(c);
    Backward<T> one = c;
    one.count = 1;
    T *const x = reinterpret_cast<T*>(c.scratch + scratch), *const dy = x + moved();
    for (std::ptrdiff_t s = 0; s < c.count; ++s) {
      there.apply(1, c.x + s * moved(), x);
      there.apply(1, c.dy + s * moved(), dy);
      one.x = x;
      one.dy = dy;
      one.dx = c.dx ? dy : nullptr;
      one.intermediate = c.intermediate + s * (own + moved());
      f(one);
      if (c.dx) back.apply(1, dy, c.dx + s * moved());
    }
  }
  template <class T> constexpr std::size_t scratch() const {
    return 2 * static_cast<std::size_t>(moved()) * Unit<T>::samples;
  }

 private:
  static constexpr Shape order(const Shape& in, const Axes& axes) {
    Shape dims;
    for (const bool named : {false, true})
      for (int a = 0; a < in.rank; ++a)
        if (axes.contain(a, in) == named) dims.extent[dims.rank++] = a + 1;
    return dims;
  }
};

// What a row is divided by: its standard deviation, less its mean; the root of its mean square; its length.
enum class RowNorm : unsigned char { layer, rms, unit };

template <RowNorm Kind> struct RowNormalization {
  struct Geometry {
    int rows, n;
    double epsilon;
    bool center, scale;
    MovedLast axes;

    constexpr int beta() const { return scale ? 1 : 0; }
    // Of every row the mean, and what it is multiplied by.
    constexpr int kept() const { return 2 * rows; }
  };
  static constexpr Traits traits{.reads_output = false, .in_place = true, .pointwise = true};

  static constexpr Geometry geometry(Shape in, const Axes& axes, double epsilon, bool center, bool scale) {
    int n = 1;
    for (int a = 0; a < in.rank; ++a) n *= axes.contain(a, in) ? in[a] : 1;
    return {in.size() / n, n, epsilon, center, scale, {in, axes}};
  }
  static constexpr std::size_t intermediate(const Geometry& g, bool training) {
    const int moved = g.axes.moved();
    return static_cast<std::size_t>((training || moved > 0 ? g.kept() : 0) + moved);
  }
  // The gradients of gamma and beta.
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return own_scratch<T>(g) + g.axes.template scratch<T>();
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    g.axes.forward(c, g.kept(), [&](const auto& rows) { normalize(geometry, rows); });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    g.axes.backward(c, g.kept(), own_scratch<T>(g), [&](const auto& rows) { differentiate(g, rows); });
  }

 private:
  template <class T> static constexpr std::size_t own_scratch(const Geometry& g) {
    return 2 * detail::RowVectors<T>::sum_size(g.n);
  }

  // pin: a product that is rounded on its own, whether or not the compiler sees the sum that it goes into.
  template <class T, class Count> static void normalize(auto geometry, const Forward<T, Count>& c) {
    using Row = detail::RowVectors<T>;
    using V = typename Row::V;
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S* const gamma = g.scale ? c.parameter(0) : nullptr;
    const S* const beta = g.center ? c.parameter(g.beta()) : nullptr;
    const S values = static_cast<S>(g.n);  // to divide by: of equal ones the mean is exact
    const std::ptrdiff_t rows = static_cast<std::ptrdiff_t>(c.count) * g.rows;
    // Several rows take each step together: none waits for the end of its sum. What they share stays in L1.
    constexpr int most = 8;
    const int together = std::clamp(4096 / Unit<T>::samples / g.n, 1, most);
    V mean[most] = {}, scale[most];
    for (std::ptrdiff_t first = 0; first < rows; first += together) {
      const int count = static_cast<int>(std::min<std::ptrdiff_t>(together, rows - first));
      const auto each_row = [&](auto f) __attribute__((always_inline)) {
        for (int r = 0; r < count; ++r) f(r, c.x + (first + r) * g.n);
      };
      if constexpr (Kind == RowNorm::layer)
        each_row([&](int r, const T* x) __attribute__((always_inline)) {
          const auto sum = Row::template sums<1>(
              g.n, [&](auto& a, std::ptrdiff_t i, auto part)
                       __attribute__((always_inline)) { a[0] += Row::load(x + i, part); });
          mean[r] = kernels::pin(sum.of[0] / values);
        });
      each_row([&](int r, const T* x) __attribute__((always_inline)) {
        const V m = mean[r];
        const auto squares = Row::template sums<1>(
            g.n, [&](auto& a, std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
              const V d = part.only(centered(Row::load(x + i, part), m));
              a[0] += d * d;
            });
        if constexpr (Kind == RowNorm::unit)
          scale[r] = Row::inverse_root(
              kernels::max(squares.of[0], kernels::broadcast<V>(static_cast<S>(g.epsilon * g.epsilon))));
        else
          scale[r] = Row::inverse_root(kernels::pin(squares.of[0] / values) + static_cast<S>(g.epsilon));
      });
      each_row([&](int r, const T* x) __attribute__((always_inline)) {
        T* const y = c.y + (first + r) * g.n;
        const V m = mean[r], s = scale[r];
        Row::each(g.n, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
          V v = kernels::pin(centered(Row::load(x + i, part), m) * s);
          if (gamma) v = kernels::pin(v * Row::parameter(gamma + i, part));
          if (beta) v += Row::parameter(beta + i, part);
          Row::store(y + i, v, part);
        });
        if (!c.intermediate) return;
        Row::keep(c.intermediate + 2 * (first + r), m);
        Row::keep(c.intermediate + 2 * (first + r) + 1, s);
      });
    }
  }

  // With u = (x - mean) * scale and d = dy * gamma, dx = scale * (d - mean(d) - u * mean(d * u)); of a layer
  // that takes no mean off, without mean(d); of lengths with sums instead of means.
  template <class T> static void differentiate(const Geometry& g, const Backward<T>& c) {
    using Row = detail::RowVectors<T>;
    using V = typename Row::V;
    using S = Scalar<T>;
    const S* const gamma = g.scale ? c.parameter(0) : nullptr;
    S *const d_gamma = c.scratch, *const d_beta = d_gamma + Row::sum_size(g.n);
    std::fill_n(c.scratch, own_scratch<T>(g), S{});
    const S share = Kind == RowNorm::unit ? S{1} : S{1} / static_cast<S>(g.n);
    const T *x = c.x, *dy = c.dy;
    T* dx = c.dx;
    for (std::ptrdiff_t r = 0; r < static_cast<std::ptrdiff_t>(c.count) * g.rows; ++r, x += g.n, dy += g.n) {
      const V mean = Row::kept(c.intermediate + 2 * r), scale = Row::kept(c.intermediate + 2 * r + 1);
      const auto u = [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        return kernels::pin(centered(Row::load(x + i, part), mean) * scale);
      };
      const auto d = [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        const V v = Row::load(dy + i, part);
        return gamma ? kernels::pin(v * Row::parameter(gamma + i, part)) : v;
      };
      const auto sum = Row::template sums<2>(
          g.n, [&](auto& a, std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
            const V v = Row::load(dy + i, part), ui = u(i, part), di = d(i, part);
            a[0] += di;
            a[1] += di * ui;
            S *const to_gamma = Row::at(d_gamma, i), *const to_beta = Row::at(d_beta, i);
            if (g.scale) kernels::store(to_gamma, kernels::load(to_gamma) + v * ui);
            if (g.center) kernels::store(to_beta, kernels::load(to_beta) + v);
          });
      if (!dx) continue;
      const V mean_d = Kind == RowNorm::layer ? kernels::pin(sum.of[0] * share) : V{};
      V mean_product = kernels::pin(sum.of[1] * share);
      if constexpr (Kind == RowNorm::unit)  // a row shorter than epsilon is only scaled up
        mean_product = scale < static_cast<S>(0.9999 / g.epsilon) ? mean_product : V{};
      Row::each(g.n, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        Row::store(dx + i, (d(i, part) - mean_d - u(i, part) * mean_product) * scale, part);
      });
      dx += g.n;
    }
    if (g.scale) Row::hand_on(d_gamma, g.n, c.gradient_of(0));
    if (g.center) Row::hand_on(d_beta, g.n, c.gradient_of(g.beta()));
  }

  template <class V> [[gnu::always_inline]] static V centered(V x, [[maybe_unused]] V mean) {
    if constexpr (Kind == RowNorm::layer)
      return x - mean;
    else
      return x;
  }
};

// How many axes are named, if they are the last ones of a sample, in any order; else 0.
constexpr int last_axes(Shape in, const Axes& axes) {
  unsigned named = 0;
  for (const int axis : axes.from_the_end(in.rank)) {
    if (axis < -in.rank || axis >= 0 || (named >> (-1 - axis) & 1) != 0) return 0;
    named |= 1u << (-1 - axis);
  }
  return named == (1u << axes.count) - 1 ? axes.count : 0;
}
// Whether axes are named, of a sample, and each once.
constexpr bool names_each_once(const Shape& in, const Axes& axes) {
  return axes.count > 0 && axes.bits(in) >= 0 &&
         std::popcount(static_cast<unsigned>(axes.bits(in))) == axes.count;
}
// Why rows along these axes cannot be normalized step by step, null where they can.
constexpr const Rule* stream_rule_of_rows(Shape in, const Axes& axes) {
  return axes.contain(0, in) ? &needs_the_whole_sequence : nullptr;
}
// The shape of their weights. Keras sorts the axes as they are given, -1 before 1.
constexpr Shape shape_along(const Shape& in, const Axes& axes) {
  Shape along;
  for (int sorted = -in.rank; sorted <= in.rank; ++sorted)
    for (const int axis : axes)
      if (axis == sorted) along.extent[along.rank++] = in[axis < 0 ? axis + in.rank : axis - 1];
  return along;
}

}  // namespace detail

/// Keras: LayerNormalization. Any shape, unchanged: every row along the last axis, or along the axes that are
/// named, for itself; the last ones are the fastest. gamma (these axes), ones; beta (these axes), zeros.
struct LayerNormalizationSpec {
  Axes axis{-1};
  double epsilon = 1e-3;
  bool center = true, scale = true;
  Initializer gamma_initializer = Ones::value, beta_initializer{};
  Regularizer gamma_regularizer{}, beta_regularizer{};
  Constraint gamma_constraint{}, beta_constraint{};

  using Rows = detail::RowNormalization<detail::RowNorm::layer>;
  using Geometry = Rows::Geometry;
  static constexpr const char* name = "LayerNormalization";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    if (!(epsilon > 0)) return needs_an_epsilon_above_0;
    if (!detail::names_each_once(in, axis)) return normalizes_axes_of_a_sample;
    return in;
  }
  constexpr Parameters parameters(Shape in) const {
    const Shape shape = detail::shape_along(in, axis);
    Parameters p;
    if (scale) p.add({"gamma", shape, gamma_initializer, gamma_regularizer}).constrain(gamma_constraint);
    if (center) p.add({"beta", shape, beta_initializer, beta_regularizer}).constrain(beta_constraint);
    return p;
  }
  constexpr Traits traits() const { return Rows::traits; }
  constexpr const Rule* stream_rule(Shape in) const { return detail::stream_rule_of_rows(in, axis); }
  constexpr double flops(Shape in) const { return 8.0 * static_cast<double>(in.elements()); }
  constexpr Geometry geometry(Shape in) const { return Rows::geometry(in, axis, epsilon, center, scale); }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return Rows::intermediate(geometry(in), training);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Rows::scratch<T>(g, count);
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    Rows::forward(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    Rows::backward(geometry, c);
  }
};

/// Keras: RMSNormalization. Every row along the last axis, or along several last ones, divided by the root of
/// its mean square, times scale (these axes), ones. A mask goes no further. Of other axes Keras has no scale.
struct RMSNormalizationSpec {
  Axes axis{-1};
  double epsilon = 1e-6;

  using Rows = detail::RowNormalization<detail::RowNorm::rms>;
  using Geometry = Rows::Geometry;
  static constexpr const char* name = "RMSNormalization";
  static constexpr const char* arguments = "...";
  static constexpr bool passes_mask() { return false; }

  constexpr Fit fit(Shape in) const {
    if (!(epsilon > 0)) return needs_an_epsilon_above_0;
    if (detail::last_axes(in, axis) == 0) return normalizes_the_last_axes;
    return in;
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"scale", detail::shape_along(in, axis), Ones::value});
    return p;
  }
  constexpr Traits traits() const { return Rows::traits; }
  constexpr const Rule* stream_rule(Shape in) const { return detail::stream_rule_of_rows(in, axis); }
  constexpr double flops(Shape in) const { return 4.0 * static_cast<double>(in.elements()); }
  constexpr Geometry geometry(Shape in) const { return Rows::geometry(in, axis, epsilon, false, true); }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return Rows::intermediate(geometry(in), training);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Rows::scratch<T>(g, count);
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    Rows::forward(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    Rows::backward(geometry, c);
  }
};

/// Keras: UnitNormalization. Every row along the last axis, or along the axes that are named, divided by its
/// length; one that is shorter than 1e-12 by that.
struct UnitNormalizationSpec {
  Axes axis{-1};

  using Rows = detail::RowNormalization<detail::RowNorm::unit>;
  using Geometry = Rows::Geometry;
  static constexpr const char* name = "UnitNormalization";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    if (!detail::names_each_once(in, axis)) return normalizes_axes_of_a_sample;
    return in;
  }
  constexpr Traits traits() const { return Rows::traits; }
  constexpr const Rule* stream_rule(Shape in) const { return detail::stream_rule_of_rows(in, axis); }
  constexpr double flops(Shape in) const { return 3.0 * static_cast<double>(in.elements()); }
  constexpr Geometry geometry(Shape in) const { return Rows::geometry(in, axis, 1e-12, false, false); }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return Rows::intermediate(geometry(in), training);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Rows::scratch<T>(g, count);
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    Rows::forward(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    Rows::backward(geometry, c);
  }
};

/// Keras: GroupNormalization. Channels, the last axis by default, in `groups` groups of neighbours, each
/// normalized over all positions of a sample; -1: each channel for itself. gamma (channels), ones; beta
/// (channels), zeros.
struct GroupNormalizationSpec {
  int groups = 32;
  Axes axis{-1};
  double epsilon = 1e-3;
  bool center = true, scale = true;
  Initializer gamma_initializer = Ones::value, beta_initializer{};
  Regularizer gamma_regularizer{}, beta_regularizer{};
  Constraint gamma_constraint{}, beta_constraint{};

  static constexpr const char* name = "GroupNormalization";
  static constexpr const char* arguments = "groups?, ...";
  static constexpr bool passes_mask() { return true; }

  constexpr Fit fit(Shape in) const {
    if (axis.count != 1 || !axis.are_of(in)) return makes_groups_along_one_axis;
    if (groups < -1 || groups == 0 || (groups > 0 && channels(in) % groups != 0))
      return needs_groups_of_equal_size;
    if (!(epsilon > 0)) return needs_an_epsilon_above_0;
    return in;
  }
  constexpr Parameters parameters(Shape in) const {
    return LayerNormalizationSpec{.axis = axis,
                                  .center = center,
                                  .scale = scale,
                                  .gamma_initializer = gamma_initializer,
                                  .beta_initializer = beta_initializer,
                                  .gamma_regularizer = gamma_regularizer,
                                  .beta_regularizer = beta_regularizer,
                                  .gamma_constraint = gamma_constraint,
                                  .beta_constraint = beta_constraint}
        .parameters(in);
  }
  constexpr Traits traits() const { return {.reads_output = false, .in_place = true}; }
  constexpr double flops(Shape in) const { return 6.0 * static_cast<double>(in.elements()); }

  struct Geometry {
    int rows, channels, groups;
    double epsilon;
    bool center, scale;
    detail::MovedLast axes;

    // Of each channel the mean, 1 / standard deviation and that times gamma.
    constexpr int kept() const { return 3 * channels; }
    constexpr int size() const { return rows * channels; }
    constexpr int beta() const { return scale ? 1 : 0; }
  };
  constexpr Geometry geometry(Shape in) const {
    const int n = channels(in);
    return {in.size() / n, n, groups == -1 ? n : groups, epsilon, center, scale, {in, axis}};
  }
  constexpr std::size_t intermediate(Shape in, bool) const {
    const Geometry g = geometry(in);
    return static_cast<std::size_t>(g.kept() + g.axes.moved());
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return own_scratch<T>(g) + g.axes.template scratch<T>();
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    g.axes.forward(c, g.kept(), [&](const auto& rows) { normalize(geometry, rows); });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    g.axes.backward(c, g.kept(), own_scratch<T>(g), [&](const auto& rows) { differentiate(g, rows); });
  }

 private:
  constexpr int channels(const Shape& in) const { return detail::shape_along(in, axis)[0]; }
  // Of each channel the sums of a sample, and the gradients of gamma and beta.
  template <class T> static constexpr std::size_t own_scratch(const Geometry& g) {
    return 4 * static_cast<std::size_t>(g.channels) * Unit<T>::samples;
  }

  template <class T, class Count> static void normalize(auto geometry, const Forward<T, Count>& c) {
    using Row = detail::RowVectors<T>;
    using V = typename Row::V;
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S* const gamma = g.scale ? c.parameter(0) : nullptr;
    const S* const beta = g.center ? c.parameter(g.beta()) : nullptr;
    const T* x = c.x;
    T *y = c.y, *mean = c.intermediate;
    for (int s = 0; s < static_cast<int>(c.count);
         ++s, x += g.size(), y += g.size(), mean += 3 * g.channels) {
      T *const deviation = mean + g.channels, *const factor = deviation + g.channels;
      // Sums of distances from a group's first value: the squares keep their precision.
      each_group(g, [&](int first, int end) { std::fill(mean + first, mean + end, x[first]); });
      sum<T>(g, deviation, factor, [=](std::ptrdiff_t at, std::ptrdiff_t column, auto part) {
        const auto d = part.load(scalars(x) + at) - part.load(scalars(mean) + column);
        return std::pair(d, d * d);
      });
      each_group(g, [&](int first, int end) {
        const auto [distances, squares] = of_group<T>(g, deviation, factor, first, end);
        const V m = Row::kept(mean + first) + distances,
                d = Row::inverse_root(kernels::max(V{}, squares - distances * distances) +
                                      static_cast<S>(g.epsilon));
        for (int k = first; k < end; ++k) {
          Row::keep(mean + k, m);
          Row::keep(deviation + k, d);
          Row::keep(factor + k, gamma ? kernels::pin(d * gamma[k]) : d);
        }
      });
      for (int r = 0; r < g.rows; ++r) {
        const std::ptrdiff_t row = std::ptrdiff_t{r} * g.channels;
        Row::each(g.channels, [&](std::ptrdiff_t k, auto part) __attribute__((always_inline)) {
          const V centered = Row::load(x + row + k, part) - Row::load(mean + k, part);
          V v = kernels::pin(centered * Row::load(factor + k, part));
          if (beta) v += Row::parameter(beta + k, part);
          Row::store(y + row + k, v, part);
        });
      }
    }
  }

  // With u = (x - mean) * deviation and d = dy * gamma, dx = deviation * (d - mean(d) - u * mean(d * u)).
  template <class T> static void differentiate(const Geometry& g, const Backward<T>& c) {
    using Row = detail::RowVectors<T>;
    using V = typename Row::V;
    std::fill_n(c.scratch, own_scratch<T>(g), Scalar<T>{});
    T *const sums = reinterpret_cast<T*>(c.scratch), *const products = sums + g.channels,
             *const d_gamma = products + g.channels, *const d_beta = d_gamma + g.channels;
    const T *x = c.x, *dy = c.dy, *mean = c.intermediate;
    T* dx = c.dx;
    for (int s = 0; s < c.count; ++s, x += g.size(), dy += g.size(), mean += 3 * g.channels) {
      const T *const deviation = mean + g.channels, *const factor = deviation + g.channels;
      sum<T>(g, sums, products, [=](std::ptrdiff_t at, std::ptrdiff_t column, auto part) {
        const auto d = part.load(scalars(dy) + at);
        return std::pair(d, d * (part.load(scalars(x) + at) - part.load(scalars(mean) + column)));
      });
      Row::each(g.channels, [&](std::ptrdiff_t k, auto part) {
        const V of_gamma = Row::load(products + k, part) * Row::load(deviation + k, part);
        Row::store(d_gamma + k, Row::load(d_gamma + k, part) + of_gamma, part);
        Row::store(d_beta + k, Row::load(d_beta + k, part) + Row::load(sums + k, part), part);
        // From here on they are those of d * deviation.
        Row::store(sums + k, Row::load(sums + k, part) * Row::load(factor + k, part), part);
        Row::store(products + k, Row::load(products + k, part) * Row::load(factor + k, part), part);
      });
      if (!dx) continue;
      each_group(g, [&](int first, int end) {
        const auto [mean_d, product] = of_group<T>(g, sums, products, first, end);
        const V d = Row::kept(deviation + first), mean_product = product * d * d;
        for (int k = first; k < end; ++k) Row::keep(sums + k, mean_d), Row::keep(products + k, mean_product);
      });
      for (int r = 0; r < g.rows; ++r) {
        const std::ptrdiff_t row = std::ptrdiff_t{r} * g.channels;
        Row::each(g.channels, [&](std::ptrdiff_t k, auto part) __attribute__((always_inline)) {
          const V centered = Row::load(x + row + k, part) - Row::load(mean + k, part);
          const V v = Row::load(dy + row + k, part) * Row::load(factor + k, part) - Row::load(sums + k, part);
          Row::store(dx + row + k, v - centered * Row::load(products + k, part), part);
        });
      }
      dx += g.size();
    }
    if (g.scale) Row::hand_on(scalars(d_gamma), g.channels, c.gradient_of(0));
    if (g.center) Row::hand_on(scalars(d_beta), g.channels, c.gradient_of(g.beta()));
  }

  // f(first channel, end) for each group.
  static void each_group(const Geometry& g, auto f) {
    const int n = g.channels / g.groups;
    for (int first = 0; first < g.channels; first += n) f(first, first + n);
  }
  // Of each channel of a sample the sums of the two vectors that f makes of a position's.
  template <class T> static void sum(const Geometry& g, T* sums, T* others, auto f) {
    detail::sum_rows<Scalar<T>>(std::ptrdiff_t{g.channels} * Unit<T>::samples, g.rows, g.rows, scalars(sums),
                                scalars(others), f, [](std::ptrdiff_t, auto v) { return v; });
  }
  // What a group's sums make, divided by the number of its values.
  template <class T>
  static auto of_group(const Geometry& g, const T* sums, const T* others, int first, int end) {
    using Row = detail::RowVectors<T>;
    typename Row::V a = {}, b = {};
    for (int k = first; k < end; ++k) a += Row::kept(sums + k), b += Row::kept(others + k);
    const auto share = Scalar<T>{1} / (static_cast<Scalar<T>>(g.rows) * static_cast<Scalar<T>>(end - first));
    return std::pair(kernels::pin(a * share), kernels::pin(b * share));
  }
};

/// LayerNormalization<Epsilon<1e-6>, NoCenter>.
template <class... Options>
struct LayerNormalization : layer_of<LayerNormalization<Options...>, LayerNormalizationSpec, Options...> {
  static constexpr LayerNormalizationSpec spec = with_options<Options...>(LayerNormalizationSpec{});
};
/// RMSNormalization<>, RMSNormalization<Epsilon<1e-5>>.
template <class... Options>
struct RMSNormalization : layer_of<RMSNormalization<Options...>, RMSNormalizationSpec, Options...> {
  static constexpr RMSNormalizationSpec spec = with_options<Options...>(RMSNormalizationSpec{});
};
/// UnitNormalization<>, UnitNormalization<Axis<-2, -1>>.
template <class... Options>
struct UnitNormalization : layer_of<UnitNormalization<Options...>, UnitNormalizationSpec, Options...> {
  static constexpr UnitNormalizationSpec spec = with_options<Options...>(UnitNormalizationSpec{});
};
/// GroupNormalization<8>; GroupNormalization<-1, NoCenter>: of each channel.
template <int Groups = 32, class... Options>
struct GroupNormalization
    : layer_of<GroupNormalization<Groups, Options...>, GroupNormalizationSpec, Options...> {
  static constexpr GroupNormalizationSpec spec =
      with_options<Options...>(GroupNormalizationSpec{.groups = Groups});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::LayerNormalizationSpec, axis, epsilon, center, scale, gamma_initializer,
                     beta_initializer, gamma_regularizer, beta_regularizer, gamma_constraint,
                     beta_constraint);
KERATIN_ADAPT_STRUCT(keratin::RMSNormalizationSpec, axis, epsilon);
KERATIN_ADAPT_STRUCT(keratin::UnitNormalizationSpec, axis);
KERATIN_ADAPT_STRUCT(keratin::GroupNormalizationSpec, groups, axis, epsilon, center, scale, gamma_initializer,
                     beta_initializer, gamma_regularizer, beta_regularizer, gamma_constraint,
                     beta_constraint);
