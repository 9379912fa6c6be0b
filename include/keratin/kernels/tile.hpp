#pragma once
// The micro-kernel: a register tile of accumulators to which the outer product of M loads and N loads is
// added. Everything heavy is this plus addresses. Tile sizes are compile-time constants, so that run-time
// bounds cost little.
#include <keratin/kernels/vector.hpp>

namespace keratin::kernels {

#if defined __AVX512F__ || defined __aarch64__
inline constexpr int accumulators = 24;  // of 32 registers
#else
inline constexpr int accumulators = 12;  // of 16
#endif
inline constexpr int tile_rows = accumulators / 2, tile_columns = 2;

/// a[m][n] += x(m) * w(n): the shorter side stays in registers, the longer one is streamed.
template <int M, int N, class V, class X, class W>
[[gnu::always_inline]] inline void outer(V (&a)[M][N], X x, W w) {
  if constexpr (M <= N) {
    V xs[M];
#pragma GCC unroll 32
    for (int m = 0; m < M; ++m) xs[m] = pin(x(m));
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n) {
      const V wn = M > 1 ? pin(w(n)) : w(n);
#pragma GCC unroll 32
      for (int m = 0; m < M; ++m) a[m][n] += xs[m] * wn;
    }
  } else {
    V ws[N];
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n) ws[n] = pin(w(n));
#pragma GCC unroll 32
    for (int m = 0; m < M; ++m) {
      const V xm = N > 1 ? pin(x(m)) : x(m);
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) a[m][n] += xm * ws[n];
    }
  }
}

/// n in nearly equal tiles of at most Max: f.template operator()<size>(start) for each. 16 by 6 is 6 6 4: a
/// small last tile would leave the multipliers idle. Where Max is even so are the sizes, and a last 1 where n
/// is odd: half the code of all sizes.
template <int Max, class F> [[gnu::always_inline]] inline void tiles(int n, F f) {
  constexpr int unit = Max % 2 == 0 ? 2 : 1, most = Max / unit;
  const int units = n / unit, count = (units + most - 1) / most;
  int start = 0;
  for (int i = 0; i < count; ++i) {
    const int size = units / count + (i < units % count);
    [&]<int... T>(std::integer_sequence<int, T...>) __attribute__((always_inline)) {
      (void)((size == T + 1 && (f.template operator()<unit*(T + 1)>(start), true)) || ...);
    }(std::make_integer_sequence<int, most>());
    start += unit * size;
  }
  if constexpr (unit > 1)
    if (n % 2 == 1) f.template operator()<1>(start);
}
/// N in nearly equal tiles of any size: only those that occur are instantiated.
template <int N, int Max, class F> [[gnu::always_inline]] inline void fixed_tiles(F f) {
  constexpr int count = (N + Max - 1) / Max, size = N / count, larger = N % count;
  if constexpr (larger > 0)
    for (int i = 0; i < larger; ++i) f.template operator()<size + 1>(i * (size + 1));
  for (int i = larger; i < count; ++i) f.template operator()<size>(i * size + larger);
}

}  // namespace keratin::kernels
