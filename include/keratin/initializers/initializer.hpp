#pragma once
// Initializer: how a parameter starts, as a structural value. The named ones are in the files beside this
// one.
#include <keratin/core/options.hpp>
#include <keratin/core/random.hpp>
#include <keratin/core/shape.hpp>
#include <keratin/initializers/stft_kernel.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace keratin {

enum class Distribution : unsigned char {
  constant,
  uniform,
  normal,
  truncated_normal,
  orthogonal,
  identity,
  stft
};
enum class Fan : unsigned char { none, in, average, out };

/// constant: `value`. Others: around `value` with half-width or standard deviation `spread`; with a fan they
/// follow Keras's VarianceScaling with `spread` as its scale: variance = scale / max(1, fan). orthogonal:
/// `spread` times an orthonormal matrix. identity: `spread` on a matrix's diagonal. stft: the kernel of a
/// Fourier transform. unit_forget: an LSTM's bias, whose second quarter is 1 in any case.
struct Initializer {
  Distribution distribution = Distribution::constant;
  Fan fan = Fan::none;
  double value = 0, spread = 0;
  bool unit_forget = false;
  detail::STFTKernel stft{};

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

// Makes the rows, or the columns where they are fewer, orthogonal and of length `gain`. Gram and Schmidt's QR
// is the one whose R has a positive diagonal, and a second pass makes it exact.
template <class S> void orthogonalize(int rows, int columns, double gain, S* matrix) {
  const bool by_rows = rows <= columns;
  const std::ptrdiff_t count = by_rows ? rows : columns, length = by_rows ? columns : rows,
                       stride = by_rows ? 1 : columns, next = by_rows ? columns : 1;
  const auto dot = [=](const S* a, const S* b) {
    double sum = 0;
    for (std::ptrdiff_t k = 0; k < length; ++k) sum += double{a[k * stride]} * double{b[k * stride]};
    return sum;
  };
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    S* const v = matrix + i * next;
    for (int pass = 0; pass < 2; ++pass)
      for (const S* u = matrix; u != v; u += next) {
        const double along = dot(u, v);
        for (std::ptrdiff_t k = 0; k < length; ++k)
          v[k * stride] -= static_cast<S>(along * double{u[k * stride]});
      }
    const double norm = std::sqrt(dot(v, v));
    for (std::ptrdiff_t k = 0; k < length; ++k) v[k * stride] = static_cast<S>(double{v[k * stride]} / norm);
  }
  for (std::ptrdiff_t k = 0; k < count * length; ++k) matrix[k] = static_cast<S>(gain * double{matrix[k]});
}

}  // namespace detail

/// Fills values[0 .. shape.size()) from the stream.
template <class S> void initialize(const Initializer& init, Shape shape, Random random, S* values) {
  if (init.distribution == Distribution::stft) return init.stft.fill(shape, values);
  const int n = shape.size();
  const bool orthogonal = init.distribution == Distribution::orthogonal;
  double spread = orthogonal ? 1 : init.spread;
  if (init.fan != Fan::none) {
    const auto [in, out] = detail::fans(shape);
    const double fan = init.fan == Fan::in    ? in
                       : init.fan == Fan::out ? out
                                              : (in + out) / 2,
                 variance = init.spread / (fan < 1 ? 1 : fan);
    spread = std::sqrt(init.distribution == Distribution::uniform ? 3 * variance : variance);
    if (init.distribution == Distribution::truncated_normal) spread /= detail::truncated_at_2_stddev;
  }
  // Each value has its own run of words, so that a redrawn one moves no other.
  const auto normal = [&](int i, std::uint32_t attempt) {
    const Words w =
        philox({static_cast<std::uint32_t>(i), attempt, random.layer, random.purpose}, random.seed);
    return keratin::normal(w[0], w[1]);
  };
  for (int i = 0; i < n; ++i) {
    double v = 0;
    if (init.distribution == Distribution::uniform)
      v = 2 * uniform(random.word(static_cast<std::uint32_t>(i))) - 1;
    if (init.distribution == Distribution::normal || orthogonal) v = normal(i, 0);
    if (init.distribution == Distribution::truncated_normal)
      for (std::uint32_t attempt = 0; v = normal(i, attempt), std::fabs(v) > 2;) ++attempt;
    if (init.distribution == Distribution::identity) v = i / shape.last() == i % shape.last();
    values[i] = static_cast<S>(init.value + spread * v);
  }
  if (orthogonal && n > 0) detail::orthogonalize(n / shape.last(), shape.last(), init.spread, values);
  if (init.unit_forget) std::fill(values + n / 4, values + n / 2, S{1});
}

/// How the kernel starts: KernelInitializer<HeNormal>. Keras: kernel_initializer.
template <class I> struct KernelInitializer {
  KERATIN_SETS(kernel_initializer, I::value)
};
/// How the bias starts: BiasInitializer<Ones>. Keras: bias_initializer.
template <class I> struct BiasInitializer {
  KERATIN_SETS(bias_initializer, I::value)
};
/// How the weights of a normalization start: GammaInitializer<Zeros>. Keras: gamma_initializer, ...
template <class I> struct GammaInitializer {
  KERATIN_SETS(gamma_initializer, I::value)
};
template <class I> struct BetaInitializer {
  KERATIN_SETS(beta_initializer, I::value)
};

}  // namespace keratin
