#pragma once
// What C++ does not spell of operations on vectors.
// Kernels compute in these: both compilers fuse `a += x * w` only inside one expression of built-in types.
#include <keratin/core/lanes.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#if defined __AVX__
#include <immintrin.h>
#elif defined __SSE2__
#include <emmintrin.h>  // half as much to compile
#endif

namespace keratin::kernels {

template <class V> using element = std::remove_cvref_t<decltype(V{}[0])>;
template <class V> inline constexpr int width = sizeof(V) / sizeof(element<V>);

// `f - V{}` is a plain broadcast; `V{} + f` would be an addition, because 0 + -0 is not -0.
template <class V> [[gnu::always_inline]] inline V broadcast(element<V> f) { return f - V{}; }

template <class S> [[gnu::always_inline]] inline Vec<S> load(const S* p) {
  Vec<S> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class S> [[gnu::always_inline]] inline void store(S* p, Vec<S> v) {
  __builtin_memcpy(p, &v, sizeof v);
}

#if defined __AVX512F__
// The first n elements, the rest 0; nothing beyond them is touched.
// A half or a quarter, where n is known to be one, is a plain load or store: those are forwarded to each
// other.
[[gnu::always_inline]] inline Vec<float> load(const float* p, int n) {
  if (__builtin_constant_p(n == 8) && n == 8)
    return (Vec<float>)_mm512_maskz_insertf64x4(0xff, _mm512_setzero_pd(), (__m256d)_mm256_loadu_ps(p), 0);
  if (__builtin_constant_p(n == 4) && n == 4)
    return (Vec<float>)_mm512_maskz_insertf32x4(0xffff, _mm512_setzero_ps(), _mm_loadu_ps(p), 0);
  return (Vec<float>)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
}
[[gnu::always_inline]] inline Vec<double> load(const double* p, int n) {
  return (Vec<double>)_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
}
[[gnu::always_inline]] inline void store(float* p, Vec<float> v, int n) {
  if (__builtin_constant_p(n == 8) && n == 8)
    __builtin_memcpy(p, &v, 32);
  else if (__builtin_constant_p(n == 4) && n == 4)
    __builtin_memcpy(p, &v, 16);
  else
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), (__m512)v);
}
[[gnu::always_inline]] inline void store(double* p, Vec<double> v, int n) {
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), (__m512d)v);
}
#else
#if defined __AVX2__
namespace detail {
// Where n is a constant, two loads are faster than a masked one.
[[gnu::always_inline]] inline __m128 load_up_to_4(const float* p, int n) {
  if (n == 4) return _mm_loadu_ps(p);
  if (n == 1) return _mm_load_ss(p);
  if (n < 1) return _mm_setzero_ps();
  double pair;  // not read through a double*: the compiler would take it for other memory than floats
  __builtin_memcpy(&pair, p, sizeof pair);
  const __m128 two = _mm_castpd_ps(_mm_set_sd(pair));
  return n == 2 ? two : _mm_movelh_ps(two, _mm_load_ss(p + 2));
}
[[gnu::always_inline]] inline __m256 load_known(const float* p, int n) {
  if (n <= 4) return _mm256_zextps128_ps256(load_up_to_4(p, n));
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), load_up_to_4(p + 4, n - 4), 1);
}
}  // namespace detail
#endif
template <class S> [[gnu::always_inline]] inline Vec<S> load(const S* p, int n) {
  if (__builtin_constant_p(n) && n == lanes<S>) return load(p);
#if defined __AVX2__
  if constexpr (sizeof(S) == 4) {
    if (__builtin_constant_p(n)) return (Vec<S>)detail::load_known(p, n);
    const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    return (Vec<S>)_mm256_maskload_ps(p, mask);
  } else {
    const __m256i mask = _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
    return (Vec<S>)_mm256_maskload_pd(p, mask);
  }
#else
  Vec<S> v = {};
  for (int i = 0; i < lanes<S>; ++i)
    if (i < n) v[i] = p[i];
  return v;
#endif
}
#endif

/// Keeps a loaded value in its register: g++ would load it again for every use.
template <class V> [[gnu::always_inline]] inline V pin(V v) {
#if !defined __clang__ && defined __x86_64__
  asm("" : "+v"(v));
#endif
  return v;
}

// Returns what x86's instruction makes of vectors V, where it has one of their size: of `a > b ? a : b` g++
// makes a compare and a blend.
#if defined __AVX512F__
#define KERATIN_64_BYTES(operation, ...)                          \
  if constexpr (sizeof(V) == 64 && sizeof(element<V>) == 4)       \
    return (V)_mm512_maskz_##operation##_ps(0xffff, __VA_ARGS__); \
  if constexpr (sizeof(V) == 64 && sizeof(element<V>) == 8)       \
    return (V)_mm512_maskz_##operation##_pd(0xff, __VA_ARGS__);
#else
#define KERATIN_64_BYTES(operation, ...)
#endif
#if defined __AVX__
#define KERATIN_32_BYTES(operation, ...)                                                                    \
  if constexpr (sizeof(V) == 32 && sizeof(element<V>) == 4) return (V)_mm256_##operation##_ps(__VA_ARGS__); \
  if constexpr (sizeof(V) == 32 && sizeof(element<V>) == 8) return (V)_mm256_##operation##_pd(__VA_ARGS__);
#else
#define KERATIN_32_BYTES(operation, ...)
#endif
#if defined __SSE2__
#define KERATIN_16_BYTES(operation, ...)                                                                 \
  if constexpr (sizeof(V) == 16 && sizeof(element<V>) == 4) return (V)_mm_##operation##_ps(__VA_ARGS__); \
  if constexpr (sizeof(V) == 16 && sizeof(element<V>) == 8) return (V)_mm_##operation##_pd(__VA_ARGS__);
#else
#define KERATIN_16_BYTES(operation, ...)
#endif
#define KERATIN_INSTRUCTION(operation, ...) \
  KERATIN_64_BYTES(operation, __VA_ARGS__)  \
  KERATIN_32_BYTES(operation, __VA_ARGS__)  \
  KERATIN_16_BYTES(operation, __VA_ARGS__)

/// The larger one, b where either is NaN.
template <class V> [[gnu::always_inline]] inline V max(V a, V b) {
  KERATIN_INSTRUCTION(max, a, b)
  return a > b ? a : b;
}
/// The larger one, NaN where either is.
template <class V> [[gnu::always_inline]] inline V larger(V a, V b) {
  const V c = max(a, b);
  return a == a ? c : a;
}
/// The smaller one, b where either is NaN.
template <class V> [[gnu::always_inline]] inline V min(V a, V b) {
  KERATIN_INSTRUCTION(min, a, b)
  return a < b ? a : b;
}
template <class V> [[gnu::always_inline]] inline V sqrt(V a) {
  KERATIN_INSTRUCTION(sqrt, a)
  for (int i = 0; i < width<V>; ++i) a[i] = std::sqrt(a[i]);
  return a;
}
#undef KERATIN_INSTRUCTION
#undef KERATIN_64_BYTES
#undef KERATIN_32_BYTES
#undef KERATIN_16_BYTES

namespace detail {
template <int Step, class V, int... I>
[[gnu::always_inline]] inline V rotate(V v, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(v, v, ((I + Step) % static_cast<int>(sizeof...(I)))...);
}
}  // namespace detail

/// Lane i of the result is lane i + Step of v, round the corner.
template <int Step, class V> [[gnu::always_inline]] inline V rotate(V v) {
  return detail::rotate<Step>(v, std::make_integer_sequence<int, width<V>>());
}
/// Folds v to its first To lanes with f: lane i becomes f over the lanes i, i + To, i + 2 To, ...
template <int To = 1, class V, class F> [[gnu::always_inline]] inline V fold(V v, F f) {
  [&]<int... H>(std::integer_sequence<int, H...>) __attribute__((always_inline)) {
    ((v = (width<V> >> (H + 1)) >= To ? f(v, rotate<(width<V> >> (H + 1))>(v)) : v), ...);
  }(std::make_integer_sequence<int, width<V> == 16  ? 4
                                    : width<V> == 8 ? 3
                                    : width<V> == 4 ? 2
                                                    : 1>());
  return v;
}
template <class V> [[gnu::always_inline]] inline element<V> sum(V v) {
  return fold(v, [](V a, V b) __attribute__((always_inline)) { return a + b; })[0];
}
template <class V> [[gnu::always_inline]] inline element<V> largest(V v) {
  return fold(v, [](V a, V b) __attribute__((always_inline)) { return max(a, b); })[0];
}

/// 0, 1, 2, ...
template <class V> [[gnu::always_inline]] inline V iota() {
  return []<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    return V{element<V>(I)...};
  }(std::make_integer_sequence<int, width<V>>());
}
/// 1 in lane i, 0 elsewhere.
template <class V> [[gnu::always_inline]] inline V one_hot(int i) {
  return iota<V>() == broadcast<V>(static_cast<element<V>>(i)) ? V{} + 1 : V{};
}

#ifndef __AVX512F__
// Masked stores are slow on some AVX2 machines: a half, a quarter, ... of the vector instead.
template <class S> [[gnu::always_inline]] inline void store(S* p, Vec<S> v, int n) {
  constexpr int L = lanes<S>;
  if (n == L) return store(p, v);
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    const auto store_part = [&]<int N>(std::integral_constant<int, N>) __attribute__((always_inline)) {
      if (!(n & N)) return;
      __builtin_memcpy(p, &v, N * sizeof(S));
      p += N;
      v = rotate<N>(v);
    };
    (store_part(std::integral_constant<int, (L >> (I + 1))>()), ...);
  }(std::make_integer_sequence<int, std::bit_width(unsigned{L}) - 1>());
}
#endif

// A vector's worth of an array: a whole one, or the n elements that are left at its end.
struct Whole {
  template <class S> [[gnu::always_inline]] Vec<S> load(const S* p) const { return kernels::load(p); }
  template <class S> [[gnu::always_inline]] void store(S* p, Vec<S> v) const { kernels::store(p, v); }
  template <class V> [[gnu::always_inline]] V only(V v, V = V{}) const { return v; }
  template <class S> static constexpr int count() { return lanes<S>; }
};
struct Rest {
  int n;
  template <class S> int count() const { return n; }
  template <class S> [[gnu::always_inline]] Vec<S> load(const S* p) const { return kernels::load(p, n); }
  template <class S> [[gnu::always_inline]] void store(S* p, Vec<S> v) const { kernels::store(p, v, n); }
  /// v in the first n lanes, `otherwise` beyond.
  template <class V> [[gnu::always_inline]] V only(V v, V otherwise = V{}) const {
    return iota<V>() < broadcast<V>(static_cast<element<V>>(n)) ? v : otherwise;
  }
};

#if defined __AVX512VL__
inline constexpr bool has_half_vectors = true;
/// The n values of a row that a vector of half the width holds: a whole one would run half empty.
struct Half {
  int n;
  template <class S> using Vector = typename VectorOf<S, lanes<S> / 2>::type;

  template <class S> int count() const { return n; }
  template <class S> [[gnu::always_inline]] Vector<S> load(const S* p) const {
    if (__builtin_constant_p(n) && n == lanes<S> / 2) {
      Vector<S> v;
      __builtin_memcpy(&v, p, sizeof v);
      return v;
    }
    if constexpr (sizeof(S) == 4)
      return (Vector<S>)_mm256_maskz_loadu_ps(mask(), p);
    else
      return (Vector<S>)_mm256_maskz_loadu_pd(mask(), p);
  }
  template <class S> [[gnu::always_inline]] void store(S* p, Vector<S> v) const {
    if (__builtin_constant_p(n) && n == lanes<S> / 2)
      __builtin_memcpy(p, &v, sizeof v);
    else if constexpr (sizeof(S) == 4)
      _mm256_mask_storeu_ps(p, mask(), (__m256)v);
    else
      _mm256_mask_storeu_pd(p, mask(), (__m256d)v);
  }

 private:
  [[gnu::always_inline]] __mmask8 mask() const { return static_cast<__mmask8>((1u << n) - 1); }
};
#else
inline constexpr bool has_half_vectors = false;
struct Half {
  int n;
};
#endif

/// f(start, part) for each vector of an array of `count` values; part is Whole{}, at the end Rest{n}.
template <class S, class F> [[gnu::always_inline]] inline void for_each_vector(std::ptrdiff_t count, F f) {
  std::ptrdiff_t i = 0;
  for (; i + lanes<S> <= count; i += lanes<S>) f(i, Whole{});
  if (i < count) f(i, Rest{static_cast<int>(count - i)});
}

}  // namespace keratin::kernels
