#include "../check_graph.hpp"

using namespace keratin;

TEST_CASE("ConvLSTM2D computes what Keras computes") {
  check<ConvLSTM2D<2, Kernel<3>>, Input<3, 4, 5, 2>>("conv_lstm2d");
  check<ConvLSTM2D<3, Kernel<2, 3>, Strides<2>, Same, ReturnSequences>, Input<2, 5, 4, 1>>(
      "conv_lstm2d_sequences");
  check<ConvLSTM2D<1, Kernel<2>, Dilation<2>, ReLU, RecurrentActivation<Tanh>, NoBias, GoBackwards,
                   ReturnSequences>,
        Input<3, 5, 3, 1>>("conv_lstm2d_backwards");
  check<ConvLSTM2D<2>, Input<1, 2, 2, 17>>("conv_lstm2d_one_step");
}

TEST_CASE("ConvLSTM1D computes what Keras computes") {
  check<ConvLSTM1D<3, Kernel<3>, Same>, Input<3, 6, 2>>("conv_lstm1d");
  check<ConvLSTM1D<17, Strides<3>, ReturnSequences>, Input<2, 7, 1>>("conv_lstm1d_sequences");
  check<ConvLSTM1D<1, Kernel<2>, Dilation<2>, NoUnitForgetBias, GoBackwards>, Input<4, 5, 3>>(
      "conv_lstm1d_backwards");
  check<ConvLSTM1D<2, Kernel<3>>, Input<1, 3, 2>>("conv_lstm1d_one_step");
}

TEST_CASE("ConvLSTM with dropout is a layer as any, each gate of which drops inputs of its own") {
  check<ConvLSTM2D<2, Kernel<2>, Dropout<0.3>, RecurrentDropout<0.2>>, Input<2, 4, 3, 1>>();
  check<ConvLSTM1D<3, Kernel<3>, Same, Dropout<0.5>, ReturnSequences>, Input<3, 5, 17>>();
  check<ConvLSTM1D<17, RecurrentDropout<0.4>, GoBackwards>, Input<3, 4, 2>>();
  check<ConvLSTM1D<2, Dropout<1.0>, RecurrentDropout<1.0>>, Input<2, 3, 2>>();
  static_assert(ConvLSTM1D<2, Dropout<1.5>>::spec.fit(Shape{2, 3, 2}).broken == &needs_a_rate_from_0_to_1);
  // One step of linear gates, each the mean of what is left of many ones: the first values of the memory.
  constexpr int features = 20'000;
  using Layer = ConvLSTM1D<1, Linear, NoBias, Dropout<0.25>, RecurrentActivation<Linear>>;
  using Net = Sequential<Input<1, 1, features>, Layer>;
  const auto& layer = plan<Net, Mode{.training = true}>().layers[0];
  std::vector<float> x(features, 1.f), y(1), weights(plan<Net>().block), memory(layer.intermediate);
  for (std::size_t i = 0; i < 4 * features; ++i) weights[i] = 1.f / features;
  Forward<float> c{1, x.data(), y.data(), weights.data(), &layer, memory.data()};
  c.run = {.samples = 1, .training = weights.data(), .random = {5, random_dropout, 2, 0}};
  ConvLSTMSpec<1>::forward(Layer::spec.geometry(Shape{1, 1, features}), c);
  for (int gate = 0; gate < 4; ++gate)
    CHECK(memory[static_cast<std::size_t>(gate)] == doctest::Approx(1).epsilon(0.02));
  CHECK(memory[0] != memory[2]);
  CHECK(y[0] == doctest::Approx(memory[0] * memory[2] * memory[3]));
}

TEST_CASE("ConvLSTM has Keras's parameters, and refuses what does not fit") {
  constexpr Parameters p = ConvLSTM2D<3, Kernel<2, 5>>::spec.parameters(Shape{4, 6, 7, 2});
  static_assert(p.count == 3 && p[0].shape == Shape{2, 5, 2, 12} && p[1].shape == Shape{2, 5, 3, 12} &&
                p[2].shape == Shape{12} && p[2].initializer.unit_forget);
  CHECK(std::string_view(p[1].name) == "recurrent_kernel");
  static_assert(ConvLSTM2D<2>::spec.fit(Shape{4, 6, 2}).broken == &needs_images_TxHxWxC);
  static_assert(ConvLSTM1D<2>::spec.fit(Shape{4, 6}).broken == &needs_sequences_TxWxC);
  static_assert(ConvLSTM1D<0>::spec.fit(Shape{4, 6, 2}).broken == &needs_at_least_1_filter);
  static_assert(ConvLSTM1D<2, Kernel<7>>::spec.fit(Shape{4, 6, 2}).broken ==
                &window_is_larger_than_the_input);
  static_assert(ConvLSTM1D<2, Softmax>::spec.fit(Shape{4, 6, 2}).broken ==
                &needs_an_activation_value_by_value);
}

TEST_CASE("ConvLSTM begins with states and returns them as Keras's") {
  using functional::Layer, functional::Tensor;
  const Tensor x = functional::Input({3, 4, 5, 2}), h = functional::Input({2, 3, 2}),
               c = functional::Input({2, 3, 2});
  const auto [y, made] = Layer(ConvLSTM2D<2, Kernel<3>, ReturnSequences>{}).with_state(x, {h, c});
  check_graph("conv_lstm2d_states", {x, h, c}, {y, made[0], made[1]});
  const Tensor x1 = functional::Input({2, 4, 1}), h1 = functional::Input({4, 3}),
               c1 = functional::Input({4, 3});
  const auto [last, after] = Layer(ConvLSTM1D<3, Kernel<2>, Same, GoBackwards>{}).with_state(x1, {h1, c1});
  check_graph("conv_lstm1d_states", {x1, h1, c1}, {last, after[0], after[1]});
  const Tensor x2 = functional::Input({1, 3, 2}), h2 = functional::Input({3, 17}),
               c2 = functional::Input({3, 17});
  check_graph("conv_lstm1d_initial", {x2, h2, c2}, {ConvLSTM1D<17>{}(x2, h2, c2)});
  const Tensor x3 = functional::Input({3, 5, 2});
  const auto [only, states] = Layer(ConvLSTM1D<1, Kernel<2>>{}).with_state(x3);
  check_graph("conv_lstm1d_returned", {x3}, {only, states[0], states[1]});
  CHECK_THROWS_WITH(Layer(ConvLSTM1D<2>{}, "frames")(x2, h2, h2),
                    "layer 0, ConvLSTM1D 'frames', got (3, 17), as input 1: an initial state needs the shape "
                    "of a step's output; wants (3, 2)");
  CHECK_THROWS_AS(ConvLSTM1D<17>{}(x2, h2), std::invalid_argument);
  const Tensor mask = functional::Input({1});
  CHECK_THROWS_AS(Layer(ConvLSTM1D<17>{}).all(x2, {h2, c2}, mask), std::invalid_argument);
}
