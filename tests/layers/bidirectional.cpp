#include "../check_graph.hpp"

using namespace keratin;

TEST_CASE("Bidirectional computes what Keras computes") {
  check<Bidirectional<LSTM<4>>, Input<5, 3>>("bidirectional_lstm");
  check<Bidirectional<GRU<3, ReturnSequences>>, Input<4, 1>>("bidirectional_gru_sequences");
  check<Bidirectional<SimpleRNN<17, ReturnSequences>, MergeMode<Merging::sum>>, Input<3, 2>>(
      "bidirectional_rnn_sum");
  check<Bidirectional<LSTM<3, ReturnSequences, NoBias>, MergeMode<Merging::ave>>, Input<1, 2>>(
      "bidirectional_lstm_ave");
  check<Bidirectional<GRU<5, ReturnSequences, NoResetAfter>, MergeMode<Merging::mul>>, Input<4, 2>>(
      "bidirectional_gru_mul");
  check<Bidirectional<SimpleRNN<3, ReLU>, MergeMode<Merging::mul>>, Input<6, 2>>("bidirectional_rnn");
}

namespace {

using functional::Layer, functional::Tensor;

Tensor masked(const Tensor& x) { return x.then(MaskingSpec{}); }

}  // namespace

TEST_CASE("a graph takes the outputs of both ways, and their states, out of a Bidirectional") {
  const Tensor x = functional::Input({4, 2});
  using None = BidirectionalSpec<GRUSpec>;
  const auto both = Layer(None{{.units = 3, .return_sequences = true}, Merging::none}).all(x);
  check_graph("bidirectional_none", {x}, both);
  check_graph("bidirectional_none_last", {x},
              Layer(BidirectionalSpec<LSTMSpec>{{.units = 2}, Merging::none}).all(x));
  const Tensor short_x = functional::Input({3, 2});
  check_graph("bidirectional_none_states", {short_x},
              Layer(BidirectionalSpec<LSTMSpec>{{.units = 2}, Merging::none}).all(short_x, {}, {}, true));
}

TEST_CASE("a Bidirectional begins with the states of both ways and returns them") {
  const Tensor x = functional::Input({4, 2});
  std::vector<Tensor> states;
  for (int i = 0; i < 4; ++i) states.push_back(functional::Input({3}));
  const auto [y, made] = Layer(Bidirectional<LSTM<3, ReturnSequences>>{}).with_state(x, states);
  check_graph("bidirectional_states", {x, states[0], states[1], states[2], states[3]},
              {y, made[0], made[1], made[2], made[3]});
  const auto [last, after] =
      Layer(Bidirectional<GRU<3>, MergeMode<Merging::sum>>{}).with_state(x, {states[0], states[1]});
  check_graph("bidirectional_states_sum", {x, states[0], states[1]}, {last, after[0], after[1]});
}

TEST_CASE("masked steps are zeros where Keras makes them so") {
  const Tensor x = functional::Input({5, 2});
  check_graph("bidirectional_masked", {x}, {Bidirectional<LSTM<3, ReturnSequences>>{}(masked(x))});
  check_graph("bidirectional_masked_last", {x}, {Bidirectional<GRU<3>>{}(masked(x))});
  check_graph("lstm_zero_output", {x}, {LSTM<3, ReturnSequences, ZeroOutputForMask>{}(masked(x))});
  check_graph("gru_zero_output_last", {x}, {GRU<3, ZeroOutputForMask>{}(masked(x))});
}
