#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("ReLULayer computes what Keras computes") {
  check<ReLULayer<>, Input<3, 7>>("relu_layer");
  check<ReLULayer<MaxValue<0.25>>, Input<3, 7>>("relu_max");
  check<ReLULayer<NegativeSlope<0.1>>, Input<17>>("relu_slope");
  check<ReLULayer<Threshold<0.125>, MaxValue<0.375>, NegativeSlope<0.25>>, Input<3, 7>>("relu_all");
}
TEST_CASE("LeakyReLULayer and ELULayer compute what Keras computes") {
  check<LeakyReLULayer<>, Input<3, 7>>("leaky_relu_layer");
  check<LeakyReLULayer<0.01>, Input<1>>("leaky_relu_slope");
  check<LeakyReLULayer<>, Input<2, 3, 17>>("leaky_relu_image");
  check<LeakyReLULayer<0.5>, Input<4, 3>>("leaky_relu_steps");
  check<ELULayer<>, Input<3, 7>>("elu_layer");
  check<ELULayer<0.5>, Input<17>>("elu_alpha");
  check<ELULayer<2.0>, Input<1>>("elu_one");
  check<ELULayer<0.25>, Input<4, 3>>("elu_steps");
}
TEST_CASE("PReLU computes what Keras computes") {
  check<PReLU<>, Input<17>>("prelu");
  check<PReLU<SharedAxes<1, 2>>, Input<3, 4, 5>>("prelu_shared");
  check<PReLU<SharedAxes<2, 3>>, Input<4, 3, 2>>("prelu_last");
  check<PReLU<SharedAxes<2>>, Input<3, 2, 3>>("prelu_middle");
  check<PReLU<SharedAxes<1, 2>>, Input<3, 4>>("prelu_one");
  check<PReLU<SharedAxes<-1>>, Input<1>>();
  check<PReLU<SharedAxes<1, 3>>, Input<2, 3, 2, 17>>();
}
TEST_CASE("SoftmaxLayer computes what Keras computes") {
  check<SoftmaxLayer<-1>, Input<3, 7>>("softmax_layer");
  check<SoftmaxLayer<1>, Input<5, 3>>("softmax_first");
  check<SoftmaxLayer<-2>, Input<2, 5, 3>>("softmax_middle");
  check<SoftmaxLayer<1, 3>, Input<3, 4, 2>>("softmax_two");
  check<SoftmaxLayer<1, 2>, Input<4, 3>>("softmax_all");
  check<SoftmaxLayer<1>, Input<1>>();
}
TEST_CASE("Identity is one") {
  check<Identity, Input<2, 3>>("identity");
  check<Identity, Input<1>>("identity_one");
  check<Identity, Input<17>>("identity_vector");
  check<Identity, Input<2, 3, 5>>("identity_image");
  static_assert(plan<Sequential<Input<3>, Identity, Dense<2>, Identity>>().steps.size() == 1);
}

TEST_CASE("layers of activations have Keras's settings") {
  static_assert(ReLULayer<>::spec.max_value == no_maximum && LeakyReLULayer<>::spec.negative_slope == 0.3);
  static_assert(hana::equal(ReLULayer<Threshold<1.0>, MaxValue<2.0>>::spec,
                            ReLULayer<MaxValue<2.0>, Threshold<1.0>>::spec));
  static_assert(ReLUSpec{.max_value = -1}.fit(Shape{3}).broken == &needs_settings_of_at_least_0);
  static_assert(LeakyReLUSpec{-0.1}.fit(Shape{3}).broken == &needs_settings_of_at_least_0);
  static_assert(PReLU<>::spec.parameters(Shape{3, 4}).list[0].shape == Shape{3, 4});
  static_assert(PReLU<SharedAxes<1>>::spec.parameters(Shape{3, 4}).list[0].shape == Shape{1, 4});
  static_assert(PReLU<SharedAxes<3>>::spec.fit(Shape{3, 4}).broken == &needs_axes_that_the_input_has);
  static_assert(PReLU<SharedAxes<0>>::spec.fit(Shape{3, 4}).broken == &needs_axes_that_the_input_has);
  static_assert(SoftmaxLayer<-3>::spec.fit(Shape{3, 4}).broken == &needs_axes_that_the_input_has);
  static_assert(SoftmaxLayer<>::spec.fit(Shape{3, 4}).broken == &needs_axes_that_the_input_has);
}

TEST_CASE("ties have the slopes that the layers say") {
  const auto slope = []<class Spec>(const Spec& spec, float at) {
    float x = at, y = 0, dy = 1, dx = 7;
    const Shape in{1};
    Spec::forward(spec.geometry(in), Forward<float>{1, &x, &y, nullptr, nullptr, nullptr});
    Spec::backward(spec.geometry(in),
                   Backward<float>{1, &x, &y, &dy, &dx, nullptr, nullptr, nullptr, nullptr, nullptr});
    return dx;
  };
  CHECK(slope(ReLUSpec{}, 0) == 0);
  CHECK(slope(ReLUSpec{.negative_slope = 0.5}, 0) == 1);
  CHECK(slope(ReLUSpec{.max_value = 6}, 6) == 0);
  CHECK(slope(ReLUSpec{.negative_slope = 0.5, .threshold = 1}, 1) == 0);
  CHECK(slope(LeakyReLUSpec{}, 0) == 1);
  CHECK(slope(ELUSpec{0.5}, 0) == 0.5f);
}

TEST_CASE("a network with activations of every kind learns") {
  using Net = Sequential<Input<8>, Dense<16, GELU>, Dense<16>, PReLU<>, Dense<16>, BatchNormalization<SiLU>,
                         Dense<3>, SoftmaxLayer<-1>>;
  Model<Net> model(3);
  auto trainer = compile(model, Adam{.learning_rate = 0.02}, MeanSquaredError{});
  std::vector<float> x(60 * 8), y(60 * 3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i * i, 1));
  for (std::size_t i = 0; i < 60; ++i) y[i * 3 + (x[i * 8] > 0 ? (x[i * 8 + 1] > 0 ? 0 : 1) : 2)] = 1;
  const auto history = trainer.fit(x, y, {.epochs = 60, .batch_size = 20, .verbose = 0});
  CHECK(history["loss"].back() < history["loss"].front() / 4);
}
