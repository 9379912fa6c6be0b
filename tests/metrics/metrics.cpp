#include "../check.hpp"

using namespace keratin;

namespace {

// Two updates, with four rows and with three, as golden.py does them; and again with a weight for each row.
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
  metric.reset();
  const double weights[] = {1, 0.9f, 2.7f, 0, 0.25, 3, 1.5};
  for (int r = 0; r < rows; ++r) {
    LossInput<float> row =
        LossInput<float>{
            rows, n, p.data(), classes ? nullptr : y.data(), classes ? labels.data() : nullptr, nullptr, 1}
            .row(r);
    row.count = weights[r];
    metric.update(row);
  }
  CHECK(near(metric.result(), static_cast<double>(golden("metric/" + name + "/weighted")[0]), 1e-6));
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
  check_metric<Precision<no_threshold, 2>>("precision_of_top");
  check_metric<Recall<0.2, 3>>("recall_of_top");
  check_metric<Precision<0.2, 0, 3>>("precision_of_class");
  check_metric<Recall<no_threshold, 2, 1>>("recall_of_top_of_class");
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
  check_metric<AUC<Curve::ROC, 20, Summation::interpolation, MultiLabel<3>>>("auc_of_labels");
  using Weights = LabelWeights<1.0, 0.5, 3.0>;
  check_metric<AUC<Curve::PR, 20, Summation::interpolation, Weights, MultiLabel<3>>>("auc_of_weighed_labels");
  check_metric<AUC<Curve::ROC, 9, Summation::interpolation, MultiLabel<2>>>("auc_of_two_labels");
  check_metric<AUC<Curve::ROC, 200, Summation::interpolation, Weights>>("auc_weighed");
  check_metric<AUC<Curve::ROC, 200, Summation::interpolation, AtThresholds<0.2, 0.45, 0.5>>>("auc_at");
  check_metric<AUC<Curve::PR, 200, Summation::minoring, AtThresholds<0.3, 0.8>, MultiLabel<3>>>(
      "auc_at_of_labels");
  check_metric<AUC<Curve::ROC, 200, Summation::interpolation, FromLogits>>("auc_logits");
  check_metric<ExactAccuracy>("exact_accuracy");
  check_metric<F1Score<5>>("f1_macro");
  check_metric<F1Score<5, Averaging::micro>>("f1_micro");
  check_metric<F1Score<5, Averaging::weighted>>("f1_weighted");
  check_metric<FBetaScore<3, Averaging::macro, 2.0, 0.4>>("fbeta");
  check_metric<RootMeanSquaredError>("root_mean_squared_error");
  check_metric<R2Score<3>>("r2");
  check_metric<R2Score<1, 2>>("r2_adjusted");
  check_metric<R2Score<3, 2>>("r2_adjusted_three");
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

TEST_CASE("a metric of more outputs than a network has is refused, instead of counting 0 for them") {
  using namespace metrics;
  const std::array<float, 4> y{1, 0, 0, 1};
  const auto with = [&]<class Metric>(std::type_identity<Metric>) {
    keratin::detail::TargetLayout targets;
    return keratin::detail::check_targets<float, keratin::MeanSquaredError, Metric>(y, 2, {2}, -1, targets);
  };
  using Labels3 = AUC<Curve::ROC, 9, Summation::interpolation, MultiLabel<3>>;
  CHECK_THROWS_WITH(with(std::type_identity<Labels3>{}),
                    "the metric auc wants 3 outputs, an output of (2) came");
  CHECK_THROWS_WITH(with(std::type_identity<metrics::Named<"f1", F1Score<3>>>{}),
                    "the metric f1 wants 3 outputs, an output of (2) came");
  CHECK_THROWS_WITH(with(std::type_identity<R2Score<3>>{}),
                    "the metric r2_score wants 3 outputs, an output of (2) came");
  CHECK(with(std::type_identity<AUC<Curve::ROC, 9, Summation::interpolation, MultiLabel<2>>>{}));
}

TEST_CASE("predictions that are no number exceed no threshold") {
  float p[] = {std::numeric_limits<float>::quiet_NaN(), 0.25f}, y[] = {1, 0};
  const LossInput<float> rows{2, 1, p, y, nullptr, nullptr, 1};
  const auto value_of = [&](auto metric) { return metric.update(rows), metric.result(); };
  using namespace metrics;
  CHECK(value_of(AUC<>{}) == 0);
  CHECK(value_of(AUC<Curve::ROC, 200, Summation::interpolation, FromLogits>{}) == 0);
  CHECK(value_of(AUC<Curve::ROC, 200, Summation::interpolation, AtThresholds<0.2, 0.5>>{}) == 0);
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

TEST_CASE("a sum of values that count differently") {
  metrics::Sum sum;
  sum.add(2);
  sum.add(3, 0.5);
  CHECK(sum.result() == 3.5);
  sum.reset();
  CHECK(sum.result() == 0);
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

TEST_CASE("metrics with and without the weights of steps, with a mask, against Keras") {
  using Net = Sequential<Input<4, 2>, Masking<>, Dense<3, Softmax>>;
  auto x = filled_array(6 * 4 * 2, 1, 4), weights = filled_array(6 * 4, 9);
  for (std::size_t i = 0; i < 48; ++i)
    if ((i / 8 == 0 && i >= 6) || (i / 8 == 2 && i >= 20) || (i / 8 == 5 && i >= 42)) x[i] = 0;
  for (float& w : weights) w = std::fabs(w);
  std::vector<std::uint8_t> y(24);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::uint8_t>(i % 3);
  Model<Net> model;
  std::ranges::copy(filled_array(6, 1), find_parameter(model, "dense/kernel").begin());
  std::ranges::copy(filled_array(3, 2), find_parameter(model, "dense/bias").begin());
  auto trainer = compile(model, SGD{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{},
                         metrics::Weighted<metrics::Accuracy>{},
                         metrics::Weighted<metrics::SparseCategoricalCrossentropy>{});
  const auto logs = trainer.evaluate(x, y, 4, {.sample_weight = weights});
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const std::string name(trainer.log_name(i));
    CAPTURE(name);
    CHECK(near(logs[i], golden("weighted/steps/" + name)[0], 1e-6));
  }
  CHECK(trainer.log_name(2) == "weighted_accuracy");
  const auto without = trainer.evaluate(x, y, 4);
  CHECK(without[1] == logs[1]);
  CHECK(without[2] == without[1]);
}

TEST_CASE("metrics with the weights of classes against Keras") {
  const auto x = filled_array(6 * 8, 1, 4);
  const std::vector<int> y{0, 1, 2, 0, 1, 2};
  std::vector<float> one_hot(18), by_class{0.5f, 2, 1.25f};
  for (std::size_t i = 0; i < y.size(); ++i) one_hot[i * 3 + static_cast<std::size_t>(y[i])] = 1;
  Model<Sequential<Input<8>, Dense<3, Softmax>>> model;
  std::ranges::copy(filled_array(24, 1), find_parameter(model, "dense/kernel").begin());
  std::ranges::copy(filled_array(3, 2), find_parameter(model, "dense/bias").begin());
  auto trainer = compile(model, SGD{.learning_rate = 0.0}, CategoricalCrossentropy{},
                         metrics::MeanSquaredError{}, metrics::Weighted<metrics::MeanSquaredError>{},
                         metrics::Weighted<metrics::Accuracy>{}, metrics::Weighted<metrics::F1Score<3>>{});
  const History history = trainer.fit(
      x, one_hot,
      {.batch_size = 4, .class_weight = std::array{0.5f, 2.f, 1.25f}, .shuffle = false, .verbose = 0});
  for (const auto& [name, values] : history) {
    CAPTURE(name);
    CHECK(near(values[0], golden("weighted/classes/" + name)[0], 1e-6));
  }
  CHECK(history["weighted_mean_squared_error"].size() == 1);
  CHECK(history["f1_score"].size() == 1);
  trainer.train_on_batch(x, one_hot, {.class_weight = by_class});
  const long before = testing::allocations;
  trainer.train_on_batch(x, one_hot, {.class_weight = by_class});
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
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
