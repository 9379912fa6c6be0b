#pragma once
// BatchNormalization: each channel less its mean over the batch, divided by its standard deviation.
#include <keratin/kernels/product.hpp>
#include <keratin/layers/activation.hpp>
#include <keratin/layers/normalization.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace keratin {

inline constexpr Rule needs_a_momentum_from_0_to_1{"the momentum must be from 0 to 1"};

/// Keras: BatchNormalization over the last axis. Training: y = gamma (x - mean) / sqrt(variance + epsilon) +
/// beta with the mean and the (biased) variance of the batch, over all samples and positions; the moving ones
/// become momentum * moving + (1 - momentum) * batch. Inference: with the moving ones. Ioffe and Szegedy
/// 2015.
struct BatchNormalizationSpec {
  double momentum = 0.99, epsilon = 1e-3;
  bool center = true, scale = true;
  ActivationFunction activation{};  // that of the layer behind it: set by fusion only

  static constexpr const char* name = "BatchNormalization";
  static constexpr const char* arguments = "...";
  static constexpr bool masks_change_it() { return true; }

  constexpr Fit fit(Shape in) const {
    if (!(momentum >= 0 && momentum <= 1)) return needs_a_momentum_from_0_to_1;
    if (!(epsilon > 0)) return needs_an_epsilon_above_0;
    return in;
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    if (scale) p.add({"gamma", {in.last()}, Ones::value});
    if (center) p.add({"beta", {in.last()}});
    p.add({.name = "moving_mean", .shape = {in.last()}, .trainable = false});
    p.add({.name = "moving_variance", .shape = {in.last()}, .initializer = Ones::value, .trainable = false});
    return p;
  }
  constexpr Traits traits() const {
    const bool through_softmax = activation == Softmax{};
    return {.reads_output = through_softmax,
            .in_place = true,
            .pointwise = true,
            .writes_over_gradient = through_softmax,
            .knows_samples = true};
  }
  constexpr double flops(Shape in) const { return 2.0 * static_cast<double>(in.elements()); }
  // For each channel its mean, 1 / standard deviation, what it is multiplied by and what is added; those of
  // the batch lie with its first sample.
  constexpr std::size_t intermediate(Shape in, bool) const { return 4 * static_cast<std::size_t>(in.last()); }

  struct Geometry {
    int rows, channels;
    double momentum, epsilon;
    bool center, scale;
    ActivationFunction activation;
  };
  constexpr Geometry geometry(Shape in) const {
    return {in.size() / in.last(), in.last(), momentum, epsilon, center, scale, activation};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    if (c.training())
      batch_statistics(g, c);
    else
      moving_statistics(g, c);
    with_activation(geometry, [&]<class A>(A) {
      const std::ptrdiff_t rows = std::ptrdiff_t{static_cast<int>(c.count)} * g.rows;
      normalize<std::conditional_t<A::elementwise, A, Linear>>(g, c, rows);
      if constexpr (!A::elementwise) A::forward(c.y, c.y, rows, g.channels);
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    with_activation(geometry, [&]<class A>(A) { backward_through<A>(Geometry(geometry), c); });
  }

 private:
  static constexpr int gamma = 0;
  static constexpr int beta(const Geometry& g) { return g.scale ? 1 : 0; }
  static constexpr int moving_mean(const Geometry& g) { return beta(g) + (g.center ? 1 : 0); }

  // A row is the channels at one position, in scalars: the same channel of L samples lies side by side, and
  // so do L times the same coefficient.
  template <class T, class Pointer> struct Coefficients {
    static constexpr int L = Unit<T>::samples;
    std::ptrdiff_t n;
    Pointer mean, deviation, factor, offset;  // deviation: 1 / standard deviation

    Coefficients(const Geometry& g, auto* intermediate)
        : n(std::ptrdiff_t{g.channels} * L),
          mean(reinterpret_cast<Pointer>(intermediate)),
          deviation(mean + n),
          factor(deviation + n),
          offset(factor + n) {}
    static void set(Pointer values, int channel, Scalar<T> v) { std::fill_n(values + channel * L, L, v); }
    static Scalar<T> sum(Pointer sums, int channel) {
      Scalar<T> total = 0;
      for (int l = 0; l < L; ++l) total += sums[channel * L + l];
      return total;
    }
  };

  // sums and others become the sums over all rows of the two vectors that f(element, part) makes of a row's.
  // The last T's lanes without a sample do not count.
  template <class T>
  [[gnu::always_inline]] static void sum_rows(const Geometry& g, int count, int samples, Scalar<T>* sums,
                                              Scalar<T>* others, auto f) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    constexpr int L = Unit<T>::samples, abreast = 4;
    const std::ptrdiff_t n = std::ptrdiff_t{g.channels} * L, whole = std::ptrdiff_t{samples / L} * g.rows,
                         rows = std::ptrdiff_t{count} * g.rows;
    const V mask = kernels::Rest{samples % L}.only(V{} + 1);
    const auto columns = [&]<int K>(std::integral_constant<int, K>, std::ptrdiff_t first,
                                    auto part) __attribute__((always_inline)) {
      V a[K] = {}, b[K] = {};
      const auto add = [&](std::ptrdiff_t row, auto only) __attribute__((always_inline)) {
#pragma GCC unroll 4
        for (int k = 0; k < K; ++k) {
          const auto [p, q] = f(row * n + first + k * lanes<S>, first + k * lanes<S>, part);
          a[k] += only(p);
          b[k] += only(q);
        }
      };
      for (std::ptrdiff_t r = 0; r < whole; ++r) add(r, [](V v) __attribute__((always_inline)) { return v; });
      for (std::ptrdiff_t r = whole; r < rows; ++r)
        add(r, [=](V v) __attribute__((always_inline)) { return v * mask; });
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

  template <class T, class Count>
  static void batch_statistics(const Geometry& g, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Coefficients<T, S*> of(g, c.intermediate);
    const S* const x = reinterpret_cast<const S*>(c.x);
    // Sums of distances from the first value instead of the values: the squares keep their precision.
    for (int k = 0; k < g.channels; ++k) of.set(of.mean, k, x[k * of.L]);
    sum_rows<T>(g, static_cast<int>(c.count), c.run.samples, of.factor, of.offset,
                [=](std::ptrdiff_t at, std::ptrdiff_t column, auto part) __attribute__((always_inline)) {
                  const auto d = part.load(x + at) - part.load(of.mean + column);
                  return std::pair(d, d * d);
                });
    const S values = static_cast<S>(c.run.samples) * static_cast<S>(g.rows);
    const S keep = static_cast<S>(g.momentum), take = static_cast<S>(1 - g.momentum);
    S *const means = c.updated_parameter(moving_mean(g)), *const variances =
                                                              c.updated_parameter(moving_mean(g) + 1);
    for (int k = 0; k < g.channels; ++k) {
      const S distance = of.sum(of.factor, k) / values;
      const S variance = std::max(S{0}, of.sum(of.offset, k) / values - distance * distance);
      const S mean = of.mean[k * of.L] + distance;
      set(g, c, of, k, mean, variance);
      means[k] = means[k] * keep + mean * take;
      variances[k] = variances[k] * keep + variance * take;
    }
  }
  template <class T, class Count>
  [[gnu::noinline]] static void moving_statistics(const Geometry& g, const Forward<T, Count>& c) {
    const Coefficients<T, Scalar<T>*> of(g, c.intermediate);
    for (int k = 0; k < g.channels; ++k)
      set(g, c, of, k, c.parameter(moving_mean(g))[k], c.parameter(moving_mean(g) + 1)[k]);
  }
  static void set(const Geometry& g, const auto& c, const auto& of, int channel, auto mean, auto variance) {
    using S = decltype(mean);
    const S deviation = S{1} / std::sqrt(variance + static_cast<S>(g.epsilon));
    of.set(of.mean, channel, mean);
    of.set(of.deviation, channel, deviation);
    of.set(of.factor, channel, g.scale ? deviation * c.parameter(gamma)[channel] : deviation);
    of.set(of.offset, channel, g.center ? c.parameter(beta(g))[channel] : S{0});
  }

  template <class A, class T, class Count>
  static void normalize(const Geometry& g, const Forward<T, Count>& c, std::ptrdiff_t rows) {
    using S = Scalar<T>;
    const Coefficients<T, const S*> of(g, c.intermediate);
    const S* x = reinterpret_cast<const S*>(c.x);
    S* y = reinterpret_cast<S*>(c.y);
    for (std::ptrdiff_t r = 0; r < rows; ++r, x += of.n, y += of.n)
      kernels::for_each_vector<S>(of.n, [=](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        const auto centered = part.load(x + i) - part.load(of.mean + i);
        part.store(y + i, A::value(centered * part.load(of.factor + i) + part.load(of.offset + i)));
      });
  }

  template <class A, class T> static void backward_through(const Geometry& g, const Backward<T>& c) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    const Coefficients<T, const S*> of(g, c.intermediate);
    const S *const x = reinterpret_cast<const S*>(c.x), *const dy = reinterpret_cast<const S*>(c.dy);
    if constexpr (!A::elementwise) A::backward(c.y, c.dy, c.dy, std::ptrdiff_t{c.count} * g.rows, g.channels);
    // dy before the activation. Its output is computed again: to read it would take longer.
    const auto through = [=](V d, V centered, std::ptrdiff_t column,
                             auto part) __attribute__((always_inline)) {
      if constexpr (A::elementwise && !std::is_same_v<A, Linear>)
        d *=
            A::derivative(A::value(centered * part.load(of.factor + column) + part.load(of.offset + column)));
      return d;
    };
    S *const sum = c.scratch, *const product = c.scratch + aligned(static_cast<std::size_t>(of.n));
    sum_rows<T>(g, c.count, c.run.samples, sum, product,
                [=](std::ptrdiff_t at, std::ptrdiff_t column, auto part) __attribute__((always_inline)) {
                  const V centered = part.load(x + at) - part.load(of.mean + column);
                  const V d = through(part.load(dy + at), centered, column, part);
                  return std::pair(d, d * centered);
                });
    // dx = (dy - mean of dy - (x - mean) * deviation^2 * mean of dy (x - mean)) * factor.
    const S values = static_cast<S>(c.run.samples) * static_cast<S>(g.rows);
    for (int k = 0; k < g.channels; ++k) {
      const S deviation = of.deviation[k * of.L];
      const S sums = Coefficients<T, S*>::sum(sum, k), products = Coefficients<T, S*>::sum(product, k);
      if (g.scale) c.gradient_of(gamma)[k] = products * deviation;
      if (g.center) c.gradient_of(beta(g))[k] = sums;
      const bool of_batch = c.run.training != nullptr;  // else mean and deviation were constants
      Coefficients<T, S*>::set(sum, k, of_batch ? sums / values : S{});
      Coefficients<T, S*>::set(product, k, of_batch ? products / values * deviation * deviation : S{});
    }
    if (!c.dx) return;
    constexpr int L = Unit<T>::samples;
    const std::ptrdiff_t rows = std::ptrdiff_t{c.count} * g.rows,
                         whole = std::ptrdiff_t{c.run.samples / L} * g.rows;
    S* const dx = reinterpret_cast<S*>(c.dx);
    const V mask = kernels::Rest{c.run.samples % L}.only(V{} + 1);
    const auto differentiate = [=](std::ptrdiff_t row, auto only) __attribute__((always_inline)) {
      const std::ptrdiff_t start = row * of.n;
      kernels::for_each_vector<S>(of.n, [=](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        const V centered = part.load(x + start + i) - part.load(of.mean + i);
        const V d = through(part.load(dy + start + i), centered, i, part) - part.load(sum + i) -
                    centered * part.load(product + i);
        part.store(dx + start + i, only(d * part.load(of.factor + i)));
      });
    };
    for (std::ptrdiff_t r = 0; r < whole; ++r)
      differentiate(r, [](V v) __attribute__((always_inline)) { return v; });
    for (std::ptrdiff_t r = whole; r < rows; ++r)
      differentiate(r, [=](V v) __attribute__((always_inline)) { return v * mask; });
  }

 public:
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return 2 * aligned(static_cast<std::size_t>(g.channels) * Unit<T>::samples);
  }
};

/// A BatchNormalization that a kernel before it applies in inference: its outputs times a factor, plus an
/// offset. `behind` is where it stands behind the kernel's layer, 0 where there is none.
struct FoldedNormalization {
  int behind = 0;
  double epsilon = 0;
  bool center = true, scale = true;

  constexpr explicit operator bool() const { return behind > 0; }
  constexpr bool operator==(const FoldedNormalization&) const = default;

  /// Of each channel, for a kernel that adds no bias itself.
  template <class S>
  void coefficients(const auto& forward, int channels, const S* bias, S* factor, S* offset) const {
    const int mean = (scale ? 1 : 0) + (center ? 1 : 0);
    for (int k = 0; k < channels; ++k) {
      const auto parameter = [&](int i) { return forward.parameter(i, behind)[k]; };
      const S deviation = S{1} / std::sqrt(parameter(mean + 1) + static_cast<S>(epsilon));
      factor[k] = scale ? deviation * parameter(0) : deviation;
      const S centered = (bias ? bias[k] : S{0}) - parameter(mean);
      offset[k] = centered * factor[k] + (center ? parameter(mean - 1) : S{0});
    }
  }
};

namespace detail {

/// What happens to a finished vector of sums while it is still in its register: the normalization, if there
/// is one, then the activation. A named type, so that all layers share a kernel.
template <class A, class T, bool Norm> struct Epilogue {
  const Scalar<T>*factor = nullptr, *offset = nullptr;
  // Whether the activation takes some dozen operations.
  static constexpr bool is_long = requires(kernels::Vec<Scalar<T>> v) { A::quotient(v); };

  template <class V> [[gnu::always_inline]] V operator()(V v, std::ptrdiff_t column, auto part) const {
    if constexpr (Norm)
      v = v * kernels::detail::weight<T>(factor + column, part) +
          kernels::detail::weight<T>(offset + column, part);
    return A::value(v);
  }
};
/// Of a kernel that leaves its bias to a normalization; its coefficients are the layer's intermediate values.
template <class A, bool Norm, class T, class Count>
Epilogue<A, T, Norm> epilogue(const FoldedNormalization& norm, int channels, bool use_bias,
                              const Forward<T, Count>& c) {
  if constexpr (Norm) {
    Scalar<T>* const factor = reinterpret_cast<Scalar<T>*>(c.intermediate);
    Scalar<T>* const offset = factor + channels;
    norm.coefficients(c, channels, use_bias ? c.parameter(1) : nullptr, factor, offset);
    return {factor, offset};
  } else {
    return {};
  }
}

}  // namespace detail

constexpr FoldedNormalization folded(const BatchNormalizationSpec& norm, int behind) {
  return {behind, norm.epsilon, norm.center, norm.scale};
}

/// A BatchNormalization takes over the activation behind it.
constexpr Fused<BatchNormalizationSpec> fuse(BatchNormalizationSpec norm, const ActivationSpec& next) {
  if (norm.activation != Linear{}) return {};
  norm.activation = next.activation;
  return {true, norm};
}

/// Momentum<0.9>: how much of the moving statistics a step keeps. Keras: momentum, 0.99.
template <double M> struct Momentum {
  KERATIN_SETS(momentum, M)
};

/// BatchNormalization<>, BatchNormalization<Momentum<0.9>, Epsilon<1e-5>, NoScale>.
template <class... Options>
struct BatchNormalization : layer_of<BatchNormalization<Options...>, BatchNormalizationSpec, Options...> {
  static constexpr BatchNormalizationSpec spec = with_options<Options...>(BatchNormalizationSpec{});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::BatchNormalizationSpec, momentum, epsilon, center, scale, activation);
