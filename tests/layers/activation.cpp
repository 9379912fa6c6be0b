#include "../check.hpp"

using namespace keratin;

TEST_CASE("Activation computes what Keras computes") {
  check<Activation<Linear>, Input<3, 7>>("activation_linear");
  check<Activation<ReLU>, Input<3, 7>>("activation_relu");
  check<Activation<Sigmoid>, Input<3, 7>>("activation_sigmoid");
  check<Activation<Tanh>, Input<3, 7>>("activation_tanh");
  check<Activation<Softmax>, Input<3, 7>>("activation_softmax");
}

TEST_CASE("activations in passes of their own compute what Keras computes") {
  check<Activation<GELU>, Input<2, 7>>("activation_gelu");
  check<Activation<Mish>, Input<2, 7>>("activation_mish");
  check<Activation<SELU>, Input<2, 7>>("activation_selu");
  check<Activation<Softplus>, Input<2, 7>>("activation_softplus");
  check<Activation<LogSoftmax>, Input<2, 7>>("activation_log_softmax");
  check<Activation<Sparsemax>, Input<2, 7>>();
  check<Activation<HardSiLU>, Input<1>>();
  check<Activation<LogSoftmax>, Input<17>>();
  check<Activation<Sparsemax>, Input<17>>();
}

TEST_CASE("so do layers that they stand behind") {
  check<Dense<7, GELU>, Input<5>>("dense_gelu");
  check<Conv2D<3, Kernel<3>, SiLU>, Input<5, 4, 2>>("conv_silu");
  check<Dense<17, LogSoftmax>, Input<3, 4>>();
  check<Conv1D<3, Kernel<3>, LeakyReLU>, Input<7, 2>>();
  check<DepthwiseConv2D<Kernel<2>, Mish>, Input<4, 3, 3>>();
  check<BatchNormalization<GELU>, Input<5>>();
  check<BatchNormalization<ELU>, Input<3, 5>>();
  check<LSTM<3, LeakyReLU, RecurrentActivation<HardSigmoid>, ReturnSequences>, Input<4, 2>>();
}

TEST_CASE("an activation that needs its input keeps it in training") {
  using Net = Sequential<Input<5>, Dense<7>, Activation<GELU>>;
  static_assert(plan<Net>().steps.size() == 1 && plan<Net>().layers[0].kept == 0);
  static_assert(plan<Net, Mode{.training = true}>().layers[0].kept == 7);
  static_assert(plan<Sequential<Input<5>, Dense<7, ELU>>, Mode{.training = true}>().layers[0].kept == 0);
  // Not into a pooled convolution, which keeps largest sums only.
  using Pooled = Sequential<Input<4, 4, 1>, Conv2D<2, Kernel<3>, Same, Mish>, MaxPooling2D<>>;
  static_assert(plan<Pooled>().steps.size() == 2);
}

TEST_CASE("recurrent layers take activations that their result tells") {
  static_assert(LSTMSpec{.units = 2, .activation = GELU{}}.fit(Shape{3, 2}).broken ==
                &needs_an_activation_known_by_its_result);
  static_assert(GRUSpec{.units = 2, .recurrent_activation = LogSoftmax{}}.fit(Shape{3, 2}).broken ==
                &needs_an_activation_value_by_value);
}

TEST_CASE("Activation of odd sizes") {
  check<Activation<Tanh>, Input<1>>();
  check<Activation<Softmax>, Input<1>>();
  check<Activation<Softmax>, Input<17>>();
  check<Activation<ReLU>, Input<33>>();
}
