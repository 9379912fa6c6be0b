// Whole trainings of fifty steps against Keras, as a Sequential and as a graph: tests/keras/trainings.py.
#include "../check.hpp"

using namespace keratin;
using functional::Tensor;

namespace {

constexpr std::size_t rows = 39;

// F(shape, 0), or class numbers.
std::vector<float> inputs(const Shape& shape, bool of_classes) {
  const auto n = static_cast<std::size_t>(shape.size());
  std::vector<float> x = filled_array(rows * n, 0, 2);
  for (std::size_t i = 0; i < x.size() && of_classes; ++i)
    x[i] = static_cast<float>((i / n * (i % n) + i % n) % 8);
  return x;
}
// Whether a sample begins low, in the middle or high; of class numbers the second one.
std::vector<std::uint8_t> labels(const std::vector<float>& x, bool of_classes) {
  std::vector<std::uint8_t> y;
  for (std::size_t at = 0; at < x.size(); at += x.size() / rows)
    y.push_back(static_cast<std::uint8_t>(of_classes ? static_cast<int>(x[at + 1]) % 3
                                                     : (x[at] > -0.5f) + (x[at] > 0.5f)));
  return y;
}

// Ten epochs; the weights after them.
std::vector<float> check_training(const std::string& name, auto& model, auto&& trainer, const Array& x,
                                  const Arrays& y) {
  CAPTURE(name);
  const std::string path = "trainings/" + name + "/";
  fill_weights(model);
  const History history = trainer.fit(x, y, {.epochs = 10, .batch_size = 8, .shuffle = false, .verbose = 0});
  CHECK(trainer.iterations() == 50);
  for (const auto& [key, values] : history) {
    CAPTURE(key);
    CHECK(all_near(values, golden(path + "history/" + key), 2e-5));
  }
  std::vector<float> w(model.count_params());
  model.get_weights(w);
  CHECK(all_near(w, golden(path + "weights"), 1e-4));
  CHECK(all_near(trainer.evaluate(x, y, 8), golden(path + "evaluate"), 2e-5));
  return w;
}

template <class Net> functional::Model graph_of() {
  const Tensor x = functional::Input(Net::input_shape);
  Tensor y = x;
  boost::hana::for_each(Net::layers, [&](auto layer) { y = typename decltype(layer)::type{}(y); });
  return {x, y};
}

template <class Net> void check_classifier(const std::string& name, const auto& optimizer) {
  const bool of_classes = name.starts_with("attention");
  const std::vector<float> x = inputs(Net::input_shape, of_classes);
  const std::vector<std::uint8_t> y = labels(x, of_classes);
  Model<Net> model;
  functional::Model graph = graph_of<Net>();
  const auto of_static = check_training(
      name, model, compile<8>(model, optimizer, CategoricalCrossentropy{}, metrics::Accuracy{}), x, y);
  const auto of_graph = check_training(
      name, graph, compile(graph, optimizer, CategoricalCrossentropy{}, metrics::Accuracy{}), x, y);
  CHECK(of_static == of_graph);
}

const SGD sgd{.learning_rate = 0.05, .momentum = 0.9};
const Adam adam{.learning_rate = 0.01};
const With scheduled{Adam{.learning_rate = CosineDecay{.initial_learning_rate = 0.001,
                                                       .decay_steps = 45,
                                                       .alpha = 0.1,
                                                       .warmup_target = 0.02,
                                                       .warmup_steps = 10}},
                     {.clipnorm = 0.05}};

}  // namespace

TEST_CASE("fifty steps of dense layers") {
  using Net = Sequential<Input<6>, Dense<12, ReLU>, Dense<8, Tanh>, Dense<3, Softmax>>;
  check_classifier<Net>("mlp_sgd", sgd);
  check_classifier<Net>("mlp_scheduled", scheduled);
}

TEST_CASE("fifty steps of convolutions with batch normalization") {
  using Net = Sequential<Input<8, 8, 1>, Conv2D<4, Kernel<3>, NoBias>, BatchNormalization<>, Activation<ReLU>,
                         MaxPooling2D<>, Conv2D<6, Kernel<2>, Tanh>, Flatten, Dense<3, Softmax>>;
  check_classifier<Net>("cnn_adam", adam);
  check_classifier<Net>("cnn_sgd", sgd);
}

TEST_CASE("fifty steps of an LSTM") {
  using Net = Sequential<Input<5, 2>, LSTM<6>, Dense<3, Softmax>>;
  check_classifier<Net>("lstm_scheduled", scheduled);
}

TEST_CASE("fifty steps of attention") {
  using Net = Sequential<Input<6>, Embedding<8, 4>, Residual<MultiHeadAttention<2, 3, NoBias>>,
                         LayerNormalization<>, Residual<Dense<6, GELU>, Dense<4>>, LayerNormalization<>,
                         GlobalAveragePooling1D, Dense<3, Softmax>>;
  check_classifier<Net>("attention_adam", adam);
}

TEST_CASE("fifty steps of two outputs whose losses have weights") {
  const std::vector<float> x = inputs({6}, false), numbers = filled_array(rows * 2, 5);
  const std::vector<std::uint8_t> classes = labels(x, false);
  const Tensor in = functional::Input({6}), h = Dense<8, ReLU>{}(in);
  functional::Model graph(in, {Dense<3, Softmax>{}(h), Dense<2>{}(Dense<5, Tanh>{}(h))});
  const auto check_with = [&](const std::string& name, const auto& optimizer) {
    const auto trainer = [&] {
      return compile(graph, optimizer, ForOutput(CategoricalCrossentropy{}),
                     ForOutput(MeanSquaredError{}).weighing(0.3));
    };
    check_training(name, graph, trainer(), x, {classes, numbers});
  };
  check_with("two_outputs_sgd", sgd);
  check_with("two_outputs_adam", adam);
}
