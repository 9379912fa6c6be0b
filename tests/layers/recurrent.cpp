#include "../check_graph.hpp"

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
  check<GRU<4, NoResetAfter>, Input<5, 3>>("gru_before");
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

namespace {

// Batches that go on from States, and what one pass over the whole sequences gives.
template <class Whole, class Piece> void check_states(int samples) {
  constexpr std::size_t in = Piece::input_size, out = Piece::output_size, pieces = Whole::input_size / in;
  const auto n = static_cast<std::size_t>(samples);
  const Model<Whole> whole(3);
  const Model<Piece> model(3);
  std::vector<float> x(n * pieces * in), wanted(n * pieces * out), part(n * in), y(n * out), again(n * out);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 2));
  whole.predict(x, wanted);
  const float tolerance = samples == 1 ? 1e-6f : 0;  // predict takes the latency path for one sample
  States states(model, samples);
  for (std::size_t p = 0; p < pieces; ++p) {
    for (std::size_t i = 0; i < part.size(); ++i) part[i] = x[(i / in * pieces + p) * in + i % in];
    model.predict(part, y, states);
    bool equal = true;
    for (std::size_t i = 0; i < y.size(); ++i)
      equal = equal && std::fabs(y[i] - wanted[(i / out * pieces + p) * out + i % out]) <= tolerance;
    CHECK(equal);
  }
  model.predict(part, again);  // without states: from zeros
  CHECK(again != y);
  states.reset();
  model.predict(part, y, states);
  if (samples > 1) CHECK(again == y);
}
template <class L, class StatefulL> void check_states() {
  using Whole = Sequential<Input<12, 2>, L, StatefulL>;
  using Piece = Sequential<Input<3, 2>, L, StatefulL>;
  for (const int samples : {1, 5, 37}) check_states<Whole, Piece>(samples);
}
using testing::filled;

// The second batch of golden.py, through a trainer.
template <class L> void check_stateful(const std::string& name) {
  Model<Sequential<Input<5, 3>, L>> model;
  std::vector<float> x(90), y(60), weights(model.count_params()), wanted(60);
  for (std::size_t i = 0; i < 45; ++i)
    x[i] = static_cast<float>(filled(i, 0)), x[45 + i] = static_cast<float>(filled(i, 2));
  for (std::size_t i = 0; i < 60; ++i) wanted[i] = static_cast<float>(filled(i, 6));
  std::size_t at = 0;
  for (int t = 0; t < model.layers()[0].tensors.count(); ++t)
    for (std::size_t i = 0; i < static_cast<std::size_t>(model.layers()[0].tensors[t].shape.elements()); ++i)
      weights[at++] = static_cast<float>(filled(i, t + 1));
  model.set_weights(weights);
  const auto first = Array(x).slice(0, 45), second = Array(x).slice(45, 45);

  States states(model, 3);
  model.predict(first, y, states);
  model.predict(second, y, states);
  CHECK(all_near(y, golden("stateful/" + name + "/y")));

  auto trainer = compile(model, SGD{}, MeanSquaredError{});
  trainer.test_on_batch(first, wanted);
  for (int i = 0; i < 2; ++i) {  // a gradient moves nothing on
    const auto block = trainer.gradient(second, wanted);
    std::vector<float> gradient;
    const Tensors& tensors = model.layers()[0].tensors;
    for (int t = 0; t < tensors.count(); ++t)
      gradient.insert(gradient.end(), block.data() + tensors.offset(t),
                      block.data() + tensors.offset(t) + tensors[t].shape.elements());
    CHECK(all_near(gradient, golden("stateful/" + name + "/gradient")));
  }
}

}  // namespace

TEST_CASE("stateful layers go on where the batch before ended") {
  check_states<SimpleRNN<3, ReturnSequences, Stateful>, LSTM<5, Stateful, ReturnSequences>>();
  check_states<GRU<17, ReturnSequences, Stateful>, GRU<2, Stateful, NoResetAfter, ReturnSequences>>();
}

TEST_CASE("stateful layers compute what Keras computes") {
  check_stateful<SimpleRNN<4, ReturnSequences, Stateful>>("simple_rnn");
  check_stateful<LSTM<4, ReturnSequences, Stateful>>("lstm");
  check_stateful<GRU<4, ReturnSequences, Stateful>>("gru");
}

TEST_CASE("a trainer carries states from batch to batch, of batches of one size") {
  using Net = Sequential<Input<3, 2>, LSTM<4, Stateful>, Dense<1>>;
  Model<Net> model(1);
  const auto graph_in = functional::Input({3, 2});
  functional::Model graph(
      graph_in, graph_in.then(LSTMSpec{.units = 4, .stateful = true}).then(DenseSpec{.units = 1}), 1);
  std::vector<float> x(6 * 6), y(6);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(filled(i, 0));
  const auto half = Array(x).slice(0, 18), targets = Array(y).slice(0, 3);
  auto trainer = compile(model, SGD{}, MeanSquaredError{});
  auto of_graph = compile(graph, SGD{}, MeanSquaredError{});
  auto small = compile<3>(model, SGD{}, MeanSquaredError{});

  const double begin = trainer.test_on_batch(half, targets)[0];
  CHECK(of_graph.test_on_batch(half, targets)[0] == begin);
  CHECK(small.test_on_batch(half, targets)[0] == begin);
  const double later = trainer.test_on_batch(half, targets)[0];
  CHECK(later != begin);
  CHECK(of_graph.test_on_batch(half, targets)[0] == later);
  CHECK(small.test_on_batch(half, targets)[0] == later);
  CHECK_THROWS_WITH(trainer.test_on_batch(x, y),
                    "a network with Stateful layers: 6 samples in batches of 6 came, batches of 3 wanted, or "
                    "reset_states() before");
  trainer.reset_states();
  CHECK_THROWS_WITH(
      trainer.fit(x, y, {.batch_size = 4, .verbose = 0}),
      "a network with Stateful layers: 6 samples in batches of 4 came, batches of one size wanted");
  CHECK(trainer.test_on_batch(half, targets)[0] == begin);
  trainer.reset_states();
  of_graph.reset_states();
  const FitOptions options{.epochs = 2, .batch_size = 2, .verbose = 0};
  CHECK(trainer.fit(x, y, options)["loss"] == of_graph.fit(x, y, options)["loss"]);

  trainer.reset_states();  // batches are then as large as this set, not as the one before
  trainer.test_on_batch(x, y);
  trainer.reset_states();
  CHECK_NOTHROW(trainer.fit(half, targets, {.verbose = 0}));
  trainer.reset_states();
  CHECK_THROWS(trainer.fit(half, targets, {.validation_data = {x, y}, .verbose = 0}));
  CHECK_NOTHROW(trainer.fit(x, y, {.verbose = 0}));  // an error makes no states

  CHECK_THROWS_WITH(States(model, -1), "States: -1 samples came, at least 1 wanted");
  States states(model, 2);
  CHECK_THROWS_WITH(model.predict(half, std::span(y).first(3), states),
                    "predict: 3 samples came, 2 wanted, as its States have");
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
  static_assert(!L::spec.stateful && GRU<3, Stateful>::spec.stateful);
  static_assert(L::spec.activation == ReLU{} && L::spec.recurrent_activation == Sigmoid{});
  static_assert(LSTM<8>::spec.fit(Shape{4}).broken == &needs_sequence_TxC);
  static_assert(LSTM<0>::spec.fit(Shape{4, 2}).broken == &needs_at_least_1_unit);
  static_assert(GRU<2, RecurrentActivation<Softmax>>::spec.fit(Shape{4, 2}).broken ==
                &needs_an_activation_value_by_value);
}

TEST_CASE("layers in a chain compute what an RNN of several cells computes in Keras") {
  using functional::Layer, functional::Tensor;
  const Tensor x = functional::Input({4, 3}), y = functional::Input({3, 2}),
               masked = functional::Input({5, 2});
  check_graph("rnn_stacked", {x}, {GRU<2, ReturnSequences>{}(LSTM<3, ReturnSequences>{}(x))});
  check_graph("rnn_stacked_backwards", {y}, {LSTM<3>{}(LSTM<2, ReturnSequences, GoBackwards>{}(y))});
  check_graph("rnn_stacked_masked", {masked},
              {LSTM<1, ReturnSequences>{}(
                  LSTM<3, ReturnSequences>{}(GRU<2, ReturnSequences>{}(masked.then(MaskingSpec{}))))});
  const Tensor h1 = functional::Input({2}), h2 = functional::Input({3}), c2 = functional::Input({3});
  const auto first = Layer(SimpleRNN<2, ReturnSequences>{}).with_state(y, {h1});
  const auto last = Layer(LSTM<3>{}).with_state(first.output, {h2, c2});
  check_graph("rnn_stacked_states", {y, h1, h2, c2},
              {last.output, first.state[0], last.state[0], last.state[1]});
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
