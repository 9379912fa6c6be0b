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
  static_assert(TimeDistributed<BatchNormalization<>>::spec.fit(Shape{4, 3}).broken ==
                &needs_a_layer_for_any_sample);
  static_assert(TimeDistributed<LSTM<3, Stateful>>::spec.fit(Shape{4, 3, 2}).broken ==
                &needs_a_layer_for_any_sample);
  const auto x = functional::Input({4, 3});
  CHECK(functional::time_distributed(functional::Layer(Dense<5>{}))(x).shape() == Shape{4, 5});
  for (const auto& inside : {functional::Layer(Dropout<0.5>{}), functional::Layer(BatchNormalization<>{})})
    CHECK_THROWS_AS(functional::time_distributed(inside)(x), std::invalid_argument);
  const auto sequences = functional::Input({4, 3, 2}), mask = functional::Input({4});
  CHECK_THROWS_AS(TimeDistributed<LSTM<2>>{}(sequences.with_mask(mask)), std::invalid_argument);
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

TEST_CASE("a mask goes past a TimeDistributed") {
  const auto x = functional::Input({5, 2});
  check_graph("time_distributed_masked", {x},
              {LSTM<2>{}(TimeDistributed<Dense<3>>{}(x.then(MaskingSpec{})))});
}
