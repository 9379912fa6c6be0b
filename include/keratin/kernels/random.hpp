#pragma once
// Random numbers for the values of a batch, by the vector: which number a value gets depends on its sample
// and its place there, not on whether samples lie one after the other or in Lanes, nor on the width of a
// vector.
#include <keratin/core/random.hpp>
#include <keratin/kernels/math.hpp>

#include <algorithm>

namespace keratin::kernels {

template <class V> struct FourOf {
  V of[4];
};
/// 32 random bits for each value of a Vec<S>.
template <class S> using WordsOf = Vec<std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>>;

namespace detail {

// A counter in the low half of each element; the high halves may hold anything.
using Counters = Vec<std::uint64_t>;

// The low halves' products.
[[gnu::always_inline]] inline Counters wide_product(Counters a, std::uint32_t b) {
#if defined __AVX512F__
  return (Counters)_mm512_maskz_mul_epu32(0xff, (__m512i)a, _mm512_set1_epi64(b));
#elif defined __AVX2__
  return (Counters)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(b));
#elif defined __SSE2__ && !defined __AVX__
  return (Counters)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x(b));
#else
  return (a & 0xffffffffu) * b;
#endif
}

// Rounds of Philox: what a value of a batch meets costs its layer more than anything else it does.
inline constexpr int noise_rounds = 7;

/// Random::block of each of the counters, of so many rounds.
[[gnu::always_inline]] inline FourOf<Counters> random_blocks(Counters index, const Random& random) {
  std::uint32_t key0 = static_cast<std::uint32_t>(random.seed),
                key1 = static_cast<std::uint32_t>(random.seed >> 32);
  FourOf<Counters> c{
      {index, Counters{} + random.step, Counters{} + random.layer, Counters{} + random.purpose}};
#pragma GCC unroll 7
  for (int round = 0; round < noise_rounds; ++round) {
    const Counters a = wide_product(c.of[0], 0xD2511F53u), b = wide_product(c.of[2], 0xCD9E8D57u);
    c = {{(b >> 32) ^ c.of[1] ^ key0, b, (a >> 32) ^ c.of[3] ^ key1, a}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return c;
}

/// The words of blocks first, first + apart, ..., one for each value of a vector.
template <class S>
[[gnu::always_inline]] inline FourOf<WordsOf<S>> random_words(std::uint64_t first, std::uint64_t apart,
                                                              const Random& random) {
  const Counters low = Counters{} + 0xffffffffu;
  FourOf<WordsOf<S>> words;
  if constexpr (sizeof(S) == 8) {
    const FourOf<Counters> all = random_blocks(iota<Counters>() * apart + first, random);
    for (int w = 0; w < 4; ++w) words.of[w] = all.of[w] & low;
  } else {
    const Counters index = iota<Counters>() * (2 * apart) + first;
    const FourOf<Counters> even = random_blocks(index, random), odd = random_blocks(index + apart, random);
    for (int w = 0; w < 4; ++w) words.of[w] = (WordsOf<S>)((even.of[w] & low) | (odd.of[w] << 32));
  }
  return words;
}

/// ln x of floats from 2^-32 to 1.
template <class V> [[gnu::always_inline]] inline V log_of_part(V x) {
  typedef int Ints __attribute__((vector_size(sizeof(V))));
  const Ints exponent =
      ((Ints)x - 0x3f3504f3) >> 23;  // so that the rest is from the root of 1/2 to that of 2
  const V f = (V)((Ints)x - (exponent << 23)) - 1.f, e = __builtin_convertvector(exponent, V);
  V p = f * 0.0891786367f - 0.143502012f;
  p = p * f + 0.148769632f;
  p = p * f - 0.165656343f;
  p = p * f + 0.199653983f;
  p = p * f - 0.250017464f;
  p = p * f + 0.333338588f;
  p = p * f - 0.5f;
  p = p * (f * f) + f;
  return e * 0.693147182f + p;
}

}  // namespace detail

/// What for_each_random is given for chances: with probability 1 - rate the result is true.
template <class S> struct Chance {
  WordsOf<S> below;

  explicit Chance(double rate)
      : below(WordsOf<S>{} + static_cast<std::uint32_t>(std::min(rate * 4294967296.0, 4294967295.0))) {}
  [[gnu::always_inline]] auto operator()(const FourOf<WordsOf<S>>& w) const {
    return FourOf<decltype(below >= below)>{
        {w.of[0] >= below, w.of[1] >= below, w.of[2] >= below, w.of[3] >= below}};
  }
};

/// Two independent numbers of the standard normal distribution from two words: Box and Muller. At most 6.7.
template <class S> struct NormalPair {
  using V = Vec<S>;
  V of[2];

  [[gnu::always_inline]] NormalPair(WordsOf<S> radius, WordsOf<S> angle) {
    if constexpr (sizeof(S) == 8) {
      const V u = __builtin_convertvector(radius >> 1, V) * 0x1p-31 + 0x1p-32;
      const V turn = __builtin_convertvector(angle, V) * (6.283185307179586 * 0x1p-32);
      const V r = sqrt(-2 * detail::by_lane(u, [](double v) { return std::log(v); }));
      of[0] = r * detail::by_lane(turn, [](double v) { return std::cos(v); });
      of[1] = r * detail::by_lane(turn, [](double v) { return std::sin(v); });
    } else {
      typedef int Ints __attribute__((vector_size(sizeof(V))));
      const V u = __builtin_convertvector((Ints)(radius >> 1), V) * 0x1p-31f + 0x1p-32f;
      const V r = sqrt(max(V{}, detail::log_of_part(u) * -2.f));
      // Less the nearest quarter turn, in quarters.
      const WordsOf<S> quarter = (angle + 0x20000000u) >> 30;
      const V t = __builtin_convertvector((Ints)(angle - (quarter << 30)), V) * 0x1p-30f, y = t * t;
      V s = y * -0.00460217707f + 0.0796802267f, c = y * -0.0204083528f + 0.253598630f;
      s = s * y - 0.645963490f;
      c = c * y - 1.23369706f;
      s = (s * y + 1.57079637f) * t;
      c = c * y + 1.f;
      const Ints swap = (Ints)(quarter & 1u) == 1;
      of[0] = with_sign(r * (swap ? s : c), (quarter + 1u) << 30);
      of[1] = with_sign(r * (swap ? c : s), quarter << 30);
    }
  }

 private:
  // -v where the highest bit is set.
  [[gnu::always_inline]] static V with_sign(V v, WordsOf<S> sign) {
    return (V)((WordsOf<S>)v ^ (sign & 0x80000000u));
  }
};

/// One random number for each of `size` values of each sample: f(at, part, draw's result) for vectors of
/// scalars, where draw(words) makes four results of four vectors of words. Every sample has the same numbers
/// where `shared`.
// Value e of a sample has a word of its block e / 64 * 16 + e % 64 % q, word number e % 64 / q, with q the
// blocks of its 64 values: 16, or what the last values of a sample need. So vectors of blocks make vectors of
// values, in rows as well as in Lanes.
template <class T>
[[gnu::always_inline]] inline void for_each_random(int count, int size, bool shared, const Random& random,
                                                   auto draw, auto f) {
  using S = Scalar<T>;
  using Words = FourOf<WordsOf<S>>;
  constexpr int L = Unit<T>::samples, step = L > 1 ? 1 : lanes<S>, group = 64;
  const std::uint64_t apart = shared ? 0 : static_cast<std::uint64_t>((size + 3) / 4);
  for (std::ptrdiff_t unit = 0; unit < count; ++unit)
    for (int first = 0; first < size; first += group) {
      const int n = std::min(group, size - first), blocks = (n + 3) / 4;
      const std::uint64_t block = (static_cast<std::uint64_t>(unit) * L + random.first) * apart +
                                  static_cast<std::uint64_t>(first / 4);
      const std::ptrdiff_t start = (unit * size + first) * L;
      decltype(draw(Words{})) results[group / 4 / step];  // of all, so that values are read in order
      for (int k = 0; k < blocks; k += step)
        results[k / step] =
            draw(detail::random_words<S>(block + static_cast<std::uint64_t>(k), L > 1 ? apart : 1, random));
#pragma GCC unroll 4
      for (int w = 0; w < 4; ++w)
        for (int k = 0; k < blocks; k += step) {
          const int at = w * blocks + k, left = std::min(blocks - k, n - at);
          if (left >= step)
            f(start + std::ptrdiff_t{at} * L, Whole{}, results[k / step].of[w]);
          else if (left > 0)
            f(start + std::ptrdiff_t{at} * L, Rest{left}, results[k / step].of[w]);
        }
    }
}

/// What for_each_random is given for numbers of the standard normal distribution.
template <class S> struct Normal {
  [[gnu::always_inline]] FourOf<Vec<S>> operator()(const FourOf<WordsOf<S>>& w) const {
    const NormalPair<S> a(w.of[0], w.of[1]), b(w.of[2], w.of[3]);
    return {{a.of[0], a.of[1], b.of[0], b.of[1]}};
  }
};

}  // namespace keratin::kernels
