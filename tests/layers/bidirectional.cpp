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

TEST_CASE("a Bidirectional says what it needs") {
  using Spec = Bidirectional<LSTM<3>>;
  static_assert(Bidirectional<GRU<3, GoBackwards>>::spec.fit(Shape{4, 2}).broken ==
                &goes_both_ways_by_itself);
  static_assert(Spec::spec.fit(Shape{4}).broken == &needs_sequence_TxC);
  static_assert(Bidirectional<LSTM<0>>::spec.fit(Shape{4, 2}).broken == &needs_at_least_1_unit);
  constexpr Parameters p = Spec::spec.parameters(Shape{4, 2});
  static_assert(p.count == 6 && p[3].shape == Shape{2, 12} && p[5].initializer.unit_forget);
  CHECK(std::string_view(p[4].name) == "backward_layer/cell/recurrent_kernel");
  const auto message = [](auto make) -> std::string {
    try {
      make();
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "";
  };
  const Tensor x = functional::Input({4, 2}), h = functional::Input({3}), wrong = functional::Input({5});
  const Layer both(Spec{}, "both");
  CHECK(message([&] { both(x, h, h); }) ==
        "layer 0, Bidirectional 'both', got (4, 2), as input 0: it needs all of its states or none");
  CHECK(message([&] { both(x, h, h, h, wrong); }) ==
        "layer 0, Bidirectional 'both', got (5), as input 4: an initial state needs as many values as the "
        "layer "
        "has units; wants (3)");
  const Layer none(BidirectionalSpec<GRUSpec>{{.units = 3}, Merging::none}, "none");
  CHECK(message([&] { none(x); }) ==
        "layer 0, Bidirectional 'none', got (4, 2): it makes several tensors: call all");
  CHECK(message([&] { none.with_state(x); }) ==
        "layer 0, Bidirectional 'none', got (4, 2): it makes several tensors: call all");
}

TEST_CASE("a stateful Bidirectional goes on where both ways ended") {
  using Net = Sequential<Input<3, 2>, Bidirectional<LSTM<2, Stateful, ReturnSequences>>>;
  const Model<Net> model(3);
  const std::vector<float> x = filled_array(30, 1);  // five samples
  std::vector<float> first(60), second(60), again(60);
  States states(model, 5);
  model.predict(x, first, states);
  model.predict(x, second, states);
  CHECK(first != second);
  states.reset();
  model.predict(x, again, states);
  CHECK(again == first);
  // By hand: both ways begin at the states that they had.
  const Tensor in = functional::Input({3, 2});
  std::vector<Tensor> begin;
  for (int i = 0; i < 4; ++i) begin.push_back(functional::Input({2}));
  const Layer layer(Bidirectional<LSTM<2, ReturnSequences>>{});
  const auto [y, made] = layer.with_state(in, begin);
  functional::Model by_hand({in, begin[0], begin[1], begin[2], begin[3]},
                            std::vector{y, made[0], made[1], made[2], made[3]});
  std::vector<float> weights(model.count_params());
  model.get_weights(weights);
  by_hand.set_weights(weights);
  const std::vector<float> one(x.begin(), x.begin() + 6), zeros(2);
  const auto all = by_hand.predict({one, zeros, zeros, zeros, zeros});
  const auto state = [&](std::ptrdiff_t k) {
    return std::vector<float>(all.begin() + 12 + 2 * k, all.begin() + 14 + 2 * k);
  };
  const auto next = by_hand.predict({one, state(0), state(1), state(2), state(3)});
  CHECK(all_near(std::vector<float>(next.begin(), next.begin() + 12),
                 std::vector<float>(second.begin(), second.begin() + 12)));
}

TEST_CASE("masked steps are zeros where Keras makes them so") {
  const Tensor x = functional::Input({5, 2});
  check_graph("bidirectional_masked", {x}, {Bidirectional<LSTM<3, ReturnSequences>>{}(masked(x))});
  check_graph("bidirectional_masked_last", {x}, {Bidirectional<GRU<3>>{}(masked(x))});
  check_graph("lstm_zero_output", {x}, {LSTM<3, ReturnSequences, ZeroOutputForMask>{}(masked(x))});
  check_graph("gru_zero_output_last", {x}, {GRU<3, ZeroOutputForMask>{}(masked(x))});
}
