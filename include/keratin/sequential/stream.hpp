#pragma once
// Stream: a network on a sequence that never ends, step by step or block by block. What it keeps is small and
// lies in the Stream; the weights are the model's, and many streams may share them.
#include <keratin/sequential/model.hpp>

namespace keratin {

inline constexpr Rule needs_steps_and_features{"a stream needs an Input of steps and features"};
inline constexpr Rule would_need_its_mask{"a stream has no masks"};

// Never defined. Read the arguments: which layer (counted from 0; layer<> is the Input), its type, and why it
// cannot run on a stream.
template <class Where, class Layer, const Rule& Why> struct network_cannot_stream;

namespace detail {

// How a network runs on a stream: as the same network of single steps, of which a block is a batch. A
// sequence ends where a recurrent layer returns its last output only: from there on each step gives an answer
// of its own.
template <class Net> struct StreamPlan {
  static constexpr int depth = Net::depth;

  // Whether the sequence still lasts in the input, and in what each layer makes: once it has ended, no
  // Reshape brings it back.
  static constexpr std::array<bool, depth + 1> lasting = [] {
    std::array<bool, depth + 1> lasting{true};
    for (std::size_t i = 0; i < depth; ++i) {
      lasting[i + 1] = Net::Check::checked.shape[i + 1].rank == Net::input_shape.rank;
      for (const int from : Net::Flat::inputs[i])
        lasting[i + 1] = lasting[i + 1] && lasting[static_cast<std::size_t>(from + 1)];
    }
    return lasting;
  }();
  // Whether it lasts in the inputs of layer I, in all or none of which it must.
  template <std::size_t I>
  static constexpr bool lasts = lasting[static_cast<std::size_t>(Net::Flat::inputs[I][0] + 1)];

  template <std::size_t I> static constexpr const Rule* rule() {
    constexpr auto spec = Net::template Layer<I>::spec;
    if constexpr (mask_traits_of(spec).makes) return &would_need_its_mask;
    for (const int from : Net::Flat::inputs[I])
      if (lasting[static_cast<std::size_t>(from + 1)] != lasts<I>) return &needs_the_whole_sequence;
    if constexpr (lasts<I>) {
      if constexpr (constexpr auto in = Net::template shape<I>; requires { spec.stream_rule(in); })
        if (const Rule* const rule = spec.stream_rule(in)) return rule;
      if (!KeepsState<std::remove_const_t<decltype(spec)>> && !traits_of(spec).pointwise)
        return &needs_the_whole_sequence;
    }
    return nullptr;
  }

  struct Verdict {
    int at = 0;
    const Rule* broken = nullptr;
  };
  static constexpr Verdict verdict = []<std::size_t... I>(std::index_sequence<I...>) -> Verdict {
    if (Net::input_shape.rank < 2) return {-1, &needs_steps_and_features};
    constexpr std::array<const Rule*, depth> rules{rule<I>()...};
    for (int i = 0; i < depth; ++i)
      if (rules[static_cast<std::size_t>(i)]) return {i, rules[static_cast<std::size_t>(i)]};
    return {};
  }(std::make_index_sequence<depth>());

  // The shape of one step of the input (0) or of what layer i - 1 makes.
  static constexpr Shape step_shape(std::size_t i) {
    Shape s = Net::Check::checked.shape[i];
    if (lasting[i] && s.rank > 1) s.extent[0] = 1;
    return s;
  }
  static constexpr Shape input = step_shape(0), output = step_shape(Net::Flat::output + 1);
  // What comes into layer I at a step: Shapes where it has several inputs.
  template <std::size_t I>
  static constexpr auto in = [] {
    constexpr auto& inputs = Net::Flat::inputs[I];
    const auto shape = [](int from) { return step_shape(static_cast<std::size_t>(from + 1)); };
    if constexpr (inputs.count == 1) {
      return shape(inputs[0]);
    } else {
      Shapes all(shape(inputs[0]));
      for (int i = 1; i < inputs.count; ++i) all.add(shape(inputs[i]));
      return all;
    }
  }();

  // The type by its name: in that of an `auto` variable template clang does not see a layer's state.
  template <std::size_t I> using Spec = decltype(PlanOf<Net>::template group_spec<I, Mode{}>());
  template <std::size_t I> static constexpr Spec<I> spec = PlanOf<Net>::template group_spec<I, Mode{}>();
  template <std::size_t I> static constexpr bool keeps_state = lasts<I> && KeepsState<Spec<I>>;

  template <std::size_t I> static constexpr LayerPlan row() {
    LayerPlan row = PlanOf<Net>::template row<Mode{}, I>();
    row.in = static_cast<const Shape&>(in<I>);
    row.out = step_shape(I + 1);
    row.intermediate = keeps_state<I> ? 0 : intermediate_of(spec<I>, in<I>, false);
    return row;
  }
  static constexpr auto plan = []<std::size_t... I>(std::index_sequence<I...>) {
    typename PlanOf<Net>::Plan plan;
    if (verdict.broken) return plan;
    constexpr std::array<LayerPlan (*)(), depth> rows{&row<I>...};
    constexpr std::array<const Parameters*, depth> learnt{&PlanOf<Net>::template parameters<I>...};
    for (std::size_t i = 0; i < depth; ++i) plan.add(rows[i](), *learnt[i]);
    plan.add_input(input);
    plan.add_output(Net::Flat::output);
    plan.plan_steps();
    return plan;
  }(std::make_index_sequence<depth>());
};

template <class Net> struct CheckStream {
  static constexpr auto verdict = StreamPlan<Net>::verdict;
  template <int At> static auto message() {
    if constexpr (At < 0) {
      return std::type_identity<network_cannot_stream<layer<>, Net, *verdict.broken>>{};
    } else {
      using Layer = typename Net::template Layer<static_cast<std::size_t>(At)>;
      return std::type_identity<network_cannot_stream<typename Net::template Place<At>,
                                                      typename Written<Layer>::type, *verdict.broken>>{};
    }
  }
  static constexpr bool check() {
    if constexpr (verdict.broken)
      return sizeof(Error<typename decltype(message<verdict.at>())::type>) > 0;
    else
      return true;
  }
};

}  // namespace detail

/// A model on a stream: after t steps the outputs are those that predict would give for the sequence so far.
/// step and process allocate nothing, or where one step works with more than 32 KB a workspace once per
/// thread. The model must outlive the stream, and no other may be moved into it; copying a stream copies its
/// state. One stream is not for several threads at once.
template <class Net, class S = float> class Stream {
  static_assert(detail::CheckStream<Net>::check());
  using Plan = detail::StreamPlan<Net>;

 public:
  static constexpr int input_size = Plan::input.size(), output_size = Plan::output.size();
  using Output = std::array<S, static_cast<std::size_t>(output_size)>;

  template <class Storage>
  explicit Stream(const Model<Net, Storage, S>& model) : block_(model.block().data()) {}
  template <class Storage> explicit Stream(const Model<Net, Storage, S>&&) = delete;

  /// One step: its features in, what the network makes of them out.
  Output step(std::span<const S, static_cast<std::size_t>(input_size)> x) {
    Output y;
    run(1, x.data(), y.data());
    return y;
  }
  Output step(S x)
    requires(input_size == 1)
  {
    return step(std::span<const S, 1>(&x, 1));
  }
  /// Any number of steps, input_size values each; y takes output_size values for each. Error: the sizes do
  /// not match.
  void process(std::span<const S> x, std::span<S> y) {
    constexpr std::size_t in = static_cast<std::size_t>(input_size),
                          out = static_cast<std::size_t>(output_size);
    const std::size_t steps = x.size() / in;
    if (x.size() % in != 0 || y.size() != steps * out) {
      std::fill(y.begin(), y.end(), std::numeric_limits<S>::quiet_NaN());
      return report(Text("process: ", x.size(), " input and ", y.size(), " output values came, n * ", in,
                         " and n * ", out, " wanted"));
    }
    for (std::size_t i = 0; i < steps; i += block_steps) {
      const std::size_t n = std::min(block_steps, steps - i);
      run(static_cast<int>(n), x.data() + i * in, y.data() + i * out);
    }
  }
  /// As if nothing had come yet.
  void reset() { std::fill(std::begin(state_), std::end(state_), S{}); }

 private:
  static constexpr const auto& plan = Plan::plan;
  static constexpr std::size_t steps = plan.steps.size();
  template <std::size_t I> static constexpr std::size_t layer = static_cast<std::size_t>(plan.steps[I].layer);
  template <std::size_t I> static constexpr auto spec = Plan::template spec<layer<I>>;
  template <std::size_t I> using Spec = typename Plan::template Spec<layer<I>>;
  template <std::size_t I> static constexpr bool keeps_state = Plan::template keeps_state<layer<I>>;
  template <std::size_t I>
  static constexpr auto in_shape = Net::template shape<layer<I>>;  // of a whole sequence

  template <std::size_t I> static constexpr std::size_t state_size() {
    if constexpr (keeps_state<I>)
      return aligned(spec<I>.state(in_shape<I>));
    else
      return 0;
  }
  // Where each step's state begins; the last one is their size.
  static constexpr std::array<std::size_t, steps + 1> states =
      []<std::size_t... I>(std::index_sequence<I...>) {
        std::array<std::size_t, steps + 1> start{};
        constexpr std::array<std::size_t, steps + 1> size{state_size<I>()..., 0};
        for (std::size_t i = 0; i < steps; ++i) start[i + 1] = start[i] + size[i];
        return start;
      }(std::make_index_sequence<steps>());

  // Scalars that a layer with a state works with, for a block.
  template <std::size_t I> static constexpr std::size_t scratch_size() {
    if constexpr (!keeps_state<I>)
      return 0;
    else if constexpr (requires { spec<I>.stream_workspace(in_shape<I>); })
      return spec<I>.stream_workspace(in_shape<I>);
    else
      return intermediate_of(spec<I>, in_shape<I>, false);
  }
  static constexpr std::size_t scratch = []<std::size_t... I>(std::index_sequence<I...>) {
    std::size_t most = 0;
    for (const std::size_t n : {std::size_t{0}, scratch_size<I>()...}) most = std::max(most, n);
    return aligned(most);
  }(std::make_index_sequence<steps>());

  // Steps at a time: as many as the stack has room for.
  static constexpr std::size_t block_steps = std::clamp<std::size_t>(
      (detail::stack_bytes / sizeof(S) - std::min(scratch, detail::stack_bytes / sizeof(S))) /
          std::max<std::size_t>(plan.workspace, 1),
      1, stream_block);

  void run(int n, const S* x, S* y) {
    constexpr std::size_t room = plan.workspace * block_steps;
    detail::Workspace<S, room + scratch, true, detail::Purpose::stream> workspace;
    const Memory<S> memory{n, x, y, workspace.data()};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      [[maybe_unused]] const int in_order[] = {0, (run_step<I>(memory, workspace.data() + room), 0)...};
    }(std::make_index_sequence<steps>());
    if constexpr (plan.outputs[0].buffer == 0) std::copy_n(x, n * input_size, y);
  }
  template <std::size_t I> void run_step(const Memory<S>& memory, S* scratch) {
    const auto context = [&](auto count) {
      return forward_context(plan, plan.steps[I], count, memory, block_, Run<S>{memory.count});
    };
    if constexpr (keeps_state<I>) {
      constexpr auto geometry = fixed<spec<I>.geometry(in_shape<I>)>{};
      S* const state = state_ + states[I];
      auto c = context(One{});
      c.intermediate = scratch;
      if constexpr (requires { Spec<I>::stream(geometry, memory.count, c, state); }) {
        Spec<I>::stream(geometry, memory.count, c, state);
      } else {
        constexpr std::size_t out = plan.buffers[static_cast<std::size_t>(plan.steps[I].output)].size;
        for (int i = 0; i < memory.count; ++i, c.x += Plan::template in<layer<I>>.size(), c.y += out)
          Spec<I>::step(geometry, c, state);
      }
    } else {
      constexpr auto geometry = fixed<spec<I>.geometry(Plan::template in<layer<I>>)>{};
      if (memory.count == 1)
        run_forward<Spec<I>>(geometry, context(One{}));
      else
        run_forward<Spec<I>>(geometry, context(memory.count));
    }
  }

  const S* block_;
  alignas(alignment) S state_[states[steps] > 0 ? states[steps] : 1] = {};
};
template <class Net, class Storage, class S> Stream(const Model<Net, Storage, S>&) -> Stream<Net, S>;

}  // namespace keratin
