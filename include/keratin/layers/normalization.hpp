#pragma once
// Normalization: values less their mean, divided by their standard deviation, times gamma, plus beta.
#include <keratin/initializers/constant.hpp>
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_an_epsilon_above_0{"epsilon must be above 0"};

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

}  // namespace detail

/// Keras: LayerNormalization. Any shape, unchanged: every row along the last axis for itself. gamma (last
/// axis), ones; beta (last axis), zeros.
struct LayerNormalizationSpec {
  double epsilon = 1e-3;
  bool center = true, scale = true;

  static constexpr const char* name = "LayerNormalization";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    if (!(epsilon > 0)) return needs_an_epsilon_above_0;
    return in;
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    if (scale) p.add({"gamma", {in.last()}, Ones::value});
    if (center) p.add({"beta", {in.last()}});
    return p;
  }
  constexpr Traits traits() const { return {.reads_output = false, .in_place = true, .pointwise = true}; }
  constexpr double flops(Shape in) const { return 8.0 * static_cast<double>(in.elements()); }

  struct Geometry {
    int rows, n;
    double epsilon;
    bool center, scale;

    constexpr int beta() const { return scale ? 1 : 0; }
  };
  constexpr Geometry geometry(Shape in) const {
    return {in.size() / in.last(), in.last(), epsilon, center, scale};
  }
  /// Of every row the mean, and one over the standard deviation.
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return training ? static_cast<std::size_t>(in.size() / in.last()) * 2 : 0;
  }
  // The gradients of gamma and beta.
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return 2 * detail::RowVectors<T>::sum_size(g.n);
  }

  // pin: a product that is rounded on its own, whether or not the compiler sees the sum that it goes into.
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using Row = detail::RowVectors<T>;
    using V = typename Row::V;
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S* const gamma = g.scale ? c.parameter(0) : nullptr;
    const S* const beta = g.center ? c.parameter(g.beta()) : nullptr;
    const S share = S{1} / static_cast<S>(g.n);
    const std::ptrdiff_t rows = static_cast<std::ptrdiff_t>(c.count) * g.rows;
    // Several rows take each step together: none waits for the end of its sum. What they share stays in L1.
    constexpr int most = 8;
    const int together = std::clamp(4096 / Unit<T>::samples / g.n, 1, most);
    V mean[most], scale[most];
    for (std::ptrdiff_t first = 0; first < rows; first += together) {
      const int count = static_cast<int>(std::min<std::ptrdiff_t>(together, rows - first));
      const auto each_row = [&](auto f) __attribute__((always_inline)) {
        for (int r = 0; r < count; ++r) f(r, c.x + (first + r) * g.n);
      };
      each_row([&](int r, const T* x) __attribute__((always_inline)) {
        const auto sum = Row::template sums<1>(g.n, [&](auto& a, std::ptrdiff_t i, auto part) __attribute__((
                                                        always_inline)) { a[0] += Row::load(x + i, part); });
        mean[r] = kernels::pin(sum.of[0] * share);
      });
      each_row([&](int r, const T* x) __attribute__((always_inline)) {
        const V m = mean[r];
        const auto squares = Row::template sums<1>(
            g.n, [&](auto& a, std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
              const V d = part.only(Row::load(x + i, part) - m);
              a[0] += d * d;
            });
        const V variance = kernels::pin(squares.of[0] * share);
        scale[r] = Row::inverse_root(variance + static_cast<S>(g.epsilon));
      });
      each_row([&](int r, const T* x) __attribute__((always_inline)) {
        T* const y = c.y + (first + r) * g.n;
        const V m = mean[r], s = scale[r];
        Row::each(g.n, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
          V v = kernels::pin((Row::load(x + i, part) - m) * s);
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

  /// With u = (x - mean) * scale and d = dy * gamma, dx = scale * (d - mean(d) - u * mean(d * u)).
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    using Row = detail::RowVectors<T>;
    using V = typename Row::V;
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S* const gamma = g.scale ? c.parameter(0) : nullptr;
    S *const d_gamma = c.scratch, *const d_beta = d_gamma + Row::sum_size(g.n);
    std::fill_n(c.scratch, scratch<T>(g, c.count), S{});
    const S share = S{1} / static_cast<S>(g.n);
    const T *x = c.x, *dy = c.dy;
    T* dx = c.dx;
    for (std::ptrdiff_t r = 0; r < static_cast<std::ptrdiff_t>(c.count) * g.rows; ++r, x += g.n, dy += g.n) {
      const V mean = Row::kept(c.intermediate + 2 * r), scale = Row::kept(c.intermediate + 2 * r + 1);
      const auto u = [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        return kernels::pin((Row::load(x + i, part) - mean) * scale);
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
      const V mean_d = kernels::pin(sum.of[0] * share), mean_product = kernels::pin(sum.of[1] * share);
      Row::each(g.n, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        Row::store(dx + i, (d(i, part) - mean_d - u(i, part) * mean_product) * scale, part);
      });
      dx += g.n;
    }
    if (g.scale) Row::hand_on(d_gamma, g.n, c.gradient_of(0));
    if (g.center) Row::hand_on(d_beta, g.n, c.gradient_of(g.beta()));
  }
};

/// LayerNormalization<Epsilon<1e-6>, NoCenter>.
template <class... Options>
struct LayerNormalization : layer_of<LayerNormalization<Options...>, LayerNormalizationSpec, Options...> {
  static constexpr LayerNormalizationSpec spec = with_options<Options...>(LayerNormalizationSpec{});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::LayerNormalizationSpec, epsilon, center, scale);
