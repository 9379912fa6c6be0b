#include "../check.hpp"

using namespace keratin;

TEST_CASE("Embedding computes what Keras computes") {
  check<Embedding<7, 17>, Input<5>, 7>("embedding");
  check<Embedding<1, 1>, Input<1>, 1>("embedding_one");
  check<Embedding<50, 3>, Input<4, 3>, 50>("embedding_rank2");
  check<Embedding<3, 32>, Input<2>, 3>("embedding_wide");
}

TEST_CASE("Embedding of numbers that are no class") {
  Model<Sequential<Input<8>, Embedding<4, 1>>> model;
  const std::vector<float> table{10, 11, 12, 13};
  model.set_weights(table);
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x{0.9f, 2.99f, -0.5f, -7, 4, inf, -inf, nan};
  CHECK(all_near(model.predict(x), std::vector<float>{10, 12, 10, 10, 13, 13, 10, 10}));
}

TEST_CASE("Embedding learns which class belongs to which target") {
  Model<Sequential<Input<1>, Embedding<5, 3>, Flatten, Dense<5, Softmax>>> model;
  auto trainer =
      compile(model, Adam{.learning_rate = 0.05}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  std::vector<std::int32_t> x(50), y(50);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<std::int32_t>(i % 5);
    y[i] = (x[i] * 2) % 5;
  }
  trainer.fit(x, y, {.epochs = 60, .batch_size = 10, .verbose = 0});
  const auto [loss, accuracy] = trainer.evaluate(x, y);
  CHECK(accuracy == 1);
}

TEST_CASE("Embedding has Keras's parameters") {
  constexpr Parameters p = Embedding<7, 3>::spec.parameters(Shape{5});
  static_assert(p.count == 1 && p.list[0].shape == Shape{7, 3});
  static_assert(p.list[0].initializer == RandomUniform<-0.05, 0.05>::value);
  CHECK(std::string_view(p.list[0].name) == "embeddings");
  static_assert(Embedding<7, 3>::spec.fit(Shape{4, 5}).out == Shape{4, 5, 3});
  static_assert(Embedding<7, 3>::spec.fit(Shape{1, 1, 1, 1, 1}).broken == &has_more_than_5_axes);
  static_assert(Embedding<0, 3>::spec.fit(Shape{4}).broken == &needs_at_least_1_class_and_1_output);
  static_assert(Embedding<65'536, 32'768>::spec.fit(Shape{4}).broken == &more_than_2_31_elements);
}
