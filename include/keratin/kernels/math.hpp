#pragma once
// exp, tanh and sigmoid over vectors. In double they call the C library lane by lane: that path checks
// gradients.
#include <keratin/kernels/vector.hpp>

namespace keratin::kernels {

namespace detail {
template <class V, class F> [[gnu::always_inline]] inline V by_lane(V v, F f) {
  for (int i = 0; i < width<V>; ++i) v[i] = f(v[i]);
  return v;
}
}  // namespace detail

/// e^x, within 2 ulp; 0 below -87.3, where float results would be denormal; infinite above 88.37.
template <class V> [[gnu::always_inline]] inline V exp(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return detail::by_lane(x, [](double v) { return std::exp(v); });
  } else {
    typedef int Ints __attribute__((vector_size(sizeof(V))));
    const V nearly_inf = broadcast<V>(88.3762626647949f), nearly_zero = broadcast<V>(-87.3365447504f);
    const V in = min(max(x, nearly_zero), nearly_inf);
    // Adding 1.5 * 2^23 rounds to an integer, which then also stands in the low bits.
    const V shifted = in * 1.44269504088896341f + 12582912.f, n = shifted - 12582912.f;
    const V r = in - n * 0.693359375f + n * 2.12194440e-4f;
    V p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const V y = (p * (r * r) + r + 1.f) * (V)(((Ints)shifted << 23) + 0x3f800000);
    const V above = x > nearly_inf ? broadcast<V>(std::numeric_limits<float>::infinity()) : y;
    return x < nearly_zero ? V{} : (x == x ? above : x);
  }
}

/// tanh x: a rational of degree 13/6 over the range where tanh is not yet 1, in Estrin's order for its
/// latency.
template <class V> [[gnu::always_inline]] inline V tanh(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return detail::by_lane(x, [](double v) { return std::tanh(v); });
  } else {
    const V limit = broadcast<V>(7.99881172180175781f);
    const V t = min(limit, max(-limit, x));
    const V y = t * t, y2 = y * y, y4 = y2 * y2;
    V p0 = y * 6.37261928875436e-04f + 4.89352455891786e-03f;
    const V p1 = y * 5.12229709037114e-08f + 1.48572235717979e-05f;
    V p2 = y * 2.00018790482477e-13f - 8.60467152213735e-11f;
    V q0 = y * 2.26843463243900e-03f + 4.89352518554385e-03f;
    const V q1 = y * 1.19825839466702e-06f + 1.18534705686654e-04f;
    p2 = y2 * -2.76076847742355e-16f + p2;
    p0 = y2 * p1 + p0;
    p0 = y4 * p2 + p0;
    q0 = y2 * q1 + q0;
    return t * p0 / q0;
  }
}

/// 1 / (1 + e^-x); beyond 87 it stays where it is, which spares exp's special cases.
template <class V> [[gnu::always_inline]] inline V sigmoid(V x) {
  if constexpr (sizeof(element<V>) == 8) {
    return 1 / (1 + exp(-x));
  } else {
    typedef int Ints __attribute__((vector_size(sizeof(V))));
    const V limit = broadcast<V>(87.f), in = max(-limit, min(limit, -x));
    const V power = in * 1.44269504088896341f, shifted = power + 12582912.f,
            r = power - (shifted - 12582912.f);
    V p = r * 1.5403530e-4f + 1.3333558e-3f;  // 2^r
    p = p * r + 9.6181291e-3f;
    p = p * r + 5.5504109e-2f;
    p = p * r + 2.4022651e-1f;
    p = p * r + 6.9314718e-1f;
    p = p * r + 1.f;
    return 1 / (1 + (V)((Ints)p + ((Ints)shifted << 23)));
  }
}

}  // namespace keratin::kernels
