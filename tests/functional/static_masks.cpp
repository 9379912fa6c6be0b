// Masks of a Sequential, against the graph of the same layers: the same bits.
#include <keratin/functional.hpp>
#include <keratin/functional/static_model.hpp>

#include "../check.hpp"

using namespace keratin;

namespace {

constexpr std::size_t samples = 19;

using Names = std::vector<std::string_view>;
template <class Net> Names layer_types() {
  Names types;
  for (const LayerPlan& layer : plan<Net>().layers) types.push_back(layer.type);
  return types;
}

// Class numbers, or steps of features, with much padding at both ends and in between.
template <class Net> std::vector<float> inputs() {
  std::vector<float> x(samples * static_cast<std::size_t>(Net::input_size));
  const bool classes = Net::input_shape.rank == 1;
  const auto features = static_cast<std::size_t>(classes ? 1 : Net::input_shape.last());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t step = i / features;
    const auto value =
        classes ? static_cast<float>(1 + i * 5 % 8) : static_cast<float>(testing::filled(i, 3));
    x[i] = step * 11 % 7 < 3 ? 0 : step % 13 == 4 && !classes ? -1 : value;
  }
  return x;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// Predictions of a batch and of one sample, losses in training and in inference, and the weights behind it.
template <class Net> void check_network() {
  CAPTURE(layer_types<Net>());
  Model<Net> fixed(7);
  functional::Model graph = functional::detail::functional_of<Net>();
  const auto& layers = plan<Net>().layers;
  for (std::size_t i = 0; i < layers.size(); ++i) {  // in the same order
    const functional::Graph::Entry& entry = graph.graph().entries[i];
    CHECK(layers[i].type == std::string_view(entry.node->type()));
    CHECK(layers[i].inputs.count == entry.inputs.count);
  }
  std::vector<float> weights(fixed.count_params());
  fixed.get_weights(weights);
  graph.set_weights(weights);

  const std::vector<float> x = inputs<Net>();
  constexpr auto out = static_cast<std::size_t>(Net::output_size),
                 in = static_cast<std::size_t>(Net::input_size);
  std::vector<float> y(samples * out), wanted(y.size());
  fixed.predict(x, y);
  graph.predict(x, wanted);
  CHECK(same_bits(y, wanted));
  const auto one = fixed.predict(Array(x).slice(0, in));
  CHECK(same_bits(one, graph.predict(Array(x).slice(0, in))));

  std::vector<float> targets(y.size());
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = static_cast<float>(testing::filled(i, 5));
  auto trainer = compile(fixed, Adam{.learning_rate = 0.01}, MeanSquaredError{});
  auto of_graph = compile(graph, Adam{.learning_rate = 0.01}, MeanSquaredError{});
  CHECK(trainer.evaluate(x, targets, 7) == of_graph.evaluate(x, targets, 7));
  for (int step = 0; step < 3; ++step)
    CHECK(trainer.train_on_batch(x, targets) == of_graph.train_on_batch(x, targets));
  CHECK(same_bits(fixed.block(), graph.block()));
}

using Tagger = Sequential<Input<6>, Embedding<9, 4, MaskZero>, LSTM<3, ReturnSequences>, Dense<2>>;
using Classifier =
    Sequential<Input<6>, Embedding<9, 4, MaskZero>, Dropout<0.25>, Bidirectional<GRU<3>>, Dense<2>>;

}  // namespace

TEST_CASE("what makes a mask stands before its first reader") {
  CHECK(layer_types<Tagger>() == Names{"Embedding", "NotEqual", "LSTM", "Dense"});
  using Twice = Sequential<Input<6, 3>, Masking<>, LSTM<2, ReturnSequences>, GRU<2>>;
  CHECK(layer_types<Twice>() == Names{"Masking", "NotEqual", "Any", "LSTM", "GRU"});
  using Lost = Sequential<Input<6, 3>, Masking<>, Conv1D<2, Kernel<3>>, LSTM<2>>;
  CHECK(layer_types<Lost>() == Names{"Masking", "Conv1D", "LSTM"});
  static_assert(!Model<Lost>::has_mask && !Model<Twice>::has_mask && Model<Tagger>::has_mask);
}

TEST_CASE("a mask of the output is made for its loss only") {
  using Net = Sequential<Input<6>, Embedding<9, 4, MaskZero>, Dense<2>>;
  REQUIRE(layer_types<Net>() == Names{"Embedding", "Dense", "NotEqual"});
  CHECK(plan<Net>().layers[2].unused);
  CHECK(plan<Net>().outputs.size() == 1);
  constexpr auto& training = plan<Net, Mode{.training = true, .masks = true}>();
  CHECK(!training.layers[2].unused);
  REQUIRE(training.outputs.size() == 2);
  CHECK(training.outputs[0].mask == 1);
  check_network<Net>();
}

TEST_CASE("masks of recurrent layers and losses") {
  check_network<Tagger>();
  check_network<Classifier>();
  check_network<
      Sequential<Input<6, 3>, Masking<-1.0>, SimpleRNN<2, ReturnSequences>, Activation<Tanh>, LSTM<3>>>();
}

TEST_CASE("masks through branches") {
  check_network<Sequential<Input<6, 3>, Masking<>, Residual<Dense<3, Tanh>>, GRU<2, ReturnSequences>>>();
  using TwoMasks =
      Sequential<Input<6, 3>, Parallel<Concatenate<>, Branch<Masking<>>, Branch<Masking<-1.0>, Dense<2>>>,
                 LSTM<2>>;
  CHECK(layer_types<TwoMasks>() == Names{"Masking", "Masking", "Dense", "Concatenate", "NotEqual", "Any",
                                         "NotEqual", "Any", "LogicalOr", "LSTM"});
  check_network<TwoMasks>();
  using OneSide =
      Sequential<Input<6, 3>, Parallel<Concatenate<>, Branch<Masking<>>, Branch<Dense<2>>>, LSTM<2>>;
  CHECK(layer_types<OneSide>() == Names{"Masking", "Dense", "Concatenate", "LSTM"});
  check_network<OneSide>();
}

TEST_CASE("masks that merging layers read, and masks one behind the other") {
  using Gate = Branch<Dense<3, Sigmoid>>;
  check_network<Sequential<Input<6, 3>, Masking<>, Parallel<Multiply, Branch<>, Gate, Branch<Masking<-1.0>>>,
                           GRU<2, ReturnSequences>>>();
  using Larger = Sequential<Input<6, 3>, Parallel<Maximum, Branch<Masking<>, Dense<2>>, Branch<Dense<2>>,
                                                  Branch<Masking<-1.0>, Dense<2>>>>;
  CHECK(layer_types<Larger>() == Names{"Masking", "Dense", "Dense", "Masking", "Dense", "NotEqual", "Any",
                                       "NotEqual", "Any", "Maximum"});
  check_network<Larger>();
  using Longer =
      Sequential<Input<6, 3>,
                 Parallel<Concatenate<1>, Branch<Masking<>>, Branch<Dense<3>>, Branch<Masking<-1.0>>>,
                 LSTM<2>>;
  CHECK(layer_types<Longer>() == Names{"Masking", "Dense", "Masking", "Concatenate", "NotEqual", "Any",
                                       "NotEqual", "Any", "NotEqual", "Any", "Concatenate", "LSTM"});
  check_network<Longer>();
}

TEST_CASE("masks of attention, normalization and TimeDistributed") {
  check_network<Sequential<Input<6>, Embedding<9, 4, MaskZero>, MultiHeadAttention<2, 3>,
                           LayerNormalization<>, Dense<2>>>();
  check_network<Sequential<Input<6, 3>, Masking<>, BatchNormalization<>, TimeDistributed<Dense<2>>,
                           Bidirectional<LSTM<2, ReturnSequences>>>>();
  check_network<
      Sequential<Input<6>, Embedding<9, 4, MaskZero>,
                 Parallel<Attention<>, Branch<GRU<3, ReturnSequences>>, Branch<Dense<3>>>, Dense<2>>>();
}

TEST_CASE("masked steps change nothing") {
  Model<Classifier> model(3);
  const std::array<float, 6> some{4, 2, 7, 0, 0, 0};
  const std::array<float, 6> between{4, 0, 2, 0, 0, 7};
  const auto a = model.predict(some), b = model.predict(between);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-6));
}
