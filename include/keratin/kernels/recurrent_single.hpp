#pragma once
// A recurrent step of one sample. Vectors run along the columns of all gates, side by side as in Keras's
// weights, so that no lane is idle but at their end; the gates' activations work on those vectors, and only
// what comes after looks at a gate by itself. With known sizes the sums stay in registers. The order of
// summation depends on the sizes alone, so fixed and run-time sizes give the same bits.
#include <keratin/core/fixed.hpp>
#include <keratin/kernels/recurrent.hpp>

#include <bit>

namespace keratin::kernels {

namespace detail {

template <class S> constexpr int whole_vectors(int n) { return (n + lanes<S> - 1) / lanes<S>; }
// How many partial sums a column has: about 8 at a time hide the multipliers' latency.
constexpr int chains_of(int vectors) {
  return static_cast<int>(
      std::bit_ceil((8u + static_cast<unsigned>(vectors) - 1) / static_cast<unsigned>(vectors)));
}

// z[n] += sum over k of x[k] * w[k][n] in C chains; the last vector may be the rest of a row.
template <int C, bool Whole_, int N, class S>
[[gnu::always_inline]] inline void add_row(Vec<S>* z, std::integral_constant<int, N>, int depth, const S* x,
                                           const S* w, std::ptrdiff_t stride, Rest rest) {
  using V = Vec<S>;
  V a[C][N] = {};
#pragma GCC unroll 32
  for (int n = 0; n < N; ++n) a[0][n] = z[n];
  const auto add = [&](int k, int c) __attribute__((always_inline)) {
    const V xk = pin(broadcast<V>(x[k]));
    const S* row = w + k * stride;
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n)
      a[c][n] += xk * (Whole_ || n + 1 < N ? load(row + n * lanes<S>) : rest.load(row + n * lanes<S>));
  };
  int k = 0;
#pragma GCC unroll 4
  for (; k + C <= depth; k += C) {
#pragma GCC unroll 32
    for (int c = 0; c < C; ++c) add(k + c, c);
  }
  if constexpr (C > 1)
    for (; k < depth; ++k) add(k, 0);
#pragma GCC unroll 32
  for (int half = C / 2; half > 0; half /= 2)
#pragma GCC unroll 32
    for (int c = 0; c < half; ++c)
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) a[c][n] += a[c + half][n];
#pragma GCC unroll 32
  for (int n = 0; n < N; ++n) z[n] = a[0][n];
}

// Lane i of the result is lane Offset + i of the vectors side by side; garbage beyond them.
template <int Offset, int N, class V> [[gnu::always_inline]] inline V lanes_from(const V (&z)[N]) {
  constexpr int L = width<V>, first = Offset / L, shift = Offset % L,
                second = first + 1 < N ? first + 1 : first;
  if constexpr (shift == 0)
    return z[first];
  else
    return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
      return __builtin_shufflevector(z[first], z[second], (I + shift)...);
    }(std::make_integer_sequence<int, L>());
}

// The sums of all gates in registers, for known sizes ...
template <class S, int Gates, int Units> struct FixedSums {
  static constexpr int columns = Gates * Units, N = whole_vectors<S>(columns), C = chains_of(N);
  static constexpr Rest rest{columns % lanes<S>};
  Vec<S> z[N] = {};

  [[gnu::always_inline]] void start(const S* bias) {
    if (!bias) return;
#pragma GCC unroll 64
    for (int v = 0; v < N; ++v)
      z[v] = rest.n == 0 || v + 1 < N ? load(bias + v * lanes<S>) : rest.load(bias + v * lanes<S>);
  }
  [[gnu::always_inline]] void add(int depth, const S* x, const S* w) {
    [&]<int... T>(std::integer_sequence<int, T...>) __attribute__((always_inline)) {
      (add_tile<T * N / static_cast<int>(sizeof...(T)), (T + 1) * N / static_cast<int>(sizeof...(T))>(depth,
                                                                                                      x, w),
       ...);
    }(std::make_integer_sequence<int, (N + accumulators - 1) / accumulators>());
  }
  // f(value, the other's value, number of the first column) for each vector.
  [[gnu::always_inline]] void map(const FixedSums& other, auto f) {
#ifdef __OPTIMIZE_SIZE__  // half the code, a sixth slower
    asm("" : "+m"(z));
#pragma GCC unroll 2
#else
#pragma GCC unroll 64
#endif
    for (int v = 0; v < N; ++v) z[v] = f(z[v], other.z[v], v * lanes<S>);
  }
  template <int Gate, int J> [[gnu::always_inline]] Vec<S> get(std::integral_constant<int, J>) const {
    return lanes_from<Gate * Units + J * lanes<S>>(z);
  }

 private:
  template <int First, int End> [[gnu::always_inline]] void add_tile(int depth, const S* x, const S* w) {
    constexpr bool whole = rest.n == 0 || End < N;
    add_row<C, whole>(z + First, std::integral_constant<int, End - First>{}, depth, x, w + First * lanes<S>,
                      columns, rest);
  }
};
// ... or in memory, where gates * units + a vector values have room.
template <class S, int Gates> struct FreeSums {
  int units;
  S* memory;

  void start(const S* bias) {
    if (bias)
      std::copy_n(bias, Gates * units, memory);
    else
      std::fill_n(memory, Gates * units, S{});
  }
  void add(int depth, const S* x, const S* w) {
    switch (chains_of(whole_vectors<S>(Gates * units))) {
      case 1:
        return add_in_chains<1, 8>(depth, x, w);
      case 2:
        return add_in_chains<2, 4>(depth, x, w);
      case 4:
        return add_in_chains<4, 2>(depth, x, w);
      default:
        return add_in_chains<8, 2>(depth, x, w);
    }
  }
  void map(const FreeSums& other, auto f) {
    for (int c = 0; c < Gates * units; c += lanes<S>)
      store(memory + c, f(load(memory + c), load(other.memory + c), c));
  }
  template <int Gate> Vec<S> get(int j) const { return load(memory + Gate * units + j * lanes<S>); }

 private:
  template <int C, int Most> [[gnu::noinline]] void add_in_chains(int depth, const S* x, const S* w) {
    const int columns = Gates * units;
    const auto tile = [&]<bool Whole_, int N>(int column) __attribute__((always_inline)) {
      Vec<S> z[N];
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) z[n] = load(memory + column + n * lanes<S>);
      add_row<C, Whole_>(z, std::integral_constant<int, N>{}, depth, x, w + column, columns,
                         Rest{columns - column});
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) store(memory + column + n * lanes<S>, z[n]);
    };
    tiles<Most>(columns / lanes<S>, [&]<int N>(int vector) __attribute__((always_inline)) {
      tile.template operator()<true, N>(vector * lanes<S>);
    });
    if (columns % lanes<S> > 0) tile.template operator()<false, 1>(columns / lanes<S> * lanes<S>);
  }
};

// f(j, part) for each vector of units, j a constant where they are known.
template <class S, class Size> [[gnu::always_inline]] inline void unit_vectors(Size size, auto f) {
  if constexpr (is_fixed<Size>) {
    constexpr int units = Size::value.units, whole = units / lanes<S>;
    [&]<int... J>(std::integer_sequence<int, J...>) __attribute__((always_inline)) {
      (f(std::integral_constant<int, J>{}, Whole{}), ...);
    }(std::make_integer_sequence<int, whole>());
    if constexpr (units % lanes<S> > 0) f(std::integral_constant<int, whole>{}, Rest{units % lanes<S>});
  } else {
    int j = 0;
    for (; (j + 1) * lanes<S> <= size.units; ++j) f(j, Whole{});
    if (size.units % lanes<S> > 0) f(j, Rest{size.units % lanes<S>});
  }
}

inline constexpr int most_sums = 48;  // vectors of sums that are worth code of their own

template <class Cell, class S, class Size> constexpr bool stays_in_registers() {
  if constexpr (is_fixed<Size>)
    return whole_vectors<S>(Cell::size.gates * Size::value.units) <= most_sums;
  else
    return false;
}

}  // namespace detail

/// Scalars that a stream keeps between steps: h and the carry in whole vectors, and room for a step's work.
template <class S> constexpr std::size_t single_state(const CellSize& cell, int units) {
  const int whole = detail::whole_vectors<S>(units) * lanes<S>;
  return static_cast<std::size_t>(
      cell.resets_before ? units * (2 + cell.kept)
                         : (1 + cell.carried) * whole + (1 + cell.split) * (cell.gates * units + lanes<S>));
}

/// One step of a sample: y is the output of x and the state, which is updated; zeros at the start.
template <class S, class Cell, class Size>
[[gnu::always_inline]] inline void single_step(const Cell& cell, Size sizes, const RecurrentWeights<S>& w,
                                               const S* x, S* y, S* state) {
  using V = Vec<S>;
  const RecurrentSize size = sizes;
  if constexpr (Cell::size.resets_before) {  // two products, one after the other
    detail::StepMemory<S> m{.x = x, .h = state, .carry = nullptr, .y = y};
    m.reset = state + size.units, m.keep = state + 2 * size.units;
    detail::step<false, false>(cell, size, w, false, m);
    std::copy_n(y, size.units, state);
    return;
  } else {
    S *const h = state, *const carry = h + detail::whole_vectors<S>(size.units) * lanes<S>;
    const auto finish = [&](auto& input, auto& recurrent) __attribute__((always_inline)) {
      input.start(w.bias);
      input.add(size.in, x, w.kernel);
      if (Cell::size.split) recurrent.start(w.recurrent_bias);
      recurrent.add(size.units, h, w.recurrent);
      cell.activate(size.units, input, recurrent);
      detail::unit_vectors<S>(sizes, [&](auto j, auto part) __attribute__((always_inline)) {
        const int at = j * lanes<S>;
        V c = Cell::size.carried ? load(carry + at) : V{};
        const V out = part.only(cell.template combine<V>(input, recurrent, j, load(h + at), c));
        store(h + at, out);  // whole vectors: what is loaded next is forwarded from them
        if (Cell::size.carried) store(carry + at, part.only(c));
        part.store(y + at, out);
      });
    };
    if constexpr (detail::stays_in_registers<Cell, S, Size>()) {
      detail::FixedSums<S, Cell::size.gates, Size::value.units> input, recurrent;
      finish(input, Cell::size.split ? recurrent : input);
    } else {
      S* const sums = carry + (Cell::size.carried ? carry - h : 0);
      detail::FreeSums<S, Cell::size.gates> input{size.units, sums},
          recurrent{size.units, sums + Cell::size.gates * size.units + lanes<S>};
      finish(input, Cell::size.split ? recurrent : input);
    }
  }
}

/// One sample: y = the outputs of all steps or of the last. memory: single_state values.
template <class S, class Cell, class Size>
[[gnu::always_inline]] inline void single_forward(const Cell& cell, Size sizes, const RecurrentWeights<S>& w,
                                                  const S* x, S* y, S* memory) {
  const RecurrentSize size = sizes;
  std::fill_n(memory, (1 + Cell::size.carried) * detail::whole_vectors<S>(size.units) * lanes<S>, S{});
  for (int s = 0; s < size.steps; ++s, y += size.sequences ? size.units : 0)
    single_step(cell, sizes, w, x + static_cast<std::ptrdiff_t>(size.time(s)) * size.in, y, memory);
}

}  // namespace keratin::kernels
