#pragma once
// Products of a batch: rows of samples times a weight matrix, and the weight gradient. One instantiation
// serves every geometry. With T = float or double the vectors run along columns; with T = Lanes they run
// along samples.
#include <keratin/core/fixed.hpp>
#include <keratin/kernels/tile.hpp>

namespace keratin::kernels {

/// How a tile of y[row][column] += x[row][k] * w[k][column] reads its operands.
template <class T> struct Operands {  // one sample a row: x is broadcast, w is read in vectors
  using V = Vec<T>;
  static constexpr int columns = lanes<T>, tile_rows = kernels::tile_rows,
                       tile_columns = kernels::tile_columns;
  [[gnu::always_inline]] static V x(const T* p) { return broadcast<V>(*p); }
  [[gnu::always_inline]] static V w(const T* p) { return load(p); }
  [[gnu::always_inline]] static V w(const T* p, Rest rest) { return rest.load(p); }
  [[gnu::always_inline]] static void y(T* p, V v) { store(p, v); }
  [[gnu::always_inline]] static void y(T* p, V v, Rest rest) { rest.store(p, v); }
};
template <> struct Operands<Lanes> {  // one lane group a row: x is read in vectors, w is broadcast
  using V = Vec<float>;
  static constexpr int columns = 1, tile_rows = 2, tile_columns = accumulators / 2;
  [[gnu::always_inline]] static V x(const Lanes* p) { return load(p->data()); }
  [[gnu::always_inline]] static V w(const float* p) { return broadcast<V>(*p); }
  [[gnu::always_inline]] static void y(Lanes* p, V v) { store(p->data(), v); }
};

/// A weight matrix w[k][column] in memory. Vectors need their columns side by side; broadcasts take any
/// stride.
template <class T> struct Weights {
  const Scalar<T>* w;
  std::ptrdiff_t k_stride, column_stride = 1;

  Weights from(std::ptrdiff_t column) const { return {w + column * column_stride, k_stride, column_stride}; }
};

/// Rows of x and y: how many, how deep, and how far apart.
template <class T> struct Rows {
  int count, depth;
  const T* x;  // [count][x_stride]
  T* y;        // [count][y_stride]
  std::ptrdiff_t y_stride, x_stride = depth;
};

namespace detail {

// A vector of values, and of weights, where a tile may end in the rest of a row.
template <class T, class Part> [[gnu::always_inline]] inline auto read(const T* p, Part part) {
  return part.load(reinterpret_cast<const Scalar<T>*>(p));
}
template <class T, class V, class Part> [[gnu::always_inline]] inline void write(T* p, V v, Part part) {
  part.store(reinterpret_cast<Scalar<T>*>(p), v);
}
template <class T, class Part> [[gnu::always_inline]] inline auto weight(const Scalar<T>* p, Part part) {
  if constexpr (Operands<T>::columns == 1)
    return Operands<T>::w(p);
  else
    return part.load(p);
}

// Columns in pairs of vectors, then the rest, at most a vector: f<vectors>(column, part).
template <class S, class Count, class F> [[gnu::always_inline]] inline void vector_columns(Count count, F f) {
  constexpr int pair = tile_columns * lanes<S>;
  static_assert(tile_columns == 2);
  const int columns = count;
  int column = 0;
  if constexpr (may_be<Count>([](int n) { return n >= pair; }))
    for (; columns - column >= pair; column += pair) f.template operator()<2>(column, Whole{});
  if constexpr (may_be<Count>([](int n) { return n % pair > 0; }))
    for (; column < columns; column += lanes<S>) {
      const int n = columns - column < lanes<S> ? columns - column : lanes<S>;
      f.template operator()<1>(column, Rest{n});
    }
}

// N vectors of columns, where `weights` begins, for all rows; Part says whether the vectors are whole or the
// rest of a row. With `adds` they go on from what y holds.
template <int N, class T, class Part>
[[gnu::always_inline]] inline void product_columns(const Rows<T>& rows, const Weights<T>& weights,
                                                   const Scalar<T>* bias, bool adds, std::ptrdiff_t column,
                                                   Part part, auto finish) {
  using O = Operands<T>;
  using V = typename O::V;
  tiles<O::tile_rows>(rows.count, [&]<int M>(int row) __attribute__((always_inline)) {
    T* y = rows.y + row * rows.y_stride + column;
    V a[M][N];
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n) {
      const V start = bias ? weight<T>(bias + column + n * O::columns, part) : V{};
#pragma GCC unroll 32
      for (int m = 0; m < M; ++m) a[m][n] = adds ? read(y + m * rows.y_stride + n * O::columns, part) : start;
    }
    // A pointer for every three rows: an address is one of them and once or twice the stride.
    constexpr int near = 3, bases = (M + near - 1) / near;
    const std::ptrdiff_t x_stride = rows.x_stride, k_stride = weights.k_stride,
                         n_stride = O::columns > 1 ? O::columns : weights.column_stride;
    const T* x[bases];
#pragma GCC unroll 32
    for (int b = 0; b < bases; ++b) x[b] = rows.x + (row + b * near) * x_stride;
    const Scalar<T>* w = weights.w;
    for (int k = rows.depth; k > 0; --k, w += k_stride) {
      outer(
          a, [&](int m) __attribute__((always_inline)) { return O::x(x[m / near] + m % near * x_stride); },
          [&](int n) __attribute__((always_inline)) { return weight<T>(w + n * n_stride, part); });
#pragma GCC unroll 32
      for (int b = 0; b < bases; ++b) {
        ++x[b];
        asm("" : "+r"(x[b]));  // in registers, all of them: the compiler would make do with fewer, and add
      }
    }
#pragma GCC unroll 32
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) {
        const V v = finish(a[m][n], column + n * O::columns, part);
        write<T>(y + m * rows.y_stride + n * O::columns, v, part);
      }
  });
}

// The same, some of the depth at a time. The weights of distant rows meet in few places of a cache, and every
// tile of rows reads all of them: where there are several tiles they are copied side by side.
template <int N, class T>
[[gnu::always_inline]] inline void whole_columns(const Rows<T>& rows, const Weights<T>& weights,
                                                 const Scalar<T>* bias, bool adds, std::ptrdiff_t column,
                                                 auto finish) {
  constexpr int width = N * lanes<T>, most = 16384 / static_cast<int>(sizeof(T)) / width;
  alignas(Vec<T>) T panel[most * width];
  const bool packs = rows.count >= 32 && weights.k_stride >= 64;
  const int step = packs ? most : rows.depth;
  for (int k = 0; k == 0 || k < rows.depth; k += step) {
    const Rows<T> part{.count = rows.count,
                       .depth = rows.depth - k < step ? rows.depth - k : step,
                       .x = rows.x + k,
                       .y = rows.y,
                       .y_stride = rows.y_stride,
                       .x_stride = rows.x_stride};
    if (packs)
      for (int i = 0; i < part.depth; ++i)
#pragma GCC unroll 32
        for (int n = 0; n < N; ++n)
          store(panel + i * width + n * lanes<T>,
                load(weights.w + (k + i) * weights.k_stride + column + n * lanes<T>));
    const bool last = k + step >= rows.depth;
    product_columns<N>(part, packs ? Weights<T>{panel, width} : weights.from(column), bias, adds || k > 0,
                       column, Whole{}, [&](auto v, std::ptrdiff_t at, Whole) __attribute__((always_inline)) {
                         return last ? finish(v, at, Whole{}) : v;
                       });
  }
}

}  // namespace detail

/// y[r][0 .. columns) = finish(bias + sum over k of x[r][k] * w[k][0 .. columns)); bias may be null.
/// finish(v, column, part) is given each vector of sums. Adds: the sums go on from what y holds, not from
/// bias.
template <class T, bool Adds = false>
[[gnu::noinline]] void product(const Rows<T>& rows, const Weights<T>& weights, const Scalar<T>* bias,
                               int columns, auto finish) {
  using O = Operands<T>;
  if constexpr (O::columns == 1) {
    tiles<O::tile_columns>(columns, [&]<int N>(int first) __attribute__((always_inline)) {
      detail::product_columns<N>(rows, weights.from(first), bias, Adds, first, Whole{}, finish);
    });
  } else {
    detail::vector_columns<Scalar<T>>(
        columns, [&]<int N>(int column, auto part) __attribute__((always_inline)) {
          if constexpr (N == tile_columns)
            detail::whole_columns<N>(rows, weights, bias, Adds, column, finish);
          else
            detail::product_columns<N>(rows, weights.from(column), bias, Adds, column, part, finish);
        });
  }
}

/// The weight gradient g[k][c] = sum over samples s of x[s][k] * d[s][c], handed on tile by tile:
/// take(k, c, tile, part) with M rows of N vectors, the last one perhaps the rest of a row. x is
/// [count][depth] T's; d has a row for each sample, also where a T holds several.
template <class T>
[[gnu::noinline]] void outer_product(int count, int depth, const T* x, const Scalar<T>* d, int columns,
                                     auto take) {
  using S = Scalar<T>;
  using V = Vec<S>;
  constexpr int L =
      Unit<T>::samples;  // a constant stride: rows at run-time strides would not fit the registers
  const auto column_tile = [&]<int N>(int column, auto part) __attribute__((always_inline)) {
    tiles<tile_rows>(depth, [&]<int M>(int k) __attribute__((always_inline)) {
      V a[M][N] = {};
      const S* dp = d + column;
      const S* xk = reinterpret_cast<const S*>(x + k);
      for (int t = 0; t < count; ++t, xk += static_cast<std::ptrdiff_t>(depth) * L)
        for (int l = 0; l < L; ++l, dp += columns)
          outer(
              a, [&](int m) __attribute__((always_inline)) { return broadcast<V>(xk[m * L + l]); },
              [&](int i) __attribute__((always_inline)) { return part.load(dp + i * lanes<S>); });
      take(k, column, a, part);
    });
  };
  detail::vector_columns<S>(columns, column_tile);
}

}  // namespace keratin::kernels
