#include <boost/hana/equal.hpp>

#include "../check_graph.hpp"

using namespace keratin;

TEST_CASE("MaxPooling1D computes what Keras computes") {
  check<MaxPooling1D<>, Input<8, 17>>("max_pooling1d");
  check<MaxPooling1D<PoolSize<3>, Strides<1>>, Input<7, 3>>("max_pooling1d_overlap");
  check<MaxPooling1D<PoolSize<3>, Strides<2>, Same>, Input<8, 1>>("max_pooling1d_same");
  check<MaxPooling1D<Same>, Input<1, 5>>("max_pooling1d_short");
}
TEST_CASE("MaxPooling2D computes what Keras computes") {
  check<MaxPooling2D<>, Input<6, 4, 16>>("max_pooling2d");
  check<MaxPooling2D<PoolSize<3, 2>>, Input<7, 5, 3>>("max_pooling2d_rest");
  check<MaxPooling2D<PoolSize<3>, Strides<2>, Same>, Input<5, 6, 17>>("max_pooling2d_same");
  check<MaxPooling2D<PoolSize<2, 1>, Strides<3>>, Input<7, 8, 1>>("max_pooling2d_gaps");
}
TEST_CASE("AveragePooling1D computes what Keras computes") {
  check<AveragePooling1D<>, Input<8, 17>>("average_pooling1d");
  check<AveragePooling1D<PoolSize<3>, Strides<1>>, Input<7, 3>>("average_pooling1d_overlap");
  check<AveragePooling1D<PoolSize<5>, Strides<3>, Same>, Input<8, 1>>("average_pooling1d_same");
  check<AveragePooling1D<PoolSize<4>, Strides<1>, Same>, Input<1, 5>>("average_pooling1d_short");
}
TEST_CASE("AveragePooling2D computes what Keras computes") {
  check<AveragePooling2D<>, Input<6, 4, 16>>("average_pooling2d");
  check<AveragePooling2D<PoolSize<3, 2>>, Input<7, 5, 3>>("average_pooling2d_rest");
  check<AveragePooling2D<PoolSize<3>, Strides<2>, Same>, Input<5, 6, 17>>("average_pooling2d_same");
  check<AveragePooling2D<PoolSize<2, 1>, Strides<3>>, Input<7, 8, 1>>("average_pooling2d_gaps");
}
TEST_CASE("MaxPooling3D and AveragePooling3D compute what Keras computes") {
  check<MaxPooling3D<>, Input<4, 6, 4, 3>>("max_pooling3d");
  check<MaxPooling3D<Strides<1>>, Input<3, 4, 5, 2>>("max_pooling3d_overlap");
  check<MaxPooling3D<PoolSize<3, 2, 3>, Strides<2, 3, 1>, Same>, Input<3, 5, 4, 1>>("max_pooling3d_same");
  check<MaxPooling3D<PoolSize<3, 1, 2>>, Input<5, 3, 3, 17>>("max_pooling3d_rest");
  check<AveragePooling3D<>, Input<4, 6, 4, 3>>("average_pooling3d");
  check<AveragePooling3D<Strides<1>>, Input<3, 4, 5, 2>>("average_pooling3d_overlap");
  check<AveragePooling3D<PoolSize<3, 2, 3>, Strides<2, 3, 1>, Same>, Input<3, 5, 4, 1>>(
      "average_pooling3d_same");
  check<AveragePooling3D<PoolSize<3, 1, 2>>, Input<5, 3, 3, 17>>("average_pooling3d_rest");
}
TEST_CASE("adaptive pooling computes what Keras computes") {
  check<AdaptiveMaxPooling1D<3>, Input<8, 3>>("adaptive_max_pooling1d");
  check<AdaptiveMaxPooling1D<5>, Input<3, 17>>("adaptive_max_pooling1d_up");
  check<AdaptiveMaxPooling1D<3>, Input<6, 2>>("adaptive_max_pooling1d_whole");
  check<AdaptiveMaxPooling1D<1>, Input<7, 1>>("adaptive_max_pooling1d_one");
  check<AdaptiveMaxPooling2D<3, 2>, Input<7, 5, 3>>("adaptive_max_pooling2d");
  check<AdaptiveMaxPooling2D<3, 3>, Input<2, 4, 2>>("adaptive_max_pooling2d_up");
  check<AdaptiveMaxPooling2D<2>, Input<4, 6, 17>>("adaptive_max_pooling2d_whole");
  check<AdaptiveMaxPooling2D<1>, Input<3, 4, 1>>("adaptive_max_pooling2d_one");
  check<AdaptiveAveragePooling1D<3>, Input<8, 3>>("adaptive_average_pooling1d");
  check<AdaptiveAveragePooling1D<5>, Input<3, 17>>("adaptive_average_pooling1d_up");
  check<AdaptiveAveragePooling1D<3>, Input<6, 2>>("adaptive_average_pooling1d_whole");
  check<AdaptiveAveragePooling1D<1>, Input<7, 1>>("adaptive_average_pooling1d_one");
  check<AdaptiveAveragePooling2D<3, 2>, Input<7, 5, 3>>("adaptive_average_pooling2d");
  check<AdaptiveAveragePooling2D<3, 3>, Input<2, 4, 2>>("adaptive_average_pooling2d_up");
  check<AdaptiveAveragePooling2D<2>, Input<4, 6, 17>>("adaptive_average_pooling2d_whole");
  check<AdaptiveAveragePooling2D<1>, Input<3, 4, 1>>("adaptive_average_pooling2d_one");
}
TEST_CASE("global pooling computes what Keras computes") {
  check<GlobalMaxPooling1D, Input<7, 17>>("global_max_pooling1d");
  check<GlobalMaxPooling1D, Input<1, 1>>("global_max_pooling1d_one");
  check<GlobalMaxPooling1D, Input<5, 3>>("global_max_pooling1d_narrow");
  check<GlobalMaxPooling1D, Input<2, 70>>("global_max_pooling1d_wide");
  check<GlobalMaxPooling2D, Input<3, 5, 3>>("global_max_pooling2d");
  check<GlobalMaxPooling2D, Input<1, 1, 1>>("global_max_pooling2d_one");
  check<GlobalMaxPooling2D, Input<4, 1, 17>>("global_max_pooling2d_narrow");
  check<GlobalMaxPooling2D, Input<1, 2, 70>>("global_max_pooling2d_wide");
  check<GlobalAveragePooling1D, Input<7, 17>>("global_average_pooling1d");
  check<GlobalAveragePooling1D, Input<1, 1>>("global_average_pooling1d_one");
  check<GlobalAveragePooling1D, Input<5, 3>>("global_average_pooling1d_narrow");
  check<GlobalAveragePooling1D, Input<2, 70>>("global_average_pooling1d_wide");
  check<GlobalAveragePooling2D, Input<3, 5, 3>>("global_average_pooling2d");
  check<GlobalAveragePooling2D, Input<1, 1, 1>>("global_average_pooling2d_one");
  check<GlobalAveragePooling2D, Input<4, 1, 17>>("global_average_pooling2d_narrow");
  check<GlobalAveragePooling2D, Input<1, 2, 70>>("global_average_pooling2d_wide");
  check<GlobalMaxPooling3D, Input<2, 3, 2, 3>>("global_max_pooling3d");
  check<GlobalMaxPooling3D, Input<1, 1, 2, 17>>("global_max_pooling3d_wide");
  check<GlobalMaxPooling3D, Input<1, 1, 1, 1>>("global_max_pooling3d_one");
  check<GlobalMaxPooling3D, Input<5, 1, 3, 1>>("global_max_pooling3d_narrow");
  check<GlobalAveragePooling3D, Input<2, 3, 2, 3>>("global_average_pooling3d");
  check<GlobalAveragePooling3D, Input<1, 1, 2, 17>>("global_average_pooling3d_wide");
  check<GlobalAveragePooling3D, Input<1, 1, 1, 1>>("global_average_pooling3d_one");
  check<GlobalAveragePooling3D, Input<5, 1, 3, 1>>("global_average_pooling3d_narrow");
}

namespace {

// dx of samples, from the spec's own kernel.
template <class Spec>
std::vector<float> gradient(const Spec& spec, Shape in, std::vector<float> x, std::vector<float> dy) {
  const int samples = static_cast<int>(x.size()) / in.size();
  std::vector<float> y(dy.size()), dx(x.size(), 7.f), scratch(8);
  Spec::forward(spec.geometry(in), Forward<float>{samples, x.data(), y.data(), nullptr, nullptr, nullptr});
  Spec::backward(spec.geometry(in), Backward<float>{samples, x.data(), y.data(), dy.data(), dx.data(),
                                                    nullptr, nullptr, nullptr, nullptr, scratch.data()});
  return dx;
}
// The same against Keras, whose input has many equal values.
void check_ties(const auto& spec, Shape in, const std::string& name) {
  const std::vector<float>& y = golden("layer/" + name + "/y");
  CHECK(all_near(gradient(spec, in, golden("layer/" + name + "/x0"), filled_array(y.size(), 9)),
                 golden("layer/" + name + "/dx")));
}

}  // namespace

TEST_CASE("the first of several maxima gets the gradient; globally they share it") {
  const std::vector<float> x{1, 3, 3, 3, 0, 0};
  CHECK(gradient(MaxPooling1DSpec{.pool_size = {3}, .strides = {1}}, Shape{6, 1}, x, {1, 2, 4, 8}) ==
        std::vector<float>{0, 3, 4, 8, 0, 0});
  CHECK(gradient(MaxPooling2DSpec{}, Shape{2, 2, 1}, {0, 0, 0, 0}, {5}) == std::vector<float>{5, 0, 0, 0});
  CHECK(gradient(GlobalMaxPooling1DSpec{}, Shape{6, 1}, x, {6}) == std::vector<float>{0, 2, 2, 2, 0, 0});
}

TEST_CASE("which of several maxima gets the gradient is Keras's choice") {
  check_ties(MaxPooling3DSpec{{3, 2, 3}, {2, 2, 1}, Padding::same}, Shape{3, 5, 4, 2}, "max_pooling3d_ties");
  check_ties(AdaptiveMaxPooling2DSpec{{3, 3}}, Shape{7, 8, 2}, "adaptive_max_pooling2d_ties");
}

TEST_CASE("NaN does not hide in a maximum") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t at : {0u, 1u, 2u, 3u}) {
    std::vector<float> x{1, 3, 2, 0};
    x[at] = nan;
    const Model<Sequential<Input<2, 2, 1>, MaxPooling2D<>>> local;
    const Model<Sequential<Input<4, 1>, GlobalMaxPooling1D>> global;
    CHECK(std::isnan(local.predict(x)[0]));
    CHECK(std::isnan(global.predict(x)[0]));
  }
}

// Every small length, window, stride and padding, at run time: the kernels are those that the static layers
// above are bitwise equal to.
TEST_CASE("pooling of every small size is what it should be") {
  constexpr int channels = 3;
  for (int n = 1; n <= 9; ++n)
    for (int size = 1; size <= 4; ++size)
      for (int stride = 1; stride <= 5; ++stride)
        for (const Padding padding : {Padding::valid, Padding::same}) {
          const auto in = functional::Input({n, channels});
          const MaxPooling1DSpec max_spec{{size}, {stride}, padding};
          const AveragePooling1DSpec average_spec{{size}, {stride}, padding};
          CHECK((max_spec.fit(in.shape()).broken != nullptr) == (padding == Padding::valid && size > n));
          if (max_spec.fit(in.shape()).broken) continue;
          const functional::Model max_model(in, in.then(max_spec)), average_model(in, in.then(average_spec));
          std::vector<float> x(static_cast<std::size_t>(n * channels));
          for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 0));
          const std::vector<float> largest = max_model.predict(x), mean = average_model.predict(x);
          const bool same = padding == Padding::same;
          const int out = same ? (n + stride - 1) / stride : (n - size) / stride + 1;
          const int before = same ? std::max((out - 1) * stride + size - n, 0) / 2 : 0;
          REQUIRE(largest.size() == static_cast<std::size_t>(out * channels));
          for (int o = 0; o < out; ++o)
            for (int c = 0; c < channels; ++c) {
              float top = -1, sum = 0, count = 0;
              for (int i = o * stride - before; i < o * stride - before + size; ++i) {
                if (i < 0 || i >= n) continue;
                const float v = x[static_cast<std::size_t>(i * channels + c)];
                top = std::max(top, v), sum += v, ++count;
              }
              const auto at = static_cast<std::size_t>(o * channels + c);
              CHECK(largest[at] == top);
              CHECK(near(mean[at], sum / count));
            }
        }
}

TEST_CASE("pooling takes its options in any order") {
  static_assert(hana::equal(MaxPooling2D<Same, Strides<2>, PoolSize<3>>::spec,
                            MaxPooling2D<PoolSize<3, 3>, Strides<2, 2>, Same>::spec));
  static_assert(AveragePooling1D<>::spec.pool_size == Sizes<1>{2} &&
                AveragePooling1D<>::spec.strides == Sizes<1>{0});
  static_assert(MaxPooling2DSpec{}.fit(Shape{28, 28, 3}).out == Shape{14, 14, 3});
  static_assert(MaxPooling2DSpec{}.fit(Shape{28, 28}).broken == &needs_image_HxWxC);
  static_assert(MaxPooling1DSpec{}.fit(Shape{28}).broken == &needs_sequence_TxC);
  static_assert(MaxPooling1DSpec{.pool_size = {0}}.fit(Shape{28, 1}).broken == &needs_sizes_of_at_least_1);
  static_assert(MaxPooling2DSpec{}.fit(Shape{1, 28, 3}).broken == &window_is_larger_than_the_input);
  static_assert(
      hana::equal(MaxPooling3D<Same, PoolSize<3>>::spec, MaxPooling3D<PoolSize<3, 3, 3>, Same>::spec));
  static_assert(hana::equal(AdaptiveMaxPooling2D<3>::spec, AdaptiveMaxPooling2D<3, 3>::spec));
  static_assert(MaxPooling3DSpec{}.fit(Shape{4, 6, 8, 3}).out == Shape{2, 3, 4, 3});
  static_assert(MaxPooling3DSpec{}.fit(Shape{4, 6, 8}).broken == &needs_volume_DxHxWxC);
  static_assert(MaxPooling3DSpec{}.fit(Shape{1, 6, 8, 3}).broken == &window_is_larger_than_the_input);
  static_assert(GlobalMaxPooling3DSpec{}.fit(Shape{4, 6, 8}).broken == &needs_volume_DxHxWxC);
  static_assert(AdaptiveMaxPooling1DSpec{{5}}.fit(Shape{4, 6}).out == Shape{5, 6});
  static_assert(AdaptiveAveragePooling2DSpec{{5, 1}}.fit(Shape{4, 6, 8}).out == Shape{5, 1, 8});
  static_assert(AdaptiveMaxPooling1DSpec{{0}}.fit(Shape{4, 6}).broken == &needs_an_output_size_of_at_least_1);
  static_assert(AdaptiveMaxPooling1DSpec{{2}}.fit(Shape{4}).broken == &needs_sequence_TxC);
  static_assert(AdaptiveMaxPooling2DSpec{{2, 2}}.fit(Shape{4, 6}).broken == &needs_image_HxWxC);
  static_assert(GlobalMaxPooling1DSpec{}.fit(Shape{1, 2, 3}).broken == &needs_sequence_TxC);
  static_assert(GlobalAveragePooling2DSpec{}.fit(Shape{2, 3}).broken == &needs_image_HxWxC);
  static_assert(GlobalAveragePooling2DSpec::name == std::string_view("GlobalAveragePooling2D"));
}

TEST_CASE("GlobalAveragePooling1D leaves masked steps out") {
  const auto x = functional::Input({5, 2}), tokens = functional::Input({4});
  const auto pooled = GlobalAveragePooling1D{}(x.then(MaskingSpec{}));
  CHECK(!pooled.mask());
  check_graph("global_average_pooling1d_masked", {x}, {pooled});
  const auto embedded = tokens.then(EmbeddingSpec{.input_dim = 5, .output_dim = 17, .mask_zero = true});
  check_graph("embedding_pooled", {tokens}, {Dense<2>{}(GlobalAveragePooling1D{}(embedded))});
  functional::Model model(tokens, Dense<2>{}(GlobalAveragePooling1D{}(embedded)), 3);
  auto trainer = compile(model, Adam{.learning_rate = 0.1}, MeanSquaredError{});
  const std::vector<float> in{1, 0, 4, 0, 2, 2, 3, 1, 0, 0, 0, 3}, y{1, 0, 0, 1, 1, 1};
  const double before = trainer.train_on_batch(in, y)[0];
  for (int i = 0; i < 20; ++i) trainer.train_on_batch(in, y);
  CHECK(trainer.test_on_batch(in, y)[0] < before / 2);
  const auto mask = functional::Input({4});
  CHECK_THROWS_AS(GlobalAveragePooling1D{}(x.with_mask(mask)), std::invalid_argument);
}
