#include "../check.hpp"

using namespace keratin;

namespace {

std::vector<float> weights_of(const functional::Model& model, std::string_view path) {
  const auto found = find_parameter(model, path);
  return {found.begin(), found.end()};
}

}  // namespace

TEST_CASE("a model with another head keeps its other layers") {
  const auto x = functional::Input({6}, "table");
  const functional::Layer body(Dense<5, Tanh>{}, "body");
  functional::Model model(x, Named<"head", Dense<3, Softmax>>{}(body(Dense<6, ReLU>{}(body(Dense<6>{}(x))))),
                          7);
  model.set_trainable("body", false);
  const std::vector<float> body_kernel = weights_of(model, "body/kernel");
  REQUIRE(body_kernel.size() == 30);

  const functional::Model tuned = model.with_layer("head", functional::Layer(Dense<2>{}, "scores"), 9);
  CHECK(layer_names(tuned.layers()) ==
        std::vector<std::string>{"table", "dense", "body", "dense_1", "scores"});
  CHECK(tuned.output_shape() == Shape{2});
  for (const char* path : {"dense/kernel", "dense/bias", "body/kernel", "dense_1/kernel"})
    CHECK(weights_of(tuned, path) == weights_of(model, path));
  CHECK(weights_of(tuned, "scores/kernel").size() == 10);
  CHECK(tuned.plan().parameters - tuned.plan().trainable == 35);  // body is not trained there either
  CHECK(model.output_shape() == Shape{3});
  CHECK(layer_names(model.layers()).back() == "head");

  // The same layers: weights go to and fro by identity, also those that were trained since.
  functional::Model trained = model.with_layer("head", functional::Layer(Dense<1>{}));
  auto trainer = compile(trained, Adam{}, MeanSquaredError{});
  trainer.train_on_batch(std::vector<float>(12, 0.5f), std::vector<float>(2, 1.f));
  CHECK(weights_of(trained, "body/kernel") == body_kernel);
  CHECK(weights_of(trained, "dense/kernel") != weights_of(model, "dense/kernel"));
  model.set_weights_from(trained);
  CHECK(weights_of(trained, "dense/kernel") == weights_of(model, "dense/kernel"));
}

TEST_CASE("every call of a layer is replaced; without_layer leaves it out") {
  const auto x = functional::Input({4});
  const functional::Layer shared(Dense<4, ReLU>{}, "shared");
  const functional::Model model(x, Add<>{}(shared(shared(x)), Activation<Tanh>{}(x)), 3);
  const functional::Model linear = model.with_layer("shared", functional::Layer(RescalingSpec{.scale = 2.}));
  CHECK(all_near(linear.predict(std::vector<float>{1, 0, -1, 2}),
                 std::vector<double>{4 + std::tanh(1.), 0, -4 - std::tanh(1.), 8 + std::tanh(2.)}));
  const functional::Model plain = linear.without_layer("activation");
  CHECK(plain.predict(std::vector<float>{1, 0, -1, 2}) == std::vector<float>{5, 0, -5, 10});

  CHECK_THROWS_WITH(model.with_layer("none", shared),
                    "Model: there is no layer 'none', there are input_layer, shared, activation, add");
  CHECK_THROWS_WITH(model.with_layer("input_layer", shared), "Model: 'input_layer' is an input");
  CHECK_THROWS_WITH(model.without_layer("add"),
                    "Model: layer 'add' has 2 inputs, one wanted to leave it out");
  CHECK_THROWS_WITH(model.with_layer("shared", functional::Layer(Dense<5>{}, "wide")),
                    "layer 1, Dense 'wide', got (5): its weights were made for another shape");
  CHECK_THROWS_WITH(model.with_layer("activation", functional::Layer(Dense<3>{})),
                    "layer 2, Add, got (3), as input 1: the inputs must be alike, or have one value, along "
                    "every axis; wants (4)");
  CHECK_THROWS_WITH(model.with_layer("activation", functional::Layer(DenseSpec{.units = 4}, "shared")),
                    "Model: Dense 'shared': another layer has this name");
}

TEST_CASE("layers that are not trained are not in a model that is made of theirs either") {
  const auto x = functional::Input({4}), y = functional::Input({4});
  functional::Model features(x, Named<"features", Dense<5, Tanh>>{}(x), 1);
  features.set_trainable(false);
  functional::Model model(y, Dense<2>{}(features(y)), 2);
  const auto kernel = [&] {
    const auto values = find_parameter(model, "features/kernel");
    return std::vector<float>(values.begin(), values.end());
  };
  const auto before = kernel();
  auto trainer = compile(model, SGD{}, MeanSquaredError{});
  const std::vector<float> in(8, 0.5f), target(4, 1.f);
  trainer.train_on_batch(in, target);
  CHECK(kernel() == before);
}

TEST_CASE("a model with another layer trains what this one trains, under the same names") {
  const auto x = functional::Input({4});
  const auto h = Named<"body", Dense<5>>{}(x);
  functional::Model model({x}, {{"price", Dense<1>{}(h)}, {"kind", Named<"head", Dense<3>>{}(h)}}, 1);
  model.set_trainable("body", false);
  const auto y = functional::Input({4});
  model.call({y});
  model.set_trainable("body", true);
  const functional::Model other = model.with_layer("head", functional::Layer(Dense<2>{}));
  CHECK(other.plan().trainable == other.plan().parameters);
  CHECK(other.output_name(0) == "price");
  CHECK(other.output_name(1) == "kind");
}

TEST_CASE("a call takes along what is trained at the time, and leaves no trace") {
  const functional::Tensor x = functional::Input({4}),
                           y = x.then(DenseSpec{.units = 3, .kernel_regularizer = {0, 0.5}});
  functional::Model inner(x, y, 1);
  inner.set_trainable(false);
  const functional::Tensor other = functional::Input({4});
  functional::Model outer(other, inner(other));
  CHECK(outer.plan().trainable == 0);
  CHECK(std::ranges::equal(outer.block(), inner.block()));
  inner.set_trainable(true);
  CHECK(functional::Model(other, inner(other)).plan().trainable == 15);
  CHECK(functional::Model(x, y).plan().trainable == 15);
  CHECK_FALSE(std::ranges::equal(functional::Model(x, y, 2).block(), inner.block()));

  // Weights that are not trained add no penalty.
  const std::vector<float> values = filled_array(8, 0), targets = filled_array(6, 1);
  functional::Model plain(x, x.then(DenseSpec{.units = 3}));
  plain.set_weights(std::vector<float>(inner.block().begin(), inner.block().begin() + 15));
  outer.set_weights(std::vector<float>(inner.block().begin(), inner.block().begin() + 15));
  const auto loss = [&](auto& model) {
    return compile(model, SGD{}, MeanSquaredError{}).evaluate(values, targets)[0];
  };
  CHECK(loss(outer) == loss(plain));
}

// A frozen layer passes the gradient that it would pass if it were trained: what its kernels keep for that is
// kept nevertheless.
TEST_CASE("the gradient goes through frozen layers as through others") {
  const auto check = [](const Shape& shape, auto frozen) {
    const auto make = [&] {
      const functional::Tensor x = functional::Input(shape);
      const functional::Tensor h = frozen(x.then(DenseSpec{.units = shape.last()}, "first"));
      return functional::Model(x, Dense<2>{}(Flatten{}(h)), 3);
    };
    functional::Model trained = make(), model = make();
    model.set_trainable("frozen", false);
    const std::size_t n = 9 * static_cast<std::size_t>(shape.size());
    const std::vector<float> x = filled_array(n, 1), y = filled_array(18, 2);
    auto of_all = compile(trained, SGD{}, MeanSquaredError{}),
         of_rest = compile(model, SGD{}, MeanSquaredError{});
    of_all.gradient(x, y), of_rest.gradient(x, y);
    const auto all = of_all.gradient(x, y), rest = of_rest.gradient(x, y);
    const LayerPlan& first = model.layers()[1];
    REQUIRE(first.name == "first");
    for (std::size_t i = first.tensors.start; i < first.tensors.offset(1); ++i) CHECK(all[i] == rest[i]);
    CHECK(std::any_of(all.begin(), all.begin() + 4, [](float g) { return g != 0; }));
  };
  check({4, 3}, Named<"frozen", LSTM<3, ReturnSequences>>{});
  check({4, 3}, Named<"frozen", GRU<2>>{});
  check({4, 3}, Named<"frozen", Bidirectional<SimpleRNN<2>>>{});
  check({4, 3}, Named<"frozen", MultiHeadAttention<2, 2>>{});
  check({4, 3}, Named<"frozen", TimeDistributed<Dense<2, GELU>>>{});
  check({5, 6, 2}, Named<"frozen", Conv2DTranspose<2, Kernel<3>, Strides<2>>>{});
  check({5, 6, 2}, Named<"frozen", SeparableConv2D<2, Kernel<3>, SiLU>>{});
  check({6, 6, 2}, [](const functional::Tensor& x) {
    return MaxPooling2D<>{}(Named<"frozen", Conv2D<2, Kernel<3>, ReLU>>{}(x));
  });
}
