#include "../check.hpp"

using namespace keratin;

TEST_CASE("Dropout") {
  check<Dropout<0.0>, Input<5>>();
  check<Dropout<0.5>, Input<3, 11>>();
  check<Dropout<1.0>, Input<4>>();
}

TEST_CASE("Dropout passes its input on in inference") {
  using Net = Sequential<Input<7>, Dropout<0.5>>;
  const Model<Net> model;
  const std::vector<float>& wanted = golden("layer/dropout_inference/y");
  std::vector<float> x(21), y(21);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 0));
  model.predict(x, y);
  CHECK(y == wanted);
  static_assert(plan<Net>().steps.size() == 0);
}

TEST_CASE("Dropout keeps its share, and scales it") {
  constexpr int n = 40'000;
  std::vector<float> ones(n, 1.f), kept(n);
  const auto drop = [&](std::uint32_t step) {
    Forward<float> c{};
    c.count = 1, c.x = ones.data(), c.y = kept.data(), c.run.random = {5, random_dropout, 2, step};
    DropoutSpec::forward(DropoutSpec{0.3}.geometry(Shape{n}), c);
    return kept;
  };
  const std::vector<float> first = drop(0);
  double sum = 0;
  for (float v : first) {
    CHECK((v == 0.f || v == 1 / 0.7f));
    sum += v;
  }
  CHECK(sum / n == doctest::Approx(1).epsilon(0.02));
  CHECK(drop(0) == first);
  CHECK(drop(1) != first);
}
