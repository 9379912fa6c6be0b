#pragma once
// ConvLSTM1D and ConvLSTM2D: an LSTM whose products are convolutions, for sequences of sequences or of
// images.
#include <keratin/layers/convolution.hpp>
#include <keratin/layers/recurrent.hpp>

namespace keratin {

namespace functional {  // met by graphs only
inline constexpr Rule needs_states_like_its_output{"an initial state needs the shape of a step's output"};
}  // namespace functional
inline constexpr Rule needs_sequences_TxWxC{"needs a sequence of sequences: (steps, width, channels)"};
inline constexpr Rule needs_images_TxHxWxC{"needs a sequence of images: (steps, height, width, channels)"};

/// Keras: ConvLSTM1D (Rank 1), ConvLSTM2D (Rank 2). (steps, ..., channels) -> (..., filters), or with
/// ReturnSequences (steps, ..., filters). The inputs are convolved as kernel_size, strides, padding and
/// dilation_rate say; the outputs of the step before by kernels of the same size with padding same. kernel
/// (kernel_size..., channels, 4 filters), recurrent_kernel (kernel_size..., filters, 4 filters), bias (4
/// filters); gates i f c o as in LSTM. Dropout and recurrent dropout give each gate inputs of its own, at all
/// steps of a sample the same ones. In a graph it may begin with states, output and cell, and return them.
template <int Rank> struct ConvLSTMSpec {
  int filters = 0;
  Sizes<Rank> kernel_size = detail::per_axis<Rank, 1>();
  Sizes<Rank> strides = detail::per_axis<Rank, 1>();
  Padding padding = Padding::valid;
  Sizes<Rank> dilation_rate = detail::per_axis<Rank, 1>();
  ActivationFunction activation = Tanh{}, recurrent_activation = Sigmoid{};
  bool use_bias = true, unit_forget_bias = true, return_sequences = false, go_backwards = false,
       return_state = false;
  bool initial_state = false;  // set by a graph, for a call that is given them
  double dropout = 0, recurrent_dropout = 0;
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer recurrent_initializer = Orthogonal<>::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, recurrent_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, recurrent_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};

  using Convolution = ConvSpec<Rank>;
  static constexpr const char* name = Rank == 1 ? "ConvLSTM1D" : "ConvLSTM2D";
  static constexpr const char* arguments = "filters, ...";
  static constexpr bool activates_inside = true, may_be_causal = false;
  static constexpr const char* weights_in = "cell";  // in Keras's files

  constexpr int inputs() const { return initial_state ? 3 : 1; }
  constexpr int states() const { return 2; }
  /// The tensors that a graph takes out of what it makes: the output, then the states.
  constexpr PerInput<SliceSpec> pieces() const {
    return detail::sequence_and_states(return_sequences, states());
  }

  constexpr Fit fit(const Shapes& all) const {
    const Shape& in = all;
    if (in.rank != Rank + 2) return Rank == 1 ? needs_sequences_TxWxC : needs_images_TxHxWxC;
    if (filters < 1) return needs_at_least_1_filter;
    for (const double rate : {dropout, recurrent_dropout})
      if (!(rate >= 0 && rate <= 1)) return needs_a_rate_from_0_to_1;
    if (filters > INT32_MAX / 4) return more_than_2_31_elements;
    if (!works_value_by_value(activation) || !works_value_by_value(recurrent_activation))
      return needs_an_activation_value_by_value;
    if (input_needed_by(activation) || input_needed_by(recurrent_activation))
      return needs_an_activation_known_by_its_result;
    const Fit of_input = of_inputs().fit(step(in));
    if (of_input.broken) return *of_input.broken;
    const Fit recurrent = of_outputs().fit(made(in));
    if (recurrent.broken) return recurrent;
    for (int i = 1; i < inputs() && i < all.count; ++i)
      if (all[i] != made(in)) return {functional::needs_states_like_its_output, made(in), i};
    if (!return_sequences && !return_state) return made(in);
    Shape rows = in;
    rows.extent[0] = (return_sequences ? in[0] : 1) + (return_state ? states() : 0);
    for (int a = 1; a < in.rank; ++a) rows.extent[a] = made(in)[a - 1];
    return rows.elements() > INT32_MAX ? Fit(more_than_2_31_elements) : Fit(rows);
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add(of_inputs().parameters(step(in))[0]).constrain(kernel_constraint);
    p.add(of_outputs().parameters(made(in))[0]).constrain(recurrent_constraint);
    p.list[1].name = "recurrent_kernel";
    p.list[1].regularizer = recurrent_regularizer;
    if (!use_bias) return p;
    p.add({"bias", {4 * filters}, bias_initializer, bias_regularizer}).constrain(bias_constraint);
    p.list[2].initializer.unit_forget = unit_forget_bias;
    return p;
  }
  constexpr Traits traits() const {
    return {.reads_output = false,
            .finishes = true,
            .lanes = true,
            .writes_over_gradient = false,
            .knows_samples = dropout > 0 || recurrent_dropout > 0,
            .by_sample = true};
  }
  constexpr bool passes_mask() const { return false; }
  constexpr bool masks_change_it() const { return true; }
  constexpr double flops(Shape in) const {
    return in[0] * (of_inputs().flops(step(in)) + of_outputs().flops(made(in)));
  }

  struct Geometry {
    typename Convolution::Geometry of_inputs, of_outputs;
    ActivationFunction activation, recurrent_activation;
    int steps, positions, filters;
    bool use_bias, sequences, backwards, initial_state, return_state;
    // With dropout the gates' inputs lie side by side, in so many groups; values of a step's input.
    double dropout, recurrent_dropout;
    typename Convolution::Geometry of_dropped_inputs, of_dropped_outputs;
    int in, channels;

    /// Values of a step's output; its gates are four times as many.
    constexpr std::ptrdiff_t step() const { return std::ptrdiff_t{positions} * filters; }
    constexpr int time(int s) const { return backwards ? steps - 1 - s : s; }
    /// Steps that are made: the outputs, then the states.
    constexpr int outputs() const { return sequences ? steps : 1; }
    constexpr int rows() const { return outputs() + (return_state ? 2 : 0); }
    /// Values of a sample that training keeps of dropped inputs, and of outputs and their factors.
    constexpr std::ptrdiff_t kept_inputs() const { return dropout > 0 ? 4 * std::ptrdiff_t{steps} * in : 0; }
    constexpr std::ptrdiff_t kept_outputs() const { return recurrent_dropout > 0 ? 4 * step() : 0; }
  };
  constexpr Geometry geometry(Shape in) const {
    const Shape out = made(in);
    return {of_inputs().geometry(step(in)),
            of_outputs().geometry(out),
            activation,
            recurrent_activation,
            in[0],
            out.size() / filters,
            filters,
            use_bias,
            return_sequences,
            go_backwards,
            initial_state,
            return_state,
            dropout,
            recurrent_dropout,
            in_groups(of_inputs()).geometry(four_times(step(in))),
            in_groups(of_outputs()).geometry(four_times(out)),
            in.size() / in[0],
            in.last()};
  }
  /// The gates of all steps, then cells and outputs of all steps, and the recurrent part of one step's gates;
  /// in training also what dropout leaves.
  constexpr std::size_t intermediate(Shape in, bool training) const {
    const Geometry g = geometry(in);
    const std::ptrdiff_t kept = training ? g.kept_inputs() + g.kept_outputs() : 0;
    return static_cast<std::size_t>(g.step() * (6 * std::ptrdiff_t{g.steps} + 4) + kept);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Scratch<T>(g, count).end;
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const int count = c.count;
    const Memory<T> at(g, count, c.intermediate);
    LayerPlan row;
    Forward<T> inputs{count * g.steps, c.x, at.gates, c.block, &row, nullptr};
    row.tensors = c.layer->tensors.only(0, 2);
    const bool drops_inputs = c.keeps() && g.dropout > 0,
               drops_outputs = c.keeps() && g.recurrent_dropout > 0;
    if (drops_inputs) {
      drop_inputs(g, count, c.run.random, c.x, at.kept);
      inputs.x = at.kept;
      Convolution::forward(g.of_dropped_inputs, inputs);
    } else {
      Convolution::forward(of_inputs(geometry), inputs);
    }
    row.tensors = c.layer->tensors.only(1);
    for (int s = 0; s < g.steps; ++s) {
      const Before<T> before = at.before(g, s, c);
      if (before.output && drops_outputs) {
        drop_outputs(g, count, c.run.random, before.output, at.kept_outputs);
        Convolution::forward(g.of_dropped_outputs,
                             Forward<T>{count, at.kept_outputs, at.part, c.block, &row, nullptr});
      } else if (before.output) {
        const Forward<T, Count> outputs{c.count, before.output, at.part, c.block, &row, nullptr};
        Convolution::forward(of_outputs(geometry), outputs);
      }
      detail::with_activations(geometry, [&](auto a, auto r) { step(g, a, r, count, s, before.cell, at); });
    }
    const std::ptrdiff_t n = g.step();
    const int last = g.steps - 1, first = g.steps - g.outputs();
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      T* y = c.y + i * g.rows() * n;
      for (int s = first; s < g.steps; ++s) y = std::copy_n(at.outputs_of(s) + i * n, n, y);
      if (!g.return_state) continue;
      y = std::copy_n(at.outputs_of(last) + i * n, n, y);
      std::copy_n(at.cells_of(last) + i * n, n, y);
    }
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const Memory<T> at(g, c.count, const_cast<T*>(c.intermediate));
    const Scratch<T> room(g, c.count);
    const auto of = [&](std::size_t offset) { return reinterpret_cast<T*>(c.scratch + offset); };
    T *const dgates = of(room.gates), *const dstep = of(room.step), *const dh = of(room.output),
             *const dcell = of(room.cell);
    S* const sums = c.scratch + room.weights;
    std::fill(c.scratch + room.output, c.scratch + room.convolution, S{});
    const std::ptrdiff_t n = g.step();
    for (std::ptrdiff_t i = 0; i < c.count && g.return_state; ++i) {
      const T* const d = c.dy + (i * g.rows() + g.outputs()) * n;
      std::copy_n(d, n, dh + i * n);
      std::copy_n(d + n, n, dcell + i * n);
    }
    const Tensors recurrent = c.tensors->only(1), of_both = c.tensors->only(0, 2);
    Backward<T> inner = c;
    inner.scratch = c.scratch + room.convolution;
    inner.tensors = &recurrent;
    inner.dy = dstep;
    const bool drops_inputs = c.run.keeps() && g.dropout > 0,
               drops_outputs = c.run.keeps() && g.recurrent_dropout > 0;
    T* const ddropped = of(room.dropped);
    for (int s = g.steps - 1; s >= 0; --s) {
      const Before<T> before = at.before(g, s, c);
      detail::with_activations(geometry, [&](auto a, auto r) {
        step_back(g, a, r, c.count, s, before.cell, at, c.dy, dgates, dstep, dh, dcell);
      });
      if (!before.output) continue;
      if (drops_outputs) {
        drop_outputs(g, c.count, c.run.random, before.output, at.kept_outputs);
        inner.x = at.kept_outputs;
        inner.dx = ddropped;
        Convolution::backward(g.of_dropped_outputs, inner, Sums<S>{sums});
        join_outputs(g, c.count, c.run.random, ddropped, dh);
        continue;
      }
      inner.x = before.output;
      inner.dx = dh;
      Convolution::backward(of_outputs(geometry), inner, Sums<S>{sums});
    }
    for (int k = 0; k < 2 && g.initial_state; ++k)
      if (T* const to = c.input_gradient(1 + k)) std::copy_n(k == 0 ? dh : dcell, c.count * n, to);
    gradients.take(1, 0, static_cast<int>(g.of_outputs.size.weights()), sums);
    inner.tensors = &of_both;
    inner.count = c.count * g.steps;
    inner.x = c.x;
    inner.dy = dgates;
    inner.dx = c.dx;
    if (!drops_inputs)
      return Convolution::backward(of_inputs(geometry), inner, KernelAndBias<decltype(gradients)>{gradients});
    inner.x = at.kept;
    if (c.dx) inner.dx = ddropped;
    Convolution::backward(g.of_dropped_inputs, inner, KernelAndBias<decltype(gradients)>{gradients});
    if (c.dx) join_inputs(g, c.count, c.run.random, ddropped, c.dx);
  }

 private:
  static constexpr Shape step(const Shape& in) {
    Shape one;
    for (int a = 1; a <= Rank + 1; ++a) one.extent[one.rank++] = in[a];
    return one;
  }
  constexpr Convolution of_inputs() const {
    return {.filters = 4 * filters,
            .kernel_size = kernel_size,
            .strides = strides,
            .padding = padding,
            .dilation_rate = dilation_rate,
            .use_bias = use_bias,
            .kernel_initializer = kernel_initializer,
            .kernel_regularizer = kernel_regularizer};
  }
  constexpr Convolution of_outputs() const {
    return {.filters = 4 * filters,
            .kernel_size = kernel_size,
            .padding = Padding::same,
            .use_bias = false,
            .kernel_initializer = recurrent_initializer,
            .kernel_regularizer = recurrent_regularizer};
  }
  // The gates' inputs side by side on the last axis, one group a gate: the kernel is the same.
  static constexpr Convolution in_groups(Convolution one) {
    one.groups = 4;
    return one;
  }
  static constexpr Shape four_times(const Shape& in) { return in.with_last(4 * in.last()); }
  constexpr Shape made(const Shape& in) const { return of_inputs().fit(step(in)).out.with_last(filters); }

  template <class G> static constexpr auto of_inputs(G geometry) {
    if constexpr (is_fixed<G>)
      return fixed<G::value.of_inputs>{};
    else
      return geometry.of_inputs;
  }
  template <class G> static constexpr auto of_outputs(G geometry) {
    if constexpr (is_fixed<G>)
      return fixed<G::value.of_outputs>{};
    else
      return geometry.of_outputs;
  }

  // What a step goes on from, [count]; null: zeros.
  template <class T> struct Before {
    const T *output = nullptr, *cell = nullptr;
  };
  // Where a pass keeps what: the gates lie as the inputs do, [count][steps]; cells and outputs
  // [steps][count].
  template <class T> struct Memory {
    T *gates, *cells, *outputs, *part, *kept, *kept_outputs;
    std::ptrdiff_t batch;

    Memory(const Geometry& g, int count, T* memory) : gates(memory), batch(count * g.step()) {
      cells = gates + 4 * g.steps * batch;
      outputs = cells + g.steps * batch;
      part = outputs + g.steps * batch;
      kept = part + 4 * batch;
      kept_outputs = kept + count * g.kept_inputs();
    }
    T* cells_of(int s) const { return cells + s * batch; }
    T* outputs_of(int s) const { return outputs + s * batch; }
    Before<T> before(const Geometry& g, int s, const auto& pass) const {
      if (s > 0) return {outputs_of(s - 1), cells_of(s - 1)};
      return g.initial_state ? Before<T>{pass.input(1), pass.input(2)} : Before<T>{};
    }
  };
  // In scalars: the gradients of all gates, those of one step's, of its output and cell, the sums for the
  // recurrent kernel, and what a convolution works with.
  template <class T> struct Scratch {
    std::size_t gates = 0, step, output, cell, weights, dropped, convolution, end;

    constexpr Scratch(const Geometry& g, int count) {
      const auto room = [](std::ptrdiff_t n) {
        return aligned(static_cast<std::size_t>(n) * Unit<T>::samples);
      };
      const std::ptrdiff_t batch = count * g.step();
      step = room(4 * g.steps * batch);
      output = step + room(4 * batch);
      cell = output + room(batch);
      weights = cell + room(batch);
      dropped = weights + aligned(static_cast<std::size_t>(g.of_outputs.size.weights()));
      convolution = dropped + room(count * std::max(g.kept_inputs(), g.kept_outputs()));
      const auto most = [&](const auto& of_inputs, const auto& of_outputs) {
        return std::max(Convolution::template scratch<T>(of_inputs, count * g.steps),
                        Convolution::template scratch<T>(of_outputs, count));
      };
      end = convolution +
            std::max(most(g.of_inputs, g.of_outputs), g.dropout > 0 || g.recurrent_dropout > 0
                                                          ? most(g.of_dropped_inputs, g.of_dropped_outputs)
                                                          : std::size_t{0});
    }
  };
  // f(a T's number, a value's place among those of a step, the factor of each gate's copy of it, of Keras's
  // four masks for inputs, or behind those for outputs).
  template <class T>
  static void each_factor(const Geometry& g, int count, const Random& random, bool outputs, auto f) {
    using Recurrent = detail::Recurrent<LSTMSpec>;
    const Kept<Scalar<T>> kept(outputs ? g.recurrent_dropout : g.dropout);
    const std::ptrdiff_t n = outputs ? g.step() : g.in, before = outputs ? 4 * std::ptrdiff_t{g.in} : 0,
                         of_sample = 4 * (g.in + g.step());
    for (std::ptrdiff_t i = 0; i < count; ++i)
      for (std::ptrdiff_t k = 0; k < n; ++k) {
        T factors[4];
        for (int gate = 0; gate < 4; ++gate)
          factors[gate] = Recurrent::template draw<T>(random, kept, i, of_sample, before + gate * n + k);
        f(i, k, factors);
      }
  }
  template <class S> using Kept = detail::Kept<S>;
  // Where gate 0's copy of a value stands among the copies of a step; the next gate's is `width` behind.
  static std::ptrdiff_t place(std::ptrdiff_t k, std::ptrdiff_t width) {
    return k / width * 4 * width + k % width;
  }
  template <class T>
  static void drop_inputs(const Geometry& g, int count, const Random& random, const T* x, T* to) {
    each_factor<T>(g, count, random, false, [&](std::ptrdiff_t i, std::ptrdiff_t k, const T* factors) {
      for (std::ptrdiff_t row = i * g.steps; row < (i + 1) * g.steps; ++row)
        for (int gate = 0; gate < 4; ++gate)
          to[4 * row * g.in + place(k, g.channels) + gate * g.channels] = x[row * g.in + k] * factors[gate];
    });
  }
  template <class T>
  static void join_inputs(const Geometry& g, int count, const Random& random, const T* from, T* dx) {
    each_factor<T>(g, count, random, false, [&](std::ptrdiff_t i, std::ptrdiff_t k, const T* factors) {
      for (std::ptrdiff_t row = i * g.steps; row < (i + 1) * g.steps; ++row) {
        T sum = from[4 * row * g.in + place(k, g.channels)] * factors[0];
        for (int gate = 1; gate < 4; ++gate)
          sum += from[4 * row * g.in + place(k, g.channels) + gate * g.channels] * factors[gate];
        dx[row * g.in + k] = sum;
      }
    });
  }
  template <class T>
  static void drop_outputs(const Geometry& g, int count, const Random& random, const T* h, T* to) {
    each_factor<T>(g, count, random, true, [&](std::ptrdiff_t i, std::ptrdiff_t k, const T* factors) {
      for (int gate = 0; gate < 4; ++gate)
        to[4 * i * g.step() + place(k, g.filters) + gate * g.filters] = h[i * g.step() + k] * factors[gate];
    });
  }
  template <class T>
  static void join_outputs(const Geometry& g, int count, const Random& random, const T* from, T* dh) {
    each_factor<T>(g, count, random, true, [&](std::ptrdiff_t i, std::ptrdiff_t k, const T* factors) {
      T sum = from[4 * i * g.step() + place(k, g.filters)] * factors[0];
      for (int gate = 1; gate < 4; ++gate)
        sum += from[4 * i * g.step() + place(k, g.filters) + gate * g.filters] * factors[gate];
      dh[i * g.step() + k] = sum;
    });
  }
  // The recurrent kernel's gradients of all steps.
  template <class S> struct Sums {
    S* sums;
    void take(int, std::ptrdiff_t first, int n, const S* g) const {
      for (int i = 0; i < n; ++i) sums[first + i] += g[i];
    }
  };
  // Kernel and bias are the first and the third parameter.
  template <class Gradients> struct KernelAndBias {
    Gradients gradients;
    template <class S> void take(int i, std::ptrdiff_t first, int n, const S* g) const {
      gradients.take(2 * i, first, n, g);
    }
  };

  // f(where a vector lies in a step's output, and in its gates) for the positions of a sample.
  template <class T> [[gnu::always_inline]] static void each_vector(const Geometry& g, auto f) {
    const std::ptrdiff_t values = std::ptrdiff_t{g.filters} * Unit<T>::samples;
    for (std::ptrdiff_t p = 0; p < g.positions; ++p)
      kernels::for_each_vector<Scalar<T>>(
          values, [&](std::ptrdiff_t v, auto part)
                      __attribute__((always_inline)) { f(p * values + v, 4 * p * values + v, part); });
  }
  // Step s after its convolutions; the activated gates stay.
  template <class A, class R, class T>
  [[gnu::noinline]] static void step(const Geometry& g, A a, R r, int count, int s, const T* cells_before,
                                     const Memory<T>& at) {
    using V = kernels::Vec<Scalar<T>>;
    const std::ptrdiff_t n = g.step(), apart = std::ptrdiff_t{g.filters} * Unit<T>::samples;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      auto* const gates = scalars(at.gates + (i * g.steps + g.time(s)) * 4 * n);
      const auto* const recurrent = scalars(at.part + i * 4 * n);
      const auto* const before = cells_before ? scalars(cells_before + i * n) : nullptr;
      auto *const cell = scalars(at.cells_of(s) + i * n), *const out = scalars(at.outputs_of(s) + i * n);
      each_vector<T>(g,
                     [&](std::ptrdiff_t to, std::ptrdiff_t from, auto part) __attribute__((always_inline)) {
                       V z[4];
                       for (int k = 0; k < 4; ++k) {
                         z[k] = part.load(gates + from + k * apart);
                         if (before) z[k] += part.load(recurrent + from + k * apart);
                         z[k] = k == 2 ? a.value(z[k]) : r.value(z[k]);
                         part.store(gates + from + k * apart, z[k]);
                       }
                       V c = z[0] * z[2];
                       if (before) c += z[1] * part.load(before + to);
                       part.store(cell + to, c);
                       part.store(out + to, z[3] * a.value(c));
                     });
    }
  }
  // The way back through it: dh and dcell are those of its output and cell, and become those of the cell
  // before.
  template <class A, class R, class T>
  [[gnu::noinline]] static void step_back(const Geometry& g, A a, R r, int count, int s,
                                          const T* cells_before, const Memory<T>& at, const T* dy, T* dgates,
                                          T* dstep, T* dh, T* dcell) {
    using V = kernels::Vec<Scalar<T>>;
    const std::ptrdiff_t n = g.step(), apart = std::ptrdiff_t{g.filters} * Unit<T>::samples;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const std::ptrdiff_t row = i * g.steps + g.time(s);
      const auto *const gates = scalars(at.gates + row * 4 * n), *const cell =
                                                                     scalars(at.cells_of(s) + i * n);
      const auto* const before = cells_before ? scalars(cells_before + i * n) : nullptr;
      const int made = s - (g.steps - g.outputs());  // which of the outputs
      const auto* const out = made >= 0 ? scalars(dy + (i * g.rows() + made) * n) : nullptr;
      auto *const dz = scalars(dgates + row * 4 * n), *const of_step = scalars(dstep + i * 4 * n),
                  *const of_output = scalars(dh + i * n), *const of_cell = scalars(dcell + i * n);
      each_vector<T>(g,
                     [&](std::ptrdiff_t to, std::ptrdiff_t from, auto part) __attribute__((always_inline)) {
                       V z[4], d[4], total = part.load(of_output + to);
                       for (int k = 0; k < 4; ++k) z[k] = part.load(gates + from + k * apart);
                       if (out) total += part.load(out + to);
                       const V active = a.value(part.load(cell + to)), through = total * z[3],
                               dc = through * a.derivative(active) + part.load(of_cell + to);
                       d[0] = dc * z[2] * r.derivative(z[0]);
                       d[1] = before ? dc * part.load(before + to) * r.derivative(z[1]) : V{};
                       d[2] = dc * z[0] * a.derivative(z[2]);
                       d[3] = total * active * r.derivative(z[3]);
                       part.store(of_cell + to, dc * z[1]);
                       for (int k = 0; k < 4; ++k) {
                         part.store(dz + from + k * apart, d[k]);
                         part.store(of_step + from + k * apart, d[k]);
                       }
                     });
    }
  }
};

/// ConvLSTM1D<8, Kernel<3>, Same, ReturnSequences>: filters, then options in any order. Kernel<1> if none.
template <int Filters, class... Options>
struct ConvLSTM1D : layer_of<ConvLSTM1D<Filters, Options...>, ConvLSTMSpec<1>, Options...> {
  static constexpr ConvLSTMSpec<1> spec = with_options<Options...>(ConvLSTMSpec<1>{.filters = Filters});
};
/// ConvLSTM2D<8, Kernel<3>, Strides<2>, GoBackwards>: filters, then options in any order. Kernel<1> if none.
template <int Filters, class... Options>
struct ConvLSTM2D : layer_of<ConvLSTM2D<Filters, Options...>, ConvLSTMSpec<2>, Options...> {
  static constexpr ConvLSTMSpec<2> spec = with_options<Options...>(ConvLSTMSpec<2>{.filters = Filters});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::ConvLSTMSpec<1>, filters, kernel_size, strides, padding, dilation_rate,
                     activation, recurrent_activation, use_bias, unit_forget_bias, return_sequences,
                     go_backwards, return_state, initial_state, dropout, recurrent_dropout,
                     kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
                     recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
                     bias_constraint, activity_regularizer);
KERATIN_ADAPT_STRUCT(keratin::ConvLSTMSpec<2>, filters, kernel_size, strides, padding, dilation_rate,
                     activation, recurrent_activation, use_bias, unit_forget_bias, return_sequences,
                     go_backwards, return_state, initial_state, dropout, recurrent_dropout,
                     kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
                     recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
                     bias_constraint, activity_regularizer);
