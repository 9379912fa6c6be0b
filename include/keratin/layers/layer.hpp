#pragma once
// The layer contract: what a spec provides, what its kernels are given, and layer_of, which makes a type of a
// spec.
#include <keratin/activations/activation.hpp>
#include <keratin/core/adapt.hpp>
#include <keratin/core/fixed.hpp>
#include <keratin/core/lanes.hpp>
#include <keratin/core/options.hpp>
#include <keratin/core/parameters.hpp>
#include <keratin/core/plan.hpp>
#include <keratin/core/random.hpp>
#include <keratin/core/rule.hpp>
#include <keratin/kernels/vector.hpp>

#include <algorithm>
#include <bit>
#include <type_traits>
#include <utility>

namespace keratin {

/// Where finished weight gradients go: a gradient block, or straight into the optimizer. A static network
/// knows which one, a graph does not.
template <class S> class GradientSink {
 public:
  /// Rows of n gradients: in the block the first begins at `offset`, and they are `stride` apart; in g
  /// `apart`.
  virtual void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const S* g,
                         std::ptrdiff_t apart, const Regularizer&) = 0;
  /// n gradients of the parameters from `offset` on, side by side.
  void take(std::size_t offset, int n, const S* g, const Regularizer& penalty) {
    take_rows(offset, n, 1, n, g, n, penalty);
  }
  /// A register tile: M rows of N vectors of gradients, `stride` apart. Part: the vectors are whole, or the
  /// last one is the rest of a row.
  template <int M, int N, class Part>
  [[gnu::always_inline]] void take_tile(std::size_t offset, std::ptrdiff_t stride,
                                        const kernels::Vec<S> (&tile)[M][N], Part part,
                                        const Regularizer& penalty) {
    alignas(kernels::Vec<S>) S row[M][N * lanes<S>];
#pragma GCC unroll 32
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
      for (int i = 0; i < N; ++i) kernels::store(&row[m][i * lanes<S>], tile[m][i]);
    const int n = (N - 1) * lanes<S> + part.template count<S>();
    take_rows(offset, stride, M, n, row[0], N * lanes<S>, penalty);
  }

 protected:
  ~GradientSink() = default;
};

/// The gradients of a layer that is called several times, summed until all calls have added theirs.
template <class S> class SharedGradients final : public GradientSink<S> {
 public:
  SharedGradients(const Tensors& tensors, S* sums) : start_(tensors.start), sums_(sums) {}
  void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const S* g, std::ptrdiff_t apart,
                 const Regularizer&) override {
    S* to = sums_ + (offset - start_);
    for (; rows > 0; --rows, to += stride, g += apart)
      for (int i = 0; i < n; ++i) to[i] += g[i];
  }

 private:
  std::size_t start_;
  S* sums_;
};

/// What a pass over a network is about, the same for every layer.
template <class S> struct Run {
  int samples = 0;  // how many there are; those beyond, up to a whole T, began as zeros, stay finite and must
                    // not be felt
  S* training = nullptr;  // the parameters, to be written to: in training only
  Random random{};
  S* states =
      nullptr;  // [plan.state][count] T's that stateful layers go on from; null: every batch begins anew
  double* penalty = nullptr;  // forward adds what a layer adds to the loss; null: nobody asks for the loss
  bool frozen = false;        // training, of a layer that is not trained: what it keeps up to date stays

  /// Whether backward will need what intermediate() asked for.
  constexpr bool keeps() const { return training != nullptr || frozen; }
};

/// What a forward kernel is given. T is float or double (one sample each) or Lanes (L samples each).
template <class T, class Count = int> struct Forward {
  Count count;             // how many T's worth of samples; One when it is a single sample
  const T* x;              // [count][input shape]
  T* y;                    // [count][output shape]
  const Scalar<T>* block;  // the network's parameters
  const LayerPlan* layer;  // in its plan
  T* intermediate;         // [count][what the spec's intermediate() asked for]
  Run<Scalar<T>> run{};
  PerInput<const T*> inputs{};  // of a layer with several inputs: x and the others
  T* state = nullptr;           // [count][what the spec's batch_state() asked for], null: begin anew

  /// The i-th parameter of the spec's parameters(); of a fused group also that of a layer `behind` its head.
  const Scalar<T>* parameter(int i, int behind = 0) const { return block + layer[behind].tensors.offset(i); }
  bool training() const { return run.training != nullptr; }
  bool keeps() const { return run.keeps(); }
  const T* input(int i) const { return i == 0 ? x : inputs[i]; }
  /// The same for parameters that the layer itself keeps up to date in training.
  Scalar<T>* updated_parameter(int i) const { return run.training + layer->tensors.offset(i); }
};

/// What a backward kernel is given: dy comes in and may be overwritten, dx goes out.
template <class T> struct Backward {
  int count;
  const T* x;  // valid if Traits::reads_input
  const T* y;  // valid if Traits::reads_output
  T* dy;       // [count][output shape]
  T* dx;       // [count][input shape], null when nobody wants it
  const Scalar<T>* block;
  const Tensors* tensors;
  const T* intermediate;  // as forward left it
  Scalar<T>* gradient;    // zeros, laid out as this layer's part of the block; unless Traits::finishes
  Scalar<T>* scratch;     // as much as the spec's scratch() asked for
  Run<Scalar<T>> run{};
  PerInput<const T*> inputs{};  // of a layer with several inputs: x and the others, and their gradients
  PerInput<T*> input_gradients{};
  const LayerPlan* layer = nullptr;  // in its plan

  const Scalar<T>* parameter(int i) const { return block + tensors->offset(i); }
  const T* input(int i) const { return i == 0 ? x : inputs[i]; }
  /// dx of one of several inputs; may be dy, see Traits::passes_gradient.
  T* input_gradient(int i) const { return i == 0 ? dx : input_gradients[i]; }
  /// The gradient of the i-th parameter, to be added to.
  Scalar<T>* gradient_of(int i) const { return gradient + (tensors->offset(i) - tensors->start); }
};

/// Where a layer's finished gradients go: those of the i-th of its parameters, once a batch.
template <class S, class Sink> struct Gradients {
  const Tensors* tensors;
  Sink* sink;

  /// n gradients from element `first` on.
  void take(int i, std::ptrdiff_t first, int n, const S* g) const {
    sink->take(tensors->offset(i) + static_cast<std::size_t>(first), n, g, (*tensors)[i].regularizer);
  }
  /// Rows of vectors that are still in their registers, see GradientSink.
  template <int M, int N, class Part>
  [[gnu::always_inline]] void take_tile(int i, std::ptrdiff_t first, std::ptrdiff_t stride,
                                        const kernels::Vec<S> (&tile)[M][N], Part part) const {
    sink->take_tile(tensors->offset(i) + static_cast<std::size_t>(first), stride, tile, part,
                    (*tensors)[i].regularizer);
  }
};

/// The sum of a T over its samples: a weight gradient is one.
template <class T> Scalar<T> over_samples(const T& v) {
  if constexpr (Unit<T>::samples > 1)
    return kernels::sum(v.v);
  else
    return v;
}

/// A spec: a structural aggregate of plain values with a shape rule, a geometry and kernels
///   template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>&);
///   template <class T> static void backward(auto geometry, const Backward<T>&);
/// (with Traits::finishes a third argument, the Gradients that take them)
/// and, where they apply, parameters(in), traits(), flops(in), intermediate(in, training), batch_state(in),
/// scratch<T>(geometry, count). `in` is the input's Shape; a spec for several inputs takes their Shapes. A
/// spec with a static type called `name`, or `type_name`, tells in `arguments` what generated code writes
/// between its brackets: the fields that come first, with a ? where the default may be left out, and "..."
/// where options follow.
template <class S>
concept LayerSpec = requires(const S s, Shape in) {
  { s.fit(in) } -> std::same_as<Fit>;
  { s.geometry(in) } -> std::same_as<typename S::Geometry>;
  S::name;
};

/// A spec for several inputs: it says `static constexpr bool merges = true`.
template <class S>
concept MergingSpec = LayerSpec<S> && S::merges;

// `in` below is a Shape or Shapes.
template <LayerSpec S> constexpr Parameters parameters_of(const S& spec, const auto& in) {
  if constexpr (requires { spec.parameters(in); })
    return spec.parameters(in);
  else
    return Parameters{};
}
template <LayerSpec S> constexpr Traits traits_of(const S& spec, const auto&... in) {
  if constexpr (requires { spec.traits(in...); })
    return spec.traits(in...);
  else if constexpr (requires { spec.traits(); })
    return spec.traits();
  else
    return Traits{};
}
/// Floating-point operations of one forward pass of one sample; a backward pass to inputs and weights takes
/// two.
template <LayerSpec S> constexpr double flops_of(const S& spec, const auto& in) {
  if constexpr (requires { spec.flops(in); })
    return spec.flops(in);
  else
    return 0;
}
inline constexpr Rule needs_the_whole_sequence{"needs the whole sequence before it can answer"};

/// A layer that keeps something from one step of a sequence to the next, and so can run on a stream:
///   constexpr std::size_t state(Shape in) const;  // scalars that it keeps, zeros at the beginning
///   template <class S> static void step(auto geometry, const Forward<S, One>&, S* state);  // one step
/// or, where several steps at a time are faster,
///   template <class S> static void stream(auto geometry, int steps, const Forward<S, One>&, S* state);
/// with up to stream_block steps; `intermediate` then has room for stream_workspace(in) scalars. A spec that
/// can do so, or is pointwise, only with some settings says why not in
/// `constexpr const Rule* stream_rule(Shape in) const`, of the whole sequence.
template <class S>
concept KeepsState = requires(const S s, Shape in) { s.state(in); };
inline constexpr int stream_block = 64;

/// T's per sample of intermediate results; in training they live until backward has run.
template <LayerSpec S> constexpr std::size_t intermediate_of(const S& spec, const auto& in, bool training) {
  if constexpr (requires { spec.intermediate(in, training); })
    return spec.intermediate(in, training);
  else
    return 0;
}
/// Scalars of scratch that backward needs for `count` T's.
template <class T, LayerSpec S> constexpr std::size_t scratch_of(const S& spec, const auto& in, int count) {
  if constexpr (requires { S::template scratch<T>(spec.geometry(in), count); })
    return S::template scratch<T>(spec.geometry(in), count);
  else
    return 0;
}
/// T's per sample that a layer keeps from one batch to the next.
template <LayerSpec S> constexpr std::size_t batch_state_of(const S& spec, const auto& in) {
  if constexpr (requires { spec.batch_state(in); })
    return spec.batch_state(in);
  else
    return 0;
}
/// A spec whose `activation` is the last thing that it does, so that it can be left out. Inside a recurrence
/// it is not: such a spec says `static constexpr bool activates_inside = true`.
template <class S>
concept ActivatesItsOutput = requires(S s) { s.activation; } && !requires { S::activates_inside; };

/// The penalty on what a layer makes, where it has one: run_forward and run_backward see to it.
template <LayerSpec S> constexpr Regularizer activity_of(const S& spec) {
  if constexpr (requires { spec.activity(); })
    return spec.activity();
  else if constexpr (requires { spec.activity_regularizer; })
    return spec.activity_regularizer;
  else
    return {};
}
template <class S>
concept RegularizesItsOutput = requires(S s) { s.activity_regularizer; } || requires(S s) { s.activity(); };

/// The output activation: what the losses that work on logits look for. A penalty looks at what it makes.
template <LayerSpec S> constexpr ActivationFunction activation_of(const S& spec) {
  if constexpr (ActivatesItsOutput<S>)
    return activity_of(spec) ? ActivationFunction{} : spec.activation;
  else if constexpr (requires { S::distributes; })
    return activation_of(spec.layer);
  else
    return ActivationFunction{};
}
/// The same layer with a linear output.
template <LayerSpec S> constexpr S without_activation(S spec) {
  if constexpr (ActivatesItsOutput<S>)
    spec.activation = activity_of(spec) ? spec.activation : ActivationFunction{};
  else if constexpr (requires { S::distributes; })
    spec.layer = without_activation(spec.layer);
  return spec;
}

/// The answer of a fusion rule: whether a head takes the work of the layer behind it over, and then how. The
/// planner finds the rules beside the specs: `constexpr Fused<A> fuse(A head, const B& next)`, and for
/// inference only `fuse_for_inference(A head, const B& next, int behind)`, where `behind` is how many layers
/// `next` stands behind the head, whose kernel may want its parameters.
template <class S> struct Fused {
  bool fused = false;
  S spec{};
};
/// Pairs of specs of which at least one rule speaks.
template <class A, class B>
concept Fusable = requires(const A& head, const B& next) { fuse(head, next); } ||
                  requires(const A& head, const B& next) { fuse_for_inference(head, next, 1); };
/// What the rules say.
template <class A, class B>
  requires Fusable<A, B>
constexpr Fused<A> ask_rules(const A& head, const B& next, int behind, bool training) {
  if (activity_of(head) || activity_of(next)) return {};
  if constexpr (requires { fuse(head, next); })
    if (const auto answer = fuse(head, next); answer.fused) return answer;
  if constexpr (requires { fuse_for_inference(head, next, behind); })
    if (!training) return fuse_for_inference(head, next, behind);
  return {};
}

/// The output's extents, where the layer would choose others: OutputShape<32>. Keras: output_shape.
template <int... Extents> struct OutputShape {
  KERATIN_SETS(output_shape, {Extents...})
};
/// No bias. Keras: use_bias=False.
struct NoBias {
  KERATIN_SETS(use_bias, false)
};

/// A spec whose kernels know the KernelActivations only. Another activation runs in a pass of its own over
/// what the kernel makes without one; in training the memory behind the layer's intermediate results keeps
/// where it started from, if its backward pass or the layer's reads that.
template <class S>
concept ActivatesInKernels = ActivatesItsOutput<S> && !requires { S::knows_every_activation; };

namespace detail {

// Whether that is so here; a question for the compiler where the geometry is fixed.
template <class Spec, class G> constexpr bool may_run_apart() {
  if constexpr (ActivatesInKernels<Spec>)
    return may_be<G>([](const auto& g) { return runs_apart(g.activation); });
  else
    return false;
}
template <class Spec, class G> constexpr bool surely_runs_apart() {
  return is_fixed<G> && may_run_apart<Spec, G>();
}
template <class G> constexpr G without_activation(G geometry) {
  geometry.activation = {};
  return geometry;
}
template <auto G> constexpr auto without_activation(fixed<G>) { return fixed<without_activation(G)>{}; }

template <class T> T* kept_for_activation(const LayerPlan& layer, T* intermediate, int count) {
  return layer.kept > 0 ? intermediate + (layer.intermediate - layer.kept) * static_cast<std::size_t>(count)
                        : nullptr;
}
inline std::ptrdiff_t rows_of(const Shape& shape, int count) {
  return std::ptrdiff_t{count} * (shape.size() / shape.last());
}

// f(first, n) for pieces of so many values a sample that together hold those of all samples, and nothing of
// the lanes beyond.
template <class T> void for_each_piece(std::ptrdiff_t size, int samples, auto f) {
  constexpr int L = Unit<T>::samples;
  const std::ptrdiff_t whole = std::ptrdiff_t{samples / L} * L * size;
  f(std::ptrdiff_t{0}, whole);
  if (const int rest = samples % L; rest > 0)
    for (std::ptrdiff_t e = 0; e < size; ++e) f(whole + e * L, std::ptrdiff_t{rest});
}
// The penalty on `size` values of each sample, over the number of samples.
template <class T>
[[gnu::noinline]] void add_activity(const Regularizer& regularizer, const T* y, int size,
                                    const Run<Scalar<T>>& run) {
  double sum = 0;
  for_each_piece<T>(size, run.samples, [&](std::ptrdiff_t first, std::ptrdiff_t n) {
    sum += regularizer.penalty(scalars(y) + first, n);
  });
  *run.penalty += sum / run.samples;
}
// Its gradient.
template <class T>
[[gnu::noinline]] void add_activity_gradient(const Regularizer& regularizer, const T* y, int size,
                                             int samples, T* dy) {
  using S = Scalar<T>;
  const Regularizer share{regularizer.l1 / samples, regularizer.l2 / samples};
  for_each_piece<T>(size, samples, [&](std::ptrdiff_t first, std::ptrdiff_t n) {
    const S* const made = scalars(y) + first;
    S* const to = scalars(dy) + first;
    kernels::for_each_vector<S>(n, [=](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
      part.store(to + i, penalized(part.load(to + i), part.load(made + i), share));
    });
  });
}

// The spec's forward kernel, and its activation behind it where the kernel does not know that.
template <class Spec, class T, class Count>
[[gnu::always_inline]] inline void run_activated(auto geometry, const Forward<T, Count>& c) {
  using G = decltype(geometry);
  if constexpr (detail::may_run_apart<Spec, G>()) {
    const typename Spec::Geometry g = geometry;
    if (runs_apart(g.activation)) {
      const int count = static_cast<int>(c.count);
      const Shape& out = c.layer->out;
      T* const kept = detail::kept_for_activation(*c.layer, c.intermediate, count);
      Forward<T, Count> linear = c;
      if (kept) linear.y = kept;
      Spec::forward(detail::without_activation(geometry), linear);
      return activate(geometry, linear.y, c.y, detail::rows_of(out, count), out.last());
    }
  }
  if constexpr (!detail::surely_runs_apart<Spec, G>()) Spec::forward(geometry, c);
}

}  // namespace detail

/// Calls the spec's forward kernel, its activation behind it where the kernel does not know that, and adds a
/// penalty on what it made.
template <class Spec, class T, class Count>
[[gnu::always_inline]] inline void run_forward(auto geometry, const Forward<T, Count>& c) {
  detail::run_activated<Spec>(geometry, c);
  if constexpr (RegularizesItsOutput<Spec> && !std::is_same_v<Count, One>)
    if (c.run.penalty && c.layer->activity)
      detail::add_activity(c.layer->activity, c.y, c.layer->out.size(), c.run);
}

namespace detail {
template <class Spec, class T>
void run_backward_without_activation(auto geometry, const Backward<T>& c, auto& sink);
}

/// Calls the spec's backward kernel, behind that of an activation as in run_forward; the gradients of a spec
/// that does not hand them on itself are handed on here.
template <class Spec, class T> void run_backward(auto geometry, const Backward<T>& c, auto& sink) {
  if constexpr (RegularizesItsOutput<Spec>)
    if (c.layer->activity)
      detail::add_activity_gradient(c.layer->activity, c.y, c.layer->out.size(), c.run.samples, c.dy);
  if constexpr (detail::may_run_apart<Spec, decltype(geometry)>()) {
    const typename Spec::Geometry g = geometry;
    if (runs_apart(g.activation)) {
      const Shape& out = c.layer->out;
      Backward<T> linear = c;
      if (const T* const kept = detail::kept_for_activation(*c.layer, c.intermediate, c.count))
        linear.y = kept;
      go_back_through_activation(geometry, linear.y, c.y, c.dy, c.dy, detail::rows_of(out, c.count),
                                 out.last());
      return detail::run_backward_without_activation<Spec>(detail::without_activation(geometry), linear,
                                                           sink);
    }
  }
  if constexpr (!detail::surely_runs_apart<Spec, decltype(geometry)>())
    detail::run_backward_without_activation<Spec>(geometry, c, sink);
}

template <class Spec, class T>
void detail::run_backward_without_activation(auto geometry, const Backward<T>& c, auto& sink) {
  const Tensors& tensors = *c.tensors;
  const Gradients<Scalar<T>, std::remove_reference_t<decltype(sink)>> gradients{&tensors, &sink};
  if constexpr (requires { Spec::backward(geometry, c, gradients); }) {
    Spec::backward(geometry, c, gradients);
  } else {
    std::fill_n(c.gradient, tensors.end - tensors.start, Scalar<T>{});
    Spec::backward(geometry, c);
    for (int i = 0; i < tensors.count(); ++i)
      if (tensors[i].trainable) gradients.take(i, 0, tensors[i].shape.size(), c.gradient_of(i));
  }
}

namespace detail {
// Without a penalty on what it makes.
template <LayerSpec S> constexpr LayerPlan row_of(const S& spec, const auto& in, int index, Mode mode) {
  if constexpr (ActivatesInKernels<S>)
    if (runs_apart(spec.activation)) {
      S linear = spec;
      linear.activation = {};
      LayerPlan row = row_of(linear, in, index, mode);
      row.activation = spec.activation.name();
      row.traits.writes_over_gradient = true;
      if (mode.training && (input_needed_by(spec.activation) || row.traits.reads_output))
        row.kept = static_cast<std::size_t>(row.out.elements());
      row.intermediate += row.kept;
      row.traits.reads_output = true;
      return row;
    }
  if constexpr (requires { spec.plan(in, index, mode); })
    return spec.plan(in, index, mode);
  else
    return {.type = S::name,
            .activation = activation_of(spec) == ActivationFunction{} ? "" : activation_of(spec).name(),
            .inputs = index - 1,
            .in = static_cast<const Shape&>(in),
            .out = spec.fit(in).out,
            .traits = traits_of(spec, in),
            .head = index,
            .intermediate = intermediate_of(spec, in, mode.training),
            .flops = flops_of(spec, in),
            .state = batch_state_of(spec, in)};
}
}  // namespace detail

/// A layer's row in a plan, from its spec and what comes in: by default from the layer before it.
template <LayerSpec S> constexpr LayerPlan layer_plan(const S& spec, const auto& in, int index, Mode mode) {
  LayerPlan row = detail::row_of(spec, in, index, mode);
  if (const Regularizer activity = activity_of(spec)) {
    row.activity = activity;
    row.traits.reads_output = true;
    row.traits.writes_over_gradient = true;
  }
  return row;
}

// What the kernels of a step are given, from the plan and where its buffers lie.
template <class T, class P>
[[gnu::always_inline]] inline PerInput<P> pointers(const auto& plan, const PerInput<int>& buffers,
                                                   const Memory<T>& memory) {
  PerInput<P> all;
  if (buffers.count > 1)
    for (const int buffer : buffers) all.add(memory(plan, buffer));
  return all;
}
template <class T, class Count>
[[gnu::always_inline]] inline Forward<T, Count> forward_context(const auto& plan, const Step& step,
                                                                Count count, const Memory<T>& memory,
                                                                const Scalar<T>* block, Run<Scalar<T>> run) {
  run.random.layer = static_cast<std::uint32_t>(step.layer);
  T* state = nullptr;
  if (run.states)
    state = reinterpret_cast<T*>(run.states) +
            plan.layer_of(step).state_first * static_cast<std::size_t>(static_cast<int>(count));
  return {count,
          memory(plan, step.inputs[0]),
          memory(plan, step.output),
          block,
          &plan.layer_of(step),
          memory(plan, step.intermediate),
          run,
          pointers<T, const T*>(plan, step.inputs, memory),
          state};
}
template <class T>
Backward<T> backward_context(const auto& plan, const Step& step, const Memory<T>& memory,
                             const Scalar<T>* block, Scalar<T>* gradient, Scalar<T>* scratch,
                             Run<Scalar<T>> run) {
  run.random.layer = static_cast<std::uint32_t>(step.layer);
  return {memory.count,
          memory(plan, step.inputs[0]),
          memory(plan, step.output),
          memory(plan, step.output_gradient),
          memory(plan, step.input_gradients[0]),
          block,
          &plan.layer_of(step).tensors,
          memory(plan, step.intermediate),
          gradient,
          scratch,
          run,
          pointers<T, const T*>(plan, step.inputs, memory),
          pointers<T, T*>(plan, step.input_gradients, memory),
          &plan.layer_of(step)};
}
/// Behind a backward step: adds the gradients that meet at a value with several readers.
template <class T> void sum_gradients(const auto& plan, const auto& sums, const Memory<T>& memory) {
  using S = Scalar<T>;
  for (const Step::Sum& sum : sums) {
    if (sum.to == Step::none) continue;
    S* const to = reinterpret_cast<S*>(memory(plan, sum.to));
    const S* const from = reinterpret_cast<const S*>(memory(plan, sum.from));
    const std::size_t n = plan.buffers[static_cast<std::size_t>(sum.to)].size *
                          static_cast<std::size_t>(memory.count) * Unit<T>::samples;
    kernels::for_each_vector<S>(static_cast<std::ptrdiff_t>(n), [=](std::ptrdiff_t i, auto part) {
      part.store(to + i, part.load(to + i) + part.load(from + i));
    });
  }
}

/// Gives the parameters of a plan's layers their first values; the k-th tensor of a network has random stream
/// k.
template <class S> void initialize_parameters(const auto& layers, std::uint64_t seed, S* block) {
  for (const LayerPlan& layer : layers)
    for (int i = 0; i < layer.tensors.count(); ++i) {
      const Parameter& p = layer.tensors[i];
      const std::uint32_t stream = layer.tensors.number + static_cast<std::uint32_t>(i);
      const bool counts = p.matrix.rank > 0 && p.initializer.fan != Fan::none;
      initialize(p.initializer, counts ? p.matrix : p.shape, {seed, random_initializer, stream, 0},
                 block + layer.tensors.offset(i));
    }
}

namespace functional {  // met by graphs only
inline constexpr Rule needs_a_mask_of_its_steps{"its mask needs a value for each step"};
}  // namespace functional

/// Which masks stand behind a layer's inputs: bit k that of the k-th input, in this order, and behind them
/// one that the call was given. Set by the network.
struct MasksRead {
  unsigned bits = 0;

  static constexpr unsigned given = 1u << max_inputs;
  constexpr int count() const { return std::popcount(bits); }
  constexpr bool has(unsigned bit) const { return (bits & bit) != 0; }
  /// Which input a mask is, of so many; -1 if it is not there.
  constexpr int place(int inputs, unsigned bit) const {
    return has(bit) ? inputs - count() + std::popcount(bits & (bit - 1)) : -1;
  }
  constexpr bool operator==(const MasksRead&) const = default;
};
namespace detail {
constexpr int data_inputs(const Shapes& in, const MasksRead& masks) { return in.count - masks.count(); }
}  // namespace detail
/// What a layer does with the masks of what it reads, by Keras's rules.
struct MaskTraits {
  bool makes = false;      // one of its own
  bool passes = false;     // what it makes has that of its input, of several the mask of all of them
  bool of_first = false;   // or of several that of the first
  bool reads = false;      // takes that of its first input as a further input
  bool reads_all = false;  // takes those of all its inputs
  bool changed = false;    // one would change what it computes, in a way that is not implemented
};
template <LayerSpec S> constexpr MaskTraits mask_traits_of(const S& spec) {
  constexpr bool reads = requires(S s) { s.masked; };
  MaskTraits traits{.passes = traits_of(spec).pointwise, .of_first = requires {S::attends;
}
, .reads = reads, .reads_all = requires(S s) { s.masks; }
};  // namespace keratin
if constexpr (requires { spec.makes_mask(); }) traits.makes = spec.makes_mask();
if constexpr (requires { spec.passes_mask(); }) traits.passes = spec.passes_mask();
if constexpr (requires { spec.masks_change_it(); }) traits.changed = spec.masks_change_it();
return traits;
}
/// The axis along which the masks of its inputs that have it are put one behind the other.
template <LayerSpec S> constexpr int mask_axis_of([[maybe_unused]] const S& spec, const Shape& in) {
  if constexpr (requires { spec.mask_axis(in); })
    return spec.mask_axis(in);
  else
    return Shape::max_rank;
}
/// What attention makes where its scores are returned too, one behind the other.
struct AttendedShapes {
  Shape output{}, scores{};
};

namespace detail {
// The name that a layer was given, "" if none.
template <class Layer> constexpr std::string_view name_of() {
  if constexpr (requires { Layer::given_name; })
    return Layer::given_name;
  else
    return "";
}
}  // namespace detail

/// The base of a layer type: `Self` is the layer as error messages should show it. The layer itself adds its
/// `spec`.
template <class Self, LayerSpec S, class... Options> struct layer_of {
  using Spec = S;
  static_assert(sizeof(typename decltype(detail::check_options<Self, S, Options...>())::type) > 0);

  /// The layer called on a symbolic tensor of the run-time front end, or on several: one by one or as a
  /// vector. It is a type, so every call makes a layer of its own: one with weights must be a temporary.
  auto operator()(const auto& tensor, const auto&... more) const& {
    static_assert(
        !requires(S s) { s.parameters(Shape{}); },
        "keratin: each call of this layer would have weights of its own; one that is called by a name "
        "is a functional::Layer, as in functional::Layer dense(Dense<8>{})");
    return std::move(*this)(tensor, more...);
  }
  auto operator()(const auto& tensor, const auto&... more) const&& {
    if constexpr (requires { tensor.then(Self::spec, more...); })
      return tensor.then(Self::spec, more...);
    else
      return call_layer(Self::spec, "", tensor);
  }
};

/// The input of a network: the shape of one sample.
template <int... Extents> struct Input {
  static constexpr Shape shape{Extents...};
};

}  // namespace keratin
