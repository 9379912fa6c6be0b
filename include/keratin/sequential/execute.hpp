#pragma once
// Runs a Sequential: its plan, made by the compiler, and the forward and backward passes over it. Every step
// calls the spec's kernel with the geometry as a type.
#include <keratin/sequential/sequential.hpp>

namespace keratin {

namespace detail {

template <class Net> struct PlanOf {
  static constexpr int depth = Net::depth;
  // Buffers: the input and its gradient; an output and an intermediate of each layer, a gradient of each
  // input.
  template <class T> using List = typename UpTo<depth, 2 * depth + Net::Flat::reads + 2>::template List<T>;
  using Plan = BasicPlan<List>;

  template <std::size_t I>
  static constexpr Parameters parameters =
      parameters_of(Net::template Layer<I>::spec, Net::template shape<I>);

  // The head of the group that layer i belongs to, for all layers.
  template <bool Training>
  static constexpr std::array<int, depth> heads = []<std::size_t... I>(std::index_sequence<I...>) {
    constexpr std::array<std::size_t, depth> ends{Net::template Group<I, Training>::end...};
    std::array<int, depth> head{};
    for (std::size_t i = 0; i < depth; i = ends[i])
      for (std::size_t j = i; j < ends[i]; ++j) head[j] = static_cast<int>(i);
    return head;
  }(std::make_index_sequence<depth>());

  // The spec that does the work of the group at I; the output activation is left out for a loss that wants
  // logits.
  template <std::size_t I, Mode M> static constexpr auto group_spec() {
    auto spec = Net::template Group<I, M.training>::spec;
    if constexpr (M.logits != 0)
      if (I == output_head<M.training>) return without_activation(spec);
    return spec;
  }

  // The last layer that does more than rename the shape, and leaves the last axis as it is, is the head of
  // the output: a loss on logits takes its activation over.
  template <bool Training>
  static constexpr std::size_t output_head = []<std::size_t... I>(std::index_sequence<I...>) {
    constexpr std::array<bool, depth> idle{
        (traits_of(Net::template Layer<I>::spec).view &&
         static_cast<const Shape&>(Net::template shape<I>).last() == Net::template output<I>.last())...};
    int last = Net::Flat::output;
    while (last > 0 && idle[static_cast<std::size_t>(last)])
      last = Net::Flat::inputs[static_cast<std::size_t>(last)][0];
    return static_cast<std::size_t>(heads<Training>[last > 0 ? static_cast<std::size_t>(last) : 0]);
  }(std::make_index_sequence<depth>());

  template <Mode M, std::size_t I> static constexpr LayerPlan row() {
    LayerPlan row = layer_plan(group_spec<I, M>(), Net::template shape<I>, static_cast<int>(I), M);
    row.head = heads<M.training>[I];
    if (row.head != static_cast<int>(I)) row.type = Net::template Layer<I>::Spec::name;
    row.name = name_of<typename Net::template Layer<I>>();
    row.inputs = Net::Flat::inputs[I];
    row.out = Net::template output<I>;
    row.unused = !M.masks && static_cast<int>(I) >= Net::Flat::needed;
    return row;
  }

  template <Mode M> static constexpr Plan make() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      constexpr std::array<LayerPlan (*)(), depth> rows{&row<M, I>...};
      constexpr std::array<const Parameters*, depth> learnt{&parameters<I>...};
      Plan plan;
      plan.mode = M;
      for (std::size_t i = 0; i < depth; ++i) plan.add(rows[i](), *learnt[i]);
      plan.add_input(Net::input_shape);
      plan.add_output(Net::Flat::output);
      if (M.masks && Net::Flat::output_mask >= 0) {
        plan.outputs[0].mask = 1;
        plan.add_output(Net::Flat::output_mask);
      }
      plan.plan_steps();
      return plan;
    }(std::make_index_sequence<depth>());
  }
};

template <class Net, Mode M> inline constexpr auto plan_constant = PlanOf<Net>::template make<M>();

}  // namespace detail

/// The plan of a network, a compile-time constant: shapes, fused groups, buffers and their lifetimes,
/// parameters, workspace, floating-point operations. static_assert(plan<Net>().workspace_bytes <= 16'384)
/// holds it to a budget.
template <class Net, Mode M = Mode{}> constexpr const auto& plan() { return detail::plan_constant<Net, M>; }

namespace detail {

// Up to so many layers each has code of its own, with its sizes as constants. A deeper network would take
// long to compile, and its code would not fit the instruction cache: there all layers of a kind share their
// kernels.
inline constexpr int most_fixed_layers = 64;

// One of their steps: the kernel of its kind, and its sizes.
template <class Context, class... Sink> struct SharedStep {
  void (*kernel)(const void* geometry, const Context&, Sink&...);
  const void* geometry;

  void operator()(const Context& c, Sink&... sink) const { kernel(geometry, c, sink...); }
};
template <class Spec, class T, class Count>
void shared_forward(const void* geometry, const Forward<T, Count>& c) {
  run_forward<Spec>(*static_cast<const typename Spec::Geometry*>(geometry), c);
}
template <class Spec, class T, class Sink>
void shared_backward(const void* geometry, const Backward<T>& c, Sink& sink) {
  run_backward<Spec>(*static_cast<const typename Spec::Geometry*>(geometry), c, sink);
}

/// Forward and backward passes of Net planned for M.
template <class Net, Mode M = Mode{}> struct Execute {
  static constexpr const auto& plan = plan_constant<Net, M>;
  static constexpr std::size_t steps = plan.steps.size();

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(Count count, const Scalar<T>* block, const T* x, T* y,
                                             T* workspace, const Run<Scalar<T>>& run) {
    const Memory<T> memory{count, x, y, workspace};
    if constexpr (Net::depth > most_fixed_layers)
      for (std::size_t s = 0; s < steps; ++s)
        shared_forward_steps<T, Count>[s](forward_context(plan, plan.steps[s], count, memory, block, run));
    else
      [&]<std::size_t... S>(std::index_sequence<S...>) __attribute__((always_inline)) {
        (forward_step<S, T>(count, block, memory, run), ...);
      }(std::make_index_sequence<steps>());
    if constexpr (!M.training && plan.outputs[0].buffer == 0)  // nothing but views
      std::copy_n(x, std::ptrdiff_t{static_cast<int>(count)} * Net::output_size, y);
  }

  /// The output's gradient lies in its buffer. `gradient` has room for the parameters of any layer that does
  /// not finish its gradients itself. Only gradients that a plan for `Wanted` has are computed.
  template <class T, Mode Wanted = M>
  static void backward(int count, const Scalar<T>* block, T* workspace, Scalar<T>* scratch,
                       Scalar<T>* gradient, auto& sink, const Run<Scalar<T>>& run) {
    const Memory<T> memory{count, nullptr, nullptr, workspace};
    if constexpr (Net::depth > most_fixed_layers)
      for (std::size_t s = steps; s-- > 0;) {
        const Step& step = needed<Wanted>()[s];
        if (step.output_gradient == Step::none) continue;
        shared_backward_steps<T, std::remove_reference_t<decltype(sink)>>[s](
            backward_context(plan, step, memory, block, gradient, scratch, run), sink);
        sum_gradients(plan, step.sums, memory);
      }
    else
      [&]<std::size_t... S>(std::index_sequence<S...>) {
        (backward_step<steps - 1 - S, Wanted, T>(memory, block, scratch, gradient, sink, run), ...);
      }(std::make_index_sequence<steps>());
  }

  /// Scalars of scratch that backward needs.
  template <class T> static constexpr std::size_t scratch(int count) {
    return []<std::size_t... S>([[maybe_unused]] int n, std::index_sequence<S...>) {
      std::size_t most = 0;
      // An initializer list instead of a fold: clang stops at 256 operands.
      [[maybe_unused]] const int in_order[] = {
          0, (most = std::max(most, scratch_of<T>(spec<S>, in_shape<S>, n)), 0)...};
      return most;
    }(count, std::make_index_sequence<steps>());
  }

 private:
  template <std::size_t S> static constexpr std::size_t layer = static_cast<std::size_t>(plan.steps[S].layer);
  template <std::size_t S> using Spec = decltype(PlanOf<Net>::template group_spec<layer<S>, M>());
  template <std::size_t S> static constexpr Spec<S> spec = PlanOf<Net>::template group_spec<layer<S>, M>();
  template <std::size_t S> static constexpr auto in_shape = Net::template shape<layer<S>>;
  template <std::size_t S>
  static constexpr typename Spec<S>::Geometry geometry = spec<S>.geometry(in_shape<S>);

  template <class T, class Count>
  static constexpr auto shared_forward_steps = []<std::size_t... S>(std::index_sequence<S...>) {
    return std::array{SharedStep<Forward<T, Count>>{&shared_forward<Spec<S>, T, Count>, &geometry<S>}...};
  }(std::make_index_sequence<steps>());
  template <class T, class Sink>
  static constexpr auto shared_backward_steps = []<std::size_t... S>(std::index_sequence<S...>) {
    return std::array{SharedStep<Backward<T>, Sink>{&shared_backward<Spec<S>, T, Sink>, &geometry<S>}...};
  }(std::make_index_sequence<steps>());

  template <Mode Wanted>
  static constexpr auto pruned = [] {
    auto all = plan.steps;
    for (std::size_t s = 0; s < steps; ++s) {
      const Step& wanted = plan_constant<Net, Wanted>.steps[s];
      if (wanted.output_gradient == Step::none) all[s].output_gradient = Step::none;
      for (int k = 0; k < wanted.input_gradients.count; ++k) {
        if (wanted.input_gradients[k] != Step::none) continue;
        all[s].input_gradients.item[k] = Step::none;
        all[s].sums.item[k] = {};
      }
    }
    return all;
  }();
  template <Mode Wanted> static constexpr const auto& needed() {
    if constexpr (Wanted == M)
      return plan.steps;
    else
      return pruned<Wanted>;
  }
  template <std::size_t S, Mode Wanted>
  static constexpr bool sums = [] {
    for (const Step::Sum& sum : needed<Wanted>()[S].sums)
      if (sum.to != Step::none) return true;
    return false;
  }();

  template <std::size_t S, class T, class Count>
  [[gnu::always_inline]] static void forward_step(Count count, const Scalar<T>* block,
                                                  const Memory<T>& memory, const Run<Scalar<T>>& run) {
    run_forward<Spec<S>>(fixed<geometry<S>>{},
                         forward_context(plan, plan.steps[S], count, memory, block, run));
  }

  template <std::size_t S, Mode Wanted, class T>
  static void backward_step(const Memory<T>& memory, const Scalar<T>* block, Scalar<T>* scratch,
                            Scalar<T>* gradient, auto& sink, const Run<Scalar<T>>& run) {
    constexpr const Step& step = needed<Wanted>()[S];
    if constexpr (step.output_gradient != Step::none) {
      const Backward<T> c = backward_context(plan, step, memory, block, gradient, scratch, run);
      run_backward<Spec<S>>(fixed<geometry<S>>{}, c, sink);
      if constexpr (sums<S, Wanted>) sum_gradients(plan, step.sums, memory);
    }
  }
};

}  // namespace detail
}  // namespace keratin
