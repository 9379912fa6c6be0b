// Inputs of any length: the graph is planned for each length that comes.
#include "../check.hpp"

#include <keratin/threads.hpp>

using namespace keratin;

using functional::SequenceInput, functional::Tensor;

namespace {

functional::Model model_of(const Tensor& x) {
  const auto h = Conv1D<4, Kernel<3>, Same, ReLU>{}(x);
  return {x, Dense<2>{}(GRU<5>{}(h))};
}
functional::Model tagger_of(const Tensor& x) {
  return {x, Dense<3, Softmax>{}(LSTM<4, ReturnSequences>{}(x))};
}

}  // namespace

TEST_CASE("an open axis gives what a model of that length gives") {
  const functional::Model open = model_of(SequenceInput({6, 3}));
  CHECK(open.input_shape() == Shape{6, 3});
  for (const std::size_t length : {6u, 1u, 4u, 9u, 4u}) {
    const functional::Model closed = model_of(functional::Input({static_cast<int>(length), 3}));
    const auto x = filled_array(7 * length * 3, 1);
    std::vector<float> y(7 * 2), wanted(7 * 2);
    open.predict(Array(x).rows_of(length * 3), y);
    closed.predict(x, wanted);
    CHECK(y == wanted);
    const auto first = std::span(x).first(length * 3);
    CHECK(open.predict(first) == closed.predict(first));
  }
}

TEST_CASE("outputs are as long as the inputs, and losses and metrics follow") {
  functional::Model open = tagger_of(SequenceInput({5, 2}));
  auto trainer = compile(open, SGD{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  for (const int length : {3, 8, 3, 5}) {
    functional::Model closed = tagger_of(functional::Input({length, 2}));
    auto other = compile(closed, SGD{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
    std::vector<float> w(open.count_params()), trained(w.size());
    open.get_weights(w);
    closed.set_weights(w);
    const std::size_t steps = static_cast<std::size_t>(length);
    const auto x = filled_array(7 * steps * 2, length);
    std::vector<int> y(7 * steps);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<int>(i % 3);
    const Array rows = Array(x).rows_of(steps * 2);
    CHECK(trainer.train_on_batch(rows, y) == other.train_on_batch(x, y));
    CHECK(trainer.evaluate(rows, y, 4) == other.evaluate(x, y, 4));
    open.get_weights(trained);
    closed.get_weights(w);
    CHECK(trained == w);
  }
}

TEST_CASE("a length that came before costs no allocation, and many lengths do not pile up") {
  functional::Model open = model_of(SequenceInput({6, 3}));
  auto trainer = compile(open, Adam{}, MeanSquaredError{});
  const auto x = filled_array(4 * 40 * 3, 0), y = filled_array(4 * 2, 1);
  const auto step = [&](std::size_t length) {
    return trainer.train_on_batch(Array(x.data(), 4 * length * 3).rows_of(length * 3), y)[0];
  };
  step(9), step(4);
  const long before = testing::allocations;
  for (int i = 0; i < 3; ++i) step(9), step(4);
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
  for (std::size_t length = 1; length <= 40; ++length) CHECK(std::isfinite(step(length)));
  CHECK(std::isfinite(step(9)));
}

TEST_CASE("two inputs, each of its own length") {
  const auto a = SequenceInput({6, 3}), b = SequenceInput({4, 2});
  const auto encoded = functional::Layer(LSTM<5>{}).with_state(a);
  const functional::Model open(
      {a, b}, functional::Layer(LSTM<5, ReturnSequences>{}).with_state(b, encoded.state).output);
  const auto x = filled_array(2 * 3, 0), z = filled_array(7 * 2, 1);
  CHECK(open.predict({x, z}).size() == 7 * 5);
}

TEST_CASE("what does not fit a length is named") {
  const auto x = SequenceInput({6, 3});
  const functional::Model open(x, Dense<2>{}(Named<"flat", Flatten>{}(x)));
  CHECK_THROWS_WITH_AS(open.predict(filled_array(4 * 3, 0)),
                       "layer 1, Dense, got (12): its weights were made for another shape",
                       std::invalid_argument);
  const functional::Model narrow(x, Conv1D<2, Kernel<5>>{}(x));
  CHECK_THROWS_AS(narrow.predict(filled_array(3 * 3, 0)), std::invalid_argument);
  CHECK_THROWS_WITH_AS(narrow.predict(filled_array(16, 0)),
                       doctest::Contains("a sample of 16 values came, of 16; a multiple of 3 wanted"),
                       std::invalid_argument);
}

TEST_CASE("masks of any length go to the loss, and threads share a batch of any length") {
  const auto x = SequenceInput({6});
  functional::Model open(
      x, Dense<3, Softmax>{}(x.then(EmbeddingSpec{.input_dim = 9, .output_dim = 4, .mask_zero = true})), 1);
  auto trainer = compile(open, SGD{}, SparseCategoricalCrossentropy{});
  const std::vector<float> in{1, 2, 0, 4, 0, 3, 2, 8};
  const std::vector<int> y{0, 1, 2, 0, 1, 2, 0, 1};
  CHECK(std::isfinite(trainer.train_on_batch(Array(in).rows_of(4), y)[0]));

  const functional::Model tagger = tagger_of(SequenceInput({6, 2}));
  const auto many = filled_array(40 * 9 * 2, 1);
  std::vector<float> one(40 * 9 * 3), shared(one.size());
  tagger.predict(Array(many).rows_of(18), one);
  Threads threads(2);
  predict(tagger, Array(many).rows_of(18), shared, threads);
  CHECK(one == shared);
  CHECK_THROWS_AS(tagger.predict(Array(many).rows_of((std::size_t{1} << 31) - 2), one),
                  std::invalid_argument);
}
