#include "../check_graph.hpp"

using namespace keratin;

TEST_CASE("TimeDistributed computes what Keras computes") {
  check<TimeDistributed<Dense<5, Tanh>>, Input<4, 3>>("time_distributed_dense");
  check<TimeDistributed<Dense<1>>, Input<1, 17>>("time_distributed_one_step");
  check<TimeDistributed<Conv2D<3, Kernel<2>, Same, ReLU>>, Input<2, 4, 5, 2>>("time_distributed_conv");
  check<TimeDistributed<MaxPooling2D<>>, Input<3, 4, 5, 2>>("time_distributed_pooling");
  check<TimeDistributed<LSTM<3>>, Input<3, 4, 2>>("time_distributed_lstm");
  check<TimeDistributed<Bidirectional<GRU<2, ReturnSequences>>>, Input<2, 3, 3>>(
      "time_distributed_bidirectional");
  check<TimeDistributed<TimeDistributed<Dense<2>>>, Input<2, 3, 4>>("time_distributed_twice");
}

TEST_CASE("to a BatchNormalization in a TimeDistributed each step is a batch, as to Keras's") {
  using Normalization = BatchNormalization<Momentum<0.5>>;
  check<TimeDistributed<BatchNormalization<>>, Input<4, 3>>("time_distributed_normalization");
  check<TimeDistributed<BatchNormalization<Axis<1>, NoCenter>>, Input<2, 3, 17>>(
      "time_distributed_normalization_axis");
  check<TimeDistributed<TimeDistributed<Normalization>>, Input<2, 3, 4>>(
      "time_distributed_normalization_twice");
  check<TimeDistributed<BatchNormalization<NoScale>>, Input<1, 1>>("time_distributed_normalization_one");
  const auto x = functional::Input({3, 4}), step = functional::Input({4});
  const auto y = BatchNormalization<Momentum<0.5>>{}(Dense<5, Tanh>{}(step));
  const functional::Model model(step, Dense<2>{}(y));
  check_graph("time_distributed_normalization_model", {x}, {model.on_each_step(3)(x)});
}

TEST_CASE("a BatchNormalization that is not trained is the same in a TimeDistributed and without it") {
  const auto x = functional::Input({4, 3}), made = Conv1D<3, Kernel<1>>{}(x);
  const auto trained = [&](const functional::Tensor& y) {
    functional::Model model(x, y);
    fill_weights(model);
    model.set_trainable("norm", false);
    auto trainer = compile(model, SGD{.learning_rate = 0.1}, MeanSquaredError{});
    trainer.train_on_batch(filled_array(48, 1), filled_array(48, 2));
    return std::vector<float>(model.block().begin(), model.block().end());
  };
  const functional::Layer norm(BatchNormalization<>{}, "norm"), inside(BatchNormalization<>{});
  CHECK(trained(functional::time_distributed(inside, "norm")(made)) == trained(norm(made)));
}

TEST_CASE("what a TimeDistributed has inside is a layer as any") {
  check<TimeDistributed<Flatten>, Input<3, 2, 4>>();
  check<TimeDistributed<Dense<2, GELU>>, Input<3, 5>>();
  check<TimeDistributed<Conv1D<3, Kernel<2>, ELU>>, Input<2, 4, 3>>();
  check<TimeDistributed<TimeDistributed<Dense<3, Mish>>>, Input<2, 2, 3>>();
  check<TimeDistributed<Dense<4, Softmax>>, Input<3, 5>>();
  check<TimeDistributed<LayerNormalization<>>, Input<3, 5>>();
  check<TimeDistributed<Embedding<7, 3>>, Input<3, 5>, 7>();
}

TEST_CASE("a TimeDistributed says what it needs") {
  static_assert(TimeDistributed<Dense<2>>::spec.fit(Shape{4}).broken == &needs_steps_of_samples);
  static_assert(TimeDistributed<Dense<0>>::spec.fit(Shape{4, 3}).broken == &needs_at_least_1_unit);
  static_assert(TimeDistributed<Dropout<0.5>>::spec.fit(Shape{4, 3}).broken == &needs_a_layer_for_any_sample);
  static_assert(TimeDistributed<LSTM<3, Stateful>>::spec.fit(Shape{4, 3, 2}).broken ==
                &needs_a_layer_for_any_sample);
  const auto x = functional::Input({4, 3});
  CHECK(functional::time_distributed(functional::Layer(Dense<5>{}))(x).shape() == Shape{4, 5});
  CHECK_THROWS_AS(functional::time_distributed(functional::Layer(Dropout<0.5>{}))(x), std::invalid_argument);
  const auto sequences = functional::Input({4, 3, 2}), mask = functional::Input({4});
  CHECK_THROWS_AS(TimeDistributed<LSTM<2>>{}(sequences.with_mask(mask)), std::invalid_argument);
  CHECK_THROWS_AS(TimeDistributed<BatchNormalization<>>{}(x.with_mask(mask)), std::invalid_argument);
}

TEST_CASE("a stream runs a TimeDistributed step by step, and a loss on logits reaches the layer inside") {
  using Net = Sequential<Input<6, 3>, TimeDistributed<Dense<4, Softmax>>>;
  static_assert(Model<Net>::output_activation() == Softmax{});
  const Model<Net> model(3);
  const auto x = filled_array(18, 1);
  const auto wanted = model.predict(x);
  Stream stream(model);
  std::vector<float> y(24);
  stream.process(x, y);
  CHECK(all_near(y, wanted));
  Model<Net> trained(3);
  auto trainer = compile(trained, SGD{}, CategoricalCrossentropy{});
  const std::vector<float> targets(24, 0.25f);
  const double first = trainer.train_on_batch(x, targets)[0];
  CHECK(trainer.train_on_batch(x, targets)[0] < first);
}

TEST_CASE("a model is called on each step of sequences") {
  const auto step = functional::Input({3}), image = functional::Input({3, 2});
  const functional::Model chain(step, Dense<2>{}(Dense<4, Tanh>{}(step)), 3);
  const auto x = functional::Input({4, 3});
  check_graph("time_distributed_model", {x}, {chain.on_each_step(4)(x)});
  const auto y = Conv1D<2, Kernel<1>, Tanh>{}(image);
  const auto joined = Concatenate<>{}(Add<>{}(image, y), Dense<3>{}(y));
  const functional::Model graph(image, Flatten{}(joined));
  const auto images = functional::Input({2, 3, 2});
  check_graph("time_distributed_graph", {images}, {graph.on_each_step(2)(images)});
  // Weights and what is trained go along.
  functional::Model frozen(step, Dense<2>{}(Dense<4, Tanh>{}(step)), 3);
  frozen.set_trainable("dense", false);
  const functional::Model steps = frozen.on_each_step(4);
  CHECK(steps.layers()[1].tensors.trainable_values() == 0);
  CHECK(steps.layers()[2].tensors.trainable_values() == 10);
  const auto in = filled_array(12, 2);
  const auto made = steps.predict(in);
  for (std::size_t s = 0; s < 4; ++s)
    CHECK(all_near(std::span(made).subspan(2 * s, 2), frozen.predict(Array(in).slice(3 * s, 3))));
  const functional::Model shared(image, Concatenate<1>{}(image, image));
  CHECK_THROWS_WITH(shared.on_each_step(2),
                    "Model: layer '' (Concatenate) cannot be called on each step of a sequence");
}

TEST_CASE("a mask goes past a TimeDistributed") {
  const auto x = functional::Input({5, 2});
  check_graph("time_distributed_masked", {x},
              {LSTM<2>{}(TimeDistributed<Dense<3>>{}(x.then(MaskingSpec{})))});
}
