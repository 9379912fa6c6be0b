#pragma once
// exp, log, tanh, sigmoid and their like over vectors. In double they call the C library lane by lane: that
// path checks gradients.
#include <keratin/kernels/vector.hpp>

namespace keratin::kernels {

/// KERATIN_FAST_MATH, defined for the whole program, takes fast_tanh and fast_sigmoid for all activations:
/// half the operations, and up to 7 ulp.
#ifdef KERATIN_FAST_MATH
inline constexpr bool fast_math = true;
#else
inline constexpr bool fast_math = false;
#endif

namespace detail {
template <class V, class F> [[gnu::always_inline]] inline V by_lane(V v, F f) {
  for (int i = 0; i < width<V>; ++i) v[i] = f(v[i]);
  return v;
}

// e^x = 2^n e^r with |r| <= ln(2) / 2, for |x| < 2^21; above its low bits n may hold anything.
template <class V> struct Reduced {
  typedef int Ints __attribute__((vector_size(sizeof(V))));
  V expm1;
  Ints n;

  // The sum of exponents reaches 2^128 e^r, where 2^128 alone is no float.
  [[gnu::always_inline]] V exp() const { return (V)((Ints)(expm1 + 1.f) + (n << 23)); }
  [[gnu::always_inline]] V power() const { return (V)((n << 23) + 0x3f800000); }
};
template <class V> [[gnu::always_inline]] inline Reduced<V> reduced_exp(V x) {
  typedef int Ints __attribute__((vector_size(sizeof(V))));
  // Adding 1.5 * 2^23 rounds to an integer, which then also stands in the low bits.
  const V shifted = x * 1.44269504088896341f + 12582912.f, n = shifted - 12582912.f;
  const V r = x - n * 0.693359375f + n * 2.12194440e-4f;
  V p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return {p * (r * r) + r, (Ints)shifted};
}

}  // namespace detail

/// e^x, within 1.1 ulp; 0 below -87.33, where float results would be denormal; infinite above 88.72.
template <class V> [[gnu::always_inline]] inline V exp(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return detail::by_lane(x, [](double v) { return std::exp(v); });
  } else {
    const V nearly_inf = broadcast<V>(88.7228394f), nearly_zero = broadcast<V>(-87.3365447504f);
    const V y = detail::reduced_exp(min(max(x, nearly_zero), nearly_inf)).exp();
    const V above = x > nearly_inf ? broadcast<V>(std::numeric_limits<float>::infinity()) : y;
    return x < nearly_zero ? V{} : (x == x ? above : x);
  }
}

/// e^x - 1, within 2 ulp; -1 below -87.33, infinite above 88.72.
template <class V> [[gnu::always_inline]] inline V expm1(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return detail::by_lane(x, [](double v) { return std::expm1(v); });
  } else {
    const V most = broadcast<V>(88.0f), least = broadcast<V>(-87.3365447504f);
    const auto reduced = detail::reduced_exp(max(least, min(most, x)));  // in this order NaN stays NaN
    const V power = reduced.power(), y = reduced.expm1 * power + (power - 1.f);
    return x > most ? exp(x) : y;
  }
}

/// The natural logarithm of a normal number above 0, within 1 ulp: of 2^n m, with m between the roots of 1/2
/// and 2.
template <class V> [[gnu::always_inline]] inline V log(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return detail::by_lane(x, [](double v) { return std::log(v); });
  } else {
    typedef int Ints __attribute__((vector_size(sizeof(V))));
    constexpr int root_of_half = 0x3f3504f3;
    const Ints above = (Ints)x - root_of_half;
    const V n = __builtin_convertvector(above >> 23, V), f = (V)((above & 0x7fffff) + root_of_half) - 1.f;
    const V s = f / (f + 2.f), z = s * s, half = f * f * 0.5f;
    const V r = z * ((z * 0.298717284f + 0.399775415f) * z + 0.666667764f);
    return n * 0.693359375f - ((half - (s * (half + r) - n * 2.12194440e-4f)) - f);
  }
}
/// log(1 + u) for u from 0 to 1, within 2 ulp.
template <class V> [[gnu::always_inline]] inline V log1p(V u) {
  if constexpr (sizeof(element<V>) == 8) {
    return detail::by_lane(u, [](double v) { return std::log1p(v); });
  } else {
    const V sum = u + 1.f;
    return log(sum) + (u - (sum - 1.f)) / sum;  // and what rounding took from the sum
  }
}

/// The share of a normal distribution that lies below x, (1 + erf(x / sqrt 2)) / 2, within 5 ulp; 0 below
/// -13.2, where float results would be denormal. For x < 0 it is e^(-x^2 / 2) times a function of x that is
/// smooth.
template <class V> [[gnu::always_inline]] inline V normal_cdf(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return detail::by_lane(x, [](double v) { return std::erfc(v * -0.70710678118654752) / 2; });
  } else {
    typedef int Ints __attribute__((vector_size(sizeof(V))));
    const V t = min(broadcast<V>(14.f), (V)((Ints)x & 0x7fffffff)), inverse = 1.f / (t + 2.f);
    const V q = (t - 2.f) * inverse;
    V p = q * -7.32444483e-5f + 3.5224209e-5f;
    p = p * q + 7.21491973e-4f;
    p = p * q + 8.78809129e-4f;
    p = p * q - 1.89012686e-3f;
    p = p * q - 6.74937911e-3f;
    p = p * q - 4.83151231e-4f;
    p = p * q + 3.67212645e-2f;
    p = p * q + 2.87983834e-2f;
    p = p * q - 3.31404551e-1f;
    p = p * q + 6.72407993e-1f;
    // The square and what rounding took from it: t = high + low, and both have 12 bits.
    const V high = (V)((Ints)t & ~0xfff), low = t - high, square = t * t;
    const V lost = ((high * high - square) + high * low * 2.f) + low * low;
    auto reduced = detail::reduced_exp(square * -0.5f);
    reduced.expm1 = reduced.expm1 - (reduced.expm1 * lost + lost) * 0.5f;
    const V below = square * 0.5f > 87.3365447504f ? V{} : reduced.exp() * (p * inverse);
    return x < V{} ? below : x == x ? 1.f - below : x;
  }
}

/// p / q: an activation before its division, so that a product of several can do with one.
template <class V> struct Quotient {
  V p, q;
};

namespace detail {

// AVX-512 takes powers of two apart and puts them together again, to 0 where they leave the range of floats.
#if defined __AVX512DQ__
template <class V> inline constexpr bool scales_by_powers = sizeof(V) == 64;
#else
template <class V> inline constexpr bool scales_by_powers = false;
#endif

// e^-x for |x| < 88, exact to 1e-7 of its value, or otherwise to 1e-7 (1 + |x|).
template <bool Exact, class V> [[gnu::always_inline]] inline V exp_minus(V x) {
  typedef int Ints __attribute__((vector_size(sizeof(V))));
  constexpr float log2_e = -1.44269504f, round = 12582912.f;  // see exp
  const V power = x * log2_e;
  const auto two_to = [](V r) __attribute__((always_inline)) {
    V p = r * 1.32764701e-3f + 9.67554132e-3f;
    p = p * r + 5.55071328e-2f;
    p = p * r + 2.40221197e-1f;
    p = p * r + 6.93146967e-1f;
    return p * r + 1.00000007f;
  };
#if defined __AVX512DQ__
  if constexpr (!Exact && scales_by_powers<V>) {
    const V r = (V)_mm512_maskz_reduce_ps(0xffff, power, 8);  // less the nearest integer
    return (V)_mm512_maskz_scalef_ps(0xffff, two_to(r), power - r);
  }
#endif
  const V shifted = power + round, n = shifted - round;
  const V p = two_to(Exact ? (x + n * 0.693359375f - n * 2.12194440e-4f) * log2_e : power - n);
  return (V)((Ints)p + ((Ints)shifted << 23));
}

}  // namespace detail

/// tanh x: a rational of degree 9/8 over the range where tanh is not yet 1.
template <class V> [[gnu::always_inline]] inline Quotient<V> tanh_quotient(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return {detail::by_lane(x, [](double v) { return std::tanh(v); }), V{} + 1};
  } else {
    const V limit = broadcast<V>(8.f), t = min(limit, max(-limit, x)), y = t * t;
    V p = y * 1.52303667e-8f + 2.18946258e-5f, q = y * 8.52242596e-7f + 3.41128844e-4f;
    p = p * y + 3.57159584e-3f, q = q * y + 2.61644346e-2f;
    p = p * y + 1.34444961e-1f, q = q * y + 4.67778235e-1f;
    p = p * y + 0.999999994f, q = q * y + 1.f;
    return {t * p, q};
  }
}
/// tanh x, within 7 ulp; with fused multiply-adds 5.
template <class V> [[gnu::always_inline]] inline V fast_tanh(V x) {
  const auto [p, q] = tanh_quotient(x);
  return p / q;
}
/// 1 / (1 + e^-x), within 5 ulp; beyond 87 it stays where it is.
template <class V> [[gnu::always_inline]] inline V fast_sigmoid(V x) {
  const V limit = broadcast<V>(87.f);
  return 1 / (1 + detail::exp_minus<true>(min(limit, max(-limit, x))));
}

/// tanh x, within 2 ulp: near 0 a polynomial, then with e = e^2|x| - 1 the quotient e / (e + 2).
template <class V> [[gnu::always_inline]] inline V tanh(V x) {
  if constexpr (sizeof(element<V>) == 8 || fast_math) {
    return fast_tanh(x);
  } else {
    typedef int Ints __attribute__((vector_size(sizeof(V))));
    const V limit = broadcast<V>(10.f), t = min(limit, (V)((Ints)x & 0x7fffffff)), y = t * t;
    V p = y * -5.70498872745e-3f + 2.06390887954e-2f;
    p = p * y - 5.37397155531e-2f;
    p = p * y + 1.33314422036e-1f;
    p = p * y - 3.33332819422e-1f;
    const auto reduced = detail::reduced_exp(t + t);
    const V power = reduced.power(), e = reduced.expm1 * power + (power - 1.f);
    const V near = p * (y * t) + t, far = e / (e + 2.f);
    return (V)((Ints)(t < 0.625f ? near : far) | ((Ints)x & (int)0x80000000));
  }
}

/// 1 / (1 + e^-x), within 2 ulp; below -87.33 it stays at the smallest normal float.
template <class V> [[gnu::always_inline]] inline V sigmoid(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return 1 / (1 + exp(-x));
  } else if constexpr (fast_math) {
    return fast_sigmoid(x);
  } else {
    const V limit = broadcast<V>(87.3365447504f);
    const V e = detail::reduced_exp(max(-limit, min(x, -x))).exp();
    const V sum = 1 + e, lost = e - (sum - 1), v = (x < V{} ? e : V{} + 1) / sum;
    return x == x ? v - v * lost * (x < V{} ? 1 - v : v) : x;  // less what rounding added to the sum
  }
}
/// 1 / (1 + e^-x) within 1e-7; beyond 28 it stays at 1e-12, so that products of denominators stay finite.
template <class V> [[gnu::always_inline]] inline Quotient<V> sigmoid_quotient(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return {sigmoid(x), V{} + 1};
  } else {
    const V limit = broadcast<V>(28.f), above = max(-limit, x);
    return {V{} + 1, 1 + detail::exp_minus<false>(detail::scales_by_powers<V> ? above : min(limit, above))};
  }
}

}  // namespace keratin::kernels
