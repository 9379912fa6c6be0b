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

// CTC on Keras's logits: each sample, and the gradient of the mean.
template <class S> void check_sequences(const std::string& name, int steps, int classes, double tolerance) {
  CAPTURE(name);
  const auto array = [&](const char* what) {
    const std::vector<float>& values = golden("loss/" + name + "/" + what);
    return std::vector<S>(values.begin(), values.end());
  };
  std::vector<S> z = array("z"), y = array("y"), dz(z.size());
  const auto length = static_cast<int>(y.size() / 4);
  std::vector<S> scratch(CTC::scratch(Shape{steps, classes}, static_cast<std::size_t>(length)));
  LossInput<S> in{4, steps * classes, z.data(), y.data(), nullptr, dz.data(), S(0.25)};
  in.length = length, in.classes = classes, in.scratch = scratch.data();
  const double sum = CTC::evaluate(in);
  CHECK(all_near(dz, array("dz"), tolerance));
  in.gradient = nullptr;
  CHECK(CTC::evaluate(in) == sum);
  for (int r = 0; r < 4; ++r)
    CHECK(near(CTC::evaluate(in.row(r)), double{array("per_sample")[static_cast<std::size_t>(r)]}, 1e-6));
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
  check_in_both<BinaryFocalCrossentropy<2.0, false, 0.25, FromLogits>>("binary_focal_crossentropy_logits");
  check_in_both<BinaryFocalCrossentropy<1.5, true, 0.3, LabelSmoothing<0.2>>>(
      "binary_focal_crossentropy_smooth");
  check_in_both<CategoricalFocalCrossentropy<0.25, 2.0, FromLogits, LabelSmoothing<0.1>>>(
      "categorical_focal_crossentropy_logits");
  check_in_both<CategoricalFocalCrossentropy<0.5, 3.0, LabelSmoothing<0.1>>>(
      "categorical_focal_crossentropy_smooth");
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

TEST_CASE("CTC and its gradient against Keras") {
  const auto check = [](const char* name, int steps, int classes, double tolerance) {
    check_sequences<float>(name, steps, classes, tolerance);
    check_sequences<double>(name, steps, classes, tolerance);
  };
  check("ctc", 7, 4, 1e-6);
  check("ctc_blank_between", 5, 3, 1e-6);
  // Too few steps: numbers of the size of 1e5, of which Keras's float32 has no more digits.
  check("ctc_few_steps", 3, 3, 1e-3);
  check("ctc_one_step", 1, 3, 1e-3);
}

TEST_CASE("CTC's gradient is its slope, and float follows double over many steps") {
  const int classes = 6;
  const auto check = [](int steps, int length, double tolerance) {
    CAPTURE(steps);
    std::vector<double> z(static_cast<std::size_t>(steps * classes)), dz(z.size()),
        y(static_cast<std::size_t>(length + 3));
    for (std::size_t i = 0; i < z.size(); ++i) z[i] = 8 * testing::filled(i, 3);
    for (std::size_t i = 0; i + 3 < y.size(); ++i) y[i] = 1 + static_cast<double>(i * i % 5);
    const auto evaluate = [&]<class S>(std::vector<S>& logits, const std::vector<S>& labels,
                                       std::type_identity_t<S>* gradient) {
      std::vector<S> memory(CTC::scratch(Shape{steps, classes}, labels.size()));
      LossInput<S> in{1, steps * classes, logits.data(), labels.data(), nullptr, gradient, 1};
      in.length = static_cast<int>(labels.size()), in.classes = classes, in.scratch = memory.data();
      return CTC::evaluate(in);
    };
    const double loss = evaluate(z, y, dz.data());
    for (std::size_t i = 0; i < z.size(); i += 7) {
      const double was = z[i], h = 1e-4;
      z[i] = was + h;
      const double more = evaluate(z, y, nullptr);
      z[i] = was - h;
      CHECK(near(dz[i], (more - evaluate(z, y, nullptr)) / (2 * h), tolerance));
      z[i] = was;
    }
    std::vector<float> single(z.begin(), z.end()), labels(y.begin(), y.end()), d(z.size());
    CHECK(near(evaluate(single, labels, d.data()), loss, 1e-6));
    return all_near(d, dz, 2e-5);
  };
  CHECK(check(200, 55, 1e-7));
  check(10, 14, 1e-5);  // of which float has no digits
}

TEST_CASE("CTC in training against Keras, in a Sequential and in a graph") {
  using Net = Sequential<Input<6, 3>, Dense<4>>;
  const auto x = filled_array(3 * 6 * 3, 0, 4);
  const std::vector<std::uint8_t> y{1, 2, 3, 2, 2, 0, 3, 0, 0};
  const auto w = filled_array(12, 1), b = filled_array(4, 2);
  const auto check = [&](auto& model, auto& trainer) {
    std::copy(w.begin(), w.end(), find_parameter(model, "dense/kernel").begin());
    std::copy(b.begin(), b.end(), find_parameter(model, "dense/bias").begin());
    std::vector<float> gradient(model.count_params());
    copy_weights_out(model.layers(), trainer.gradient(x, y).data(), std::span<float>(gradient));
    CHECK(all_near(gradient, golden("fit_ctc/gradient"), 1e-6));
    for (const float loss : golden("fit_ctc/losses")) {
      const long before = testing::allocations;
      const double came = trainer.train_on_batch(x, y)[0];
      const bool allocated = testing::allocations != before;
      CHECK(!allocated);
      CHECK(came == doctest::Approx(loss).epsilon(1e-5));
    }
    const std::vector<float> weights{0.5, 2, 0}, each(18, 1);
    CHECK(near(trainer.test_on_batch(x, y, {.sample_weight = weights})[0], golden("fit_ctc/weighed")[0]));
    CHECK_THROWS_WITH(trainer.test_on_batch(x, y, {.sample_weight = each}),
                      "sample_weight: 18 values came, 3 wanted, one a sample");
  };
  Model<Net> model;
  auto trainer = compile(model, SGD{.learning_rate = 0.5}, CTC{}, metrics::LossMetric<CTC>{});
  check(model, trainer);
  CHECK(trainer.test_on_batch(x, y)[0] == trainer.test_on_batch(x, y)[1]);
  Model<Net, InPlace> in_place;
  auto fixed = compile<3>(in_place, SGD{.learning_rate = 0.5}, CTC{});
  check(in_place, fixed);
  const functional::Tensor input = functional::Input({6, 3});
  functional::Model graph(input, input.then(DenseSpec{.units = 4}));
  auto of_graph = compile(graph, SGD{.learning_rate = 0.5}, CTC{});
  check(graph, of_graph);
  // More labels than there are steps.
  const std::vector<int> long_labels(3 * 20, 1);
  CHECK(trainer.test_on_batch(x, long_labels)[0] > 9e4);
  CHECK(near(fixed.test_on_batch(x, long_labels)[0], trainer.test_on_batch(x, long_labels)[0]));
}

TEST_CASE("bad label sequences are named") {
  Model<Sequential<Input<6, 3>, Dense<4>>> model;
  auto trainer = compile(model, SGD{}, CTC{});
  const std::vector<float> x(3 * 18);
  const auto message = [&](const Array& y, const Weights& weights = {}) -> std::string {
    try {
      trainer.train_on_batch(x, y, weights);
    } catch (const std::exception& e) {
      return e.what();
    }
    return "";
  };
  CHECK(message(std::vector<int>{1, 2, 3, 1}) ==
        "y: 4 values came, for each of 3 samples as many labels wanted, 24 at most, 0 where there are fewer");
  CHECK(message(std::vector<int>{1, 2, 4}) == "y: label 2 is 4, whole numbers from 0 to 3 wanted");
  CHECK(
      message(std::vector<int>(3 * 25)) ==
      "y: 75 values came, for each of 3 samples as many labels wanted, 24 at most, 0 where there are fewer");
  const std::vector<float> by_class(4, 1);
  CHECK(message(std::vector<int>{1, 2, 3}, {.class_weight = by_class}) ==
        "class_weight came, and a loss whose targets are no classes");
  CHECK_THROWS_WITH(
      compile(model, SGD{}, CTC{}, metrics::Accuracy{}).test_on_batch(x, std::vector<int>(3, 1)),
      "the metric accuracy wants targets of the output's shape, sequences of labels came");
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

TEST_CASE("Circle compares the vectors of a batch, as Keras does") {
  const std::int32_t labels[] = {300, 300, -1, -1, 2, 7};
  const std::vector<float> weights{1, 2, 0.5, 1, 3, 1};
  const auto check = [&]<class L, class S>(const std::string& name, L, S) {
    CAPTURE(name);
    const auto array = [&](const char* what) { return golden("loss/" + name + "/" + what); };
    const std::vector<float> given = array("z"), row_losses = array("per_sample");
    std::vector<S> z(given.begin(), given.end()), dz(z.size());
    LossInput<S> in{6, 4, z.data(), nullptr, labels, nullptr, 1};
    const double divisor =
        keratin::detail::divisor<L>(in, static_cast<S*>(nullptr), static_cast<S*>(nullptr));
    in.gradient = dz.data();
    in.weight = static_cast<S>(1 / divisor);
    CHECK(near(L::evaluate(in) / divisor, double{array("value")[0]}));
    CHECK(all_near(dz, array("dz")));
    for (std::size_t r = 0; r < 6; ++r) {
      std::vector<S> alone(6);
      alone[r] = 1;
      in.weights = alone.data();
      CHECK(near(L::evaluate(in), double{row_losses[r]}));
    }
  };
  const auto check_in_both = [&](const std::string& name, auto loss) {
    check(name, loss, 0.0f);
    check(name, loss, 0.0);
    Model<Sequential<Input<4>>> model;
    const Array y(labels);
    const auto weighed = [&](const auto& of) {
      return compile(model, SGD{}, of)
          .test_on_batch(golden("loss/" + name + "/z"), y, {.sample_weight = weights})[0];
    };
    using L = decltype(loss);
    CHECK(all_near(std::array{weighed(loss), weighed(Reduced<L, LossReduction::sum>{}),
                              weighed(Reduced<L, LossReduction::mean_with_sample_weight>{})},
                   golden("loss/" + name + "/weighed")));
  };
  check_in_both("circle", Circle<>{});
  check_in_both("circle_soft", Circle<4.0, 0.25, false>{});

  Model<Sequential<Input<4>, Dense<3>, UnitNormalization<>>> model;
  fill_weights(model);
  auto trainer = compile(model, SGD{0.01}, Circle<8.0>{});
  const std::vector<float>& x = golden("loss/circle/z");
  std::vector<double> came;
  for (int step = 0; step < 3; ++step)
    came.push_back(trainer.train_on_batch(x, Array(labels), {.sample_weight = weights})[0]);
  came.push_back(trainer.evaluate(x, Array(labels), 3)[0]);
  CHECK(all_near(came, golden("fit_circle")));

  const auto message = [&](auto& of, const Array& y) -> std::string {
    try {
      of.test_on_batch(x, y);
    } catch (const std::exception& e) {
      return e.what();
    }
    return "";
  };
  CHECK(message(trainer, std::vector<float>{0, 1, 2, 3, 4, 0.5f}) ==
        "y: label 5 is 0.5, whole numbers from -2147483648 to 2147483647 wanted");
  auto measuring = compile(model, SGD{}, Circle<>{}, metrics::Accuracy{});
  CHECK(message(measuring, Array(labels)) ==
        "the metric accuracy wants targets of the output's shape, numbers that are no classes came");
  const std::vector<float> of_classes(3, 1);
  CHECK_THROWS_WITH(trainer.test_on_batch(x, Array(labels), {.class_weight = of_classes}),
                    "class_weight came, and a loss whose targets are no classes");
  static_assert(Circle<>::fit(Shape{5, 3}, Linear{}).broken == &needs_a_vector_a_sample);
}

TEST_CASE("reductions against Keras, with weights and masks") {
  auto x = filled_array(3 * 4 * 2, 1, 4), y = filled_array(3 * 4 * 3, 5), weights = filled_array(3 * 4, 9);
  for (const std::size_t i : {6u, 7u, 20u, 21u, 22u, 23u}) x[i] = 0;
  for (float& w : weights) w = std::fabs(w);
  const auto check = [&](auto net, const auto& loss, const std::string& name) {
    for (const bool weighed : {false, true}) {
      const std::string of = "reduction/" + name + (weighed ? "_weighed" : "");
      CAPTURE(of);
      Model<decltype(net)> model;
      std::ranges::copy(filled_array(6, 1), find_parameter(model, "dense/kernel").begin());
      std::ranges::copy(filled_array(3, 2), find_parameter(model, "dense/bias").begin());
      auto trainer = compile(model, SGD{}, loss);
      const Weights given{.sample_weight = weighed ? Arrays(weights) : Arrays()};
      std::vector<float> came(10), none(12);
      came[0] = static_cast<float>(trainer.test_on_batch(x, y, given)[0]);
      const auto gradient = trainer.gradient(x, y, given);
      copy_weights_out(model.layers(), gradient.data(), std::span(came).subspan(1));
      CHECK(all_near(came, golden(of), 1e-6));
      if (!weighed) continue;
      CHECK(trainer.test_on_batch(x, y, {.sample_weight = none})[0] == 0);
    }
  };
  using Plain = Sequential<Input<4, 2>, Dense<3>>;
  using Masked = Sequential<Input<4, 2>, Masking<>, Dense<3>>;
  check(Plain{}, Reduced<MeanSquaredError, LossReduction::sum>{}, "sum");
  check(Plain{}, Reduced<MeanSquaredError, LossReduction::mean>{}, "mean");
  check(Plain{}, Reduced<MeanSquaredError, LossReduction::mean_with_sample_weight>{},
        "mean_with_sample_weight");
  check(Masked{}, Reduced<MeanSquaredError, LossReduction::sum>{}, "sum_masked");
  check(Masked{}, MeanSquaredError{}, "mean_masked");
  check(Masked{}, Reduced<MeanSquaredError, LossReduction::mean_with_sample_weight>{},
        "mean_with_sample_weight_masked");
}

TEST_CASE("a class that does not count, against Keras") {
  const auto x = filled_array(3 * 4 * 2, 1, 4);
  auto weights = filled_array(3 * 4, 9);
  for (float& w : weights) w = std::fabs(w);
  const auto check = [&]<int Ignored>(std::integral_constant<int, Ignored>) {
    using Loss = SparseCategoricalCrossentropy<IgnoreClass<Ignored>>;
    std::vector<int> y(12);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = i % 3 == 1 ? Ignored : static_cast<int>(i % 3);
    Model<Sequential<Input<4, 2>, Dense<3, Softmax>>> model;
    std::ranges::copy(filled_array(6, 1), find_parameter(model, "dense/kernel").begin());
    std::ranges::copy(filled_array(3, 2), find_parameter(model, "dense/bias").begin());
    auto trainer = compile(model, SGD{}, Loss{}, metrics::SparseCategoricalAccuracy{},
                           metrics::SparseTopKCategoricalAccuracy<2>{}, metrics::LossMetric<Loss>{},
                           metrics::SparseCategoricalCrossentropy{});
    for (const bool weighed : {false, true}) {
      const std::string of = "ignoring/" + std::to_string(Ignored) + (weighed ? "_weighed" : "");
      CAPTURE(of);
      const Weights given{.sample_weight = weighed ? Arrays(weights) : Arrays()};
      std::vector<float> came(10);
      const auto logs = trainer.test_on_batch(x, y, given);
      came[0] = static_cast<float>(logs[0]);
      copy_weights_out(model.layers(), trainer.gradient(x, y, given).data(), std::span(came).subspan(1));
      CHECK(all_near(came, golden(of), 1e-6));
      CHECK(all_near(std::span(logs).subspan(1, 2),
                     golden("ignoring/" + std::to_string(Ignored) + "/metrics"), 1e-6));
      if (!weighed) CHECK(near(logs[3], logs[0], 1e-6));
    }
    const std::vector<int> none(12, Ignored);
    CHECK(trainer.test_on_batch(x, none)[0] == 0);
    CHECK(std::ranges::count(trainer.gradient(x, none), 0) == std::ssize(model.block()));
    y[5] = 3;
    CHECK_THROWS_WITH(trainer.train_on_batch(x, y), "y: label 5 is 3, whole numbers from 0 to 2 wanted");
  };
  check(std::integral_constant<int, 1>{});
  check(std::integral_constant<int, 255>{});
  // The same by hand.
  Model<Sequential<Input<2>, Dense<3>>> model(1);
  auto by_hand = compile(model, SGD{});
  constexpr SparseCategoricalCrossentropy<FromLogits, IgnoreClass<-1>> loss;
  by_hand.forward(Array(x).slice(0, 6));
  const double of_two = by_hand.loss(loss, std::vector{0, -1, 2});
  CHECK(std::ranges::count(by_hand.output_gradient().subspan(3, 3), 0) == 3);
  by_hand.forward(std::vector{x[0], x[1], x[4], x[5]});
  CHECK(near(of_two, by_hand.loss(loss, std::vector{0, 2}), 1e-6));
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
  static_assert(CTC::fit(Shape{5, 3}, Softmax{}).broken == &needs_logits_of_steps);
  static_assert(CTC::fit(Shape{3}, Linear{}).broken == &needs_logits_of_steps);
  static_assert(CTC::fit(Shape{5, 3}, LogSoftmax{}).broken == nullptr);
}
