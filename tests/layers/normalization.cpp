#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("LayerNormalization computes what Keras computes") {
  check<LayerNormalization<>, Input<3, 17>>("layer_normalization");
  check<LayerNormalization<>, Input<70>>("layer_normalization_wide");
  check<LayerNormalization<>, Input<2, 3, 1>>("layer_normalization_one");
  check<LayerNormalization<Epsilon<1e-6>, NoCenter>, Input<16>>("layer_normalization_no_center");
  check<LayerNormalization<NoScale>, Input<5, 7>>("layer_normalization_no_scale");
  check<LayerNormalization<NoScale, NoCenter>, Input<33>>("layer_normalization_plain");
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
