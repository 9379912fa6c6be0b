#include <keratin/layers/separable_convolution.hpp>

#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("SeparableConv2D computes what Keras computes") {
  check<SeparableConv2D<4, Kernel<3>>, Input<6, 5, 3>>("separable_conv2d");
  check<SeparableConv2D<17, Kernel<3, 2>, Strides<2>, Same, DepthMultiplier<3>, ReLU>, Input<5, 7, 2>>(
      "separable_conv2d_same");
  check<SeparableConv2D<3, Kernel<3>, Same, Dilation<2>, Softmax, NoBias>, Input<6, 5, 17>>(
      "separable_conv2d_dilation");
  check<SeparableConv2D<1>, Input<1, 1, 1>>("separable_conv2d_one");
}
TEST_CASE("a separable convolution of 32 filters, whose gradients lie apart") {
  check<SeparableConv2D<32, Kernel<3>, Same>, Input<5, 7, 2>>();
}
TEST_CASE("SeparableConv1D computes what Keras computes") {
  check<SeparableConv1D<5, Kernel<3>>, Input<8, 3>>("separable_conv1d");
  check<SeparableConv1D<2, Kernel<4>, Strides<3>, Same, DepthMultiplier<2>, Tanh>, Input<9, 1>>(
      "separable_conv1d_same");
  check<SeparableConv1D<1, Kernel<3>, Dilation<2>, NoBias>, Input<7, 17>>("separable_conv1d_dilation");
  check<SeparableConv1D<17, Kernel<5>, Same, Sigmoid>, Input<1, 2>>("separable_conv1d_one");
}

TEST_CASE("separable convolutions have Keras's shapes, parameters and options") {
  using Spec = SeparableConvSpec<2>;
  static_assert(hana::equal(SeparableConv2D<4, Same, Strides<2>, DepthMultiplier<2>, Kernel<3>>::spec,
                            SeparableConv2D<4, Kernel<3, 3>, DepthMultiplier<2>, Strides<2, 2>, Same>::spec));
  constexpr Spec spec = SeparableConv2D<8, Kernel<3, 5>, Strides<2>, Same, DepthMultiplier<2>>::spec;
  static_assert(spec.fit(Shape{7, 6, 4}).out == Shape{4, 3, 8});
  constexpr Parameters p = spec.parameters(Shape{7, 6, 4});
  static_assert(p.count == 3 && p.list[0].shape == Shape{3, 5, 4, 2} &&
                p.list[1].shape == Shape{1, 1, 8, 8} && p.list[2].shape == Shape{8});
  static_assert(
      SeparableConv1D<8, Kernel<3>, NoBias, PointwiseInitializer<Zeros>>::spec.parameters(Shape{7, 4})
          .list[1]
          .shape == Shape{1, 4, 8});
  static_assert(Spec{}.fit(Shape{7, 6, 4}).broken == &needs_at_least_1_filter);
  static_assert(Spec{.filters = 1, .depth_multiplier = 0}.fit(Shape{7, 6, 4}).broken ==
                &needs_a_depth_multiplier_of_at_least_1);
  static_assert(Spec{.filters = 1}.fit(Shape{7, 6}).broken == &needs_image_HxWxC);
  static_assert(Spec{.filters = 1, .kernel_size = {8, 1}}.fit(Shape{7, 6, 4}).broken ==
                &window_is_larger_than_the_input);
  static_assert(Spec{.filters = 1, .depth_multiplier = 1 << 30}.fit(Shape{7, 6, 4}).broken ==
                &more_than_2_31_elements);
}
