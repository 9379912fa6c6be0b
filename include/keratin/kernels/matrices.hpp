#pragma once
// Products of matrices that every sample has its own of: scores and weighted sums of attention. With T =
// float or double vectors run along the columns, with T = Lanes along samples.
#include <keratin/kernels/product.hpp>
#include <keratin/kernels/transpose.hpp>

namespace keratin::kernels {

/// Element (r, c) is at[r * row + c * column].
template <class T> struct Matrix {
  T* at;
  std::ptrdiff_t row, column = 1;

  Matrix transposed() const { return {at, column, row}; }
};
struct MatrixSize {
  int rows, depth, columns;
};

namespace detail {

template <class T> inline constexpr bool across_samples = Unit<T>::samples > 1;
// Lanes: both operands are loads, so the tile is nearer to a square.
template <class T> inline constexpr int matrix_tile_rows = across_samples<T> ? 4 : tile_rows;

// A tile of M rows, from `row` on, by N vectors: y = scale * (a b), or that added to y. b(k, n): a vector of
// b.
template <int M, int N, bool Adds, class T>
[[gnu::always_inline]] inline void matrix_tile(int row, int depth, Scalar<T> scale, Matrix<const T> a, auto b,
                                               auto y) {
  using V = Vec<Scalar<T>>;
  V sum[M][N] = {};
  constexpr int near = 3, bases = (M + near - 1) / near;  // pointers, as in product_columns
  const T* x[bases];
#pragma GCC unroll 32
  for (int i = 0; i < bases; ++i) x[i] = a.at + (row + i * near) * a.row;
  for (int k = 0; k < depth; ++k) {
    outer(
        sum,
        [&](int m) __attribute__((always_inline)) {
          const Scalar<T>* const p = scalars(x[m / near] + m % near * a.row);
          if constexpr (across_samples<T>)
            return load(p);
          else
            return broadcast<V>(*p);
        },
        [&](int n) __attribute__((always_inline)) { return b(k, n); });
#pragma GCC unroll 32
    for (int i = 0; i < bases; ++i) {
      x[i] += a.column;
      asm("" : "+r"(x[i]));
    }
  }
#pragma GCC unroll 32
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n) y.template put<Adds>(row + m, n, sum[m][n] * scale);
}

// Where a tile's vectors go: some columns of y, the last vector perhaps the rest of a row.
template <class T, class Part> struct MatrixColumns {
  Matrix<T> y;
  std::ptrdiff_t column, step;
  int last;
  Part part;

  template <bool Adds> [[gnu::always_inline]] void put(int row, int n, Vec<Scalar<T>> v) const {
    Scalar<T>* const p = scalars(y.at + row * y.row + (column + n * step) * y.column);
    const auto store = [&](auto values) __attribute__((always_inline)) {
      if constexpr (Adds) v += values.load(p);
      values.store(p, v);
    };
    n == last ? store(part) : store(Whole{});
  }
};

// Columns of b side by side, with zeros behind the last: rows first .. first + depth of `columns` of them.
template <int N, class T>
void pack(Matrix<const T> b, int first, int depth, std::ptrdiff_t column, int columns, T* panel) {
  constexpr int L = lanes<T>, width = N * L;
  for (int n = 0; n < N; ++n) {
    const int here = columns - n * L < L ? columns - n * L : L;
    const T* const from = b.at + first * b.row + (column + n * L) * b.column;
    if (b.column == 1) {
      for (int k = 0; k < depth; ++k)
        store(panel + k * width + n * L, here == L ? load(from + k * b.row) : load(from + k * b.row, here));
      continue;
    }
    for (int k = 0; k < depth; k += L) {  // along the depth, and transposed in registers
      const int values = depth - k < L ? depth - k : L;
      Vec<T> r[L] = {};
      for (int c = 0; c < here; ++c) {
        const T* const p = from + c * b.column + k * b.row;
        if (b.row == 1)
          r[c] = values == L ? load(p) : load(p, values);
        else
          for (int i = 0; i < values; ++i) r[c][i] = p[i * b.row];
      }
      transpose(r);
      for (int i = 0; i < values; ++i) store(panel + (k + i) * width + n * L, r[i]);
    }
  }
}

template <int N, bool Adds, class T>
[[gnu::always_inline]] inline void packed_columns(const MatrixSize& size, Scalar<T> scale, Matrix<const T> a,
                                                  Matrix<const T> b, Matrix<T> y, int column) {
  constexpr int width = N * lanes<T>, most = 16384 / static_cast<int>(sizeof(T)) / width;
  alignas(Vec<T>) T panel[most * width];
  const int columns = size.columns - column < width ? size.columns - column : width;
  for (int k = 0; k < size.depth; k += most) {
    const int depth = size.depth - k < most ? size.depth - k : most;
    pack<N>(b, k, depth, column, columns, panel);
    const auto vector = [&](int i, int n)
                            __attribute__((always_inline)) { return load(panel + i * width + n * lanes<T>); };
    const Matrix<const T> from{a.at + k * a.column, a.row, a.column};
    const auto rows = [&]<bool Sums>(auto part) __attribute__((always_inline)) {
      const MatrixColumns<T, decltype(part)> to{y, column, lanes<T>, N - 1, part};
      tiles<matrix_tile_rows<T>>(size.rows, [&]<int M>(int row) __attribute__((always_inline)) {
        matrix_tile<M, N, Sums, T>(row, depth, scale, from, vector, to);
      });
    };
    if (Adds || k > 0)
      columns == width ? rows.template operator()<true>(Whole{})
                       : rows.template operator()<true>(Rest{columns - (N - 1) * lanes<T>});
    else
      columns == width ? rows.template operator()<false>(Whole{})
                       : rows.template operator()<false>(Rest{columns - (N - 1) * lanes<T>});
  }
}

}  // namespace detail

/// y = scale * (a b), or with Adds that much more; with one sample a T the columns of y lie side by side.
template <bool Adds = false, class T>
[[gnu::noinline]] void multiply(const MatrixSize& size, Scalar<T> scale, Matrix<const T> a, Matrix<const T> b,
                                Matrix<T> y) {
  if constexpr (detail::across_samples<T>) {
    tiles<accumulators / 4>(size.columns, [&]<int N>(int column) __attribute__((always_inline)) {
      const T* const first = b.at + column * b.column;
      const auto vector = [&](std::ptrdiff_t k, int n) __attribute__((always_inline)) {
        return load(scalars(first + k * b.row + n * b.column));
      };
      const detail::MatrixColumns<T, Whole> to{y, column, 1, N - 1, {}};
      tiles<detail::matrix_tile_rows<T>>(size.rows, [&]<int M>(int row) __attribute__((always_inline)) {
        detail::matrix_tile<M, N, Adds, T>(row, size.depth, scale, a, vector, to);
      });
    });
  } else {
    int column = 0;
    for (; size.columns - column > lanes<T>; column += tile_columns * lanes<T>)
      detail::packed_columns<tile_columns, Adds>(size, scale, a, b, y, column);
    if (column < size.columns) detail::packed_columns<1, Adds>(size, scale, a, b, y, column);
  }
}

}  // namespace keratin::kernels
