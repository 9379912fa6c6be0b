#pragma once
// BatchNormalization: each channel less its mean over the batch, divided by its standard deviation.
#include <keratin/core/axes.hpp>
#include <keratin/kernels/product.hpp>
#include <keratin/layers/activation.hpp>
#include <keratin/layers/normalization.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace keratin {

inline constexpr Rule needs_a_momentum_from_0_to_1{"the momentum must be from 0 to 1"};

inline constexpr Rule normalizes_one_axis{
    "axis must be one axis of a sample, and the last one of a masked input"};
namespace functional {
inline constexpr Rule needs_a_mask_of_all_but_the_last_axis{
    "a mask must have all axes of the input but the last one"};
}  // namespace functional

/// Keras: BatchNormalization. Each channel of an axis, the last one by default. Training: y = gamma (x -
/// mean) / sqrt(variance + epsilon) + beta with the mean and the (biased) variance of the batch, over all
/// samples and positions, of a masked input over those that count; the moving ones become momentum * moving +
/// (1 - momentum)
/// * batch. Inference: with the moving ones. Ioffe and Szegedy 2015.
struct BatchNormalizationSpec {
  Axes axis{-1};
  double momentum = 0.99, epsilon = 1e-3;
  bool center = true, scale = true;
  Initializer gamma_initializer = Ones::value, beta_initializer{};
  Regularizer gamma_regularizer{}, beta_regularizer{};
  Constraint gamma_constraint{}, beta_constraint{};
  ActivationFunction activation{};  // that of the layer behind it: set by fusion only
  bool masked = false;              // set by the network, for a masked input

  static constexpr const char* name = "BatchNormalization";
  static constexpr const char* arguments = "...";
  static constexpr bool passes_mask() { return true; }
  constexpr int inputs() const { return masked ? 2 : 1; }
  constexpr bool is_last_axis() const { return axis == Axes{-1}; }

  constexpr Fit fit(const Shapes& all) const {
    const Shape& in = all;
    if (axis.count != 1 || place(in) < 0 || place(in) >= in.rank || (masked && place(in) != in.rank - 1))
      return normalizes_one_axis;
    if (masked && all.count > 1) {
      Shape wanted = in;
      wanted.extent[--wanted.rank] = 0;
      if (all[1] != wanted) return {functional::needs_a_mask_of_all_but_the_last_axis, wanted, 1};
    }
    if (!(momentum >= 0 && momentum <= 1)) return needs_a_momentum_from_0_to_1;
    if (!(epsilon > 0)) return needs_an_epsilon_above_0;
    return in;
  }
  constexpr Parameters parameters(Shape in) const {
    const Shape channels{in[place(in)]};
    Parameters p;
    if (scale) p.add({"gamma", channels, gamma_initializer, gamma_regularizer}).constrain(gamma_constraint);
    if (center) p.add({"beta", channels, beta_initializer, beta_regularizer}).constrain(beta_constraint);
    p.add({.name = "moving_mean", .shape = channels, .trainable = false});
    p.add({.name = "moving_variance", .shape = channels, .initializer = Ones::value, .trainable = false});
    return p;
  }
  constexpr Traits traits() const {
    const bool through_softmax = activation == Softmax{};
    return {.reads_output = through_softmax,
            .in_place = true,
            .pointwise = is_last_axis(),
            .writes_over_gradient = through_softmax,
            .knows_samples = true,
            .batch_statistics = !through_softmax};
  }
  constexpr double flops(Shape in) const { return 2.0 * static_cast<double>(in.elements()); }
  // For each channel its mean, 1 / standard deviation, what it is multiplied by and what is added; those of
  // the batch lie with its first sample.
  constexpr std::size_t intermediate(Shape in, bool) const {
    const Geometry g = geometry(in);
    return 4 * static_cast<std::size_t>(g.channels) * static_cast<std::size_t>(g.run);
  }

  struct Geometry {
    int rows, channels, run;  // a sample is rows of channels, and each a run of values behind its axis
    double momentum, epsilon;
    bool center, scale;
    ActivationFunction activation;
    bool masked;
  };
  constexpr Geometry geometry(Shape in) const {
    Geometry g{1, in[place(in)], 1, momentum, epsilon, center, scale, activation, masked};
    for (int a = 0; a < in.rank; ++a) (a < place(in) ? g.rows : g.run) *= a == place(in) ? 1 : in[a];
    return g;
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

  // Which axis of a sample it is.
  constexpr int place(const Shape& in) const {
    const int from_the_end = axis.from_the_end(in.rank)[0];
    return from_the_end < 0 ? in.rank + from_the_end : in.rank;
  }

  // A row is the channels at one position, in scalars: a channel's run of L samples lies side by side, and so
  // does the same coefficient as often.
  template <class T, class Pointer> struct Coefficients {
    std::ptrdiff_t run, n;
    Pointer mean, deviation, factor, offset;  // deviation: 1 / standard deviation

    Coefficients(const Geometry& g, auto* intermediate)
        : run(std::ptrdiff_t{g.run} * Unit<T>::samples),
          n(g.channels * run),
          mean(reinterpret_cast<Pointer>(intermediate)),
          deviation(mean + n),
          factor(deviation + n),
          offset(factor + n) {}
    void set(Scalar<T>* values, int channel, Scalar<T> v) const {
      values[channel * run] = v;
      for (std::ptrdiff_t i = 1; i < run; ++i) values[channel * run + i] = v;
    }
    Scalar<T> sum(const Scalar<T>* sums, int channel) const {
      Scalar<T> total = 0;
      for (std::ptrdiff_t i = 0; i < run; ++i) total += sums[channel * run + i];
      return total;
    }
  };
  // Which rows count: those of samples, and of these what the mask leaves.
  template <class T> struct Counted {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    static constexpr int L = Unit<T>::samples;

    const S* mask;
    std::ptrdiff_t rows, whole, plain;  // all; of samples up to the last whole T; of these, without a mask
    V of_samples;                       // 1 in the last T's lanes that have a sample
    S values;                           // that each mean is of

    Counted(const Geometry& g, int count, int samples, const T* of)
        : mask(g.masked ? scalars(of) : nullptr),
          rows(std::ptrdiff_t{count} * g.rows),
          whole(std::ptrdiff_t{samples / L} * g.rows),
          plain(mask ? 0 : whole),
          of_samples(kernels::Rest{samples % L}.only(V{} + 1)),
          values(static_cast<S>(samples) * static_cast<S>(g.rows) * static_cast<S>(g.run)) {
      if (!mask) return;
      values = static_cast<S>(1e-7);  // as Keras
      for (std::ptrdiff_t r = 0; r < rows; ++r)
        for (int l = 0; l < L; ++l)
          values += mask[r * L + l] != 0 ? (r < whole ? S{1} : of_samples[l]) : S{0};
    }
    // What a row's vector counts; 0 or itself.
    [[gnu::always_inline]] V only(std::ptrdiff_t row, V v) const {
      if (row >= whole) v *= of_samples;
      if (!mask) return v;
      V steps;
      if constexpr (L > 1)
        steps = kernels::load(mask + row * L);
      else
        steps = kernels::broadcast<V>(mask[row]);
      return steps != V{} ? v : V{};
    }
  };

  template <class T, class Count>
  static void batch_statistics(const Geometry& g, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Coefficients<T, S*> of(g, c.intermediate);
    const S* const x = reinterpret_cast<const S*>(c.x);
    const Counted<T> counted(g, static_cast<int>(c.count), c.run.samples, g.masked ? c.input(1) : nullptr);
    // Sums of distances from the first value instead of the values: the squares keep their precision.
    for (int k = 0; k < g.channels; ++k) of.set(of.mean, k, x[k * of.run]);
    detail::sum_rows<S>(
        of.n, counted.plain, counted.rows, of.factor, of.offset,
        [=](std::ptrdiff_t at, std::ptrdiff_t column, auto part) __attribute__((always_inline)) {
          const auto d = part.load(x + at) - part.load(of.mean + column);
          return std::pair(d, d * d);
        },
        [&](std::ptrdiff_t row, auto v) __attribute__((always_inline)) { return counted.only(row, v); });
    const S values = counted.values, missing = g.masked ? static_cast<S>(1e-7) / values : S{0};
    const S keep = static_cast<S>(g.momentum), take = static_cast<S>(1 - g.momentum);
    S *const means = c.updated_parameter(moving_mean(g)), *const variances =
                                                              c.updated_parameter(moving_mean(g) + 1);
    for (int k = 0; k < g.channels; ++k) {
      const S distance = of.sum(of.factor, k) / values;
      const S variance = std::max(S{0}, of.sum(of.offset, k) / values - distance * distance);
      // A masked mean is of a little more values than there are, all others 0.
      const S mean = of.mean[k * of.run] * (1 - missing) + distance;
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
    const Counted<T> counted(g, c.count, c.run.samples, g.masked ? c.input(1) : nullptr);
    detail::sum_rows<S>(
        of.n, counted.whole, counted.rows, sum, product,
        [=](std::ptrdiff_t at, std::ptrdiff_t column, auto part) __attribute__((always_inline)) {
          const V centered = part.load(x + at) - part.load(of.mean + column);
          const V d = through(part.load(dy + at), centered, column, part);
          return std::pair(d, d * centered);
        },
        [&](std::ptrdiff_t, V v) __attribute__((always_inline)) { return v * counted.of_samples; });
    // dx = (dy - mean of dy - (x - mean) * deviation^2 * mean of dy (x - mean)) * factor; where a mask leaves
    // a value out, dy * factor.
    const S values = counted.values;
    for (int k = 0; k < g.channels; ++k) {
      const S deviation = of.deviation[k * of.run];
      const S sums = of.sum(sum, k), products = of.sum(product, k);
      if (g.scale) c.gradient_of(gamma)[k] = products * deviation;
      if (g.center) c.gradient_of(beta(g))[k] = sums;
      const bool of_batch = c.run.training != nullptr;  // else mean and deviation were constants
      of.set(sum, k, of_batch ? sums / values : S{});
      of.set(product, k, of_batch ? products / values * deviation * deviation : S{});
    }
    if (!c.dx) return;
    S* const dx = reinterpret_cast<S*>(c.dx);
    const auto differentiate = [=](std::ptrdiff_t row, auto of_row,
                                   auto only) __attribute__((always_inline)) {
      const std::ptrdiff_t start = row * of.n;
      kernels::for_each_vector<S>(of.n, [=](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        const V centered = part.load(x + start + i) - part.load(of.mean + i);
        const V shared = part.load(sum + i) + centered * part.load(product + i);
        const V d = through(part.load(dy + start + i), centered, i, part) - of_row(shared);
        part.store(dx + start + i, only(d * part.load(of.factor + i)));
      });
    };
    const auto all = [](V v) __attribute__((always_inline)) { return v; };
    for (std::ptrdiff_t r = 0; r < counted.plain; ++r) differentiate(r, all, all);
    for (std::ptrdiff_t r = counted.plain; r < counted.rows; ++r)
      differentiate(
          r, [&](V v) __attribute__((always_inline)) { return counted.only(r, v); },
          [&](V v) __attribute__((always_inline)) { return r < counted.whole ? v : v * counted.of_samples; });
  }

 public:
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return 2 *
           aligned(static_cast<std::size_t>(g.channels) * static_cast<std::size_t>(g.run) * Unit<T>::samples);
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

/// Whether a kernel before it can do so: of channels that it makes itself.
constexpr bool can_be_folded(const BatchNormalizationSpec& norm) {
  return norm.is_last_axis() && !norm.masked;
}
constexpr FoldedNormalization folded(const BatchNormalizationSpec& norm, int behind) {
  return {behind, norm.epsilon, norm.center, norm.scale};
}

/// A BatchNormalization takes over the activation behind it.
constexpr Fused<BatchNormalizationSpec> fuse(BatchNormalizationSpec norm, const ActivationSpec& next) {
  if (norm.activation != Linear{} || (next.activation == Softmax{} && !norm.is_last_axis())) return {};
  norm.activation = next.activation;
  return {true, norm};
}

/// Momentum<0.9>: how much of the moving statistics a step keeps. Keras: momentum, 0.99.
template <double M> struct Momentum {
  KERATIN_SETS(momentum, M)
};

/// BatchNormalization<>, BatchNormalization<Momentum<0.9>, Epsilon<1e-5>, NoScale>,
/// BatchNormalization<Axis<1>>.
template <class... Options>
struct BatchNormalization : layer_of<BatchNormalization<Options...>, BatchNormalizationSpec, Options...> {
  static constexpr BatchNormalizationSpec spec = with_options<Options...>(BatchNormalizationSpec{});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::BatchNormalizationSpec, axis, momentum, epsilon, center, scale,
                     gamma_initializer, beta_initializer, gamma_regularizer, beta_regularizer,
                     gamma_constraint, beta_constraint, activation, masked);
