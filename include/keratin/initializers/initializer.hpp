#pragma once
// Initializer: how a parameter starts, as a structural value. The named ones are in the files beside this
// one.
#include <keratin/core/random.hpp>
#include <keratin/core/shape.hpp>

#include <cmath>

namespace keratin {

enum class Distribution : unsigned char { constant, uniform, normal, truncated_normal };
enum class Fan : unsigned char { none, in, average };

/// constant: `value`. Others: around `value` with half-width or standard deviation `spread`; with a fan they
/// follow Keras's VarianceScaling with `spread` as its scale: variance = scale / max(1, fan).
struct Initializer {
  Distribution distribution = Distribution::constant;
  Fan fan = Fan::none;
  double value = 0, spread = 0;

  constexpr bool operator==(const Initializer&) const = default;
};

namespace detail {

// fan_in and fan_out of a kernel shape, as Keras counts them: receptive field times the last two extents.
struct Fans {
  double in, out;
};
constexpr Fans fans(Shape s) {
  if (s.rank < 2) return {static_cast<double>(s.size()), static_cast<double>(s.size())};
  const double field = static_cast<double>(s.elements()) / (s[s.rank - 1] * s[s.rank - 2]);
  return {s[s.rank - 2] * field, s[s.rank - 1] * field};
}

constexpr double truncated_at_2_stddev =
    0.87962566103423978;  // the standard deviation that cutting leaves of 1

}  // namespace detail

/// Fills values[0 .. shape.size()) from the stream.
template <class S> void initialize(const Initializer& init, Shape shape, Random random, S* values) {
  const int n = shape.size();
  double spread = init.spread;
  if (init.fan != Fan::none) {
    const auto [in, out] = detail::fans(shape);
    const double fan = init.fan == Fan::in ? in : (in + out) / 2,
                 variance = init.spread / (fan < 1 ? 1 : fan);
    spread = std::sqrt(init.distribution == Distribution::uniform ? 3 * variance : variance);
    if (init.distribution == Distribution::truncated_normal) spread /= detail::truncated_at_2_stddev;
  }
  // Each value has its own run of words, so that a redrawn one moves no other.
  const auto normal = [&](int i, std::uint32_t attempt) {
    const Words w =
        philox({static_cast<std::uint32_t>(i), attempt, random.layer, random.purpose}, random.seed);
    return std::sqrt(-2 * std::log(uniform(w[0]))) *
           std::cos(6.283185307179586 * uniform(w[1]));  // Box and Muller
  };
  for (int i = 0; i < n; ++i) {
    double v = 0;
    if (init.distribution == Distribution::uniform)
      v = 2 * uniform(random.word(static_cast<std::uint32_t>(i))) - 1;
    if (init.distribution == Distribution::normal) v = normal(i, 0);
    if (init.distribution == Distribution::truncated_normal)
      for (std::uint32_t attempt = 0; v = normal(i, attempt), std::fabs(v) > 2;) ++attempt;
    values[i] = static_cast<S>(init.value + spread * v);
  }
}

namespace detail {
struct kernel_initializer_option;
struct bias_initializer_option;
}  // namespace detail

/// How the kernel starts: KernelInitializer<HeNormal>. Keras: kernel_initializer.
template <class I> struct KernelInitializer {
  using sets = detail::kernel_initializer_option;
  template <class Spec>
    requires requires(Spec s) { s.kernel_initializer; }
  static constexpr void apply(Spec& spec) {
    spec.kernel_initializer = I::value;
  }
};
/// How the bias starts: BiasInitializer<Ones>. Keras: bias_initializer.
template <class I> struct BiasInitializer {
  using sets = detail::bias_initializer_option;
  template <class Spec>
    requires requires(Spec s) { s.bias_initializer; }
  static constexpr void apply(Spec& spec) {
    spec.bias_initializer = I::value;
  }
};

}  // namespace keratin
