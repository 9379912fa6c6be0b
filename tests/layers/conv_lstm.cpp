#include "../check.hpp"

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
