#include "../check.hpp"

using namespace keratin;

TEST_CASE("Conv2D computes what Keras computes") {
  check<Conv2D<3, Kernel<3>>, Input<6, 7, 2>>("conv2d");
  check<Conv2D<6, Kernel<5>, ReLU>, Input<9, 9, 1>>("conv2d_relu");
  check<Conv2D<17, Kernel<3, 2>, Strides<2>, Same, Tanh>, Input<7, 5, 3>>("conv2d_same_strides");
  check<Conv2D<4, Kernel<3>, Same, Dilation<2>, Groups<2>, NoBias>, Input<6, 5, 6>>("conv2d_dilation_groups");
}

TEST_CASE("Conv2D of odd sizes") {
  check<Conv2D<33, Kernel<1, 4>, Strides<1, 3>, Softmax>, Input<5, 8, 3>>("conv2d_softmax");
  check<Conv2D<1>, Input<1, 1, 1>>("conv2d_one");
  check<Conv2D<32, Kernel<3>, Same>, Input<4, 6, 16>>("conv2d_wide");
  check<Conv2D<32, Kernel<3>, Same, Groups<2>>, Input<4, 5, 4>>();
}

TEST_CASE("Conv1D computes what Keras computes") {
  check<Conv1D<5, Kernel<3>, Causal, Dilation<2>, Tanh>, Input<9, 3>>("conv1d_causal");
  check<Conv1D<1, Kernel<2>, Softmax>, Input<3, 1>>("conv1d_softmax");
  check<Conv1D<17, Kernel<4>, Strides<3>, Same, ReLU>, Input<11, 4>>("conv1d_same_strides");
  check<Conv1D<9, Kernel<3>, Groups<3>>, Input<8, 6>>("conv1d_groups");
  check<Conv1D<3, Kernel<5>, Causal>, Input<1, 2>>("conv1d_causal_one");
  check<Conv1D<4, Kernel<2>, Strides<2>, Causal>, Input<8, 3>>("conv1d_causal_strides");
}

TEST_CASE("DepthwiseConv2D computes what Keras computes") {
  check<DepthwiseConv2D<Kernel<3>>, Input<6, 7, 3>>("depthwise_conv2d");
  check<DepthwiseConv2D<Kernel<3, 2>, Strides<2>, Same, ReLU>, Input<7, 5, 17>>("depthwise_conv2d_same");
  check<DepthwiseConv2D<Kernel<3>, Same, DepthMultiplier<3>, Dilation<2>, Tanh, NoBias>, Input<5, 6, 2>>(
      "depthwise_conv2d_multiplier");
  check<DepthwiseConv2D<>, Input<1, 1, 1>>("depthwise_conv2d_one");
}

TEST_CASE("DepthwiseConv1D computes what Keras computes") {
  check<DepthwiseConv1D<Kernel<3>>, Input<7, 3>>("depthwise_conv1d");
  check<DepthwiseConv1D<Kernel<4>, Strides<2>, Same, ReLU>, Input<9, 17>>("depthwise_conv1d_same");
  check<DepthwiseConv1D<Kernel<2>, Same, DepthMultiplier<3>, Dilation<2>, NoBias>, Input<6, 2>>(
      "depthwise_conv1d_multiplier");
  check<DepthwiseConv1D<Kernel<3>, Same>, Input<1, 1>>("depthwise_conv1d_one");
}

TEST_CASE("Conv3D computes what Keras computes") {
  check<Conv3D<3, Kernel<2, 2, 3>>, Input<4, 3, 5, 2>>("conv3d");
  check<Conv3D<2, Kernel<3>, Strides<2, 1, 3>, Same, ReLU>, Input<3, 5, 4, 3>>("conv3d_same_strides");
  check<Conv3D<6, Kernel<2>, Same, Dilation<2, 1, 2>, Groups<2>, NoBias>, Input<4, 3, 4, 4>>(
      "conv3d_dilation_groups");
  check<Conv3D<17, Kernel<3>, Same, Softmax>, Input<1, 1, 1, 1>>("conv3d_one");
}

TEST_CASE("Conv2D has Keras's parameters") {
  constexpr Parameters p = Conv2D<8, Kernel<3, 5>, Groups<2>>::spec.parameters(Shape{9, 9, 4});
  static_assert(p.count == 2 && p.list[0].shape == Shape{3, 5, 2, 8} && p.list[1].shape == Shape{8});
  static_assert(Conv1D<4, Kernel<3>, NoBias>::spec.parameters(Shape{9, 2}).count == 1);
  static_assert(Conv3D<4, Kernel<3>, Strides<2>>::spec.fit(Shape{9, 5, 3, 2}).out == Shape{4, 2, 1, 4});
  static_assert(Conv3D<4, Kernel<3>>::spec.fit(Shape{9, 5, 3}).broken == &needs_volume_DxHxWxC);
  static_assert(Conv3D<4, Kernel<3>, Groups<2>>::spec.parameters(Shape{9, 9, 9, 2}).list[0].shape ==
                Shape{3, 3, 3, 1, 4});
  static_assert(Conv1D<4, Kernel<3>>::spec.parameters(Shape{9, 2}).list[0].shape == Shape{3, 2, 4});
}

TEST_CASE("windows of absurd sizes overflow nothing") {
  constexpr int most = std::numeric_limits<int>::max();
  static_assert(Conv1D<1, Kernel<3>, Causal>::spec.fit(Shape{most, 1}).broken == &more_than_2_31_elements);
  static_assert(MaxPooling1D<PoolSize<3>, Same>::spec.fit(Shape{most, 1}).broken == &more_than_2_31_elements);
  static_assert(Conv2D<1, Kernel<3>, Strides<most>, Same>::spec.fit(Shape{5, 5, 1}).out == Shape{1, 1, 1});
  constexpr WindowAxis one(2, 5, most, 1, Padding::same), apart(13, 4, 6, 4, Padding::valid);
  static_assert(one.before == 1 && one.inner_first() == 1 && one.meets(1).element == 2);
  static_assert(apart.meets(12).step == 3 && apart.meets(12).back == 2);
}
