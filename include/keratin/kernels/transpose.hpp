#pragma once
// Between samples that lie one after the other and Lanes: square blocks of vectors are transposed in
// registers.
#include <keratin/kernels/vector.hpp>

#include <concepts>

namespace keratin::kernels {

namespace detail {
template <int Half, class V, int... I>
[[gnu::always_inline]] inline void swap_halves(V& a, V& b, std::integer_sequence<int, I...>) {
  constexpr int L = width<V>;
  const V low = __builtin_shufflevector(a, b, ((I & Half) != 0 ? L + I - Half : I)...),
          high = __builtin_shufflevector(a, b, ((I & Half) != 0 ? L + I : I + Half)...);
  a = low, b = high;
}
}  // namespace detail

/// r[i][j] and r[j][i] change places: ever smaller blocks do.
template <class V, int L, int Half = L / 2> [[gnu::always_inline]] inline void transpose(V (&r)[L]) {
  static_assert(L == width<V>);
#pragma GCC unroll 32
  for (int i = 0; i < L; ++i)
    if ((i & Half) == 0) detail::swap_halves<Half>(r[i], r[i + Half], std::make_integer_sequence<int, L>());
  if constexpr (Half > 1) transpose<V, L, Half / 2>(r);
}

/// to[c][r] = from[r][c]: a matrix whose rows are so far apart, in both.
template <class S>
[[gnu::noinline]] void transpose(const S* from, std::ptrdiff_t from_apart, int rows, int columns, S* to,
                                 std::ptrdiff_t to_apart) {
  constexpr int L = lanes<S>;
  for_each_vector<S>(rows, [&](std::ptrdiff_t r, auto down) __attribute__((always_inline)) {
    for_each_vector<S>(columns, [&](std::ptrdiff_t c, auto across) __attribute__((always_inline)) {
      Vec<S> tile[L];
#pragma GCC unroll 32
      for (int i = 0; i < L; ++i)
        tile[i] = i < down.template count<S>() ? across.load(from + (r + i) * from_apart + c) : Vec<S>{};
      transpose(tile);
#pragma GCC unroll 32
      for (int i = 0; i < L; ++i)
        if (i < across.template count<S>()) down.store(to + (c + i) * to_apart + r, tile[i]);
    });
  });
}

/// One lane group: to[k][l] = rows[l][k], for the first n values of the rows.
template <int N>
[[gnu::noinline]] void rows_to_lanes(const float (&rows)[lanes<float>][N], int n, Lanes* to) {
  constexpr int L = lanes<float>;
  static_assert(N % L == 0);
  for (int k = 0; k < n; k += L) {
    Vec<float> r[L];
#pragma GCC unroll 32
    for (int l = 0; l < L; ++l) r[l] = load(rows[l] + k);
    transpose(r);
    const int values = n - k < L ? n - k : L;
#pragma GCC unroll 32
    for (int i = 0; i < L; ++i)
      if (i < values) store(to[k + i].data(), r[i]);
  }
}
/// sums[i] = the sum over the lanes of from[i].
[[gnu::noinline]] inline void sums_of_lanes(const Lanes* from, int n, float* sums) {
  constexpr int L = lanes<float>;
  for_each_vector<float>(n, [&](std::ptrdiff_t k, auto part) __attribute__((always_inline)) {
    Vec<float> r[L], sum = {};
    const int values = part.template count<float>();
#pragma GCC unroll 32
    for (int i = 0; i < L; ++i) r[i] = i < values ? load(from[k + i].data()) : Vec<float>{};
    transpose(r);
#pragma GCC unroll 32
    for (int l = 0; l < L; ++l) sum += r[l];
    part.store(sums + k, sum);
  });
}
/// sums[i] = the sum over the samples of from[i].
template <class T> void sum_samples(const T* from, int n, Scalar<T>* sums) {
  if constexpr (Unit<T>::samples > 1)
    sums_of_lanes(from, n, sums);
  else
    for (int i = 0; i < n; ++i) sums[i] = from[i];
}
/// The same in pieces: take(first, n, sums) for sums first .. first + n.
template <class T> void take_sums_of_samples(const T* from, int n, auto take) {
  if constexpr (Unit<T>::samples == 1) {
    take(0, n, from);
  } else {
    constexpr int piece = 16 * lanes<float>;
    alignas(vector_bytes) float sums[piece];
    for (int first = 0; first < n; first += piece) {
      const int count = n - first < piece ? n - first : piece;
      sums_of_lanes(from + first, count, sums);
      take(first, count, sums);
    }
  }
}
/// Adds rows of n T's to sums.
template <class T> void add_rows(const T* rows, std::ptrdiff_t count, std::ptrdiff_t n, T* sums) {
  using S = Scalar<T>;
  for (; count > 0; --count, rows += n)
    for_each_vector<S>(n * Unit<T>::samples, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
      part.store(scalars(sums) + i, part.load(scalars(sums) + i) + part.load(scalars(rows) + i));
    });
}

namespace detail {
[[gnu::noinline]] inline void group_to_rows(const Lanes* from, std::ptrdiff_t n, int samples, float* rows) {
  constexpr int L = lanes<float>;
  for_each_vector<float>(n, [&](std::ptrdiff_t k, auto part) __attribute__((always_inline)) {
    Vec<float> r[L];
    const int values = part.template count<float>();
#pragma GCC unroll 32
    for (int i = 0; i < L; ++i) r[i] = i < values ? load(from[k + i].data()) : Vec<float>{};
    transpose(r);
#pragma GCC unroll 32
    for (int l = 0; l < L; ++l)
      if (l < samples) part.store(rows + l * n + k, r[l]);
  });
}
}  // namespace detail

/// rows[s][k] = value k of sample s, for the first `samples` of as many lane groups as hold them.
inline void lanes_to_rows(const Lanes* from, std::integral auto n, int samples, float* rows) {
  const auto row = static_cast<std::ptrdiff_t>(n);
  for (; samples > 0; samples -= lanes<float>, from += row, rows += row * lanes<float>)
    detail::group_to_rows(from, row, samples, rows);
}

}  // namespace keratin::kernels
