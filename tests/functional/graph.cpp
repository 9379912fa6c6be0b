#include "../check.hpp"

using namespace keratin;

namespace {

std::vector<float> inputs(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(testing::filled(i, 2));
  return x;
}

// A Sequential with branches, and the graph of the same layers called: the same bits everywhere.
template <class In, class... Ls> void check_branches() {
  using Net = Sequential<In, Ls..., Flatten, Dense<3, Softmax>>;
  Model<Net> model(5);
  const functional::Tensor x = functional::Input(In::shape);
  functional::Tensor y = x;
  ((y = Ls{}(y)), ...);
  functional::Model graph(x, Dense<3, Softmax>{}(Flatten{}(y)), 5);
  CHECK(std::ranges::equal(model.block(), graph.block()));
  CHECK(graph.plan().workspace == plan<Net>().workspace);
  CHECK(graph.plan().steps.size() == plan<Net>().steps.size());

  const std::size_t n = 21;
  const std::vector<float> samples = inputs(n * Net::input_size);
  std::vector<int> labels(n);
  for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<int>(i * 7 % 3);
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  auto of_graph = compile(graph, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  CHECK(std::ranges::equal(trainer.gradient(samples, labels), of_graph.gradient(samples, labels)));
  for (int step = 0; step < 3; ++step)
    CHECK(trainer.train_on_batch(samples, labels) == of_graph.train_on_batch(samples, labels));
  CHECK(std::ranges::equal(model.block(), graph.block()));
  std::vector<float> p(3 * n), q(3 * n);
  model.predict(samples, p);
  graph.predict(samples, q);
  CHECK(p == q);
  const auto one = model.predict(Array(samples).slice(0, Net::input_size));
  CHECK(std::ranges::equal(one, graph.predict(Array(samples).slice(0, Net::input_size))));
}

}  // namespace

TEST_CASE("Residual and Parallel, called on tensors, are the Sequential's") {
  check_branches<Input<6>, Dense<4>, Residual<Dense<8, ReLU>, Dense<4>>, Activation<Tanh>>();
  check_branches<Input<6, 6, 2>, Residual<Conv2D<2, Kernel<3>, Same, ReLU>, BatchNormalization<>>,
                 Parallel<Concatenate<>, Branch<>, Branch<Conv2D<3, Kernel<1>>>,
                          Branch<Conv2D<2, Kernel<1>>, Residual<Conv2D<2, Kernel<3>, Same>>>>>();
}

TEST_CASE("a layer called several times has its weights once and the sum of its gradients") {
  // d(d(x)) against two layers of the same weights.
  const auto x = functional::Input({5});
  const functional::Layer shared(Dense<5, Tanh, L2<0.1>>{});
  functional::Model once(x, Dense<1>{}(shared(shared(shared(x)))), 3);
  functional::Model apart(
      x, Dense<1>{}(Dense<5, Tanh, L2<0.1>>{}(Dense<5, Tanh, L2<0.1>>{}(Dense<5, Tanh, L2<0.1>>{}(x)))), 3);
  CHECK(once.count_params() == 5 * 5 + 5 + 6);
  CHECK(apart.count_params() == 3 * (5 * 5 + 5) + 6);
  CHECK(layer_names(once.layers()) == std::vector<std::string>{"input_layer", "dense", "dense_1"});
  std::vector<float> w(once.count_params()), all(apart.count_params());
  once.get_weights(w);
  for (std::ptrdiff_t layer = 0; layer < 3; ++layer) std::copy_n(w.begin(), 30, all.begin() + layer * 30);
  std::copy_n(w.begin() + 30, 6, all.begin() + 90);
  apart.set_weights(all);

  const std::vector<float> samples = inputs(7 * 5), targets = inputs(7);
  std::vector<float> p(7), q(7);
  once.predict(samples, p);
  apart.predict(samples, q);
  CHECK(p == q);
  auto trainer = compile(once, SGD{.learning_rate = 1}, MeanSquaredError{});
  auto of_apart = compile(apart, SGD{.learning_rate = 1}, MeanSquaredError{});
  // The penalty counts once.
  CHECK(trainer.test_on_batch(samples, targets)[0] < of_apart.test_on_batch(samples, targets)[0]);
  trainer.train_on_batch(samples, targets);
  of_apart.train_on_batch(samples, targets);
  std::vector<float> after(w.size()), all_after(all.size());
  once.get_weights(after);
  apart.get_weights(all_after);
  for (std::size_t i = 0; i < 30; ++i) {
    float change = 0, penalty = i < 25 ? 2 * 0.1f * w[i] : 0;
    for (std::size_t layer = 0; layer < 3; ++layer) change += all_after[layer * 30 + i] - w[i] + penalty;
    CHECK(near(after[i] - w[i], change - penalty, 1e-5));
  }
}

TEST_CASE("mistakes in a graph are said where they are made") {
  const auto x = functional::Input({4}), other = functional::Input({3}, "other");
  const functional::Layer dense(DenseSpec{.units = 2}, "shared");
  dense(x);
  CHECK_THROWS_WITH(dense(other),
                    "layer 0, Dense 'shared', got (3): its weights were made for another shape");
  CHECK_THROWS_WITH(dense(x, x), "layer 0, Dense 'shared', got (4), as input 0: takes one input");
  CHECK_THROWS_WITH(Add<>{}(x, other),
                    "layer 0, Add, got (3), as input 1: the inputs must be alike, or have one value, along "
                    "every axis; wants (4)");
  CHECK_THROWS_WITH(functional::Layer(AddSpec{})(std::vector<functional::Tensor>()),
                    "layer 0, Add, got (): needs from 1 to 8 inputs");
  CHECK_THROWS_WITH(
      functional::Model(x, dense(Dense<4>{}(other))),
      "Model: the output does not come from the input: an Input 'other' of shape (3) leads to it");
  CHECK_THROWS_WITH(functional::Model(dense(x), dense(x)),
                    "Model: input 0 is what a layer makes, an Input wanted");
}
