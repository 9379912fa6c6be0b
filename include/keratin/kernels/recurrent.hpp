#pragma once
// Recurrent layers: cells, which are what a unit does at a step, and the passes through time that are the
// same for all cells. A pass goes sample by sample, or lane group by lane group, so that the state stays in
// the first-level cache. Sums of all gates of a few units are finished in their registers.
#include <keratin/kernels/math.hpp>
#include <keratin/kernels/product.hpp>
#include <keratin/kernels/transpose.hpp>

#include <algorithm>
#include <cstdint>

namespace keratin::kernels {

/// Sizes of a recurrent layer; `sequences`: the output of every step is wanted, `backwards`: from the last
/// on; `returned`: as many of the states at the end stand behind the outputs, a row each.
struct RecurrentSize {
  int steps, in, units;
  bool sequences, backwards;
  int returned = 0;

  /// Where the input of a step lies.
  constexpr int time(int step) const { return backwards ? steps - 1 - step : step; }
  constexpr int output_rows() const { return sequences ? steps : 1; }
  /// Values of a sample's outputs and returned states.
  constexpr std::ptrdiff_t outputs() const { return (std::ptrdiff_t{output_rows()} + returned) * units; }
};

/// What may go with the inputs, each null where there is none: the states where the steps begin, the output's
/// [units] and what is carried, `apart` T's from sample to sample, otherwise zeros; `kept`, where the output
/// and what is carried are left; `mask` [steps], 0 for steps that change nothing; and for Dropped kernels
/// `factors` [gates][in] and then [gates][units], by which a gate's inputs and recurrent inputs are
/// multiplied at all steps.
template <class T> struct RecurrentContext {
  const T* begin[2] = {};
  std::ptrdiff_t apart = 0;
  T* kept = nullptr;
  const T* mask = nullptr;
  const T* factors = nullptr;
};

/// Weights as Keras lays them out, the columns of a gate side by side: kernel [in][gates * units],
/// recurrent [units][gates * units], biases [gates * units] or null.
template <class S> struct RecurrentWeights {
  const S *kernel, *recurrent, *bias, *recurrent_bias;
};

/// True for tanh and sigmoid(x) = tanh(x / 2) / 2 + 1 / 2: one tanh serves a vector of both.
template <class A, class R> inline constexpr bool one_tanh = false;

/// A cell has `gates` blocks of columns, and of each unit keeps `kept` values for the way back and carries
/// `carried` ones from step to step besides the output. split: the input and recurrent parts of the last
/// gate's sum stay apart. resets_before: the last gate's recurrent part is a product of its own, of what the
/// gates before let through.
struct CellSize {
  int gates, kept, carried = 0;
  bool split = false, resets_before = false;

  /// Sums of a unit that are worked on at a time.
  constexpr int sums() const { return resets_before ? gates - 1 : gates + split; }
};

// What a cell does, for N columns at a time and after the sums z of its gates:
// forward makes the new outputs h of the old ones, updates the carry and, where `kept` is true, hands what
// the way back needs to keep(slot, n, value). backward is given the gradient dh of the new output, makes
// those of the sums, updates the carry's, and returns the part of the old output's that passes no weight.
// activate and combine do forward's work for one sample (recurrent_single.hpp): activate applies activations
// to vectors that hold columns of several gates, combine makes the new outputs of what stands there for unit
// vector j.

// f(n) for n < N. Cells work stage by stage on N columns: their chains of dependent operations are long, and
// a processor looks only so far ahead for other work.
template <int N> [[gnu::always_inline]] inline void each(auto f) {
#pragma GCC unroll 32
  for (int n = 0; n < N; ++n) f(n);
}

// An activation as a quotient, whether or not it is one.
template <class A, class V> [[gnu::always_inline]] inline Quotient<V> quotient(const A& a, V x) {
  if constexpr (requires { a.quotient(x); })
    return a.quotient(x);
  else
    return {a.value(x), V{} + 1};
}

/// h = A(z).
template <class A> struct SimpleCell {
  static constexpr CellSize size{.gates = 1, .kept = 1};
  A activation{};

  template <int N, class V>
  [[gnu::always_inline]] void forward(V (&z)[1][N], V (&h)[N], V (&)[N], auto keep, auto) const {
    each<N>([&](int n) __attribute__((always_inline)) { keep(0, n, h[n] = activation.value(z[0][n])); });
  }
  [[gnu::always_inline]] void activate(int, auto&, auto&) const {}
  template <class V> [[gnu::always_inline]] V combine(const auto& z, const auto&, auto j, V, V&) const {
    return activation.value(z.template get<0>(j));
  }
  template <class V> [[gnu::always_inline]] V backward(const V (&kept)[1], V, V dh, V&, V (&d)[1]) const {
    d[0] = dh * activation.derivative(kept[0]);
    return V{};
  }
};

/// Gates i f g o: c = R(f) c + R(i) A(g), h = R(o) A(c).
template <class A, class R> struct LstmCell {
  static constexpr CellSize size{.gates = 4, .kept = 6, .carried = 1};
  A activation{};
  R gate{};

  template <int N, class V>
  [[gnu::always_inline]] void forward(V (&z)[4][N], V (&h)[N], V (&c)[N], auto keep, auto kept) const {
    if constexpr (!kept) {  // nobody asks for a single gate: two divisions instead of five
      V q[N], of_i[N];
      each<N>([&](int n) __attribute__((always_inline)) {
        const Quotient<V> i = quotient(gate, z[0][n]), g = quotient(activation, z[2][n]);
        q[n] = i.q * g.q, of_i[n] = i.p * g.p;
      });
      each<N>([&](int n) __attribute__((always_inline)) {
        const Quotient<V> f = quotient(gate, z[1][n]);
        const V fresh = pin(of_i[n] * f.q);
        c[n] = (f.p * c[n] * q[n] + fresh) / (f.q * q[n]);
      });
      each<N>([&](int n) __attribute__((always_inline)) {
        const Quotient<V> o = quotient(gate, z[3][n]), a = quotient(activation, c[n]);
        h[n] = o.p * a.p / (o.q * a.q);
      });
      return;
    }
    each<N>([&](int n) __attribute__((always_inline)) { keep(0, n, z[0][n] = gate.value(z[0][n])); });
    each<N>([&](int n) __attribute__((always_inline)) { keep(1, n, z[1][n] = gate.value(z[1][n])); });
    each<N>([&](int n) __attribute__((always_inline)) { keep(2, n, z[2][n] = activation.value(z[2][n])); });
    each<N>([&](int n) __attribute__((always_inline)) {
      keep(4, n, c[n]);
      c[n] = next(z[0][n], z[1][n], z[2][n], c[n]);
    });
    each<N>([&](int n) __attribute__((always_inline)) { keep(3, n, z[3][n] = gate.value(z[3][n])); });
    each<N>([&](int n) __attribute__((always_inline)) { keep(5, n, h[n] = activation.value(c[n])); });
    each<N>([&](int n) __attribute__((always_inline)) { h[n] *= z[3][n]; });
  }
  [[gnu::always_inline]] void activate(int units, auto& z, auto&) const {
    z.map(z, [&]<class V>(V v, V, int column) __attribute__((always_inline)) {
      using S = element<V>;
      const V at = iota<V>() + static_cast<S>(column);
      const auto inner = (at >= static_cast<S>(2 * units)) & (at < static_cast<S>(3 * units));
      if constexpr (one_tanh<A, R>) {
        const V one = V{} + 1, half = V{} + S(0.5), scale = inner ? one : half;
        return tanh(v * scale) * scale + (inner ? V{} : half);
      } else {
        return inner ? activation.value(v) : gate.value(v);
      }
    });
  }
  template <class V> [[gnu::always_inline]] V combine(const auto& z, const auto&, auto j, V, V& c) const {
    const V o = z.template get<3>(j);
    c = next(z.template get<0>(j), z.template get<1>(j), z.template get<2>(j), c);
    return o * activation.value(c);
  }
  template <class V> [[gnu::always_inline]] V backward(const V (&kept)[6], V, V dh, V& dc, V (&d)[4]) const {
    const V i = kept[0], f = kept[1], g = kept[2], o = kept[3], before = kept[4], a = kept[5];
    const V through = pin(dh * o), dcell = through * activation.derivative(a) + dc;
    d[0] = dcell * g * gate.derivative(i);
    d[1] = dcell * before * gate.derivative(f);
    d[2] = dcell * i * activation.derivative(g);
    d[3] = dh * a * gate.derivative(o);
    dc = dcell * f;
    return V{};
  }

 private:
  template <class V> [[gnu::always_inline]] static V next(V i, V f, V g, V c) {
    const V fresh = pin(i * g);
    return f * c + fresh;
  }
};

/// Gates z r h, reset after the product: n = A(x + R(r) u), h = R(z) h + (1 - R(z)) n with x and u the input
/// and recurrent parts of the last.
template <class A, class R> struct GruCell {
  static constexpr CellSize size{.gates = 3, .kept = 4, .split = true};
  A activation{};
  R gate{};

  template <int N, class V>
  [[gnu::always_inline]] void forward(V (&z)[4][N], V (&h)[N], V (&)[N], auto keep, auto kept) const {
    if constexpr (!kept) {
      each<N>([&](int n) __attribute__((always_inline)) {
        const Quotient<V> reset = quotient(gate, z[1][n]);
        z[2][n] = reset.p * z[3][n] / reset.q + z[2][n];
      });
      each<N>([&](int n) __attribute__((always_inline)) {
        const Quotient<V> update = quotient(gate, z[0][n]), fresh = quotient(activation, z[2][n]);
        const V old = pin(update.p * h[n] * fresh.q);
        h[n] = ((update.q - update.p) * fresh.p + old) / (update.q * fresh.q);
      });
      return;
    }
    each<N>([&](int n) __attribute__((always_inline)) { keep(1, n, z[1][n] = gate.value(z[1][n])); });
    each<N>([&](int n) __attribute__((always_inline)) { keep(3, n, z[3][n]); });
    each<N>([&](int n) __attribute__((always_inline)) { z[2][n] = z[1][n] * z[3][n] + z[2][n]; });
    each<N>([&](int n) __attribute__((always_inline)) { keep(0, n, z[0][n] = gate.value(z[0][n])); });
    each<N>([&](int n) __attribute__((always_inline)) { keep(2, n, z[2][n] = activation.value(z[2][n])); });
    each<N>([&](int n) __attribute__((always_inline)) { h[n] = z[0][n] * (h[n] - z[2][n]) + z[2][n]; });
  }
  [[gnu::always_inline]] void activate(int units, auto& x, auto& u) const {
    x.map(u, [&]<class V>(V of_x, V of_u, int column) __attribute__((always_inline)) {
      if (column >= 2 * units) return of_x;
      const V at = iota<V>() + static_cast<element<V>>(column), z = of_x + of_u, half = V{} + element<V>(0.5);
      const V value = one_tanh<A, R> ? tanh(z * half) * half + half : gate.value(z);
      return at < static_cast<element<V>>(2 * units) ? value : of_x;
    });
  }
  template <class V> [[gnu::always_inline]] V combine(const auto& x, const auto& u, auto j, V h, V&) const {
    const V update = x.template get<0>(j), reset = x.template get<1>(j),
            n = activation.value(reset * u.template get<2>(j) + x.template get<2>(j));
    return update * (h - n) + n;
  }
  template <class V> [[gnu::always_inline]] V backward(const V (&kept)[4], V h, V dh, V&, V (&d)[4]) const {
    const V update = kept[0], reset = kept[1], n = kept[2], u = kept[3];
    d[0] = dh * (h - n) * gate.derivative(update);
    d[2] = dh * (1 - update) * activation.derivative(n);
    d[1] = d[2] * u * gate.derivative(reset);
    d[3] = d[2] * reset;
    return dh * update;
  }
};

/// Gates z r h, reset before the product: n = A(x W + (R(r) h) U), else as above. Two products a step.
template <class A, class R> struct ResetBeforeCell {
  static constexpr CellSize size{.gates = 3, .kept = 3, .resets_before = true};
  A activation{};
  R gate{};
};

namespace detail {

// A column is a unit in Lanes, otherwise a vector of units. Rows of T's are read and written in vectors
// either way.

// n in nearly equal tiles of at most Max, also an odd Max.
template <int Max, class F> [[gnu::always_inline]] inline void small_tiles(int n, F f) {
  if constexpr (Max % 2 == 0) {
    tiles<Max>(n, f);
  } else {
    const int count = (n + Max - 1) / Max;
    for (int i = 0, start = 0; i < count; ++i) {
      const int size = n / count + (i < n % count);
      [&]<int... N>(std::integer_sequence<int, N...>) __attribute__((always_inline)) {
        (void)((size == N + 1 && (f.template operator()<N + 1>(start), true)) || ...);
      }(std::make_integer_sequence<int, Max>());
      start += size;
    }
  }
}
// f<columns>(unit, part) over the units, with `sums` accumulators a column. More than four columns of gates
// do not stay in registers while their cells work.
template <class T, int Sums, class F> [[gnu::always_inline]] inline void unit_tiles(int units, F f) {
  if constexpr (Operands<T>::columns == 1)
    small_tiles<Sums == 1 ? accumulators : std::min(4, accumulators / Sums)>(
        units, [&]<int N>(int unit) __attribute__((always_inline)) {
          f.template operator()<N>(static_cast<std::ptrdiff_t>(unit), Whole{});
        });
  else
    for_each_vector<T>(units, [&](std::ptrdiff_t unit, auto part)
                                  __attribute__((always_inline)) { f.template operator()<1>(unit, part); });
}

// a[gate][column] += sum over k of x[k] * w[k][gate * gate_stride + column]. Split: the last gate's sums are
// one place further. Dropped: x[k] times factors[gate][k], `depth_of_all` a gate.
template <int Gates, bool Split, bool Dropped = false, int Sums, int N, class T, class Part>
[[gnu::always_inline]] inline void add_products(Vec<Scalar<T>> (&a)[Sums][N], int depth, const T* x,
                                                const Scalar<T>* w, std::ptrdiff_t stride,
                                                std::ptrdiff_t gate_stride, Part part,
                                                [[maybe_unused]] const T* factors = nullptr,
                                                [[maybe_unused]] std::ptrdiff_t depth_of_all = 0) {
  using O = Operands<T>;
  for (int k = 0; k < depth; ++k, ++x, w += stride) {
    const auto xk = pin(O::x(x));
    const Scalar<T>* of_gate = w;
#pragma GCC unroll 32
    for (int g = 0; g < Gates; ++g, of_gate += gate_stride) {
      asm("" : "+r"(of_gate));  // in a register: g++ would keep an offset of every column instead
      auto v = xk;
      if constexpr (Dropped) v *= O::x(factors + g * depth_of_all + k);
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n)
        a[Split && g == Gates - 1 ? Gates : g][n] += v * weight<T>(of_gate + n * O::columns, part);
    }
  }
}

// Where a step reads and writes, all [units] but x [in] and keep [kept][units]; next, y and keep may be null.
template <class T> struct StepMemory {
  const T *x, *h;
  T *carry, *next = nullptr, *y = nullptr, *keep = nullptr,
            *reset = nullptr;                // reset: R(r) h, for cells that reset before
  const T* mask = nullptr;                   // null: every sample takes this step
  const T *of_x = nullptr, *of_h = nullptr;  // factors of both
};

// The value of a step, or where it is masked what was there before.
template <class T, class V, class Part>
[[gnu::always_inline]] inline V unless_masked(const T* mask, V value, const T* before, Part part) {
  if (!mask) return value;
  return Operands<T>::x(mask) != V{} ? value : read(before, part);
}

template <bool Keep, bool Dropped, class T, class Cell>
[[gnu::always_inline]] inline void step(const Cell& cell, const RecurrentSize& size,
                                        const RecurrentWeights<Scalar<T>>& w, bool from_zero,
                                        const StepMemory<T>& m) {
  using V = Vec<Scalar<T>>;
  using O = Operands<T>;
  constexpr int gates = Cell::size.gates, sums = Cell::size.sums();
  const std::ptrdiff_t units = size.units, stride = gates * units;
  const int depth = from_zero ? 0 : size.units;
  unit_tiles<T, sums>(size.units, [&]<int N>(std::ptrdiff_t unit, auto part) __attribute__((always_inline)) {
    V a[sums][N];  // not `= {}`: g++ would clear it in memory
    const auto start = [&](auto has_bias) __attribute__((always_inline)) {
#pragma GCC unroll 32
      for (int s = 0; s < sums; ++s)
        each<N>([&](int n) __attribute__((always_inline)) {
          const std::ptrdiff_t at = unit + n * O::columns;
          V sum = {};
          if (has_bias && s < gates) sum = weight<T>(w.bias + s * units + at, part);
          if (has_bias && Cell::size.split && s != gates - 1)
            sum += weight<T>(w.recurrent_bias + std::min(s, gates - 1) * units + at, part);
          a[s][n] = sum;
        });
    };
    w.bias ? start(std::true_type{}) : start(std::false_type{});
    if constexpr (!Cell::size.resets_before) {
      add_products<gates, false, Dropped>(a, size.in, m.x, w.kernel + unit, stride, units, part, m.of_x,
                                          size.in);
      add_products<gates, Cell::size.split, Dropped>(a, depth, m.h, w.recurrent + unit, stride, units, part,
                                                     m.of_h, units);
      const auto at = [=](int n) __attribute__((always_inline)) { return unit + n * O::columns; };
      V h[N], carry[N];
      each<N>([&](int n) __attribute__((always_inline)) { h[n] = read(m.h + at(n), part); });
      each<N>([&](int n) __attribute__((always_inline)) {
        carry[n] = Cell::size.carried ? read(m.carry + at(n), part) : V{};
      });
      cell.forward(
          a, h, carry,
          [&](int slot, int n, V v) __attribute__((always_inline)) {
            if constexpr (Keep) write(m.keep + slot * units + at(n), v, part);
          },
          std::bool_constant<Keep>{});
      each<N>([&](int n) __attribute__((always_inline)) {
        h[n] = unless_masked(m.mask, h[n], m.h + at(n), part);
        if (Cell::size.carried)
          write(m.carry + at(n), unless_masked(m.mask, carry[n], m.carry + at(n), part), part);
        if (m.next) write(m.next + at(n), h[n], part);
        if (m.y) write(m.y + at(n), h[n], part);
      });
    } else {
      add_products<2, false, Dropped>(a, size.in, m.x, w.kernel + unit, stride, units, part, m.of_x, size.in);
      add_products<2, false, Dropped>(a, depth, m.h, w.recurrent + unit, stride, units, part, m.of_h, units);
      each<N>([&](int n) __attribute__((always_inline)) {
        const std::ptrdiff_t at = unit + n * O::columns;
        const V reset = cell.gate.value(a[1][n]);
        write(m.keep + at, cell.gate.value(a[0][n]), part);
        write(m.keep + units + at, reset, part);
        write(m.reset + at, reset * read(m.h + at, part), part);
      });
    }
  });
  if constexpr (Cell::size.resets_before)
    unit_tiles<T, 1>(size.units, [&]<int N>(std::ptrdiff_t unit, auto part) __attribute__((always_inline)) {
      V a[1][N];
      each<N>([&](int n) __attribute__((always_inline)) {
        a[0][n] = w.bias ? weight<T>(w.bias + 2 * units + unit + n * O::columns, part) : V{};
      });
      const std::ptrdiff_t in = size.in;
      add_products<1, false, Dropped>(a, size.in, m.x, w.kernel + 2 * units + unit, stride, 0, part,
                                      Dropped ? m.of_x + 2 * in : nullptr);
      add_products<1, false, Dropped>(a, depth, m.reset, w.recurrent + 2 * units + unit, stride, 0, part,
                                      Dropped ? m.of_h + 2 * units : nullptr);
#pragma GCC unroll 32
      for (int n = 0; n < N; ++n) {
        const std::ptrdiff_t at = unit + n * O::columns;
        const V update = read(m.keep + at, part), fresh = cell.activation.value(a[0][n]);
        const V h = unless_masked(m.mask, update * (read(m.h + at, part) - fresh) + fresh, m.h + at, part);
        write(m.keep + 2 * units + at, fresh, part);
        if (m.next) write(m.next + at, h, part);
        if (m.y) write(m.y + at, h, part);
      }
    });
}

}  // namespace detail

/// T's of memory per sample that recurrent_forward works with and, in training, leaves for the way back.
constexpr std::size_t recurrent_memory(const CellSize& cell, const RecurrentSize& n, bool training) {
  const std::int64_t units = n.units, steps = n.steps;
  return static_cast<std::size_t>(
      training ? units * (steps * (1 + cell.kept + cell.resets_before) + cell.carried)
               : units * (2 + cell.carried + (cell.resets_before ? 1 + cell.kept : 0)));
}

// How a training pass lays the memory of all samples out: what the cells keep, the recurrent inputs of all
// steps and, for cells that reset before, those after the reset; steps stand at their time in the input.
template <class T, class Cell> struct RecurrentMemory {
  T *keep, *h, *reset, *carry;

  RecurrentMemory(const RecurrentSize& n, int count, T* memory) {
    const std::ptrdiff_t all = static_cast<std::ptrdiff_t>(count) * n.steps * n.units;
    keep = memory;
    h = keep + Cell::size.kept * all;
    reset = h + all;
    carry = reset + (Cell::size.resets_before ? all : 0);
  }
};

/// y = the outputs of all steps or of the last, and the states that are returned, for `count` T's worth of
/// samples.
template <bool Training, bool Dropped = false, class T, class Cell>
[[gnu::noinline]] void recurrent_forward(const Cell& cell, const RecurrentSize& size,
                                         const RecurrentWeights<Scalar<T>>& w, int count, const T* x, T* y,
                                         const RecurrentContext<T>& context, T* memory) {
  const std::ptrdiff_t units = size.units, steps = size.steps;
  const RecurrentMemory<T, Cell> kept(size, count, memory);
  for (std::ptrdiff_t i = 0; i < count; ++i, x += steps * size.in, y += size.outputs()) {
    T* const carry = Training ? kept.carry : memory + 2 * units;
    const auto input = [&](int step) {  // the recurrent input of a step
      return Training ? kept.h + (i * steps + size.time(step)) * units : memory + step % 2 * units;
    };
    const auto begin = [&](T* at, const T* from) {
      if (from)
        std::copy_n(from + i * context.apart, units, at);
      else
        std::fill_n(reinterpret_cast<Scalar<T>*>(at), units * Unit<T>::samples, Scalar<T>{});
    };
    begin(input(0), context.begin[0]);
    if (Cell::size.carried) begin(carry, context.begin[1]);
    for (int s = 0; s < size.steps; ++s) {
      const std::ptrdiff_t time = size.time(s), row = i * steps + time;
      const bool last = s + 1 == size.steps;
      detail::StepMemory<T> m{.x = x + time * size.in, .h = input(s), .carry = carry};
      m.next = last ? nullptr : input(s + 1);
      m.y = size.sequences ? y + s * units : last ? y : nullptr;
      m.keep = Training                   ? kept.keep + row * Cell::size.kept * units
               : Cell::size.resets_before ? memory + 3 * units
                                          : nullptr;
      if (Cell::size.resets_before) m.reset = Training ? kept.reset + row * units : memory + 2 * units;
      if (context.mask) m.mask = context.mask + row;
      if constexpr (Dropped) {
        m.of_x = context.factors + i * Cell::size.gates * (size.in + units);
        m.of_h = m.of_x + Cell::size.gates * size.in;
      }
      detail::step<Training, Dropped>(cell, size, w, s == 0 && !context.begin[0], m);
    }
    const auto leave = [&](T* at) {
      std::copy_n(y + (size.output_rows() - 1) * units, units, at);
      if (Cell::size.carried) std::copy_n(carry, units, at + units);
    };
    if (context.kept) leave(context.kept + i * (1 + Cell::size.carried) * units);
    if (size.returned > 0) leave(y + size.output_rows() * units);
  }
}

/// Scalars of scratch that recurrent_backward needs.
template <class T>
constexpr std::size_t recurrent_scratch(const CellSize& cell, const RecurrentSize& n, int count,
                                        bool dropped) {
  const auto size = [](auto... factors) {
    return (static_cast<std::size_t>(factors) * ... * std::size_t{1});
  };
  return size(cell.gates, n.units, n.units + n.in) +
         size(1 + (cell.split || cell.resets_before), count, n.steps, cell.gates, n.units, Unit<T>::samples) +
         size(2 * cell.gates + 3, n.units, Unit<T>::samples) + lanes<Scalar<T>> +
         (dropped
              ? size(std::int64_t{count} * n.steps + 1, n.units + std::max(n.units, n.in), Unit<T>::samples)
              : 0);
}

namespace detail {

// to[c][r] = from[r][c].
template <class S> void transpose_matrix(int rows, int columns, const S* from, S* to) {
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      to[static_cast<std::ptrdiff_t>(c) * rows + r] = from[static_cast<std::ptrdiff_t>(r) * columns + c];
}

// y[column] (+)= sum over k of x[k] * w[k][column]: a row times a matrix.
template <bool Add, class T>
[[gnu::always_inline]] inline void row_product(int depth, const T* x, const Scalar<T>* w, int columns, T* y) {
  using O = Operands<T>;
  unit_tiles<T, 1>(columns, [&]<int N>(std::ptrdiff_t column, auto part) __attribute__((always_inline)) {
    Vec<Scalar<T>> a[1][N];
    each<N>([&](int n) __attribute__((always_inline)) {
      a[0][n] = Add ? read(y + column + n * O::columns, part) : Vec<Scalar<T>>{};
    });
    add_products<1, false>(a, depth, x, w + column, columns, 0, part);
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n) write(y + column + n * O::columns, a[0][n], part);
  });
}

// A row of T's becomes a row for each sample.
template <class T> [[gnu::always_inline]] inline void to_rows(const T* from, int n, Scalar<T>* rows) {
  if constexpr (Unit<T>::samples > 1)
    lanes_to_rows(from, n, Unit<T>::samples, rows);
  else
    std::copy_n(from, n, rows);
}

}  // namespace detail

/// What the way back through time leaves for the gradients of the weights: the gradients of each step's sums,
/// in rows of samples, and the recurrent inputs that met the weights.
template <class T> struct StepGradients {
  const Scalar<T>*of_inputs, *of_recurrent;
  const T *h, *reset;
  T* operand;  // room for those of one gate behind dropout, and for the gradients of its sums
  Scalar<T>* of_gate;
};

/// The way back through time: dx, and dbegin of the states where the steps began, [units] each; null when
/// nobody wants them. What it returns lies in `memory` and `scratch`.
template <bool Dropped = false, class T, class Cell>
[[gnu::noinline]] StepGradients<T> recurrent_backward(const Cell& cell, const RecurrentSize& size,
                                                      const RecurrentWeights<Scalar<T>>& w, int count,
                                                      const T* mask, const T* factors, const T* dy, T* dx,
                                                      T* const (&dbegin)[2], const T* memory,
                                                      Scalar<T>* scratch) {
  using S = Scalar<T>;
  using V = Vec<S>;
  constexpr int L = Unit<T>::samples, gates = Cell::size.gates;
  constexpr bool twice =
      Cell::size.split || Cell::size.resets_before;  // the recurrent kernel has gradient rows of its own
  const int units = size.units, columns = gates * units;
  const std::ptrdiff_t steps = size.steps, rows = count * steps,
                       row_size = static_cast<std::ptrdiff_t>(columns) * L,
                       values = static_cast<std::ptrdiff_t>(units) * L;
  const RecurrentMemory<T, Cell> kept(size, count, const_cast<T*>(memory));

  // In scratch, from a whole vector on.
  const std::size_t behind = reinterpret_cast<std::uintptr_t>(scratch) / sizeof(S) % lanes<S>;
  if (behind > 0) scratch += lanes<S> - behind;
  T* const d = reinterpret_cast<T*>(scratch);  // the gradients of a step's sums: of inputs, then recurrent
  T* const du = twice ? d + columns : d;
  T *const dh = d + 2 * columns, *const dc = dh + units, *const dreset = dc + units;
  T* const spare = dreset + units;  // [in] or [units]
  const std::ptrdiff_t deep = std::max(size.in, units);
  S* const d_rows = reinterpret_cast<S*>(spare + (Dropped ? deep : 0));
  S* const du_rows = twice ? d_rows + rows * row_size : d_rows;
  T* const operand = reinterpret_cast<T*>(du_rows + rows * row_size);
  S* const of_gate = reinterpret_cast<S*>(operand + (Dropped ? rows * deep : 0));
  S* const recurrent =
      of_gate + (Dropped ? rows * values : 0);  // both kernels with rows and columns exchanged
  S* const kernel = recurrent + static_cast<std::ptrdiff_t>(columns) * units;
  detail::transpose_matrix(units, columns, w.recurrent, recurrent);
  if (dx) detail::transpose_matrix(size.in, columns, w.kernel, kernel);

  for (std::ptrdiff_t i = 0; i < count; ++i, dy += size.outputs()) {
    // to[n] (+)= d of `some` gates times their weights, each times its factors, which begin at `place`.
    const std::ptrdiff_t of_x = 0, of_h = gates * std::ptrdiff_t{size.in};
    const auto product = [&]<bool Add>(std::bool_constant<Add> add, int some, const T* of_sums,
                                       const S* weights, int n, T* to,
                                       [[maybe_unused]] std::ptrdiff_t place) __attribute__((always_inline)) {
      if constexpr (!Dropped) {
        detail::row_product<Add>(some * units, of_sums, weights, n, to);
      } else {
        if (!add) std::fill_n(scalars(to), n * L, S{});
        for (std::ptrdiff_t g = 0; g < some; ++g) {
          detail::row_product<false>(units, of_sums + g * units, weights + g * units * n, n, spare);
          S* const sum = scalars(to);
          const S *const part_of_it = scalars(spare), *const factor =
                                                          scalars(factors + i * gates * (size.in + units) +
                                                                  place + g * n);
          for_each_vector<S>(std::ptrdiff_t{n} * L, [&](std::ptrdiff_t at, auto part) {
            part.store(sum + at, part.load(sum + at) + part.load(part_of_it + at) * part.load(factor + at));
          });
        }
      }
    };
    std::fill_n(scalars(dh), 2 * values, S{});  // and dc behind it
    std::copy_n(dy + size.output_rows() * units, size.returned * units, dh);
    for (int s = size.steps - 1; s >= 0; --s) {
      const std::ptrdiff_t row = i * steps + size.time(s);
      const S* const h = scalars(kept.h + row * units);
      const S* const keep = scalars(kept.keep + row * Cell::size.kept * units);
      const S* const out = scalars(size.sequences ? dy + s * units : s + 1 == steps ? dy : nullptr);
      const bool goes_on = s > 0 || dbegin[0];
      const V on = mask ? Operands<T>::x(mask + row) : V{};
      const auto passes = [&](V v, V otherwise) __attribute__((always_inline)) {
        return mask ? (on != V{} ? v : otherwise) : v;
      };
      S *const gradients = scalars(d), *const of_recurrent = scalars(du), *const of_output = scalars(dh),
               *const of_carry = scalars(dc), *const of_reset = scalars(dreset);
      if constexpr (!Cell::size.resets_before) {
        for_each_vector<S>(values, [&](std::ptrdiff_t at, auto part) __attribute__((always_inline)) {
          V k[Cell::size.kept], dz[Cell::size.sums()], carry = part.load(of_carry + at),
                                                       total = part.load(of_output + at);
          if (out) total += part.load(out + at);
#pragma GCC unroll 32
          for (int j = 0; j < Cell::size.kept; ++j) k[j] = part.load(keep + j * values + at);
          const V of_next = carry, direct = cell.backward(k, part.load(h + at), total, carry, dz);
          part.store(of_output + at, passes(direct, total));
          if (Cell::size.carried) part.store(of_carry + at, passes(carry, of_next));
#pragma GCC unroll 32
          for (int g = 0; g < gates; ++g) {
            part.store(gradients + g * values + at, passes(dz[g], V{}));
            if (Cell::size.split)
              part.store(of_recurrent + g * values + at, passes(dz[g == gates - 1 ? gates : g], V{}));
          }
        });
        if (goes_on) product(std::true_type{}, gates, du, recurrent, units, dh, of_h);
      } else {
        for_each_vector<S>(values, [&](std::ptrdiff_t at, auto part) __attribute__((always_inline)) {
          V total = part.load(of_output + at);
          if (out) total += part.load(out + at);
          const V update = part.load(keep + at), fresh = part.load(keep + 2 * values + at);
          const V before = part.load(h + at);
          const V of_gate = total * (before - fresh) * cell.gate.derivative(update),
                  of_fresh = total * (1 - update) * cell.activation.derivative(fresh);
          part.store(gradients + at, passes(of_gate, V{}));
          part.store(gradients + 2 * values + at, passes(of_fresh, V{}));
          part.store(of_output + at, passes(total * update, total));
        });
        product(std::false_type{}, 1, d + 2 * units, recurrent + std::ptrdiff_t{2} * units * units, units,
                dreset, of_h + std::ptrdiff_t{2} * units);
        for_each_vector<S>(values, [&](std::ptrdiff_t at, auto part) __attribute__((always_inline)) {
          const V reset = part.load(keep + values + at), by_reset = part.load(of_reset + at);
          part.store(gradients + values + at, by_reset * part.load(h + at) * cell.gate.derivative(reset));
          part.store(of_output + at, by_reset * reset + part.load(of_output + at));
        });
        if (goes_on) product(std::true_type{}, 2, d, recurrent, units, dh, of_h);
      }
      if (dx) product(std::false_type{}, gates, d, kernel, size.in, dx + row * size.in, of_x);
      detail::to_rows(d, columns, d_rows + row * row_size);
      if (Cell::size.split) detail::to_rows(du, columns, du_rows + row * row_size);
      if (Cell::size.resets_before) {
        detail::to_rows(d, 2 * units, du_rows + row * 2 * values);
        detail::to_rows(d + 2 * units, units, du_rows + rows * 2 * values + row * values);
      }
    }
    for (int state = 0; state < 2; ++state)
      if (dbegin[state]) std::copy_n(state == 0 ? dh : dc, units, dbegin[state] + i * units);
  }

  return {d_rows, du_rows, kept.h, kept.reset, operand, of_gate};
}

/// The gradients of kernel, recurrent kernel and bias behind recurrent_backward, handed on as outer_product
/// does: take.of(parameter, columns, first)(row, column, tile, part).
template <bool Dropped = false, class T>
[[gnu::noinline]] void recurrent_weight_gradients(const CellSize& cell, const RecurrentSize& size,
                                                  bool has_bias, int count, const T* x, const T* factors,
                                                  const StepGradients<T>& d, auto take) {
  using S = Scalar<T>;
  const int units = size.units, columns = cell.gates * units;
  const std::ptrdiff_t rows = static_cast<std::ptrdiff_t>(count) * size.steps,
                       samples = rows * Unit<T>::samples;
  const auto hand_on = [&](int parameter, int n, const T* operand, int depth, const S* of, int first) {
    outer_product(static_cast<int>(rows), depth, operand, of, n, take.of(parameter, columns, first));
  };
  // One gate after the other: each has inputs of its own. `of` holds the sums' gradients of `width` gates.
  [[maybe_unused]] const auto hand_on_gate = [&](int parameter, int g, const T* from, int depth, const S* of,
                                                 int width, int at) {
    constexpr std::ptrdiff_t L = Unit<T>::samples;
    const std::ptrdiff_t before = parameter == 0 ? g * size.in : cell.gates * size.in + g * units;
    for (std::ptrdiff_t row = 0; row < rows; ++row) {
      const T* const factor = factors + row / size.steps * cell.gates * (size.in + units) + before;
      for (std::ptrdiff_t k = 0; k < depth; ++k)
        d.operand[row * depth + k] = from[row * depth + k] * factor[k];
    }
    for (std::ptrdiff_t sample = 0; sample < rows * L; ++sample)
      std::copy_n(of + sample * width * units + at * units, units, d.of_gate + sample * units);
    hand_on(parameter, units, d.operand, depth, d.of_gate, g * units);
  };
  if constexpr (Dropped) {
    for (int g = 0; g < cell.gates; ++g) {
      hand_on_gate(0, g, x, size.in, d.of_inputs, cell.gates, g);
      if (!cell.resets_before)
        hand_on_gate(1, g, d.h, units, d.of_recurrent, cell.gates, g);
      else if (g < 2)
        hand_on_gate(1, g, d.h, units, d.of_recurrent, 2, g);
      else
        hand_on_gate(1, g, d.reset, units, d.of_recurrent + samples * 2 * units, 1, 0);
    }
  } else if (hand_on(0, columns, x, size.in, d.of_inputs, 0); cell.resets_before) {
    hand_on(1, 2 * units, d.h, units, d.of_recurrent, 0);
    hand_on(1, units, d.reset, units, d.of_recurrent + samples * 2 * units, 2 * units);
  } else {
    hand_on(1, columns, d.h, units, d.of_recurrent, 0);
  }
  if (!has_bias) return;
  const auto sum_rows = [&](const S* of, int bias) {
    for_each_vector<S>(columns, [&](std::ptrdiff_t column, auto part) {
      Vec<S> sum[1][1] = {};
      for (std::ptrdiff_t r = 0; r < samples; ++r) sum[0][0] += part.load(of + r * columns + column);
      take.of(2, columns, bias)(0, static_cast<int>(column), sum, part);
    });
  };
  sum_rows(d.of_inputs, 0);
  if (cell.split) sum_rows(d.of_recurrent, columns);
}

}  // namespace keratin::kernels
