#pragma once
// Convolution of volumes, channels last, and its two gradients. Each is the micro-kernel over tiles of
// positions along a row times columns (filters or channels); see product.hpp for what T decides. An image is
// a volume of depth 1, a sequence an image of height 1.
#include <keratin/core/fixed.hpp>
#include <keratin/core/window.hpp>
#include <keratin/kernels/product.hpp>
#include <keratin/kernels/transpose.hpp>

#include <algorithm>

namespace keratin::kernels {

/// Kernel w[d.size][h.size][w.size][channels / groups][filters].
struct ConvolutionSize {
  WindowAxis d{}, h{}, w{};
  int channels = 0, filters = 0, groups = 1;

  constexpr int group_channels() const { return channels / groups; }
  constexpr int group_filters() const { return filters / groups; }
  /// Whether a row of a window lies in one piece.
  constexpr bool in_one_piece() const { return groups == 1 && w.dilation == 1; }
  constexpr std::ptrdiff_t weights() const {
    return std::ptrdiff_t{d.size} * h.size * w.size * group_channels() * filters;
  }
  constexpr std::ptrdiff_t inputs() const { return std::ptrdiff_t{d.in} * h.in * w.in * channels; }
  constexpr std::ptrdiff_t positions() const { return std::ptrdiff_t{d.out} * h.out * w.out; }
  constexpr bool meets_padding() const { return d.meets_padding() || h.meets_padding() || w.meets_padding(); }
  /// The same convolution of a volume to which its padding was added, if it has any.
  constexpr ConvolutionSize padded() const {
    ConvolutionSize size = *this;
    if (!meets_padding()) return size;
    for (WindowAxis* axis : {&size.d, &size.h, &size.w}) {
      axis->in = axis->padded();
      axis->before = 0;
    }
    return size;
  }
};

/// The register tile where sizes are run-time values: positions times vectors of columns.
template <class T> struct ConvolutionTile {
  static constexpr int positions = 4, columns = 2;
};
template <> struct ConvolutionTile<Lanes> {
  static constexpr int positions = 4, columns = accumulators / 4;
};

/// Positions for one sample: it has few columns, and more positions keep the multipliers busy.
template <class S, class Size> constexpr int single_positions() {
  if constexpr (is_fixed<Size>) {
    constexpr ConvolutionSize size = Size::value;
    if (size.group_filters() <= lanes<S>) return 12;
  }
  return accumulators >= 24 ? 8 : 4;
}

namespace detail {

// The outputs along an axis, or groups of them: `first` .. `end` of the `count` have their whole window
// inside the input.
struct RowOfOutputs {
  int first, end, count;

  constexpr int inner() const { return end - first; }
};
constexpr RowOfOutputs row_of_outputs(const WindowAxis& axis, int group) {
  const int count = axis.out / group, first = std::min((axis.inner_first() + group - 1) / group, count);
  return {first, std::max(std::min(axis.inner_end() / group, count), first), count};
}

// f<columns>(first, part): `count` columns in tiles.
template <class T, class Count, class F> [[gnu::always_inline]] inline void column_tiles(Count count, F f) {
  constexpr int half = lanes<Scalar<T>> / 2;
  if constexpr (Operands<T>::columns == 1)
    tiles<ConvolutionTile<T>::columns>(count, [&]<int N>(int first) __attribute__((always_inline)) {
      f.template operator()<N>(first, Whole{});
    });
  else if constexpr (has_half_vectors && !may_be<Count>([](int n) { return n > half; }))
    f.template operator()<1>(0, Half{count});
  else
    vector_columns<Scalar<T>>(count, f);
}
// The accumulators beside such a part of the columns.
template <class T, class Part>
using Sums = decltype(weight<T>(static_cast<const Scalar<T>*>(nullptr), std::declval<Part>()));
// A value of x, beside such sums.
template <class V> [[gnu::always_inline]] inline V operand(const element<V>* x) { return broadcast<V>(*x); }
template <class V> [[gnu::always_inline]] inline V operand(const Lanes* x) { return Operands<Lanes>::x(x); }
// a[m][n] += the sum over j < run of x[at(m) + j] * w[j * k_stride + n].
template <class T, int M, int N, class V, class Part>
[[gnu::always_inline]] inline void accumulate(V (&a)[M][N], const T* x, auto at, const Scalar<T>* w,
                                              std::ptrdiff_t k_stride, std::ptrdiff_t n_stride,
                                              std::ptrdiff_t run, Part part) {
#pragma GCC unroll 1
  for (std::ptrdiff_t j = 0; j < run; ++j, ++x, w += k_stride)
    outer(
        a, [&](int m) __attribute__((always_inline)) { return operand<V>(x + at(m)); },
        [&](int n) __attribute__((always_inline)) { return weight<T>(w + n * n_stride, part); });
}

// The same, where a column's weights lie side by side, from w + column * column_stride on. Vectors along the
// columns are made of them block by block, in registers.
template <class T, int M, int N, class V, class Part>
[[gnu::always_inline]] inline void accumulate_rows(V (&a)[M][N], const T* x, auto at, const Scalar<T>* w,
                                                   std::ptrdiff_t column_stride, std::ptrdiff_t run,
                                                   int columns, Part part) {
  using S = Scalar<T>;
  if constexpr (Operands<T>::columns == 1) {
    accumulate<T>(a, x, at, w, 1, column_stride, run, part);
  } else {
    constexpr int L = lanes<S>, width = N * L;
    alignas(Vec<S>) S block[L * width];
    for (std::ptrdiff_t j = 0; j < run; j += L) {
      const int depth = run - j < L ? static_cast<int>(run - j) : L;
      for (int n = 0; n < N; ++n) {
        Vec<S> r[L];
#pragma GCC unroll 32
        for (int l = 0; l < L; ++l) {
          const S* const from = w + (n * L + l) * column_stride + j;
          r[l] = n * L + l >= columns ? Vec<S>{} : depth == L ? load(from) : Rest{depth}.load(from);
        }
        transpose(r);
#pragma GCC unroll 32
        for (int l = 0; l < L; ++l) store(block + l * width + n * L, r[l]);
      }
      accumulate<T>(a, x + j, at, block, width, L, depth, part);
    }
  }
}

// Where the positions of a tile lie: side by side, or as neighbouring windows of 2 x 2 (1 x 2) that are
// pooled.
struct SideBySide {
  std::ptrdiff_t step;
  [[gnu::always_inline]] std::ptrdiff_t operator()(int m) const { return m * step; }
};
template <int Rows> struct Pooled {
  std::ptrdiff_t row, step;
  [[gnu::always_inline]] std::ptrdiff_t operator()(int m) const {
    return m % (2 * Rows) / 2 * row + (m / (2 * Rows) * 2 + m % 2) * step;
  }
};

}  // namespace detail

/// y[z][r][c][f] = bias[f] + the sum over the window of x * w, for one volume. bias may be null; what becomes
/// of each tile of sums is `store`'s business. Positions is the height of the register tile.
template <class T, int Positions, class Size> class Convolution {
  using S = Scalar<T>;
  using O = Operands<T>;

 public:
  [[gnu::always_inline]] Convolution(Size size, const T* x, const S* w, const S* bias)
      : size_(size), x_(x), w_(w), bias_(bias) {}

  /// All positions: store(tile[M][N], position, column, part) for M positions side by side.
  [[gnu::always_inline]] void run(auto store) const {
    const ConvolutionSize g = size_;
    const detail::SideBySide at{std::ptrdiff_t{g.w.stride} * g.channels};
    const auto row = of_size([](const ConvolutionSize& s) { return detail::row_of_outputs(s.w, 1); });
    for (int z = 0; z < g.d.out; ++z)
      for (int r = 0; r < g.h.out; ++r)
        position_tiles<1>(row, [&]<int M>(int c) __attribute__((always_inline)) {
          sums<M>(z, r, c, at, [&](const auto& a, int column, auto part) __attribute__((always_inline)) {
            store(a, (z * g.h.out + r) * g.w.out + c, column, part);
          });
        });
  }
  /// Of an image, windows of 2 x 2, or of 1 x 2 with Rows = 1: store(tile[M][N], position, column, part),
  /// where each 2 * Rows sums in a tile are one window's, and the position is that of the first one in the
  /// pooled image.
  template <int Rows> [[gnu::always_inline]] void run_pooled(auto store) const {
    const ConvolutionSize g = size_;
    constexpr int P = 2 * Rows;
    const int pooled = g.w.out / 2;
    const detail::Pooled<Rows> at{std::ptrdiff_t{g.h.stride} * g.w.in * g.channels,
                                  std::ptrdiff_t{g.w.stride} * g.channels};
    const auto inner_row = of_size([](const ConvolutionSize& s) { return detail::row_of_outputs(s.w, 2); });
    const auto inner_rows =
        of_size([](const ConvolutionSize& s) { return detail::row_of_outputs(s.h, Rows); });
    const auto tiles_of = [&](int r, auto row) __attribute__((always_inline)) {
      position_tiles<P>(row, [&]<int M>(int c) __attribute__((always_inline)) {
        const auto use = [&](const auto& a, int column, auto part)
                             __attribute__((always_inline)) { store(a, r * pooled + c, column, part); };
        if constexpr (M > 1)
          sums<M>(0, r * Rows, 2 * c, at, use);
        else
          at_padding<Rows>(r, c, use);
      });
    };
    const detail::RowOfOutputs rows = inner_rows, row = inner_row;
    if constexpr (!may_be<decltype(inner_rows)>([](detail::RowOfOutputs s) { return s.inner() < s.count; })) {
      for (int r = 0; r < rows.count; ++r) tiles_of(r, inner_row);
    } else {
      for (int r = 0; r < rows.count; ++r)
        tiles_of(r, r >= rows.first && r < rows.end ? row : detail::RowOfOutputs{pooled, pooled, pooled});
    }
  }

 private:
  // What follows from the size, as a type where that is one.
  [[gnu::always_inline]] auto of_size(auto f) const {
    if constexpr (is_fixed<Size>)
      return fixed<f(Size::value)>{};
    else
      return f(size_);
  }
  [[gnu::always_inline]] auto group_filters() const {
    return of_size([](const ConvolutionSize& s) { return s.group_filters(); });
  }
  // f<M>(c) for the inner positions of a row in tiles of M, a multiple of P; f<1>(c) for those that are left,
  // whose windows may touch padding.
  template <int P> static constexpr int most = Positions / P;
  template <int P, class Row> [[gnu::always_inline]] void position_tiles(Row outputs, auto f) const {
    const detail::RowOfOutputs row = outputs;
    int c = row.first;
    if constexpr (may_be<Row>([](detail::RowOfOutputs r) { return r.inner() >= most<P>; }))
      for (; c + most<P> <= row.end; c += most<P>) f.template operator()<P * most<P>>(c);
    const auto at_most_one = [&]<int Q>(std::integral_constant<int, Q>) __attribute__((always_inline)) {
      if constexpr ((most<P> > Q) && P * Q > 1 &&
                    may_be<Row>([](detail::RowOfOutputs r) { return r.inner() % most<P> / Q % 2 == 1; })) {
        if (c + Q > row.end) return;
        f.template operator()<P * Q>(c);
        c += Q;
      }
    };
    at_most_one(std::integral_constant<int, 8>{});
    at_most_one(std::integral_constant<int, 4>{});
    at_most_one(std::integral_constant<int, 2>{});
    at_most_one(std::integral_constant<int, 1>{});
    if constexpr (may_be<Row>([](detail::RowOfOutputs r) {
                    return r.inner() < r.count || (P == 1 && r.inner() % most<P> % 2 == 1);
                  }))
      for (int border = 0; border < row.count; ++border) {
        if (border == row.first) border = c;
        if (border < row.count) f.template operator()<1>(border);
      }
  }
  // A pooled window that touches padding: each of its positions for itself.
  template <int Rows> [[gnu::always_inline]] void at_padding(int r, int c, auto use) const {
    const ConvolutionSize g = size_;
    for (int group = 0; group < g.groups; ++group)
      detail::column_tiles<T>(
          group_filters(), [&]<int N>(int first, auto part) __attribute__((always_inline)) {
            const int column = group * g.group_filters() + first;
            using V = detail::Sums<T, decltype(part)>;
            V a[2 * Rows][N];
            for (int q = 0; q < 2 * Rows; ++q) {
              V one[1][N];
              sum(one, 0, r * Rows + q / 2, 2 * c + q % 2, group, column, detail::SideBySide{0}, part);
              for (int n = 0; n < N; ++n) a[q][n] = one[0][n];
            }
            use(a, column, part);
          });
  }
  // The sums of M positions from (z, r, c) on, whose windows have the same part inside the volume: use(a,
  // column, part) for each tile of filters.
  template <int M> [[gnu::always_inline]] void sums(int z, int r, int c, auto at, auto use) const {
    const ConvolutionSize g = size_;
    for (int group = 0; group < g.groups; ++group)
      detail::column_tiles<T>(group_filters(),
                              [&]<int N>(int first, auto part) __attribute__((always_inline)) {
                                const int column = group * g.group_filters() + first;
                                detail::Sums<T, decltype(part)> a[M][N];
                                sum(a, z, r, c, group, column, at, part);
                                use(a, column, part);
                              });
  }
  template <int M, int N, class V, class Part>
  [[gnu::always_inline]] void sum(V (&a)[M][N], int z, int r, int c, int group, int column, auto at,
                                  Part part) const {
    const ConvolutionSize g = size_;
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n) {
      const V start = bias_ ? detail::weight<T>(bias_ + column + n * O::columns, part) : V{};
#pragma GCC unroll 32
      for (int m = 0; m < M; ++m) a[m][n] = start;
    }
    const int left = M == 1 ? g.w.first(c) : 0, right = M == 1 ? g.w.end(c) : g.w.size;
    const int piece = g.in_one_piece() ? right - left : 1;  // elements of the window that lie side by side
    const std::ptrdiff_t depth = g.group_channels();
    for (int kz = g.d.first(z); kz < g.d.end(z); ++kz)
      for (int ky = g.h.first(r); ky < g.h.end(r); ++ky) {
        const T* const row =
            x_ + (std::ptrdiff_t{g.d.input(z, kz)} * g.h.in + g.h.input(r, ky)) * g.w.in * g.channels +
            group * depth;
        const S* const w = w_ + (std::ptrdiff_t{kz} * g.h.size + ky) * g.w.size * depth * g.filters + column;
        for (int kx = left; kx < right; kx += piece)
          detail::accumulate<T>(a, row + std::ptrdiff_t{g.w.input(c, kx)} * g.channels, at,
                                w + kx * depth * g.filters, g.filters, O::columns, piece * depth, part);
      }
  }

  Size size_;
  const T* x_;
  const S *w_, *bias_;
};

/// For Convolution::run: writes finish(v, filter, part) of each vector of sums to y.
template <class T> [[gnu::always_inline]] inline auto write_tiles(T* y, std::ptrdiff_t filters, auto finish) {
  return [=]<int M, int N, class V>(const V(&a)[M][N], std::ptrdiff_t position, int column, auto part)
             __attribute__((always_inline)) {
#pragma GCC unroll 32
               for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
                 for (int n = 0; n < N; ++n) {
                   const std::ptrdiff_t f = column + n * Operands<T>::columns;
                   detail::write<T>(y + (position + m) * filters + f, finish(a[m][n], f, part), part);
                 }
             };
}
/// A `finish` that changes nothing.
struct AsItIs {
  [[gnu::always_inline]] auto operator()(auto v, auto...) const { return v; }
};

/// The gradient of a volume: dx [d.in][h.in][w.in][channels] from d, whose rows have `padding` positions of
/// zeros on both sides. Also a transposed convolution of d. finish(v, channel, part) is given each vector of
/// sums.
template <class T> class ConvolutionInputGradient {
  using S = Scalar<T>;
  using O = Operands<T>;
  static constexpr int most = ConvolutionTile<T>::positions;

 public:
  static constexpr int padding = most - 1;

  /// From a position of d to the next one: those that are multiples of 2 KB apart meet in few places of a
  /// cache.
  static constexpr int apart(const ConvolutionSize& g) {
    return g.filters + (Unit<T>::samples > 1 && g.filters % 32 == 0);
  }
  static constexpr std::ptrdiff_t row_length(const ConvolutionSize& g) {
    return (std::ptrdiff_t{g.w.out} + 2 * padding) * apart(g);
  }
  /// T's that d needs.
  static constexpr std::ptrdiff_t room(const ConvolutionSize& g) {
    return std::ptrdiff_t{g.d.out} * g.h.out * row_length(g);
  }

  static void run(const ConvolutionSize& g, const T* d, const S* w, T* dx, auto finish) {
    for (int z = 0; z < g.d.in; ++z)
      for (int h = 0; h < g.h.in; ++h)
        for (int phase = 0; phase < g.w.stride; ++phase)  // inputs a stride apart meet outputs side by side
          tiles<most>((g.w.in - phase + g.w.stride - 1) / g.w.stride,
                      [&]<int M>(int j) __attribute__((always_inline)) {
                        tile<M>(g, d, w, dx, z, h, phase + j * g.w.stride, finish);
                      });
  }
  static void run(const ConvolutionSize& g, const T* d, const S* w, T* dx) { run(g, d, w, dx, AsItIs{}); }

 private:
  template <int M>
  [[gnu::always_inline]] static void tile(const ConvolutionSize& g, const T* d, const S* w, T* dx, int z,
                                          int h, int i, auto finish) {
    const int depth = g.group_channels(), filters = g.group_filters();
    for (int group = 0; group < g.groups; ++group)
      detail::column_tiles<T>(depth, [&]<int N>(int first, auto part) __attribute__((always_inline)) {
        detail::Sums<T, decltype(part)> a[M][N] = {};
        for (int kz = 0; kz < g.d.size; ++kz) {
          const int slice = g.d.output(z, kz);
          if (slice < 0) continue;
          for (int ky = 0; ky < g.h.size; ++ky) {
            const int above = g.h.output(h, ky);
            if (above < 0) continue;
            const T* const row =
                d + (std::ptrdiff_t{slice} * g.h.out + above) * row_length(g) + group * filters;
            for (int kx = 0; kx < g.w.size; ++kx) {
              const int before = i + g.w.before - kx * g.w.dilation;
              if (before % g.w.stride != 0) continue;
              const int c = before / g.w.stride;
              if (c <= -M || c >= g.w.out) continue;
              const std::ptrdiff_t tap = (std::ptrdiff_t{kz} * g.h.size + ky) * g.w.size + kx;
              detail::accumulate_rows<T>(a, row + std::ptrdiff_t{c + padding} * apart(g),
                                         detail::SideBySide{apart(g)},
                                         w + (tap * depth + first) * g.filters + group * filters, g.filters,
                                         filters, depth - first, part);
            }
          }
        }
        const int column = group * depth + first;
        T* const to = dx + ((std::ptrdiff_t{z} * g.h.in + h) * g.w.in + i) * g.channels + column;
#pragma GCC unroll 32
        for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
          for (int n = 0; n < N; ++n)
            detail::write<T>(to + std::ptrdiff_t{m} * g.w.stride * g.channels + n * O::columns,
                             finish(a[m][n], column + n * O::columns, part), part);
      });
  }
};

/// The output y, or its gradient, into d, whose rows have padding on both sides, which becomes zero. To sums,
/// if not null, the sum of all positions is added.
template <class T> void pad_rows(const ConvolutionSize& g, const T* y, T* d, T* sums = nullptr) {
  using S = Scalar<T>;
  const std::ptrdiff_t filters = std::ptrdiff_t{g.filters} * Unit<T>::samples,
                       apart = std::ptrdiff_t{ConvolutionInputGradient<T>::apart(g)} * Unit<T>::samples,
                       side = ConvolutionInputGradient<T>::padding * apart;
  const S* from = scalars(y);
  S* to = scalars(d);
  for (int r = 0; r < g.d.out * g.h.out; ++r) {
    to = std::fill_n(to, side, S{});
    for (int c = 0; c < g.w.out; ++c, from += filters, to += apart)
      for_each_vector<S>(filters, [&](std::ptrdiff_t f, auto part) __attribute__((always_inline)) {
        const Vec<S> v = part.load(from + f);
        part.store(to + f, v);
        if (sums) part.store(scalars(sums) + f, part.load(scalars(sums) + f) + v);
      });
    to = std::fill_n(to, side, S{});
  }
}

/// A volume into one that has its padding; that must hold zeros where the padding is.
template <class T> void add_padding(const ConvolutionSize& g, const T* x, T* to) {
  const ConvolutionSize padded = g.padded();
  const std::ptrdiff_t width = std::ptrdiff_t{std::min(g.w.in, padded.w.in - g.w.before)} * g.channels;
  for (int z = 0; z < g.d.in && z + g.d.before < padded.d.in; ++z)
    for (int h = 0; h < g.h.in && h + g.h.before < padded.h.in; ++h)
      std::copy_n(
          x + (std::ptrdiff_t{z} * g.h.in + h) * g.w.in * g.channels, width,
          to + ((std::ptrdiff_t{z + g.d.before} * padded.h.in + h + g.h.before) * padded.w.in + g.w.before) *
                   g.channels);
}

/// Adds one volume to the gradient of w: dw [d.size][h.size][w.size][channels / groups][filters] of T's,
/// still in lanes. x [d.in][h.in][w.in][channels] without padding left to do (before = 0), d as above.
template <class T>
[[gnu::noinline]] void add_kernel_gradient(const ConvolutionSize& g, const T* x, const T* d, T* dw) {
  using O = Operands<T>;
  using V = typename O::V;
  constexpr int most = O::columns > 1 ? 4 : 6;
  constexpr int d_columns = O::columns > 1 ? 1 : Unit<T>::samples;
  using S = Scalar<T>;
  const int apart = ConvolutionInputGradient<T>::apart(g);
  const std::ptrdiff_t step = std::ptrdiff_t{g.w.stride} * g.channels,
                       d_row = ConvolutionInputGradient<T>::row_length(g),
                       slice = std::ptrdiff_t{g.d.stride} * g.h.in;
  const int depth = g.in_one_piece() ? g.w.size * g.channels : g.group_channels();
  const auto columns = [&](int count, auto f) __attribute__((always_inline)) {
    if constexpr (O::columns > 1)
      detail::vector_columns<S>(count, f);
    else
      tiles<accumulators / 6>(
          count, [&]<int N>(int n) __attribute__((always_inline)) { f.template operator()<N>(n, Whole{}); });
  };
  // The windows' elements from x0 on, `depth` of them, against the filters of one group.
  const auto piece = [&](const T* x0, const T* d0, T* to) __attribute__((always_inline)) {
    columns(g.group_filters(), [&]<int N>(int n0, auto part) __attribute__((always_inline)) {
      tiles<most>(depth, [&]<int M>(int m0) __attribute__((always_inline)) {
        constexpr int width = O::columns * d_columns;
        S* const sum = reinterpret_cast<S*>(to + std::ptrdiff_t{m0} * g.filters + n0);
        const std::ptrdiff_t row = std::ptrdiff_t{g.filters} * d_columns,
                             d_step = std::ptrdiff_t{apart} * d_columns;
        V a[M][N];
#pragma GCC unroll 32
        for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
          for (int n = 0; n < N; ++n) a[m][n] = pin(part.load(sum + m * row + n * width));
        for (int z = 0; z < g.d.out; ++z)
          for (int r = 0; r < g.h.out; ++r) {
            const T* xp = x0 + (z * slice + r * g.h.stride) * g.w.in * g.channels + m0;
            const S* dp = reinterpret_cast<const S*>(d0 + (z * g.h.out + r) * d_row + n0);
#pragma GCC unroll 1
            for (int c = 0; c < g.w.out; ++c, xp += step, dp += d_step)
              outer(
                  a, [&](int m) __attribute__((always_inline)) { return O::x(xp + m); },
                  [&](int n) __attribute__((always_inline)) { return part.load(dp + n * width); });
          }
#pragma GCC unroll 32
        for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
          for (int n = 0; n < N; ++n) part.store(sum + m * row + n * width, a[m][n]);
      });
    });
  };
  d += std::ptrdiff_t{ConvolutionInputGradient<T>::padding} * apart;
  for (int kz = 0; kz < g.d.size; ++kz)
    for (int ky = 0; ky < g.h.size; ++ky) {
      const T* const row =
          x + (std::ptrdiff_t{kz} * g.d.dilation * g.h.in + ky * g.h.dilation) * g.w.in * g.channels;
      T* const to = dw + (std::ptrdiff_t{kz} * g.h.size + ky) * g.w.size * g.group_channels() * g.filters;
      if (g.in_one_piece()) {
        piece(row, d, to);
        continue;
      }
      for (int group = 0; group < g.groups; ++group)
        for (int kx = 0; kx < g.w.size; ++kx)
          piece(row + std::ptrdiff_t{kx} * g.w.dilation * g.channels + group * depth,
                d + group * g.group_filters(),
                to + std::ptrdiff_t{kx} * depth * g.filters + group * g.group_filters());
    }
}

}  // namespace keratin::kernels
