#pragma once
// One sample: vectors run along the outputs, and enough independent sums run at a time to hide the
// multipliers' latency. The order of summation depends on the sizes alone, so fixed and run-time sizes give
// the same bits.
#include <keratin/core/fixed.hpp>
#include <keratin/kernels/tile.hpp>

#include <algorithm>
#include <bit>

namespace keratin::kernels {

struct SingleSize {
  int in, out;
};

namespace detail {

// How many partial sums an output has: about 8 sums at a time, 2/3 of the tile for deep ones.
template <class S> constexpr int chains(SingleSize g) {
  const unsigned vectors = static_cast<unsigned>((g.out + lanes<S> - 1) / lanes<S>);
  const unsigned sums = g.in >= 256 ? accumulators * 2 / 3 : 8;
  return static_cast<int>(std::bit_ceil((sums + vectors - 1) / vectors));
}
inline constexpr int most_chains = std::bit_ceil(accumulators * 2u / 3);

// f(fixed<C>{}) for C = chains.
template <class S, class Size> [[gnu::always_inline]] inline void with_chains(Size size, auto f) {
  if constexpr (is_fixed<Size>) {
    f(fixed<chains<S>(Size::value)>{});
  } else {
    const int c = chains<S>(size);
    [&]<int... Log>(std::integer_sequence<int, Log...>) {
      (void)((c == 1 << Log && (f(fixed<(1 << Log)>{}), true)) || ...);
    }(std::make_integer_sequence<int, std::bit_width(static_cast<unsigned>(most_chains))>());
  }
}

// T vectors of outputs with C sums each, from column `first`; the last vector may be the rest of a row: it
// takes columns before it in again, or in a row of less than a vector what there is.
template <int T, int C, bool Whole_, class S>
[[gnu::always_inline]] inline void single_columns(SingleSize g, const S* x, const S* w, const S* bias, S* y,
                                                  int first, auto finish) {
  using V = Vec<S>;
  const auto offset = [&](int t) __attribute__((always_inline)) {
    return Whole_ || t + 1 < T || g.out < lanes<S> ? t * lanes<S> : g.out - lanes<S> - first;
  };
  const bool masked = !Whole_ && g.out < lanes<S>;
  const auto read = [&](const S* p, int t) __attribute__((always_inline)) {
    return masked ? Rest{g.out}.load(p) : load(p + offset(t));
  };
  V a[C][T] = {};
  if (bias) {
#pragma GCC unroll 32
    for (int t = 0; t < T; ++t) a[0][t] = read(bias + first, t);
  }
  const auto add = [&](int k, int c) __attribute__((always_inline)) {
    const V xk = pin(broadcast<V>(x[k]));
    const S* row = w + static_cast<std::ptrdiff_t>(k) * g.out + first;
#pragma GCC unroll 32
    for (int t = 0; t < T; ++t) a[c][t] += xk * read(row, t);
  };
  int k = 0;
#pragma GCC unroll 4
  for (; k + C <= g.in; k += C) {
#pragma GCC unroll 32
    for (int c = 0; c < C; ++c) add(k + c, c);
  }
  if constexpr (C > 1)
    for (; k < g.in; ++k) add(k, 0);
#pragma GCC unroll 32
  for (int half = C / 2; half > 0; half /= 2)
#pragma GCC unroll 32
    for (int c = 0; c < half; ++c)
#pragma GCC unroll 32
      for (int t = 0; t < T; ++t) a[c][t] += a[c + half][t];
  const auto put = [&](V sum, int t) __attribute__((always_inline)) {
    const int column = first + offset(t);
    if (masked)
      Rest{g.out}.store(y, finish(sum, column, Rest{g.out}));
    else
      store(y + column, finish(sum, column, Whole{}));
  };
  if constexpr (T > 2 && decltype(finish)::is_long) {  // a loop is half the code, and 1 or 2 % slower
    V sums[T];
#pragma GCC unroll 32
    for (int t = 0; t < T; ++t) sums[t] = a[0][t];
    asm("" : "+m"(sums));
#pragma GCC unroll 1
    for (int t = 0; t < T; ++t) put(sums[t], t);
  } else {
#pragma GCC unroll 32
    for (int t = 0; t < T; ++t) put(a[0][t], t);
  }
}

// Few outputs: a vector holds R = lanes / Out rows of w. A vector of inputs meets Out of those, each time R
// of its lanes spread over all.
template <int Out, class S>
[[gnu::always_inline]] inline void single_narrow(int in, const S* x, const S* w, const S* bias, S* y,
                                                 auto finish) {
  using V = Vec<S>;
  constexpr int L = lanes<S>, R = L / Out, loads = Out >= 4 ? 1 : 4 / Out;
  const auto spread = []<int C>(V v, std::integral_constant<int, C>) __attribute__((always_inline)) {
    return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      return __builtin_shufflevector(v, v, (C * R + I / Out)...);
    }(std::make_integer_sequence<int, L>());
  };
  V a[loads][Out] = {};
  const auto add = [&](int k, int l, auto load_x, auto load_w) __attribute__((always_inline)) {
    const V xs = load_x(x + k);
    [&]<int... C>(std::integer_sequence<int, C...>) __attribute__((always_inline)) {
      ((a[l][C] += spread(xs, std::integral_constant<int, C>{}) * load_w(w + (k + C * R) * Out, C)), ...);
    }(std::make_integer_sequence<int, Out>());
  };
  const auto whole = [](const S* p, int = 0) __attribute__((always_inline)) { return load(p); };
  int k = 0;
  for (; k + loads * L <= in; k += loads * L) {
#pragma GCC unroll 4
    for (int l = 0; l < loads; ++l) add(k + l * L, l, whole, whole);
  }
  for (; k + L <= in; k += L) add(k, 0, whole, whole);
  if (const int rest = in - k; rest > 0)
    add(
        k, 0, [&](const S* p) __attribute__((always_inline)) { return Rest{rest}.load(p); },
        [&](const S* p, int c)
            __attribute__((always_inline)) { return Rest{std::clamp(rest - c * R, 0, R) * Out}.load(p); });
  V total = {};
#pragma GCC unroll 8
  for (int c = 0; c < Out; ++c) {
    V sum = a[0][c];
#pragma GCC unroll 4
    for (int l = 1; l < loads; ++l) sum += a[l][c];
    total += sum;
  }
  total = fold<Out>(total, [](V p, V q) __attribute__((always_inline)) { return p + q; });
  if (bias) total += Rest{Out}.load(bias);
  const V result = finish(total, 0, Rest{Out});
  __builtin_memcpy(y, &result,
                   Out * sizeof(S));  // a masked store would not be forwarded to the load that follows
}

}  // namespace detail

/// y[0 .. out) = finish(bias + x * w) for one sample; x [in], w [in][out], bias [out] or null; finish as for
/// product.
template <class S, class Size>
[[gnu::always_inline]] inline void single(Size size, const S* x, const S* w, const S* bias, S* y,
                                          auto finish) {
  const SingleSize g = size;
  if (g.out == 1) return detail::single_narrow<1>(g.in, x, w, bias, y, finish);
  if constexpr (lanes<S> > 2)
    if (g.out == 2) return detail::single_narrow<2>(g.in, x, w, bias, y, finish);
  if constexpr (lanes<S> > 4)
    if (g.out == 4) return detail::single_narrow<4>(g.in, x, w, bias, y, finish);
  if constexpr (lanes<S> > 8)
    if (g.out == 8) return detail::single_narrow<8>(g.in, x, w, bias, y, finish);
  detail::with_chains<S>(size, [&]<class Chains>(Chains) __attribute__((always_inline)) {
    constexpr int C = Chains::value, most = accumulators / C > 0 ? accumulators / C : 1;
    const auto whole = [&]<int T>(int first) __attribute__((always_inline)) {
      detail::single_columns<T, C, true>(g, x, w, bias, y, first * lanes<S>, finish);
    };
    if constexpr (is_fixed<Size>) {
      constexpr int vectors = (Size::value.out + lanes<S> - 1) / lanes<S>;
      constexpr bool partial = Size::value.out % lanes<S> > 0;
      constexpr int last =
          partial ? (vectors + most - 1) / most : 0;  // the tile that ends in the rest of a row
      constexpr int last_size = partial ? vectors / std::max(last, 1) : 0;
      if constexpr (vectors - last_size > 0) fixed_tiles<vectors - last_size, most>(whole);
      if constexpr (partial)
        detail::single_columns<last_size, C, false>(g, x, w, bias, y, (vectors - last_size) * lanes<S>,
                                                    finish);
    } else {
      constexpr int step = std::min(most, 4);
      int vector = 0;
      for (; vector + step <= g.out / lanes<S>; vector += step) whole.template operator()<step>(vector);
      for (; vector < g.out / lanes<S>; ++vector) whole.template operator()<1>(vector);
      if (g.out % lanes<S> > 0)
        detail::single_columns<1, C, false>(g, x, w, bias, y, vector * lanes<S>, finish);
    }
  });
}

}  // namespace keratin::kernels
