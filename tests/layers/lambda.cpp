#include "../check.hpp"

using namespace keratin;

namespace {

inline constexpr auto square = [](auto x) { return x * x; };
inline constexpr auto bump = [](auto x) { return exp(-x * x) / (1 + abs(x)) + 0.5 * tanh(x); };
inline constexpr auto hinge = [](auto x) { return where(x > 0.1, 2 * x, max(x, -0.2) + 0.1); };
inline constexpr auto powers = [](auto x) {
  return pow(x + 2, 1.5) + pow(x, 3) + sqrt(x * x + 1) + sigmoid(x);
};

// With a derivative of its own, which is another one so that it is seen.
struct Straight {
  auto operator()(auto x) const { return min(x, 1); }
  auto derivative(auto x) const { return 1 + 0 * x; }
};

// Of a whole sample: each value less the mean.
inline constexpr auto centered = [](const auto& x, const auto& y) {
  auto sum = x[0];
  for (int i = 1; i < x.size(); ++i) sum += x[i];
  for (int i = 0; i < y.size(); ++i) y[i] = x[i] - sum / x.size();
};
// Products of neighbours along the last axis.
struct Neighbours {
  static constexpr Shape shape(Shape in) { return in.with_last(in.last() / 2); }
  void operator()(const auto& x, const auto& y) const {
    for (int i = 0; i < y.size(); ++i) y[i] = x[2 * i] * x[2 * i + 1];
  }
};

}  // namespace

TEST_CASE("a function of one value passes every check of the library's") {
  check<Lambda<bump>, Input<3, 7>>();
  check<Lambda<bump>, Input<1>>();
  check<Lambda<bump>, Input<17>>();
  check<Lambda<hinge>, Input<2, 3, 5>>();
}

TEST_CASE("so does one of a whole sample") {
  check<Lambda<centered>, Input<7>>();
  check<Lambda<centered>, Input<1>>();
  check<Lambda<centered>, Input<3, 17>>();
  check<Lambda<Neighbours{}>, Input<3, 4>>();
}

TEST_CASE("dual numbers have the derivatives of calculus") {
  using D = Dual<kernels::Vec<double>>;
  const auto slope = [](auto f, double at) { return f(D(D(at).value, D(1).value)).slope[0]; };
  for (const double x : {-0.7, 0.3, 1.2}) {
    CHECK(near(slope(square, x), 2 * x, 1e-12));
    const double h = 1e-6;
    for (const auto f : {+[](D v) { return powers(v); }, +[](D v) { return bump(v); },
                         +[](D v) { return log(v * v) / (v - 5); }})
      CHECK(near(slope(f, x), (f(D(x + h)).value[0] - f(D(x - h)).value[0]) / (2 * h), 1e-7));
  }
  CHECK(slope([](D v) { return pow(v, -2); }, 2) == -0.25);
  CHECK(slope([](D v) { return max(v, D(0)); }, 0) == 1);
  using F = Dual<kernels::Vec<float>>;
  CHECK(log(F(0)).value[0] == -INFINITY);
  CHECK(std::isnan(log(F(-1)).value[0]));
  CHECK(log(F(INFINITY)).value[0] == INFINITY);
}

TEST_CASE("a derivative of its own comes first") {
  const LambdaSpec<Straight{}> spec;
  float x = 3, y = 0, dy = 1, dx = 0;
  spec.forward(spec.geometry(Shape{1}), Forward<float>{1, &x, &y, nullptr, nullptr, nullptr});
  spec.backward(spec.geometry(Shape{1}),
                Backward<float>{1, &x, &y, &dy, &dx, nullptr, nullptr, nullptr, nullptr, nullptr});
  CHECK(y == 1);
  CHECK(dx == 1);
}

TEST_CASE("a Lambda trains in a Sequential and in a graph alike, and runs on a stream") {
  using Net = Sequential<Input<4>, Dense<6>, Lambda<square>, Dense<2>>;
  Model<Net> model(5);
  const functional::Tensor x = functional::Input({4});
  functional::Model graph(x, Dense<2>{}(Lambda<square>{}(Dense<6>{}(x))), 5);
  const std::vector<float> values = filled_array(5 * 4, 1), targets = filled_array(5 * 2, 2);
  auto a = compile(model, Adam{}, MeanSquaredError{});
  auto b = compile(graph, Adam{}, MeanSquaredError{});
  for (int step = 0; step < 3; ++step) {
    a.train_on_batch(values, targets);
    b.train_on_batch(values, targets);
  }
  CHECK(std::ranges::equal(model.block(), graph.block()));

  const Model<Sequential<Input<6, 4>, Lambda<square>>> steps;
  Stream stream(steps);
  const auto y = stream.step(std::array<float, 4>{1, -2, 3, 0.5f});
  CHECK(y == std::array<float, 4>{1, 4, 9, 0.25f});
}
