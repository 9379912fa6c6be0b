#include <keratin/layers/transposed_convolution.hpp>

#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("Conv2DTranspose computes what Keras computes") {
  check<Conv2DTranspose<3, Kernel<3>>, Input<4, 3, 2>>("conv2d_transpose");
  check<Conv2DTranspose<17, Kernel<3, 4>, Strides<2>, Same, ReLU>, Input<3, 4, 3>>("conv2d_transpose_same");
  check<Conv2DTranspose<4, Kernel<2, 1>, Strides<3>, Softmax, NoBias>, Input<2, 3, 5>>(
      "conv2d_transpose_gaps");
  check<Conv2DTranspose<2, Kernel<3>, Same, Dilation<1, 2>, Tanh>, Input<4, 5, 1>>(
      "conv2d_transpose_dilation");
}
TEST_CASE("transposed convolutions of 32 channels, whose positions lie apart") {
  check<Conv2DTranspose<3, Kernel<3>, Strides<2>, Same>, Input<3, 4, 32>>();
  check<Conv1DTranspose<2, Kernel<3>>, Input<3, 64>>();
}
TEST_CASE("Conv2DTranspose with an output padding computes what Keras computes") {
  check<Conv2DTranspose<1, Kernel<3>, Strides<3, 2>, Same, OutputPadding<2, 0>>, Input<3, 2, 17>>(
      "conv2d_transpose_output_padding");
  check<Conv2DTranspose<3, Kernel<2, 4>, Strides<2>, OutputPadding<1>>, Input<2, 3, 2>>(
      "conv2d_transpose_output_padding_valid");
  check<Conv2DTranspose<2, Kernel<4, 6>, Strides<2>, Same, OutputPadding<1, 0>>, Input<3, 4, 2>>(
      "conv2d_transpose_output_padding_even");
  check<Conv2DTranspose<1>, Input<1, 1, 1>>("conv2d_transpose_one");
}
TEST_CASE("Conv1DTranspose computes what Keras computes") {
  check<Conv1DTranspose<4, Kernel<3>>, Input<5, 3>>("conv1d_transpose");
  check<Conv1DTranspose<17, Kernel<5>, Strides<3>, Same, Sigmoid>, Input<6, 1>>("conv1d_transpose_same");
  check<Conv1DTranspose<3, Kernel<2>, Dilation<3>, NoBias>, Input<7, 17>>("conv1d_transpose_dilation");
  check<Conv1DTranspose<2, Kernel<2>, Strides<2>, OutputPadding<0>>, Input<1, 4>>(
      "conv1d_transpose_output_padding");
}
TEST_CASE("Conv3DTranspose computes what Keras computes") {
  check<Conv3DTranspose<2, Kernel<2>>, Input<2, 3, 2, 2>>("conv3d_transpose");
  check<Conv3DTranspose<2, Kernel<3, 2, 3>, Strides<2, 1, 2>, Same, Tanh>, Input<2, 1, 3, 3>>(
      "conv3d_transpose_same");
  check<Conv3DTranspose<3, Kernel<2, 1, 3>, Strides<2>, Same, OutputPadding<1, 1, 0>, NoBias>,
        Input<2, 2, 1, 1>>("conv3d_transpose_output_padding");
  check<Conv3DTranspose<1, Kernel<2>, Dilation<1, 2, 1>>, Input<2, 3, 2, 17>>("conv3d_transpose_dilation");
}

// Every small length, window, stride and padding, at run time.
TEST_CASE("a transposed convolution of every small size is what it should be") {
  for (int n = 1; n <= 5; ++n)
    for (int size = 1; size <= 5; ++size)
      for (int stride = 1; stride <= 4; ++stride)
        for (const Padding padding : {Padding::valid, Padding::same})
          for (int p = -1; p < stride; ++p) {
            const ConvTransposeSpec<1> spec{.filters = 1,
                                            .kernel_size = {size},
                                            .strides = {stride},
                                            .padding = padding,
                                            .output_padding = {p}};
            const bool same = padding == Padding::same;
            int length = (n - 1) * stride, cut = 0;
            if (p < 0) {
              length += same ? stride : std::max(size, stride);
              cut = same ? std::max(size - stride, 0) / 2 : 0;
            } else {
              length += (same ? size % 2 : size) + p;
              cut = same ? size - 1 - std::min((size + size % 2 - 2 + p + 1) / 2, size - 1) : 0;
            }
            const std::array setting{n, size, stride, static_cast<int>(same), p};
            CAPTURE(setting);
            const Shape in{n, 1};
            if (length == 0) {
              CHECK(spec.fit(in).broken == &needs_extents_of_at_least_1);
              continue;
            }
            REQUIRE(spec.fit(in).out == Shape{length, 1});
            const auto x = functional::Input(in);
            functional::Model model(x, x.then(spec));
            const std::vector<float> values = filled_array(static_cast<std::size_t>(n), 0),
                                     w = filled_array(static_cast<std::size_t>(size), 1);
            std::ranges::copy(w, model.block().begin());
            std::vector<float> wanted(static_cast<std::size_t>(length));
            for (int i = 0; i < n; ++i)
              for (int k = 0; k < size; ++k)
                if (const int o = i * stride + k - cut; o >= 0 && o < length)
                  wanted[static_cast<std::size_t>(o)] +=
                      values[static_cast<std::size_t>(i)] * w[static_cast<std::size_t>(k)];
            CHECK(all_near(model.predict(values), wanted));
          }
}

TEST_CASE("transposed convolutions have Keras's shapes, parameters and options") {
  using Spec = ConvTransposeSpec<2>;
  static_assert(
      hana::equal(Conv2DTranspose<4, Same, Strides<2>, Kernel<3>, OutputPadding<1>>::spec,
                  Conv2DTranspose<4, Kernel<3, 3>, OutputPadding<1, 1>, Strides<2, 2>, Same>::spec));
  constexpr Spec spec = Conv2DTranspose<8, Kernel<3, 5>, Strides<2>, Same>::spec;
  static_assert(spec.fit(Shape{7, 6, 4}).out == Shape{14, 12, 8});
  static_assert(spec.parameters(Shape{7, 6, 4}).list[0].shape == Shape{3, 5, 8, 4} &&
                spec.parameters(Shape{7, 6, 4}).list[1].shape == Shape{8});
  static_assert(Conv1DTranspose<8, Kernel<3>, NoBias>::spec.parameters(Shape{7, 4}).count == 1);
  static_assert(Spec{}.fit(Shape{7, 6, 4}).broken == &needs_at_least_1_filter);
  static_assert(Spec{.filters = 1}.fit(Shape{7, 6}).broken == &needs_image_HxWxC);
  static_assert(ConvTransposeSpec<3>{.filters = 1}.fit(Shape{7, 6, 1}).broken == &needs_volume_DxHxWxC);
  static_assert(Spec{.filters = 1, .strides = {0, 1}}.fit(Shape{7, 6, 4}).broken ==
                &needs_sizes_of_at_least_1);
  static_assert(Spec{.filters = 1, .strides = {2, 1}, .dilation_rate = {1, 2}}.fit(Shape{7, 6, 4}).broken ==
                &has_strides_and_dilation);
  static_assert(Spec{.filters = 1, .output_padding = {1, 0}}.fit(Shape{7, 6, 4}).broken ==
                &needs_an_output_padding_below_the_strides);
  static_assert(Spec{.filters = 1, .padding = Padding::causal}.fit(Shape{7, 6, 4}).broken ==
                &causal_is_for_Conv1D);
  static_assert(Spec{.filters = 1, .strides = {1 << 20, 1 << 20}}.fit(Shape{1 << 20, 6, 1}).broken ==
                &more_than_2_31_elements);
}
