// A layer that the library has never heard of, written as its user would: one struct, no registration.
#include "../check.hpp"

using namespace keratin;

namespace mine {

inline constexpr Rule factor_must_divide_the_input{"its factor must divide the input"};

// Means of `factor` neighbours, each times a weight of its own: y_o = w_o * mean(x_{o f}, ..., x_{o f + f -
// 1}).
struct ShrinkSpec {
  int factor = 1;

  static constexpr const char* name = "Shrink";

  constexpr Fit fit(Shape in) const {
    if (in.size() % factor != 0)
      return {factor_must_divide_the_input, Shape{(in.size() / factor + 1) * factor}};
    return Shape{in.size() / factor};
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"weight", {in.size() / factor}, Ones::value});
    return p;
  }

  struct Geometry {
    int out, factor;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size() / factor, factor}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const auto* w = c.parameter(0);
    for (int i = 0; i < c.count * g.out; ++i) {
      T sum = c.x[i * g.factor];
      for (int k = 1; k < g.factor; ++k) sum += c.x[i * g.factor + k];
      c.y[i] = sum * (w[i % g.out] / static_cast<Scalar<T>>(g.factor));
    }
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const auto* w = c.parameter(0);
    auto* dw = c.gradient_of(0);
    for (int i = 0; i < c.count * g.out; ++i) {
      const T d = c.dy[i] / static_cast<Scalar<T>>(g.factor);
      for (int k = 0; k < g.factor; ++k) {
        const T product = d * c.x[i * g.factor + k];
        dw[i % g.out] += over_samples(product);
        if (c.dx) c.dx[i * g.factor + k] = d * w[i % g.out];
      }
    }
  }
};

template <int Factor> struct Shrink : layer_of<Shrink<Factor>, ShrinkSpec> {
  static constexpr ShrinkSpec spec{Factor};
};

}  // namespace mine

TEST_CASE("a user's layer passes every check of the library's") {
  check<mine::Shrink<4>, Input<16>>();
  check<mine::Shrink<1>, Input<1>>();
  check<mine::Shrink<3>, Input<3, 17>>();
}

TEST_CASE("a user's layer trains among the library's") {
  using Net = Sequential<Input<16>, Dense<32, Tanh>, mine::Shrink<4>, Dense<1>>;
  Model<Net> model;
  auto trainer = compile(model, Adam{.learning_rate = 0.01}, MeanSquaredError{});
  std::vector<float> x(64 * 16), y(64);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i * i, 1));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i * 16] * x[i * 16 + 1];
  const auto history = trainer.fit(x, y, {.epochs = 60, .batch_size = 16, .verbose = 0});
  CHECK(history["loss"].back() < history["loss"].front() / 4);
}

TEST_CASE("a user's rule speaks at run time too") {
  const auto x = functional::Input({30});
  CHECK_THROWS_WITH(x.then(mine::ShrinkSpec{4}, "small"),
                    "layer 0, Shrink 'small', got (30): its factor must divide the input; wants (32)");
}
