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

namespace {

// Keras's values and slopes, at points from -10000 to 10000; where the slope jumps it is what the activation
// says.
template <class A, class S> void check_values_and_slopes(double tolerance) {
  const std::vector<float>& points = golden("activation/x");
  const std::string name = std::string("activation/") + A::name;
  const std::vector<float>&wanted = golden(name + "/y"), &slopes = golden(name + "/slope");
  const int n = static_cast<int>(points.size());
  const std::vector<S> x(points.begin(), points.end()), ones(points.size(), 1);
  std::vector<S> y(points.size()), slope(points.size());
  A::forward(x.data(), y.data(), 1, n);
  detail::go_back_through<A>(x.data(), y.data(), ones.data(), slope.data(), 1, n);
  for (std::size_t i = 0; i < points.size(); ++i) {
    CAPTURE(name);
    CAPTURE(x[i]);
    CHECK((wanted[i] > 2e38f || near(y[i], wanted[i], tolerance)));
    const bool jumps =
        (std::is_same_v<A, HardTanh> || std::is_same_v<A, SparseSigmoid>) && std::fabs(x[i]) == 1;
    CHECK((slopes[i] > 2e38f || near(slope[i], jumps ? 0 : slopes[i], tolerance)));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("values and slopes are Keras's", A, ReLU6, LeakyReLU, ELU, SELU, CELU, GELU, GELUTanh,
                   SiLU, HardSiLU, Mish, Softplus, LogSigmoid, Squareplus, SparsePlus, HardSigmoid, HardTanh,
                   SparseSigmoid, Softsign, HardShrink, SoftShrink, TanhShrink, Exponential) {
  check_values_and_slopes<A, float>(1e-6);
  check_values_and_slopes<A, double>(1e-6);
}

TEST_CASE_TEMPLATE("NaN and the largest floats", A, ReLU6, LeakyReLU, ELU, SELU, CELU, GELU, GELUTanh, SiLU,
                   HardSiLU, Mish, Softplus, LogSigmoid, Squareplus, SparsePlus, HardSigmoid, HardTanh,
                   SparseSigmoid, Softsign, HardShrink, SoftShrink, TanhShrink) {
  const float largest = 3e38f, one = 1;
  for (const float x : {largest, -largest, 1e20f, -1e20f}) {
    float y = 0, slope = 0;
    A::forward(&x, &y, 1, 1);
    detail::go_back_through<A>(&x, &y, &one, &slope, 1, 1);
    CAPTURE(std::string(A::name));
    CAPTURE(x);
    CHECK(std::isfinite(y));
    CHECK(std::fabs(slope) <= 1.1f);
    CHECK((x < 0 || y >= 0));
  }
  const float x = std::numeric_limits<float>::quiet_NaN();
  float y = 0;
  A::forward(&x, &y, 1, 1);
  CHECK_MESSAGE(std::isnan(y), A::name);
}

TEST_CASE("log_softmax and sparsemax of extreme logits") {
  const std::vector<float>& x = golden("softmax_extreme/x");
  std::vector<float> y(x.size()), p(x.size());
  LogSoftmax::forward(x.data(), y.data(), 4, 5);
  Softmax::forward(x.data(), p.data(), 4, 5);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(near(std::exp(y[i]), p[i], 1e-6));
  Sparsemax::forward(x.data(), p.data(), 4, 5);
  const std::vector<float> wanted{1, 0, 0, 0, 0, .2f, .2f,   .2f,   .2f, .2f,
                                  0, 0, 0, 0, 1, 0,   .125f, .875f, 0,   0};
  CHECK(all_near(p, wanted, 1e-6));
  const float huge = std::numeric_limits<float>::max();
  const std::vector<float> far{huge, -huge, 0};
  std::vector<float> of_far(3);
  Sparsemax::forward(far.data(), of_far.data(), 1, 3);
  CHECK(of_far == std::vector<float>{1, 0, 0});
}

TEST_CASE("lanes and rows of those that look at a whole row agree") {
  constexpr int n = 7, L = lanes<float>;
  const auto try_one = [&]<class A>(A) {
    std::vector<float> x(n * L), y(n * L), dy(n * L), dx(n * L);
    std::vector<Lanes> lx(n), ly(n), ldy(n);
    for (int s = 0; s < L; ++s)
      for (int i = 0; i < n; ++i) {
        const std::size_t at = static_cast<std::size_t>(s * n + i);
        lx[static_cast<std::size_t>(i)][s] = x[at] = 4 * static_cast<float>(testing::filled(at, 1));
        ldy[static_cast<std::size_t>(i)][s] = dy[at] = static_cast<float>(testing::filled(at, 2));
      }
    A::forward(x.data(), y.data(), L, n);
    A::backward(y.data(), dy.data(), dx.data(), L, n);
    A::forward(lx.data(), ly.data(), 1, n);
    A::backward(ly.data(), ldy.data(), ldy.data(), 1, n);
    for (int s = 0; s < L; ++s)
      for (int i = 0; i < n; ++i) {
        CHECK(near(ly[static_cast<std::size_t>(i)][s], y[static_cast<std::size_t>(s * n + i)], 1e-6));
        CHECK(near(ldy[static_cast<std::size_t>(i)][s], dx[static_cast<std::size_t>(s * n + i)], 1e-6));
      }
  };
  try_one(LogSoftmax{});
  try_one(Sparsemax{});
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

TEST_CASE("KERATIN_FAST_MATH takes the fast tanh and sigmoid") {
  int fast_tanh = 0, fast_sigmoid = 0;
  for (int i = -400; i < 400; ++i) {
    const auto x = kernels::broadcast<kernels::Vec<float>>(0.01f * static_cast<float>(i));
    fast_tanh += Tanh::value(x)[0] == kernels::fast_tanh(x)[0];
    fast_sigmoid += Sigmoid::value(x)[0] == kernels::fast_sigmoid(x)[0];
  }
  CHECK((fast_tanh == 800) == kernels::fast_math);
  CHECK((fast_sigmoid == 800) == kernels::fast_math);
#ifdef KERATIN_FAST_MATH
  static_assert(kernels::fast_math);
#endif
}

TEST_CASE("an activation by value names itself") {
  static_assert(ActivationFunction{} == Linear{} && ActivationFunction{ReLU{}} != ActivationFunction{Tanh{}});
  CHECK(ActivationFunction{Softmax{}}.name() == "softmax");
  static_assert(input_needed_by(GELU{}) && !input_needed_by(ELU{}) && !input_needed_by(Sparsemax{}));
  static_assert(works_value_by_value(Mish{}) && !works_value_by_value(LogSoftmax{}));
  static_assert(runs_apart(ELU{}) && !runs_apart(Tanh{}) && std::is_same_v<Swish, SiLU>);
}
