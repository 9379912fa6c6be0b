#pragma once
// Stream: a network on a sequence that never ends, step by step or block by block. What it keeps is small and
// lies in the Stream; the weights are the model's, and many streams may share them.
#include <keratin/sequential/model.hpp>

namespace keratin {

inline constexpr Rule streams_do_not_branch{
    "a stream runs through one layer after the other, without branches"};
inline constexpr Rule needs_steps_and_features{"a stream needs an Input of steps and features"};

// Never defined. Read the arguments: which layer (counted from 0; layer<> is the Input), its type, and why it
// cannot run on a stream.
template <class Where, class Layer, const Rule& Why> struct network_cannot_stream;

namespace detail {

// How a network runs on a stream. A sequence ends where a recurrent layer returns its last output only: from
// there on each step gives an answer of its own.
template <class Net> struct StreamPlan {
  static constexpr int depth = Net::depth;

  // Whether the sequence still lasts in front of layer I: once it has ended, no Reshape brings it back.
  template <std::size_t I>
  static constexpr bool lasts = [] {
    for (std::size_t i = 0; i <= I; ++i)
      if (Net::Check::checked.shape[i].rank != Net::input_shape.rank) return false;
    return true;
  }();

  template <std::size_t I> static constexpr const Rule* rule() {
    constexpr auto spec = Net::template Layer<I>::spec;
    constexpr auto& inputs = Net::Flat::inputs[I];
    if (inputs.count != 1 || inputs[0] != static_cast<int>(I) - 1) return &streams_do_not_branch;
    if constexpr (lasts<I>) {
      if constexpr (requires { spec.stream_rule(); })
        if (spec.stream_rule()) return spec.stream_rule();
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

  // The shape of one step in front of layer I.
  template <std::size_t I>
  static constexpr Shape step_shape = [] {
    Shape s = Net::Check::checked.shape[I];
    if (lasts<I> && s.rank > 1) s.extent[0] = 1;
    return s;
  }();
  static constexpr Shape input = step_shape<0>, output = step_shape<static_cast<std::size_t>(depth)>;
};

template <class Net> struct CheckStream {
  static constexpr auto verdict = StreamPlan<Net>::verdict;
  template <int At> static auto message() {
    if constexpr (At < 0)
      return std::type_identity<network_cannot_stream<layer<>, Net, *verdict.broken>>{};
    else
      return std::type_identity<network_cannot_stream<
          layer<At>, typename Net::template Layer<static_cast<std::size_t>(At)>, *verdict.broken>>{};
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
/// step and process allocate nothing, or for very wide layers a workspace once per thread. The model must
/// outlive the stream, and no other may be moved into it; copying a stream copies its state. One stream is
/// not for several threads at once.
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
    for (std::size_t i = 0; i < steps; i += stream_block) {
      const std::size_t n = std::min<std::size_t>(stream_block, steps - i);
      run(static_cast<int>(n), x.data() + i * in, y.data() + i * out);
    }
  }
  /// As if nothing had come yet.
  void reset() { std::fill(std::begin(state_), std::end(state_), S{}); }

 private:
  static constexpr const auto& plan = keratin::plan<Net>();
  static constexpr int steps = Plan::verdict.broken ? 0 : static_cast<int>(plan.steps.size());
  template <std::size_t I> static constexpr std::size_t layer = static_cast<std::size_t>(plan.steps[I].layer);
  template <std::size_t I>
  using Spec = decltype(detail::PlanOf<Net>::template group_spec<layer<I>, Mode{}>());
  template <std::size_t I>
  static constexpr Spec<I> spec = detail::PlanOf<Net>::template group_spec<layer<I>, Mode{}>();
  template <std::size_t I> static constexpr Shape in_shape = plan.layers[layer<I>].in;
  template <std::size_t I>
  static constexpr bool keeps_state = [] {
    if constexpr (KeepsState<Spec<I>>)
      return Plan::template lasts<layer<I>>;
    else
      return false;
  }();

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

  // Scalars that a step works with, for a block.
  template <std::size_t I> static constexpr std::size_t intermediate() {
    if constexpr (keeps_state<I> && requires { spec<I>.stream_workspace(in_shape<I>); })
      return spec<I>.stream_workspace(in_shape<I>);
    else
      return intermediate_of(spec<I>, in_shape<I>, false) * (keeps_state<I> ? 1 : stream_block);
  }
  template <std::size_t I> static constexpr std::size_t outputs() {
    std::size_t end = layer<I>;  // the layer behind the group
    while (end < plan.layers.size() && plan.layers[end].head == static_cast<int>(layer<I>)) ++end;
    const Shape out = plan.layers[end - 1].out;
    return static_cast<std::size_t>(out.rank == Net::input_shape.rank ? out.size() / out[0] : out.size());
  }
  static constexpr std::size_t most(std::initializer_list<std::size_t> sizes) {
    std::size_t largest = 0;
    for (const std::size_t n : sizes) largest = std::max(largest, n);
    return largest;
  }
  static constexpr std::size_t widest = []<std::size_t... I>(std::index_sequence<I...>) {
    return aligned(most({0, outputs<I>()...}) * stream_block);
  }(std::make_index_sequence<steps>());
  static constexpr std::size_t largest_intermediate = []<std::size_t... I>(std::index_sequence<I...>) {
    return aligned(most({0, intermediate<I>()...}));
  }(std::make_index_sequence<steps>());

  void run(int n, const S* x, S* y) {
    detail::Workspace<S, 2 * widest + largest_intermediate, true, detail::Purpose::stream> workspace;
    S* const memory = workspace.data();
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      [[maybe_unused]] const int in_order[] = {
          0, (run_step<I>(n, I == 0 ? x : memory + (I + 1) % 2 * widest,
                          I + 1 == steps ? y : memory + I % 2 * widest, memory + 2 * widest),
              0)...};
    }(std::make_index_sequence<steps>());
    if constexpr (steps == 0) std::copy_n(x, n * input_size, y);
  }
  template <std::size_t I> void run_step(int n, const S* x, S* y, S* intermediate) {
    const auto context = [&](auto count) {
      return Forward<S, decltype(count)>{count,        x,        y, block_, &plan.layers[layer<I>],
                                         intermediate, Run<S>{n}};
    };
    if constexpr (keeps_state<I>) {
      constexpr auto geometry = fixed<spec<I>.geometry(in_shape<I>)>{};
      S* const state = state_ + states[I];
      auto c = context(One{});
      if constexpr (requires { Spec<I>::stream(geometry, n, c, state); }) {
        Spec<I>::stream(geometry, n, c, state);
      } else {
        for (int i = 0; i < n; ++i, c.x += in_shape<I>.size() / in_shape<I>[0], c.y += outputs<I>())
          Spec<I>::step(geometry, c, state);
      }
    } else {
      constexpr auto geometry = fixed<spec<I>.geometry(Plan::template step_shape<layer<I>>)>{};
      if (n == 1)
        Spec<I>::forward(geometry, context(One{}));
      else
        Spec<I>::forward(geometry, context(n));
    }
  }

  const S* block_;
  alignas(alignment) S state_[states[steps] > 0 ? states[steps] : 1] = {};
};
template <class Net, class Storage, class S> Stream(const Model<Net, Storage, S>&) -> Stream<Net, S>;

}  // namespace keratin
