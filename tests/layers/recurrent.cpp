#include "../check.hpp"

using namespace keratin;

TEST_CASE("SimpleRNN computes what Keras computes") {
  check<SimpleRNN<4>, Input<5, 3>>("simple_rnn");
  check<SimpleRNN<17, ReLU, NoBias, ReturnSequences>, Input<4, 1>>("simple_rnn_sequences");
  check<SimpleRNN<1, ReturnSequences, GoBackwards>, Input<3, 17>>("simple_rnn_backwards");
  check<SimpleRNN<3, GoBackwards>, Input<1, 2>>("simple_rnn_one_step");
}

TEST_CASE("LSTM computes what Keras computes") {
  check<LSTM<4>, Input<5, 3>>("lstm");
  check<LSTM<17, ReturnSequences>, Input<4, 1>>("lstm_sequences");
  check<LSTM<1, ReturnSequences, GoBackwards, NoBias>, Input<3, 17>>("lstm_backwards");
  check<LSTM<5, ReLU, RecurrentActivation<Tanh>, NoUnitForgetBias>, Input<1, 2>>("lstm_activations");
}

TEST_CASE("GRU computes what Keras computes") {
  check<GRU<4>, Input<5, 3>>("gru");
  check<GRU<17, ReturnSequences>, Input<4, 1>>("gru_sequences");
  check<GRU<1, ReturnSequences, GoBackwards, NoBias>, Input<3, 17>>("gru_backwards");
  check<GRU<3, GoBackwards>, Input<1, 2>>("gru_one_step");
}

TEST_CASE("GRU that resets before the product computes what Keras computes") {
  check<GRU<17, ReturnSequences, NoResetAfter>, Input<4, 1>>("gru_before_sequences");
  check<GRU<1, ReturnSequences, GoBackwards, NoBias, NoResetAfter>, Input<3, 17>>("gru_before_backwards");
  check<GRU<3, ReLU, RecurrentActivation<Tanh>, GoBackwards, NoResetAfter>, Input<1, 2>>(
      "gru_before_one_step");
}

namespace {

// Steps of a stream give the bits of all outputs of a sequence.
template <class L, int Steps, int Features> void check_steps() {
  using Net = Sequential<Input<Steps, Features>, L>;
  using Spec = typename L::Spec;
  static_assert(L::spec.return_sequences);
  constexpr auto geometry = L::spec.geometry(Net::input_shape);
  constexpr std::size_t units = static_cast<std::size_t>(L::spec.units);
  const Model<Net> model(3);
  std::vector<float> x(Net::input_size), y(units), state(L::spec.state(Net::input_shape));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 2));
  const auto wanted = model.predict(x);
  bool fixed_equal = true, free_equal = true;
  const auto run = [&](auto g, bool& equal) {
    std::fill(state.begin(), state.end(), 0.f);
    for (std::size_t s = 0; s < Steps; ++s) {
      Spec::step(g,
                 Forward<float, One>{One{}, x.data() + s * Features, y.data(), model.block().data(),
                                     &plan<Net>().layers[0], nullptr},
                 state.data());
      equal =
          equal && std::equal(y.begin(), y.end(), wanted.begin() + static_cast<std::ptrdiff_t>(s * units));
    }
  };
  run(fixed<geometry>{}, fixed_equal);
  run(geometry, free_equal);
  CHECK(fixed_equal);
  CHECK(free_equal);
}

}  // namespace

TEST_CASE("step by step, recurrent layers give the outputs of the sequence") {
  check_steps<SimpleRNN<3, ReturnSequences>, 4, 2>();
  check_steps<SimpleRNN<40, ReturnSequences>, 3, 1>();
  check_steps<LSTM<20, ReturnSequences>, 4, 1>();
  check_steps<LSTM<33, ReturnSequences>, 3, 17>();
  check_steps<LSTM<150, ReturnSequences>, 2, 1>();  // more than the registers hold
  check_steps<GRU<24, ReturnSequences>, 4, 1>();
  check_steps<GRU<17, ReturnSequences, NoBias>, 3, 5>();
  check_steps<GRU<9, ReturnSequences, NoResetAfter>, 3, 2>();
}

TEST_CASE("recurrent layers have Keras's parameters and defaults") {
  constexpr Parameters lstm = LSTM<7>::spec.parameters(Shape{4, 5}),
                       gru = GRU<7>::spec.parameters(Shape{4, 5});
  static_assert(lstm.count == 3 && lstm.list[0].shape == Shape{5, 28} && lstm.list[1].shape == Shape{7, 28} &&
                lstm.list[2].shape == Shape{28});
  static_assert(lstm.list[2].initializer.unit_forget && lstm.list[1].initializer == Orthogonal<>::value);
  static_assert(gru.count == 3 && gru.list[2].shape == Shape{2, 21});
  static_assert(GRU<7, NoResetAfter>::spec.parameters(Shape{4, 5}).list[2].shape == Shape{21});
  static_assert(LSTM<7, NoBias>::spec.parameters(Shape{4, 5}).count == 2);
  CHECK(std::string_view(lstm.list[1].name) == "recurrent_kernel");
  using L = LSTM<8, L2<1e-4>, ReturnSequences, RecurrentInitializer<GlorotUniform>, NoUnitForgetBias, ReLU>;
  static_assert(L::spec.kernel_regularizer.l2 == 1e-4 && L::spec.return_sequences &&
                !L::spec.unit_forget_bias);
  static_assert(L::spec.activation == ReLU{} && L::spec.recurrent_activation == Sigmoid{});
  static_assert(LSTM<8>::spec.fit(Shape{4}).broken == &needs_sequence_TxC);
  static_assert(LSTM<0>::spec.fit(Shape{4, 2}).broken == &needs_at_least_1_unit);
  static_assert(GRU<2, RecurrentActivation<Softmax>>::spec.fit(Shape{4, 2}).broken ==
                &needs_an_activation_value_by_value);
}

TEST_CASE("a loss on logits leaves the activation inside a recurrence alone") {
  using Net = Sequential<Input<3, 2>, SimpleRNN<1, Sigmoid>>;
  static_assert(Model<Net>::output_activation() == Linear{});
  static_assert(plan<Net, Mode{.training = true, .logits = true}>().workspace ==
                plan<Net, Mode{.training = true}>().workspace);
}

TEST_CASE("an LSTM learns to remember the first of its inputs") {
  using Net = Sequential<Input<8, 1>, LSTM<16>, Dense<1>>;
  Model<Net> model;
  auto trainer = compile(model, Adam{.learning_rate = 0.01}, MeanSquaredError{});
  std::vector<float> x(256 * 8), y(256);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i * i, 1));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i * 8];
  const auto history = trainer.fit(x, y, {.epochs = 40, .batch_size = 32, .verbose = 0});
  CHECK(history["loss"].back() < history["loss"].front() / 10);
}
