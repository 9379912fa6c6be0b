#include "../check.hpp"

using namespace keratin;
using functional::Tensor;

namespace {

using In = std::span<const float>;
using Out = std::span<float>;
using Ins = std::span<const In>;
using Outs = std::span<const Out>;

std::vector<float> inputs(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(testing::filled(i, 2));
  return x;
}

functional::Layer square(std::string_view name = "square") {
  return functional::Lambda(
      name,
      [](In x, Out y) {
        for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * x[i];
      },
      [](In x, In, In dy, Out dx) {
        for (std::size_t i = 0; i < x.size(); ++i) dx[i] = 2 * x[i] * dy[i];
      });
}
// a * b + a for two inputs alike.
functional::Layer product_and_sum() {
  return functional::Lambda(
      "product",
      [](Ins x, Out y) {
        for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[0][i] * x[1][i] + x[0][i];
      },
      [](Ins x, In, In dy, Outs dx) {
        for (std::size_t i = 0; i < dy.size(); ++i) {
          dx[0][i] += dy[i] * (x[1][i] + 1);
          dx[1][i] += dy[i] * x[0][i];
        }
      });
}
// The sum of each sample: one value.
functional::Layer total() {
  return functional::Lambda(
      "total",
      [](In x, Out y) {
        y[0] = 0;
        for (const float v : x) y[0] += v;
      },
      [](auto x, auto, auto dy, auto dx) {
        for (std::size_t i = 0; i < x.size(); ++i) dx[i] += dy[0];
      },
      Shape{1});
}

// Two models of the same weights: predictions, gradients and training agree, for one sample and for several.
void check_alike(functional::Model& a, functional::Model& b) {
  REQUIRE(a.block().size() == b.block().size());
  std::ranges::copy(a.block(), b.block().begin());
  const auto in = static_cast<std::size_t>(a.input_shape().size()),
             out = static_cast<std::size_t>(a.output_shape().size());
  auto train_a = compile(a, Adam{}, MeanSquaredError{}), train_b = compile(b, Adam{}, MeanSquaredError{});
  for (const std::size_t n : {1u, 5u, 37u}) {
    const std::vector<float> x = inputs(n * in), y = inputs(n * out);
    std::vector<float> p(n * out), q(n * out);
    a.predict(x, p);
    b.predict(x, q);
    CHECK(all_near(p, q));
    CHECK(all_near(train_a.gradient(x, y), train_b.gradient(x, y)));
    for (int step = 0; step < 3; ++step)
      CHECK(near(train_a.train_on_batch(x, y)[0], train_b.train_on_batch(x, y)[0]));
    CHECK(all_near(a.block(), b.block(), 1e-4));
  }
}

}  // namespace

TEST_CASE("a Lambda computes what its functions do") {
  const auto x = functional::Input({3});
  const functional::Model model(x, total()(square()(x)));
  CHECK(model.output_shape() == Shape{1});
  CHECK(model.predict(std::vector<float>{1, 2, 3})[0] == 14);
  std::vector<float> y(2);
  model.predict(std::vector<float>{1, 2, 3, 4, 5, 6}, y);
  CHECK(y == std::vector<float>{14, 77});
  CHECK(layer_names(model.layers()) == std::vector<std::string>{"input_layer", "square", "total"});

  // The gradient of w: y = (3 w)^2, loss (y - 4)^2, at w = 1: 2 (9 - 4) 2 * 3 * 3.
  const auto z = functional::Input({1});
  functional::Model line(z, square()(Dense<1, NoBias, KernelInitializer<Ones>>{}(z)));
  auto trainer = compile(line, SGD{}, MeanSquaredError{});
  CHECK(near(trainer.gradient(std::vector<float>{3}, std::vector<float>{4})[0], 180));
}

TEST_CASE("a Lambda in a graph is the built-in layers of the same function") {
  const auto x = functional::Input({6});
  const functional::Layer first(Dense<4, Tanh>{}), last(Dense<2>{}), other(Dense<4>{});
  {
    functional::Model a(x, last(square()(first(x)))), b(x, last(power(first(x), 2)));
    check_alike(a, b);
  }
  {
    const Tensor p = first(x), q = other(x);
    functional::Model a(x, last(product_and_sum()(p, q))), b(x, last(p * q + p));
    check_alike(a, b);
    functional::Model twice(x, last(product_and_sum()(p, p))), built(x, last(p * p + p));
    check_alike(twice, built);
  }
  {
    functional::Model a(x, total()(first(x))), b(x, sum(first(x), {}, true));
    check_alike(a, b);
  }
}

TEST_CASE("a Lambda among convolutions, in Lanes") {
  const auto x = functional::Input({7, 2});
  const functional::Layer conv(Conv1D<3, Kernel<3>>{}), other(Conv1D<3, Kernel<3>, Tanh>{}), last(Dense<2>{});
  const Tensor p = conv(x), q = other(x);
  functional::Model a(x, last(Flatten{}(square()(p)))), b(x, last(Flatten{}(power(p, 2))));
  CHECK(a.plan().lanes);
  check_alike(a, b);
  functional::Model two(x, last(Flatten{}(product_and_sum()(p, q)))), built(x, last(Flatten{}(p * q + p)));
  check_alike(two, built);
  const functional::Layer head(Dense<1>{});
  functional::Model sums(x, head(total()(q))), built_sums(x, head(Reshape<1>{}(sum(q))));
  check_alike(sums, built_sums);
  // The gradient of one of its inputs is nobody's.
  const Tensor same = Conv1D<2, Kernel<3>, Same>{}(x);
  const functional::Layer end(Dense<2>{});
  functional::Model half(x, end(Flatten{}(product_and_sum()(x, same)))),
      built_half(x, end(Flatten{}(x * same + x)));
  check_alike(half, built_half);
}

TEST_CASE("a Lambda sees real samples only, and what it makes of the others' lanes is finite") {
  const auto calls = std::make_shared<int>(0);
  const auto inverse = functional::Lambda(
      "inverse",
      [calls](In x, Out y) {
        ++*calls;
        for (std::size_t i = 0; i < x.size(); ++i) y[i] = 1 / x[i];
      },
      [calls](In, In y, In dy, Out dx) {
        ++*calls;
        for (std::size_t i = 0; i < y.size(); ++i) dx[i] = -y[i] * y[i] * dy[i];
      });
  const auto x = functional::Input({4, 1});
  const auto h = inverse(Conv1D<2, Kernel<2>, NoBias, KernelInitializer<Ones>>{}(x));
  functional::Model model(x, Dense<1>{}(Flatten{}(inverse(h))));
  const std::size_t n = static_cast<std::size_t>(lanes<float>) + 1;
  const std::vector<float> samples(4 * n, 1.5f), targets(n, 1.f);
  auto trainer = compile(model, SGD{}, MeanSquaredError{});
  for (const float g : trainer.gradient(samples, targets)) CHECK(std::isfinite(g));
  CHECK(*calls == 4 * static_cast<int>(n));
  std::vector<float> y(n);
  model.predict(samples, y);
  CHECK(*calls == 6 * static_cast<int>(n));
  for (const float v : y) CHECK(v == y[0]);
}

TEST_CASE("the shape of a Lambda may be a function") {
  const auto pairs = functional::Lambda(
      "pairs",
      [](Ins x, Out y) {
        for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i % 2][i / 2];
      },
      nullptr, [](const Shapes& in) { return Shape{in[0][0], 2}; });
  const auto a = functional::Input({3}), b = functional::Input({3});
  const functional::Model model({a, b}, pairs(a, b));
  CHECK(model.output_shape() == Shape{3, 2});
  CHECK(model.predict({std::vector<float>{1, 2, 3}, std::vector<float>{4, 5, 6}}) ==
        std::vector<float>{1, 4, 2, 5, 3, 6});
}

TEST_CASE("steps with a Lambda allocate nothing") {
  const auto x = functional::Input({7, 2}), z = functional::Input({6});
  functional::Model over_lanes(x, Dense<1>{}(Flatten{}(square()(Conv1D<3, Kernel<3>>{}(x))))),
      in_rows(z, Dense<1>{}(product_and_sum()(Dense<6>{}(z), z)));
  for (functional::Model* model : {&over_lanes, &in_rows}) {
    const std::size_t n = 19;
    const std::vector<float> samples = inputs(n * static_cast<std::size_t>(model->input_shape().size())),
                             targets(n);
    std::vector<float> y(n);
    auto trainer = compile(*model, Adam{}, MeanSquaredError{});
    trainer.train_on_batch(samples, targets);
    model->predict(samples, y);
    const long before = testing::allocations;
    trainer.train_on_batch(samples, targets);
    trainer.evaluate(samples, targets);
    model->predict(samples, y);
    const bool allocated = testing::allocations != before;
    CHECK(!allocated);
  }
}

TEST_CASE("mistakes with a Lambda are said") {
  const auto x = functional::Input({4});
  const auto doubled = [](In a, Out y) {
    for (std::size_t i = 0; i < a.size(); ++i) y[i] = 2 * a[i];
  };
  const auto twice = functional::Lambda("twice", doubled);
  const functional::Layer dense(Dense<3>{});
  functional::Model model(x, dense(twice(Dense<4>{}(x)))), at_front(x, dense(twice(x)));
  CHECK(near(at_front.predict(std::vector<float>(4))[0], 0));
  CHECK_THROWS_WITH(
      compile(model, SGD{}, MeanSquaredError{}),
      "Model: Lambda 'twice' has no backward function, one wanted to train the layers before it");
  CHECK_NOTHROW(compile(at_front, SGD{}, MeanSquaredError{}));
  model.set_trainable("dense", false);
  CHECK_NOTHROW(compile(model, SGD{}, MeanSquaredError{}));
  CHECK_THROWS_WITH(twice(x, x), "layer 0, Lambda 'twice', got (4), as input 0: takes one input");
  CHECK_THROWS_WITH(functional::Lambda("none", doubled, nullptr, Shape{0})(x),
                    "layer 0, Lambda 'none', got (4): every extent must be at least 1");
}
