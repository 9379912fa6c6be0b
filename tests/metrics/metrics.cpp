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

TEST_CASE("further metrics against Keras") {
  using namespace metrics;
  check_metric<BinaryAccuracy<0.6>>("binary_accuracy_of_three");
  check_metric<BinaryAccuracy<>>("binary_accuracy");
  check_metric<metrics::CategoricalAccuracy>("categorical_accuracy");
  check_metric<SparseCategoricalAccuracy>("sparse_categorical_accuracy");
  check_metric<TopKCategoricalAccuracy<2>>("top_k");
  check_metric<SparseTopKCategoricalAccuracy<3>>("sparse_top_k");
  check_metric<Precision<>>("precision");
  check_metric<Precision<0.7>>("precision_high");
  check_metric<Recall<>>("recall");
  check_metric<Recall<0.2>>("recall_of_classes");
  check_metric<TruePositives<>>("true_positives");
  check_metric<FalsePositives<>>("false_positives");
  check_metric<TrueNegatives<0.3>>("true_negatives");
  check_metric<FalseNegatives<>>("false_negatives");
  check_metric<AUC<>>("auc");
  check_metric<AUC<Curve::ROC, 7>>("auc_few");
  check_metric<AUC<Curve::PR>>("auc_pr");
  check_metric<AUC<Curve::PR, 5>>("auc_pr_few");
  check_metric<AUC<Curve::ROC, 7, Summation::minoring>>("auc_minoring");
  check_metric<AUC<Curve::PR, 7, Summation::majoring>>("auc_majoring");
  check_metric<F1Score<5>>("f1_macro");
  check_metric<F1Score<5, Averaging::micro>>("f1_micro");
  check_metric<F1Score<5, Averaging::weighted>>("f1_weighted");
  check_metric<FBetaScore<3, Averaging::macro, 2.0, 0.4>>("fbeta");
  check_metric<RootMeanSquaredError>("root_mean_squared_error");
  check_metric<R2Score<3>>("r2");
  check_metric<R2Score<1, 2>>("r2_adjusted");
  check_metric<metrics::CosineSimilarity>("cosine_similarity");
  check_metric<MeanIoU<5>>("mean_iou");
  check_metric<IoU<5, 0, 3>>("iou");
  check_metric<MeanIoU<5>>("iou_of_numbers");
  check_metric<BinaryIoU<0.6>>("binary_iou");
  check_metric<metrics::MeanAbsolutePercentageError>("mean_absolute_percentage_error");
  check_metric<metrics::MeanSquaredLogarithmicError>("mean_squared_logarithmic_error");
  check_metric<LogCoshError>("logcosh");
  check_metric<metrics::Poisson>("poisson");
  check_metric<metrics::KLDivergence>("kl_divergence");
  check_metric<metrics::Hinge>("hinge");
  check_metric<metrics::SquaredHinge>("squared_hinge");
  check_metric<metrics::CategoricalHinge>("categorical_hinge");
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
