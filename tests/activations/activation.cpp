#include "../check.hpp"

using namespace keratin;

TEST_CASE_TEMPLATE("activations of ordinary and extreme values", A, ReLU, Sigmoid, Tanh) {
  const std::vector<float>& x = golden("activation/x");
  std::vector<float> y(x.size());
  A::forward(x.data(), y.data(), 1, static_cast<int>(x.size()));
  CHECK(all_near(y, golden(std::string("activation/") + A::name + "/y"), 1e-6));
  std::vector<double> x2(x.begin(), x.end()), y2(x.size());
  A::forward(x2.data(), y2.data(), 1, static_cast<int>(x.size()));
  CHECK(all_near(y2, golden(std::string("activation/") + A::name + "/y"), 1e-6));
}

TEST_CASE("softmax of extreme logits") {
  const std::vector<float>& x = golden("softmax_extreme/x");
  std::vector<float> p(x.size());
  Softmax::forward(x.data(), p.data(), 4, 5);
  CHECK(all_near(p, golden("softmax_extreme/y"), 1e-6));
}

TEST_CASE("NaN stays NaN") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (int lane = 0; lane < 17; ++lane) {
    std::vector<float> x(17, 0.5f), y(17);
    x[static_cast<std::size_t>(lane)] = nan;
    ReLU::forward(x.data(), y.data(), 1, 17);
    CHECK(std::isnan(y[static_cast<std::size_t>(lane)]));
    Tanh::forward(x.data(), y.data(), 1, 17);
    CHECK(std::isnan(y[static_cast<std::size_t>(lane)]));
    Sigmoid::forward(x.data(), y.data(), 1, 17);
    CHECK(std::isnan(y[static_cast<std::size_t>(lane)]));
  }
}

TEST_CASE("an activation by value names itself") {
  static_assert(ActivationFunction{} == Linear{} && ActivationFunction{ReLU{}} != ActivationFunction{Tanh{}});
  CHECK(ActivationFunction{Softmax{}}.name() == "softmax");
}
