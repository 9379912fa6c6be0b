#include "../check.hpp"

using namespace keratin;

namespace {

// Two updates, with four rows and with three, as golden.py does them.
template <class Metric> void check_metric(const std::string& name) {
  CAPTURE(name);
  std::vector<float> p = golden("metric/" + name + "/p"), y = golden("metric/" + name + "/y");
  const std::vector<std::int32_t> labels(y.begin(), y.end());
  const int rows = 7, n = static_cast<int>(p.size()) / rows;
  const bool classes = y.size() == 7 && n > 1;
  Metric metric;
  for (int round = 0; round < 2; ++round) {  // the second time after a reset
    metric.reset();
    CHECK(metric.result() == 0);
    for (const auto& [first, count] : {std::pair{0, 4}, {4, 3}})
      metric.update(LossInput<float>{count, n, p.data() + first * n, classes ? nullptr : y.data() + first * n,
                                     classes ? labels.data() + first : nullptr, nullptr, 1});
    CHECK(near(metric.result(), static_cast<double>(golden("metric/" + name + "/value")[0]), 1e-6));
  }
}

// A loss as a metric on probabilities that do not add up to 1, and at the edge of the logarithm.
template <class Metric> void check_probabilities(const std::string& name) {
  CAPTURE(name);
  std::vector<float> p = golden("loss_probabilities/" + name + "/p"),
                     y = golden("loss_probabilities/" + name + "/y");
  const std::vector<float>& per_sample = golden("loss_probabilities/" + name + "/per_sample");
  const std::vector<std::int32_t> labels(y.begin(), y.end());
  const int rows = static_cast<int>(per_sample.size()), n = static_cast<int>(p.size()) / rows;
  const bool classes = n > 1 && y.size() == per_sample.size();
  for (int r = 0; r < rows; ++r) {
    Metric metric;
    metric.update(LossInput<float>{1, n, p.data() + r * n, classes ? nullptr : y.data() + r * n,
                                   classes ? labels.data() + r : nullptr, nullptr, 1});
    CHECK(near(metric.result(), per_sample[static_cast<std::size_t>(r)]));
  }
}

}  // namespace

TEST_CASE("accuracy is what Keras resolves it to") {
  check_metric<metrics::Accuracy>("binary_accuracy");
  check_metric<metrics::Accuracy>("categorical_accuracy");
  check_metric<metrics::Accuracy>("sparse_categorical_accuracy");
}

TEST_CASE("a loss on logits is a metric on logits") {
  std::array<float, 2> z{3, -1};
  const std::array<float, 2> y{1, 0};
  const LossInput<float> batch{2, 1, z.data(), y.data(), nullptr, nullptr, 1};
  metrics::LossMetric<BinaryCrossentropy<FromLogits>> metric;
  metric.update(batch);
  CHECK(near(metric.result(), BinaryCrossentropy<FromLogits>::evaluate(batch) / 2));
  CHECK(near(metric.result(), (std::log1p(std::exp(-3.)) + std::log1p(std::exp(-1.))) / 2));
}

TEST_CASE("every loss is a metric") {
  check_metric<metrics::MeanSquaredError>("mean_squared_error");
  check_metric<metrics::MeanAbsoluteError>("mean_absolute_error");
  check_metric<metrics::CategoricalCrossentropy>("categorical_crossentropy");
  check_metric<metrics::SparseCategoricalCrossentropy>("sparse_categorical_crossentropy");
  check_metric<metrics::BinaryCrossentropy>("binary_crossentropy");
  check_probabilities<metrics::CategoricalCrossentropy>("categorical_crossentropy");
  check_probabilities<metrics::SparseCategoricalCrossentropy>("sparse_categorical_crossentropy");
  check_probabilities<metrics::BinaryCrossentropy>("binary_crossentropy");
}

TEST_CASE("of equal predictions the first counts") {
  float p[3] = {0.4f, 0.4f, 0.2f};
  const auto right = [&](std::int32_t label) {
    metrics::Accuracy accuracy;
    accuracy.update(LossInput<float>{1, 3, p, nullptr, &label, nullptr, 1});
    return accuracy.result();
  };
  CHECK(right(0) == 1);
  CHECK(right(1) == 0);
  CHECK(right(2) == 0);
}
