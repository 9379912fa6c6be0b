#include <thread>

#include "../check.hpp"

using namespace keratin;

namespace {

using Net =
    Sequential<Input<4, 7>, Flatten, Dense<32>, Activation<ReLU>, Dropout<0.3>, Dense<16, Tanh, L2<0.01>>,
               Reshape<4, -1>, Dense<5, Sigmoid>, Flatten, Dense<10, Softmax>>;

functional::Model graph_like_net(std::uint64_t seed) {
  const auto x = functional::Input({4, 7});
  const auto hidden =
      x.then(FlattenSpec{}).then(DenseSpec{.units = 32}).then(ActivationSpec{ReLU{}}).then(DropoutSpec{0.3});
  const auto squashed = Dense<16, Tanh, L2<0.01>>{}(hidden);  // a static layer, called
  const auto y = squashed.then(ReshapeSpec(Shape{4, -1}))
                     .then(DenseSpec{.units = 5, .activation = Sigmoid{}})
                     .then(FlattenSpec{});
  return functional::Model(x, y.then(DenseSpec{.units = 10, .activation = Softmax{}}, "logits"), seed);
}
std::vector<float> inputs(std::size_t n) {
  std::vector<float> x(n * 28);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 2));
  return x;
}

}  // namespace

TEST_CASE("a chain and the Sequential of the same layers give the same bits") {
  Model<Net> model(5);
  functional::Model graph = graph_like_net(5);
  REQUIRE(graph.block().size() == model.block().size());
  const auto same_weights = [&] {
    return std::equal(model.block().begin(), model.block().end(), graph.block().begin());
  };
  CHECK(same_weights());

  const auto x = inputs(50);
  std::vector<std::uint8_t> y(50);
  for (std::size_t i = 0; i < 50; ++i) y[i] = static_cast<std::uint8_t>(i % 10);
  std::vector<float> p(500), q(500);
  const auto same_predictions = [&] {
    model.predict(x, p);
    graph.predict(x, q);
    const Array one = Array(x).slice(28, 28);
    const auto a = model.predict(one);
    return p == q && std::equal(a.begin(), a.end(), graph.predict(one).begin());
  };
  CHECK(same_predictions());

  auto trainer = compile(model, Adam{}, CategoricalCrossentropy{}, metrics::Accuracy{});
  auto graph_trainer = compile(graph, Adam{}, CategoricalCrossentropy{}, metrics::Accuracy{});
  const auto g = trainer.gradient(x, y), h = graph_trainer.gradient(x, y);
  CHECK(std::equal(g.begin(), g.end(), h.begin()));
  const FitOptions options{.epochs = 4, .batch_size = 8, .validation_split = 0.2, .verbose = 0};
  const History history = trainer.fit(x, y, options), graph_history = graph_trainer.fit(x, y, options);
  CHECK(history["loss"] == graph_history["loss"]);
  CHECK(history["val_accuracy"] == graph_history["val_accuracy"]);
  CHECK(same_weights());
  CHECK(same_predictions());
  CHECK(trainer.evaluate(x, y) == graph_trainer.evaluate(x, y));
}

// Sequential and chain of so many layers that the Sequential's share their kernels.
template <std::size_t... I> auto deep_network(std::index_sequence<I...>) {
  return Model<Sequential<Input<5>, Dense<3 + I * 7 % 20, Tanh>..., Dense<4, Softmax>>>();
}

TEST_CASE("a deep Sequential and its chain give the same bits") {
  auto model = deep_network(std::make_index_sequence<70>());
  const auto x = functional::Input({5});
  functional::Tensor y = x;
  for (int i = 0; i < 70; ++i) y = y.then(DenseSpec{.units = 3 + i * 7 % 20, .activation = Tanh{}});
  functional::Model chain(x, y.then(DenseSpec{.units = 4, .activation = Softmax{}}));

  std::vector<float> samples = inputs(1);
  samples.resize(25);
  const std::array labels{0, 1, 2, 3, 0};
  std::vector<float> a(20), b(20);
  auto static_trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  auto chain_trainer = compile(chain, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  for (int step = 0; step < 3; ++step)
    CHECK(static_trainer.train_on_batch(samples, labels) == chain_trainer.train_on_batch(samples, labels));
  model.predict(samples, a);
  chain.predict(samples, b);
  CHECK(a == b);
  const auto one = model.predict(std::span(samples).first(5));
  CHECK(std::vector<float>(one.begin(), one.end()) == chain.predict(std::span(samples).first(5)));
  CHECK(std::ranges::equal(model.block(), chain.block()));
}

TEST_CASE("a chain is planned like a Sequential") {
  const functional::Model graph = graph_like_net(0);
  const auto& fixed = plan<Net>();
  CHECK(graph.plan().workspace == fixed.workspace);
  CHECK(graph.plan().flops == fixed.flops);
  CHECK(graph.plan().steps.size() == fixed.steps.size());
  CHECK(graph.count_params() == Model<Net>::count_params());
  CHECK(layer_names(graph.layers()).back() == "logits");
}

TEST_CASE("a name given in the type is kept") {
  const auto x = functional::Input({4});
  CHECK(layer_names(functional::Model(x, Named<"logits", Dense<3>>{}(x)).layers())[1] == "logits");
  CHECK(layer_names(functional::Model(x, functional::Layer(Named<"logits", Dense<3>>{})(x)).layers())[1] ==
        "logits");
}

TEST_CASE("training steps of a chain allocate nothing") {
  functional::Model graph = graph_like_net(0);
  auto trainer = compile(graph, SGD{}, CategoricalCrossentropy{});
  const auto x = inputs(8);
  const std::vector<std::uint8_t> y(8);
  trainer.train_on_batch(x, y);
  const long before = testing::allocations;
  trainer.train_on_batch(x, y);
  trainer.evaluate(x, y);
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
}

TEST_CASE("predict may be called from several threads") {
  const functional::Model graph = graph_like_net(1);
  const Model<Net> model(1);
  const auto x = inputs(64);
  std::vector<float> wanted(640);
  graph.predict(x, wanted);
  std::vector<std::thread> threads;
  std::array<bool, 4> same{};
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<float> y(640), z(640);
      for (int i = 0; i < 20; ++i) {
        graph.predict(x, y);
        model.predict(x, z);
      }
      same[t] = y == wanted && z == wanted;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(same == std::array{true, true, true, true});
}

TEST_CASE("a shape that does not fit is said where the layer is called") {
  const auto x = functional::Input({28, 28, 1});
  const auto y = x.then(FlattenSpec{}).then(DenseSpec{.units = 10});
  CHECK_THROWS_WITH(
      y.then(ReshapeSpec(Shape{3, -1}), "image"),
      "layer 2, Reshape 'image', got (10): the target shape must have as many elements as the input");
  CHECK_THROWS_WITH(x.then(DenseSpec{.units = 0}), "layer 0, Dense, got (28, 28, 1): needs at least 1 unit");
  CHECK_THROWS_WITH(y.then(DropoutSpec{1.5}), "layer 2, Dropout, got (10): the rate must be from 0 to 1");
  CHECK_THROWS_WITH(functional::Input({3, 0}), "Input, got (3, 0): every extent must be at least 1");
  CHECK_THROWS_WITH(
      functional::Model(functional::Input({10}), y),
      "Model: the output does not come from the input: an Input of shape (28, 28, 1) leads to it");
  functional::Model model(x, y);
  CHECK_THROWS_WITH(
      compile(model, Adam{}, CategoricalCrossentropy{}),
      "categorical_crossentropy got an output of (10): needs probabilities: end the network with Softmax, or "
      "use the loss with FromLogits");
  CHECK_THROWS_WITH(model.predict(std::vector<float>(7)), "predict: one sample of 7 values came, 784 wanted");
}

TEST_CASE("two layers of one name are an error") {
  const auto x = functional::Input({4});
  const auto y = x.then(DenseSpec{.units = 3}, "a").then(DenseSpec{.units = 3}, "a");
  CHECK_THROWS_WITH(functional::Model(x, y), "Model: Dense 'a': another layer has this name");
}

TEST_CASE("automatic names keep clear of given ones") {
  using Named3 = Sequential<Input<4>, Named<"dense_1", Dense<3>>, Dense<2>, Dense<2>>;
  CHECK(layer_names(plan<Named3>().layers) == std::vector<std::string>{"dense_1", "dense", "dense_2"});
}
