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

TEST_CASE("further losses and their gradients against Keras") {
  check_in_both<MeanAbsolutePercentageError>("mean_absolute_percentage_error");
  check_in_both<MeanSquaredLogarithmicError>("mean_squared_logarithmic_error");
  check_in_both<Huber<>>("huber");
  check_in_both<Huber<0.5>>("huber_half");
  check_in_both<LogCosh>("log_cosh");
  check_in_both<Poisson>("poisson");
  check_in_both<Hinge>("hinge");
  check_in_both<Hinge>("hinge_bits");
  check_in_both<SquaredHinge>("squared_hinge");
  check_in_both<CategoricalHinge>("categorical_hinge");
  check_in_both<KLDivergence>("kl_divergence");
  check_in_both<CosineSimilarity>("cosine_similarity");
  check_in_both<BinaryFocalCrossentropy<>>("binary_focal_crossentropy");
  check_in_both<BinaryFocalCrossentropy<1.5, true, 0.3>>("binary_focal_crossentropy_balanced");
  check_in_both<CategoricalFocalCrossentropy<>>("categorical_focal_crossentropy");
  check_in_both<CategoricalFocalCrossentropy<0.5, 3.0>>("categorical_focal_crossentropy_soft");
  check_in_both<CategoricalGeneralizedCrossEntropy<>>("categorical_generalized_cross_entropy");
  check_in_both<CategoricalGeneralizedCrossEntropy<0.8>>("categorical_generalized_cross_entropy_q");
}

TEST_CASE("label smoothing") {
  check_in_both<BinaryCrossentropy<LabelSmoothing<0.2>>>("binary_crossentropy_smooth");
  check_in_both<BinaryCrossentropy<LabelSmoothing<0.2>, FromLogits>>("binary_crossentropy_smooth");
  check_in_both<CategoricalCrossentropy<LabelSmoothing<0.1>>>("categorical_crossentropy_smooth");
  check_in_both<CategoricalCrossentropy<FromLogits, LabelSmoothing<0.1>>>(
      "categorical_crossentropy_soft_smooth");
  // Of class numbers, and of probabilities as a metric.
  const float logits[4] = {1, -2, 0.5, 3}, one_hot[4] = {0, 0, 1, 0};
  const std::int32_t label = 2;
  const auto loss = [&](const float* values, const std::int32_t* labels) {
    std::vector<float> z(logits, logits + 4);
    return CategoricalCrossentropy<LabelSmoothing<0.3>>::evaluate(
        LossInput<float>{1, 4, z.data(), values, labels, nullptr, 1});
  };
  CHECK(near(loss(nullptr, &label), loss(one_hot, nullptr)));
  std::vector<float> p(logits, logits + 4);
  Softmax::forward(p.data(), p.data(), 1, 4);
  CHECK(near(CategoricalCrossentropy<LabelSmoothing<0.3>>::from_probabilities(
                 LossInput<float>{1, 4, p.data(), nullptr, &label, nullptr, 1}),
             loss(one_hot, nullptr)));
}

TEST_CASE("one number for a whole batch") {
  const auto check_whole = [&]<class L>(const std::string& name, L) {
    std::vector<float> p = golden("loss/" + name + "/z"), dp(p.size());
    CHECK(near(L::evaluate(LossInput<float>{4, 3, p.data(), golden("loss/" + name + "/y").data(), nullptr,
                                            dp.data(), 0.25f}) /
                   4,
               static_cast<double>(golden("loss/" + name + "/value")[0])));
    CHECK(all_near(dp, golden("loss/" + name + "/dz"), 1e-6));
  };
  check_whole("dice", Dice{});
  check_whole("tversky", Tversky<>{});
  check_whole("tversky_unequal", Tversky<0.3, 0.8>{});
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
