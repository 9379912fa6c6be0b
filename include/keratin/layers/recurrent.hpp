#pragma once
// Recurrent layers: SimpleRNN, LSTM, GRU. (steps, features) -> (units), or (steps, units) with
// ReturnSequences. The passes through time are in kernels/recurrent.hpp; here are Keras's names, weights and
// defaults.
#include <keratin/initializers/orthogonal.hpp>
#include <keratin/initializers/variance_scaling.hpp>
#include <keratin/kernels/recurrent_single.hpp>
#include <keratin/layers/dense.hpp>
#include <keratin/layers/operators.hpp>
#include <keratin/layers/regularization.hpp>
#include <keratin/layers/window.hpp>

namespace keratin {

template <> inline constexpr bool kernels::one_tanh<Tanh, Sigmoid> = true;

namespace functional {  // met by graphs only
inline constexpr Rule needs_states_of_its_units{
    "an initial state needs as many values as the layer has units"};
}  // namespace functional
inline constexpr Rule needs_an_activation_value_by_value{
    "a recurrent layer's activations work value by value: softmax does not"};
inline constexpr Rule needs_an_activation_known_by_its_result{
    "a recurrent layer's activations must tell their slope by their result: gelu, silu and mish do not"};

/// The output of every step instead of the last. Keras: return_sequences=True.
struct ReturnSequences {
  KERATIN_SETS(return_sequences, true)
};
/// From the last step to the first; the outputs are in that order too. Keras: go_backwards=True.
struct GoBackwards {
  KERATIN_SETS(go_backwards, true)
};
/// Goes on from where the batch before ended, sample by sample: for a Trainer, and for predict with States.
/// Keras: stateful=True.
struct Stateful {
  KERATIN_SETS(stateful, true)
};
/// The output of a masked step is zeros instead of the one before. Keras: zero_output_for_mask=True.
struct ZeroOutputForMask {
  KERATIN_SETS(zero_output_for_mask, true)
};
/// The share of the recurrent inputs that each gate drops, at all steps of a sample the same ones; each gate
/// then drops inputs of its own too. Keras: recurrent_dropout.
template <double Rate> struct RecurrentDropout {
  KERATIN_SETS(recurrent_dropout, Rate)
};
/// GRU's original form: the reset gate works before the product. Keras: reset_after=False.
struct NoResetAfter {
  KERATIN_SETS(reset_after, false)
};
/// An LSTM whose forget gates start with a bias of 0. Keras: unit_forget_bias=False.
struct NoUnitForgetBias {
  KERATIN_SETS(unit_forget_bias, false)
};
/// The gates' activation: RecurrentActivation<ReLU>. Keras: recurrent_activation.
template <class A> struct RecurrentActivation {
  KERATIN_SETS(recurrent_activation, A{})
};
/// How the recurrent kernel starts: RecurrentInitializer<GlorotUniform>. Keras: recurrent_initializer.
template <class I> struct RecurrentInitializer {
  KERATIN_SETS(recurrent_initializer, I::value)
};

/// What the kernels of all recurrent layers need to know.
struct RecurrentGeometry {
  kernels::RecurrentSize size;
  ActivationFunction activation, recurrent_activation;
  bool use_bias, reset_after, initial_state, masked, zero_output_for_mask;
  double dropout, recurrent_dropout;
};

namespace detail {

// An activation that is known at run time only.
struct AnyActivation {
  ActivationFunction function;

  template <class V> [[gnu::noinline]] V value(V x) const {
    Activations::visit(function.index, [&]<class A>(A) {
      if constexpr (A::elementwise && !needs_input<A>) x = A::value(x);
    });
    return x;
  }
  template <class V> [[gnu::noinline]] V derivative(V y) const {
    Activations::visit(function.index, [&]<class A>(A) {
      if constexpr (A::elementwise && !needs_input<A>) y = A::derivative(y);
    });
    return y;
  }
};

// f(activation, recurrent activation). Known ones are in the kernels' registers; at run time those are
// Keras's defaults, and others are looked up for each vector.
template <class Geometry> [[gnu::always_inline]] inline void with_activations(Geometry geometry, auto f) {
  if constexpr (is_fixed<Geometry>) {
    f(activation_at<Geometry::value.activation.index>(),
      activation_at<Geometry::value.recurrent_activation.index>());
  } else {
    if (geometry.activation == Tanh{} && geometry.recurrent_activation == Sigmoid{})
      f(Tanh{}, Sigmoid{});
    else
      f(AnyActivation{geometry.activation}, AnyActivation{geometry.recurrent_activation});
  }
}

// Hands a parameter's gradient on, in tiles. A type of its own, not a lambda: one kernel then serves all
// sizes.
template <class Gradients> struct HandOnRecurrent {
  Gradients gradients;
  int parameter = 0;
  std::ptrdiff_t columns = 0, first = 0;

  auto of(int which, std::ptrdiff_t its_columns, std::ptrdiff_t from) const {
    return HandOnRecurrent{gradients, which, its_columns, from};
  }
  template <int M, int N, class V, class Part>
  [[gnu::always_inline]] void operator()(int k, int column, const V (&tile)[M][N], Part part) const {
    gradients.take_tile(parameter, k * columns + first + column, columns, tile, part);
  }
};

// Out of rows of outputs and n states behind them: the sequence, or the last output, and each state.
constexpr PerInput<SliceSpec> sequence_and_states(bool sequence, int n) {
  PerInput<SliceSpec> all(SliceSpec{1, {sequence ? Slice{0, -n} : Slice::at(0)}});
  for (int s = 0; s < n; ++s) all.add({1, {Slice::at(s - n)}});
  return all;
}

// What the three specs share. Spec::with_cell(geometry, f) calls f with the kernel's cell.
template <class Spec> struct Recurrent {
  // A sequence, then the states to begin with, then the mask.
  static constexpr int states(const RecurrentGeometry& g) { return 1 + Spec::cell(g).carried; }
  static constexpr int states(const Spec& spec) { return states(spec.geometry(Shape{1, 1})); }
  static constexpr int inputs(const Spec& spec) {
    return 1 + (spec.initial_state ? states(spec) : 0) + spec.masked;
  }
  static constexpr Fit fit(const Spec& spec, const Shapes& all) {
    const Shape& in = all;
    if (in.rank != 2) return needs_sequence_TxC;
    if (spec.units < 1) return needs_at_least_1_unit;
    for (const double rate : {spec.dropout, spec.recurrent_dropout})
      if (!(rate >= 0 && rate <= 1)) return needs_a_rate_from_0_to_1;
    const RecurrentGeometry g = spec.geometry(in);
    if (!works_value_by_value(g.activation) || !works_value_by_value(g.recurrent_activation))
      return needs_an_activation_value_by_value;
    if (input_needed_by(g.activation) || input_needed_by(g.recurrent_activation))
      return needs_an_activation_known_by_its_result;
    if (std::int64_t{spec.units} * Spec::gates > INT32_MAX ||
        (std::int64_t{in.last()} + spec.units) * (Spec::gates * spec.units) > INT32_MAX)
      return more_than_2_31_elements;
    for (int i = 1; i < inputs(spec) && i < all.count; ++i) {
      const bool is_mask = spec.masked && i == inputs(spec) - 1;
      const Shape wanted = is_mask ? Shape{in[0]} : Shape{spec.units};
      if (all[i] != wanted)
        return {is_mask ? functional::needs_a_mask_of_its_steps : functional::needs_states_of_its_units,
                wanted, i};
    }
    const int rows = spec.return_sequences ? in[0] : 1;
    if (spec.return_state) return Shape{rows + states(spec), spec.units};
    return spec.return_sequences ? in.with_last(spec.units) : Shape{spec.units};
  }
  static constexpr Parameters parameters(const Spec& spec, Shape in, Shape bias, Initializer of_bias) {
    const int columns = Spec::gates * spec.units;
    Parameters p;
    p.add({"kernel", {in.last(), columns}, spec.kernel_initializer, spec.kernel_regularizer})
        .constrain(spec.kernel_constraint);
    p.add({"recurrent_kernel", {spec.units, columns}, spec.recurrent_initializer, spec.recurrent_regularizer})
        .constrain(spec.recurrent_constraint);
    if (spec.use_bias) p.add({"bias", bias, of_bias, spec.bias_regularizer}).constrain(spec.bias_constraint);
    return p;
  }
  /// The tensors that a graph takes out of what it makes: the output, then the states.
  static constexpr PerInput<SliceSpec> pieces(const Spec& spec) {
    return sequence_and_states(spec.return_sequences, states(spec));
  }
  static constexpr Traits traits(const Spec& spec) {
    return {.reads_output = false,
            .finishes = true,
            .lanes = true,
            .knows_samples = spec.dropout > 0 || spec.recurrent_dropout > 0,
            .by_sample = true};
  }
  static constexpr RecurrentGeometry geometry(const Spec& spec, Shape in, ActivationFunction recurrent,
                                              bool reset_after = false) {
    RecurrentGeometry g{.size = {in[0], in.last(), spec.units, spec.return_sequences, spec.go_backwards},
                        .activation = spec.activation,
                        .recurrent_activation = recurrent,
                        .use_bias = spec.use_bias,
                        .reset_after = reset_after,
                        .initial_state = spec.initial_state,
                        .masked = spec.masked,
                        .zero_output_for_mask = spec.zero_output_for_mask,
                        .dropout = spec.dropout,
                        .recurrent_dropout = spec.recurrent_dropout};
    if (spec.return_state) g.size.returned = states(g);
    return g;
  }
  static constexpr double flops(const Spec& spec, Shape in) {
    return 2.0 * in[0] * (in.last() + spec.units) * Spec::gates * spec.units;
  }
  static constexpr std::size_t intermediate(const RecurrentGeometry& g, bool training) {
    const std::size_t n = kernels::recurrent_memory(Spec::cell(g), g.size, training);
    return training ? n + values_behind_dropout(g) : std::max(n, state(g));
  }
  // Values of a sample.
  static constexpr std::size_t inputs(const RecurrentGeometry& g) {
    return static_cast<std::size_t>(g.size.steps) * static_cast<std::size_t>(g.size.in);
  }
  static constexpr std::size_t state(const RecurrentGeometry& g) {
    return kernels::single_state<float>(Spec::cell(g), g.size.units);
  }
  static constexpr std::size_t batch_state(const Spec& spec) {
    return spec.stateful ? static_cast<std::size_t>(spec.units * (1 + Spec::cell({}).carried)) : 0;
  }
  template <class T> static constexpr std::size_t scratch(const RecurrentGeometry& g, int count) {
    return kernels::recurrent_scratch<T>(Spec::cell(g), g.size, count, g.recurrent_dropout > 0);
  }

  // The sizes, as a type where they are known.
  template <class G> static constexpr auto sizes(G geometry) {
    if constexpr (is_fixed<G>)
      return fixed<G::value.size>{};
    else
      return geometry.size;
  }
  template <class Context>
  [[gnu::always_inline]] static auto weights(const RecurrentGeometry& g, const Context& c) {
    const auto* const bias = g.use_bias ? c.parameter(2) : nullptr;
    return kernels::RecurrentWeights<std::remove_cvref_t<decltype(*bias)>>{
        c.parameter(0), c.parameter(1), bias, bias ? bias + Spec::gates * g.size.units : nullptr};
  }
  template <class Context> static auto* mask(const RecurrentGeometry& g, const Context& c) {
    return g.masked ? c.input(1 + (g.initial_state ? states(g) : 0)) : nullptr;
  }
  template <class T, class Count>
  static kernels::RecurrentContext<T> context(const RecurrentGeometry& g, const Forward<T, Count>& c) {
    kernels::RecurrentContext<T> at{.apart = g.size.units, .kept = c.state, .mask = mask(g, c)};
    for (int s = 0; s < states(g); ++s)
      at.begin[s] = g.initial_state ? c.input(1 + s) : c.state ? c.state + s * g.size.units : nullptr;
    if (!g.initial_state) at.apart *= states(g);
    return at;
  }
  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    const RecurrentGeometry g = geometry;
    Spec::with_cell(geometry, [&](auto cell) __attribute__((always_inline)) {
      if constexpr (std::is_same_v<Count, One> && Unit<T>::samples == 1)
        if (!c.keeps() && !g.initial_state && !g.masked && g.size.returned == 0)
          return kernels::single_forward(cell, sizes(geometry), weights(g, c), c.x, c.y, c.intermediate);
      const auto run = [&]<bool Training>(std::bool_constant<Training>) {
        if constexpr (Training && may_be<decltype(geometry)>(drops))
          if (drops(g)) return forward_dropped(cell, g, c);
        kernels::recurrent_forward<Training>(cell, g.size, weights(g, c), static_cast<int>(c.count), c.x, c.y,
                                             context(g, c), c.intermediate);
      };
      c.keeps() ? run(std::true_type{}) : run(std::false_type{});
    });
    zero_masked(g, static_cast<int>(c.count), mask(g, c), c.y);
  }
  static constexpr bool drops(const RecurrentGeometry& g) { return g.dropout > 0 || g.recurrent_dropout > 0; }
  // Without recurrent dropout the kernels are given what is left of the inputs, otherwise the factors of each
  // gate.
  template <class T, class Count>
  [[gnu::noinline]] static void forward_dropped(auto cell, const RecurrentGeometry& g,
                                                const Forward<T, Count>& c) {
    const int count = c.count;
    kernels::RecurrentContext<T> at = context(g, c);
    T* const kept = behind_dropout(g, count, c.intermediate);
    if (g.recurrent_dropout > 0) {
      draw_factors(g, count, c.run.random, kept);
      at.factors = kept;
      kernels::recurrent_forward<true, true>(cell, g.size, weights(g, c), count, c.x, c.y, at,
                                             c.intermediate);
    } else {
      drop(g, count, c.run.random, c.x, kept);
      kernels::recurrent_forward<true>(cell, g.size, weights(g, c), count, kept, c.y, at, c.intermediate);
    }
  }
  // Where training keeps either: behind what the kernels work with.
  template <class T> static T* behind_dropout(const RecurrentGeometry& g, int count, T* intermediate) {
    return intermediate +
           static_cast<std::size_t>(count) * kernels::recurrent_memory(Spec::cell(g), g.size, true);
  }
  static constexpr std::size_t values_behind_dropout(const RecurrentGeometry& g) {
    return g.recurrent_dropout > 0 ? static_cast<std::size_t>(Spec::gates * (g.size.in + g.size.units))
           : g.dropout > 0         ? inputs(g)
                                   : 0;
  }
  // f(word's place among those of a sample) for each lane.
  template <class T>
  static T draw(const Random& random, const Kept<Scalar<T>>& kept, std::ptrdiff_t i, std::ptrdiff_t of_sample,
                std::ptrdiff_t place) {
    constexpr int L = Unit<T>::samples;
    alignas(T) Scalar<T> factors[L];
    for (std::ptrdiff_t l = 0; l < L; ++l)
      factors[l] =
          kept(random.word(static_cast<std::uint64_t>((random.first + i * L + l) * of_sample + place)));
    return *reinterpret_cast<const T*>(factors);
  }
  template <class T>
  static void draw_factors(const RecurrentGeometry& g, int count, const Random& random, T* to) {
    const Kept<Scalar<T>> of_x(g.dropout), of_h(g.recurrent_dropout);
    const std::ptrdiff_t n = Spec::gates * (g.size.in + g.size.units);
    for (std::ptrdiff_t i = 0; i < count; ++i)
      for (std::ptrdiff_t k = 0; k < n; ++k)
        *to++ = draw<T>(random, k < Spec::gates * g.size.in ? of_x : of_h, i, n, k);
  }
  // Each feature of a sample is kept at all steps, or at none.
  template <class T>
  static void drop(const RecurrentGeometry& g, int count, const Random& random, const T* x, T* to) {
    const Kept<Scalar<T>> kept(g.dropout);
    const std::ptrdiff_t in = g.size.in, steps = g.size.steps;
    for (std::ptrdiff_t i = 0; i < count; ++i)
      for (std::ptrdiff_t k = 0; k < in; ++k) {
        const T factor = draw<T>(random, kept, i, in, k);
        for (std::ptrdiff_t s = 0; s < steps; ++s)
          to[(i * steps + s) * in + k] = x[(i * steps + s) * in + k] * factor;
      }
  }
  // Zeros for the outputs of masked steps, or for their gradients.
  template <class T> static void zero_masked(const RecurrentGeometry& g, int count, const T* mask, T* y) {
    if (!mask || !g.zero_output_for_mask) return;
    const std::ptrdiff_t units = g.size.units, steps = g.size.steps;
    for (std::ptrdiff_t i = 0; i < count; ++i, mask += steps, y += g.size.outputs())
      for (std::ptrdiff_t row = 0; row < g.size.output_rows(); ++row) {
        const T counts = mask[g.size.time(static_cast<int>(g.size.sequences ? row : steps - 1))];
        for (std::ptrdiff_t u = 0; u < units; ++u) y[row * units + u] *= counts;
      }
  }
  template <class S>
  [[gnu::always_inline]] static void step(auto geometry, const Forward<S, One>& c, S* state) {
    Spec::with_cell(geometry, [&](auto cell) __attribute__((always_inline)) {
      kernels::single_step(cell, sizes(geometry), weights(geometry, c), c.x, c.y, state);
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const RecurrentGeometry g = geometry;
    const auto w = weights(g, c);
    kernels::StepGradients<T> d;
    T* dbegin[2] = {};
    for (int s = 0; g.initial_state && s < states(g); ++s) dbegin[s] = c.input_gradient(1 + s);
    zero_masked(g, c.count, mask(g, c), c.dy);
    const bool dropped = drops(g) && c.run.keeps();
    const T* const kept = dropped ? behind_dropout(g, c.count, const_cast<T*>(c.intermediate)) : nullptr;
    const auto run = [&]<bool Dropped>(std::bool_constant<Dropped>) {
      Spec::with_cell(geometry, [&](auto cell) {
        d = kernels::recurrent_backward<Dropped>(cell, g.size, w, c.count, mask(g, c), kept, c.dy, c.dx,
                                                 dbegin, c.intermediate, c.scratch);
      });
      const bool inputs_dropped = dropped && !Dropped;
      if (inputs_dropped && c.dx) drop(g, c.count, c.run.random, c.dx, c.dx);
      kernels::recurrent_weight_gradients<Dropped>(Spec::cell(g), g.size, w.bias, c.count,
                                                   inputs_dropped ? kept : c.x, kept, d,
                                                   HandOnRecurrent<decltype(gradients)>{gradients});
    };
    if constexpr (may_be<decltype(geometry)>(
                      [](const RecurrentGeometry& any) { return any.recurrent_dropout > 0; }))
      if (dropped && g.recurrent_dropout > 0) return run(std::true_type{});
    run(std::false_type{});
  }
};

}  // namespace detail

/// Keras: SimpleRNN. h = activation(x W + h U + b); kernel (features, units), recurrent_kernel (units,
/// units), bias (units).
struct SimpleRNNSpec {
  int units = 0;
  ActivationFunction activation = Tanh{};
  bool use_bias = true, return_sequences = false, go_backwards = false, stateful = false,
       return_state = false, zero_output_for_mask = false;
  double dropout = 0, recurrent_dropout = 0;
  bool initial_state = false, masked = false;  // set by a graph, for a call that is given them
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer recurrent_initializer = Orthogonal<>::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, recurrent_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, recurrent_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};

  using Base = detail::Recurrent<SimpleRNNSpec>;
  using Geometry = RecurrentGeometry;
  static constexpr const char* name = "SimpleRNN";
  static constexpr const char* arguments = "units, ...";
  static constexpr bool activates_inside = true;
  static constexpr const char* weights_in = "cell";  // in Keras's files
  static constexpr int gates = 1;

  constexpr Fit fit(const Shapes& in) const { return Base::fit(*this, in); }
  constexpr int inputs() const { return Base::inputs(*this); }
  constexpr int states() const { return Base::states(*this); }
  constexpr PerInput<SliceSpec> pieces() const { return Base::pieces(*this); }
  constexpr bool passes_mask() const { return return_sequences; }
  constexpr Parameters parameters(Shape in) const {
    return Base::parameters(*this, in, {units}, bias_initializer);
  }
  constexpr Traits traits() const { return Base::traits(*this); }
  constexpr double flops(Shape in) const { return Base::flops(*this, in); }
  constexpr Geometry geometry(Shape in) const { return Base::geometry(*this, in, Sigmoid{}); }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return Base::intermediate(geometry(in), training);
  }
  constexpr const Rule* stream_rule(Shape) const {
    return go_backwards ? &needs_the_whole_sequence : nullptr;
  }
  constexpr std::size_t state(Shape in) const { return Base::state(geometry(in)); }
  constexpr std::size_t batch_state(Shape) const { return Base::batch_state(*this); }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Base::template scratch<T>(g, count);
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    Base::forward(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    Base::backward(geometry, c, gradients);
  }
  template <class S>
  [[gnu::always_inline]] static void step(auto geometry, const Forward<S, One>& c, S* state) {
    Base::step(geometry, c, state);
  }

  static constexpr kernels::CellSize cell(const Geometry&) { return kernels::SimpleCell<Tanh>::size; }
  [[gnu::always_inline]] static void with_cell(auto geometry, auto f) {
    detail::with_activations(geometry, [&]<class A, class R>(A a, R)
                                           __attribute__((always_inline)) { f(kernels::SimpleCell<A>{a}); });
  }
};

/// Keras: LSTM. Gates i f c o: c = R(f) c + R(i) activation(c'), h = R(o) activation(c), R the recurrent
/// activation; kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units) with ones for
/// the forget gate.
struct LSTMSpec {
  int units = 0;
  ActivationFunction activation = Tanh{}, recurrent_activation = Sigmoid{};
  bool use_bias = true, unit_forget_bias = true, return_sequences = false, go_backwards = false,
       stateful = false, return_state = false, zero_output_for_mask = false;
  double dropout = 0, recurrent_dropout = 0;
  bool initial_state = false, masked = false;  // set by a graph, for a call that is given them
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer recurrent_initializer = Orthogonal<>::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, recurrent_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, recurrent_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};

  using Base = detail::Recurrent<LSTMSpec>;
  using Geometry = RecurrentGeometry;
  static constexpr const char* name = "LSTM";
  static constexpr const char* arguments = "units, ...";
  static constexpr bool activates_inside = true;
  static constexpr const char* weights_in = "cell";  // in Keras's files
  static constexpr int gates = 4;

  constexpr Fit fit(const Shapes& in) const { return Base::fit(*this, in); }
  constexpr int inputs() const { return Base::inputs(*this); }
  constexpr int states() const { return Base::states(*this); }
  constexpr PerInput<SliceSpec> pieces() const { return Base::pieces(*this); }
  constexpr bool passes_mask() const { return return_sequences; }
  constexpr Parameters parameters(Shape in) const {
    return Base::parameters(*this, in, {4 * units}, initial_bias());
  }
  constexpr Traits traits() const { return Base::traits(*this); }
  constexpr double flops(Shape in) const { return Base::flops(*this, in); }
  constexpr Geometry geometry(Shape in) const { return Base::geometry(*this, in, recurrent_activation); }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return Base::intermediate(geometry(in), training);
  }
  constexpr const Rule* stream_rule(Shape) const {
    return go_backwards ? &needs_the_whole_sequence : nullptr;
  }
  constexpr std::size_t state(Shape in) const { return Base::state(geometry(in)); }
  constexpr std::size_t batch_state(Shape) const { return Base::batch_state(*this); }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Base::template scratch<T>(g, count);
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    Base::forward(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    Base::backward(geometry, c, gradients);
  }
  template <class S>
  [[gnu::always_inline]] static void step(auto geometry, const Forward<S, One>& c, S* state) {
    Base::step(geometry, c, state);
  }

  static constexpr kernels::CellSize cell(const Geometry&) { return kernels::LstmCell<Tanh, Sigmoid>::size; }
  [[gnu::always_inline]] static void with_cell(auto geometry, auto f) {
    detail::with_activations(geometry, [&]<class A, class R>(A a, R r) __attribute__((always_inline)) {
      f(kernels::LstmCell<A, R>{a, r});
    });
  }

 private:
  constexpr Initializer initial_bias() const {
    Initializer i = bias_initializer;
    i.unit_forget = unit_forget_bias;
    return i;
  }
};

/// Keras: GRU. Gates z r h: n = activation(x W + R(r) (h U)), or with reset_after=False (R(r) h) U; h = R(z)
/// h + (1 - R(z)) n, R the recurrent activation. kernel (features, 3 units), recurrent_kernel (units, 3
/// units), bias (2, 3 units), for inputs and for the recurrent part, or (3 units).
struct GRUSpec {
  int units = 0;
  ActivationFunction activation = Tanh{}, recurrent_activation = Sigmoid{};
  bool use_bias = true, reset_after = true, return_sequences = false, go_backwards = false, stateful = false,
       return_state = false, zero_output_for_mask = false;
  double dropout = 0, recurrent_dropout = 0;
  bool initial_state = false, masked = false;  // set by a graph, for a call that is given them
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer recurrent_initializer = Orthogonal<>::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, recurrent_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, recurrent_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};

  using Base = detail::Recurrent<GRUSpec>;
  using Geometry = RecurrentGeometry;
  static constexpr const char* name = "GRU";
  static constexpr const char* arguments = "units, ...";
  static constexpr bool activates_inside = true;
  static constexpr const char* weights_in = "cell";  // in Keras's files
  static constexpr int gates = 3;

  constexpr Fit fit(const Shapes& in) const { return Base::fit(*this, in); }
  constexpr int inputs() const { return Base::inputs(*this); }
  constexpr int states() const { return Base::states(*this); }
  constexpr PerInput<SliceSpec> pieces() const { return Base::pieces(*this); }
  constexpr bool passes_mask() const { return return_sequences; }
  constexpr Parameters parameters(Shape in) const {
    return Base::parameters(*this, in, reset_after ? Shape{2, 3 * units} : Shape{3 * units},
                            bias_initializer);
  }
  constexpr Traits traits() const { return Base::traits(*this); }
  constexpr double flops(Shape in) const { return Base::flops(*this, in); }
  constexpr Geometry geometry(Shape in) const {
    return Base::geometry(*this, in, recurrent_activation, reset_after);
  }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return Base::intermediate(geometry(in), training);
  }
  constexpr const Rule* stream_rule(Shape) const {
    return go_backwards ? &needs_the_whole_sequence : nullptr;
  }
  constexpr std::size_t state(Shape in) const { return Base::state(geometry(in)); }
  constexpr std::size_t batch_state(Shape) const { return Base::batch_state(*this); }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Base::template scratch<T>(g, count);
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    Base::forward(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    Base::backward(geometry, c, gradients);
  }
  template <class S>
  [[gnu::always_inline]] static void step(auto geometry, const Forward<S, One>& c, S* state) {
    Base::step(geometry, c, state);
  }

  static constexpr kernels::CellSize cell(const Geometry& g) {
    return g.reset_after ? kernels::GruCell<Tanh, Sigmoid>::size
                         : kernels::ResetBeforeCell<Tanh, Sigmoid>::size;
  }
  template <class G> [[gnu::always_inline]] static void with_cell(G geometry, auto f) {
    detail::with_activations(geometry, [&]<class A, class R>(A a, R r) __attribute__((always_inline)) {
      const auto after = [&]() __attribute__((always_inline)) { f(kernels::GruCell<A, R>{a, r}); };
      const auto before = [&]() __attribute__((always_inline)) { f(kernels::ResetBeforeCell<A, R>{a, r}); };
      if constexpr (!is_fixed<G>) {
        geometry.reset_after ? after() : before();
      } else if constexpr (G::value.reset_after) {
        after();
      } else {
        before();
      }
    });
  }
};

/// SimpleRNN<32>, SimpleRNN<32, ReLU, ReturnSequences>: units, then any options in any order.
template <int Units, class... Options>
struct SimpleRNN : layer_of<SimpleRNN<Units, Options...>, SimpleRNNSpec, Options...> {
  static constexpr SimpleRNNSpec spec = with_options<Options...>(SimpleRNNSpec{.units = Units});
};
/// LSTM<64>, LSTM<64, ReturnSequences, NoUnitForgetBias, RecurrentActivation<ReLU>>.
template <int Units, class... Options> struct LSTM : layer_of<LSTM<Units, Options...>, LSTMSpec, Options...> {
  static constexpr LSTMSpec spec = with_options<Options...>(LSTMSpec{.units = Units});
};
/// GRU<24>, GRU<24, ReturnSequences, NoResetAfter>.
template <int Units, class... Options> struct GRU : layer_of<GRU<Units, Options...>, GRUSpec, Options...> {
  static constexpr GRUSpec spec = with_options<Options...>(GRUSpec{.units = Units});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::SimpleRNNSpec, units, activation, use_bias, return_sequences, go_backwards,
                     stateful, return_state, zero_output_for_mask, dropout, recurrent_dropout, initial_state,
                     masked, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
                     recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
                     bias_constraint, activity_regularizer);
KERATIN_ADAPT_STRUCT(keratin::LSTMSpec, units, activation, recurrent_activation, use_bias, unit_forget_bias,
                     return_sequences, go_backwards, stateful, return_state, zero_output_for_mask, dropout,
                     recurrent_dropout, initial_state, masked, kernel_initializer, recurrent_initializer,
                     bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
                     kernel_constraint, recurrent_constraint, bias_constraint, activity_regularizer);
KERATIN_ADAPT_STRUCT(keratin::GRUSpec, units, activation, recurrent_activation, use_bias, reset_after,
                     return_sequences, go_backwards, stateful, return_state, zero_output_for_mask, dropout,
                     recurrent_dropout, initial_state, masked, kernel_initializer, recurrent_initializer,
                     bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer,
                     kernel_constraint, recurrent_constraint, bias_constraint, activity_regularizer);
