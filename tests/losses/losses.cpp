#include "../check.hpp"

using namespace keratin;

namespace {

// A loss on Keras's logits: its mean, each row of it, and its gradient.
template <class L, class S> void check_loss(const std::string& name) {
  CAPTURE(name);
  const auto array = [&](const char* what) {
    const std::vector<float>& values = golden("loss/" + name + "/" + what);
    return std::vector<S>(values.begin(), values.end());
  };
  std::vector<S> z = array("z"), y = array("y"), dz(z.size());
  const std::vector<S> untouched = z;
  const int rows = 4, n = static_cast<int>(z.size()) / rows;
  std::vector<std::int32_t> labels;
  if (y.size() == 4) labels.assign(y.begin(), y.end());
  const auto input = [&](int first, int count, S* gradient, S weight) {
    return LossInput<S>{count,
                        n,
                        z.data() + first * n,
                        labels.empty() ? y.data() + first * n : nullptr,
                        labels.empty() ? nullptr : labels.data() + first,
                        gradient,
                        weight};
  };
  const auto per_sample = array("per_sample");
  for (int r = 0; r < rows; ++r)
    CHECK(near(L::evaluate(input(r, 1, nullptr, 1)),
               static_cast<double>(per_sample[static_cast<std::size_t>(r)])));
  z = untouched;
  CHECK(near(L::evaluate(input(0, rows, dz.data(), S(0.25))) / rows, static_cast<double>(array("value")[0])));
  CHECK(all_near(dz, array("dz"), 1e-6));
}
template <class L> void check_in_both(const std::string& name) {
  check_loss<L, float>(name);
  check_loss<L, double>(name);
}

}  // namespace

TEST_CASE("losses and their gradients against Keras") {
  check_in_both<MeanSquaredError>("mean_squared_error");
  check_in_both<MeanAbsoluteError>("mean_absolute_error");
  check_in_both<CategoricalCrossentropy<>>("categorical_crossentropy");
  check_in_both<CategoricalCrossentropy<>>("categorical_crossentropy_soft");
  check_in_both<SparseCategoricalCrossentropy<>>("sparse_categorical_crossentropy");
  check_in_both<BinaryCrossentropy<>>("binary_crossentropy");
}

TEST_CASE("losses on logits that stay logits") {
  check_in_both<CategoricalCrossentropy<FromLogits>>("categorical_crossentropy");
  check_in_both<SparseCategoricalCrossentropy<FromLogits>>("sparse_categorical_crossentropy");
  check_in_both<BinaryCrossentropy<FromLogits>>("binary_crossentropy");
}

TEST_CASE("a loss on logits leaves probabilities behind") {
  float z[3] = {1, 2, 3};
  const std::int32_t label = 2;
  CategoricalCrossentropy<>::evaluate(LossInput<float>{1, 3, z, nullptr, &label, nullptr, 1});
  CHECK(z[0] + z[1] + z[2] == doctest::Approx(1));
  CHECK(z[2] == doctest::Approx(0.66524096));
  float same[3] = {1, 2, 3};
  CategoricalCrossentropy<FromLogits>::evaluate(LossInput<float>{1, 3, same, nullptr, &label, nullptr, 1});
  CHECK(same[2] == 3);
}

TEST_CASE("extreme logits give finite losses and gradients") {
  for (const float big : {100.f, 1e4f, 1e30f}) {
    float z[4] = {big, -big, 0, 1}, d[4];
    const std::int32_t label = 1;
    CHECK(
        std::isfinite(CategoricalCrossentropy<>::evaluate(LossInput<float>{1, 4, z, nullptr, &label, d, 1})));
    for (float v : d) CHECK(std::isfinite(v));
    float b[4] = {big, -big, 0, 1};
    const float y[4] = {0, 1, 1, 0};
    CHECK(std::isfinite(BinaryCrossentropy<>::evaluate(LossInput<float>{1, 4, b, y, nullptr, d, 1})));
    for (float v : d) CHECK(std::isfinite(v));
  }
}

TEST_CASE("a loss refuses an output that it cannot use") {
  static_assert(CategoricalCrossentropy<>::fit(Shape{1}, Sigmoid{}).broken == &needs_two_or_more_classes);
  static_assert(CategoricalCrossentropy<>::fit(Shape{3}, Linear{}).broken ==
                &needs_softmax_as_output_activation);
  static_assert(SparseCategoricalCrossentropy<>::fit(Shape{3}, Softmax{}).broken == nullptr);
  static_assert(BinaryCrossentropy<>::fit(Shape{3}, Softmax{}).broken == &needs_sigmoid_as_output_activation);
  static_assert(BinaryCrossentropy<FromLogits>::fit(Shape{3}, Sigmoid{}).broken == &needs_a_linear_output);
  static_assert(MeanSquaredError::fit(Shape{3}, Softmax{}).broken == nullptr);
}
