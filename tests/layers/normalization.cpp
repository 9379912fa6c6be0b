#include <boost/hana/equal.hpp>

#include "../check_graph.hpp"

using namespace keratin;

namespace {

template <class Layer> void check_axes(const char* name, Shape in) {
  const auto x = functional::Input(in);
  check_graph(name, {x}, {Layer{}(x)});
}

}  // namespace

TEST_CASE("LayerNormalization computes what Keras computes") {
  check<LayerNormalization<>, Input<3, 17>>("layer_normalization");
  check<LayerNormalization<>, Input<70>>("layer_normalization_wide");
  check<LayerNormalization<>, Input<2, 3, 1>>("layer_normalization_one");
  check<LayerNormalization<Epsilon<1e-6>, NoCenter>, Input<16>>("layer_normalization_no_center");
  check<LayerNormalization<NoScale>, Input<5, 7>>("layer_normalization_no_scale");
  check<LayerNormalization<NoScale, NoCenter>, Input<33>>("layer_normalization_plain");
}

TEST_CASE("LayerNormalization along several axes computes what Keras computes") {
  check<LayerNormalization<Axis<2, 3>>, Input<2, 3, 5>>("layer_normalization_two_axes");
  check<LayerNormalization<Axis<-1, -2>, NoScale>, Input<4, 3>>("layer_normalization_all_axes");
  check<LayerNormalization<Axis<2>, Epsilon<1e-2>>, Input<2, 3>>("layer_normalization_positive");
}
TEST_CASE("LayerNormalization along any axes computes what Keras computes") {
  check<LayerNormalization<Axis<1>>, Input<3, 5>>("layer_normalization_first_axis");
  check<LayerNormalization<Axis<1, 3>>, Input<2, 3, 4>>("layer_normalization_axes_apart");
  check_axes<LayerNormalization<Axis<1, -1>>>("layer_normalization_axes_sorted", {3, 4});
  check_axes<LayerNormalization<Axis<-2>, NoCenter, Epsilon<1e-5>>>("layer_normalization_before_the_last",
                                                                    {17, 3});
  check_axes<LayerNormalization<Axis<1>>>("layer_normalization_one_step", {1, 17});
  check_axes<LayerNormalization<Axis<-2, -3>, NoScale>>("layer_normalization_middle_axes", {2, 3, 2, 1});
  static_assert(LayerNormalization<Axis<1, -1>>::spec.parameters(Shape{3, 4}).list[0].shape == Shape{4, 3});
  static_assert(LayerNormalization<Axis<2, 1>>::spec.parameters(Shape{3, 4}).list[0].shape == Shape{3, 4});
}
TEST_CASE("RMSNormalization computes what Keras computes") {
  check<RMSNormalization<>, Input<3, 17>>("rms_normalization");
  check<RMSNormalization<Epsilon<1e-2>>, Input<70>>("rms_normalization_wide");
  check<RMSNormalization<>, Input<5, 1>>("rms_normalization_one");
  check<RMSNormalization<Axis<-2, -1>>, Input<2, 3, 4>>("rms_normalization_two_axes");
}
TEST_CASE("UnitNormalization computes what Keras computes") {
  check<UnitNormalization<>, Input<3, 17>>("unit_normalization");
  check<UnitNormalization<Axis<1>>, Input<70>>("unit_normalization_wide");
  check<UnitNormalization<Axis<2, 3>>, Input<3, 2, 4>>("unit_normalization_two_axes");
  check<UnitNormalization<>, Input<2, 3>>();
  check<UnitNormalization<Axis<1>>, Input<3, 5>>("unit_normalization_first_axis");
  check<UnitNormalization<Axis<3, 1>>, Input<2, 3, 4>>("unit_normalization_axes_apart");
  check_axes<UnitNormalization<Axis<-2>>>("unit_normalization_before_the_last", {17, 3});
  check_axes<UnitNormalization<Axis<1>>>("unit_normalization_one_step", {1, 17});
}
TEST_CASE("GroupNormalization computes what Keras computes") {
  check<GroupNormalization<4>, Input<3, 2, 12>>("group_normalization");
  check<GroupNormalization<1, Epsilon<1e-5>>, Input<5, 17>>("group_normalization_one");
  check<GroupNormalization<-1, NoScale>, Input<4, 3>>("group_normalization_instance");
  check<GroupNormalization<3, NoCenter>, Input<6>>("group_normalization_vector");
  check<GroupNormalization<>, Input<2, 32>>("group_normalization_wide");
  check<GroupNormalization<2, NoScale, NoCenter>, Input<1, 2>>();
  check<GroupNormalization<2, Axis<1>>, Input<4, 3>>("group_normalization_first_axis");
  check<GroupNormalization<-1, Axis<2>, NoCenter>, Input<2, 17, 3>>("group_normalization_middle_axis");
  check_axes<GroupNormalization<3, Axis<-3>, Epsilon<1e-5>>>("group_normalization_images_first", {6, 2, 3});
  check_axes<GroupNormalization<1, Axis<1>, NoScale>>("group_normalization_one_channel", {1, 5});
}

TEST_CASE("a row shorter than UnitNormalization's epsilon is scaled by it") {
  const Model<Sequential<Input<3>, UnitNormalization<>>> model;
  CHECK(model.predict(std::array{0.f, 0.f, 0.f}) == std::array{0.f, 0.f, 0.f});
  CHECK(all_near(model.predict(std::array{0.f, 1e-13f, 0.f}), std::vector{0.f, 0.1f, 0.f}));
  CHECK(all_near(model.predict(std::array{0.f, 1e-11f, 0.f}), std::vector{0.f, 1.f, 0.f}));
  CHECK(all_near(model.predict(std::array{3e15f, 0.f, 4e15f}), std::vector{0.6f, 0.f, 0.8f}));
}

TEST_CASE("axes and groups that do not fit are refused") {
  const auto axis = [](auto spec, Axes axes, Shape in) {
    spec.axis = axes;
    return spec.fit(in).broken;
  };
  const Shape in{2, 3, 4};
  for (const Axes axes : {Axes{-1}, Axes{3}, Axes{2, -1}, Axes{1, 2, 3}})
    CHECK(axis(RMSNormalizationSpec{}, axes, in) == nullptr);
  for (const Axes axes : {Axes{1}, Axes{-3}, Axes{1, 3}, Axes{1, 2}}) {
    CHECK(axis(RMSNormalizationSpec{}, axes, in) == &normalizes_the_last_axes);
    CHECK(axis(LayerNormalizationSpec{}, axes, in) == nullptr);
    CHECK(axis(UnitNormalizationSpec{}, axes, in) == nullptr);
  }
  for (const Axes axes : {Axes{}, Axes{0}, Axes{4}, Axes{-4}, Axes{-1, -1}, Axes{3, -1}, Axes{1, 2, 4}}) {
    CHECK(axis(RMSNormalizationSpec{}, axes, in) == &normalizes_the_last_axes);
    CHECK(axis(LayerNormalizationSpec{}, axes, in) == &normalizes_axes_of_a_sample);
    CHECK(axis(UnitNormalizationSpec{}, axes, in) == &normalizes_axes_of_a_sample);
    CHECK(axis(GroupNormalizationSpec{.groups = 1}, axes, in) == &makes_groups_along_one_axis);
  }
  CHECK(axis(GroupNormalizationSpec{.groups = 2}, Axes{3}, in) == nullptr);
  CHECK(axis(GroupNormalizationSpec{.groups = 3}, Axes{-2}, in) == nullptr);
  CHECK(axis(GroupNormalizationSpec{.groups = 2}, Axes{2}, in) == &needs_groups_of_equal_size);
  CHECK(axis(GroupNormalizationSpec{.groups = 2}, Axes{2, 3}, in) == &makes_groups_along_one_axis);
  static_assert(GroupNormalizationSpec{}.fit(Shape{3, 16}).broken == &needs_groups_of_equal_size);
  static_assert(GroupNormalizationSpec{.groups = 0}.fit(Shape{4}).broken == &needs_groups_of_equal_size);
  static_assert(GroupNormalizationSpec{.groups = -2}.fit(Shape{4}).broken == &needs_groups_of_equal_size);
  static_assert(RMSNormalizationSpec{.epsilon = 0}.fit(Shape{4}).broken == &needs_an_epsilon_above_0);
  static_assert(GroupNormalization<2>::spec.parameters(Shape{3, 4}).list[0].shape == Shape{4});
  static_assert(LayerNormalization<Axis<1, 2>>::spec.parameters(Shape{3, 4}).list[1].shape == Shape{3, 4});
}

TEST_CASE("LayerNormalization far from zero") {
  const Model<Sequential<Input<64>, LayerNormalization<>>> model;
  std::vector<float> x(64), far(64);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i % 8);
    far[i] = x[i] + 1e6f;
  }
  CHECK(all_near(model.predict(far), model.predict(x)));
}

TEST_CASE("LayerNormalization has Keras's parameters and options") {
  constexpr Parameters p = LayerNormalization<>::spec.parameters(Shape{2, 5});
  static_assert(p.count == 2 && p.list[0].shape == Shape{5} && p.list[1].shape == Shape{5});
  static_assert(p.list[0].initializer == Ones::value && p.list[1].initializer == Zeros::value);
  CHECK(std::string_view(p.list[0].name) == "gamma");
  CHECK(std::string_view(p.list[1].name) == "beta");
  static_assert(LayerNormalizationSpec{}.epsilon == 1e-3);
  static_assert(hana::equal(LayerNormalization<NoScale, Epsilon<1e-5>>::spec,
                            LayerNormalization<Epsilon<1e-5>, NoScale>::spec));
  static_assert(LayerNormalization<NoScale, NoCenter>::spec.parameters(Shape{5}).count == 0);
  static_assert(LayerNormalizationSpec{.epsilon = 0}.fit(Shape{5}).broken == &needs_an_epsilon_above_0);
}

TEST_CASE("SpectralNormalization computes what Keras computes") {
  // One step of the power method is far from its end, where alone the vectors would have no gradient.
  const auto x = functional::Input({5});
  check_graph("spectral_normalization", {x}, {SpectralNormalization<Dense<3, Tanh>>{}(x)});
  check<SpectralNormalization<Conv2D<17, Kernel<2>, Same>, PowerIterations<3>>, Input<4, 3, 2>>(
      "spectral_normalization_conv");
  check<SpectralNormalization<Dense<1, NoBias>>, Input<2, 1>>("spectral_normalization_one");
  check<SpectralNormalization<Conv1D<2, Kernel<1>, GELU>, PowerIterations<40>>, Input<4, 3>>(
      "spectral_normalization_gelu");
  using Net = Sequential<Input<3>, SpectralNormalization<Dense<2>>>;
  Model<Net> zeros;
  std::ranges::fill(zeros.block(), 0.f);
  auto trainer = compile(zeros, SGD{.learning_rate = 0.1}, MeanSquaredError{});
  trainer.train_on_batch(filled_array(6, 1), filled_array(4, 2));  // a kernel of zeros is not divided
  CHECK(std::ranges::all_of(zeros.block(), [](float w) { return std::isfinite(w); }));
  CHECK(zeros.block()[0] != 0);
  static_assert(SpectralNormalization<Dense<2>, PowerIterations<0>>::spec.fit(Shape{3}).broken ==
                &needs_a_power_iteration);
  static_assert(SpectralNormalization<LayerNormalization<>>::spec.fit(Shape{3}).broken ==
                &needs_a_layer_with_a_kernel);
  static_assert(SpectralNormalization<Dense<0>>::spec.fit(Shape{3}).broken == &needs_at_least_1_unit);
}
