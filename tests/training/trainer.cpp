#include "../check.hpp"

#include <Eigen/Core>

using namespace keratin;

namespace {

using Net = Sequential<Input<6>, Dense<8, ReLU>, Dropout<0.25>, Dense<3, Softmax>>;

struct Data {
  std::vector<float> x = std::vector<float>(50 * 6);
  std::vector<std::uint8_t> y = std::vector<std::uint8_t>(50);
  Data() {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 0));
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::uint8_t>(i % 3);
  }
};
auto trainer_for(auto& model) {
  return compile(model, Adam{}, CategoricalCrossentropy{}, metrics::Accuracy{});
}

}  // namespace

TEST_CASE("the same seed gives the same bits") {
  const Data data;
  const auto train = [&](std::uint64_t seed) {
    Model<Net> model(1);
    auto trainer = trainer_for(model);
    trainer.set_random_seed(seed);
    trainer.fit(data.x, data.y, {.epochs = 3, .batch_size = 8, .verbose = 0});
    return std::vector<float>(model.block().begin(), model.block().end());
  };
  CHECK(train(1) == train(1));
  CHECK(train(1) != train(2));
}

TEST_CASE("steps, batches and epochs allocate nothing") {
  const Data data;
  Model<Net> model;
  auto trainer = trainer_for(model);
  REQUIRE(testing::allocations_are_counted());
  const auto allocated_by = [](auto f) {
    const long before = testing::allocations;
    f();
    return testing::allocations - before;
  };
  trainer.train_on_batch(data.x, data.y);
  CHECK(allocated_by([&] { trainer.train_on_batch(data.x, data.y); }) == 0);
  CHECK(allocated_by([&] { trainer.test_on_batch(data.x, data.y); }) == 0);
  CHECK(allocated_by([&] { trainer.evaluate(data.x, data.y); }) == 0);
  trainer.gradient(data.x, data.y);
  CHECK(allocated_by([&] { trainer.gradient(data.x, data.y); }) == 0);
  const auto fit = [&](int epochs) {
    return allocated_by([&] {
      trainer.fit(data.x, data.y, {.epochs = epochs, .batch_size = 8, .validation_split = 0.2, .verbose = 0});
    });
  };
  CHECK(fit(1) == fit(50));  // what fit allocates does not depend on how long it runs
}

TEST_CASE("a trainer for a known batch size never touches the heap") {
  const Data data;
  const long before = testing::allocations;
  Model<Net, InPlace> model;
  auto trainer = compile<16>(model, Adam{}, CategoricalCrossentropy{}, metrics::Accuracy{});
  const Array x = Array(data.x).slice(0, 16 * 6), y = Array(data.y).slice(0, 16);
  trainer.train_on_batch(x, y);
  trainer.evaluate(x, y);
  std::array<float, 3> p = model.predict(x.slice(0, 6));
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
  CHECK(p[0] + p[1] + p[2] == doctest::Approx(1));

  Model<Net> other;
  auto reference = trainer_for(other);
  reference.train_on_batch(x, y);
  CHECK(std::equal(model.block().begin(), model.block().end(), other.block().begin()));
  CHECK_THROWS_WITH(trainer.train_on_batch(data.x, data.y),
                    "a batch of 50 samples came, at most 16 wanted, as given to compile");
}

TEST_CASE("the input may be bytes, integers, doubles or an Eigen map") {
  std::vector<std::uint8_t> bytes(50 * 6);
  std::vector<std::int32_t> ints(bytes.size());
  std::vector<double> doubles(bytes.size());
  std::vector<float> floats(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 37);
    ints[i] = bytes[i];
    doubles[i] = bytes[i];
    floats[i] = bytes[i];
  }
  const Data data;
  const auto train = [&](const Array& x) {
    Model<Net> model;
    trainer_for(model).fit(x, data.y, {.epochs = 2, .batch_size = 7, .verbose = 0});
    return std::vector<float>(model.block().begin(), model.block().end());
  };
  const double scale = 1 / 255.0;
  const auto wanted = train(Array(floats, scale));
  CHECK(train(Array(bytes, scale)) == wanted);
  CHECK(train(Array(ints, scale)) == wanted);
  CHECK(train(Array(doubles, scale)) == wanted);
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, 6, Eigen::RowMajor>;
  CHECK(train(Array(Eigen::Map<const Matrix>(floats.data(), 50, 6), scale)) == wanted);
}

TEST_CASE("validation data may be given") {
  const Data data;
  Model<Net> model;
  auto trainer = trainer_for(model);
  const Array x(data.x), y(data.y);
  const History history =
      trainer.fit(x.slice(0, 40 * 6), y.slice(0, 40),
                  {.epochs = 2, .validation_data = {x.slice(40 * 6, 10 * 6), y.slice(40, 10)}, .verbose = 0});
  CHECK(history["val_loss"].size() == 2);
  const auto [loss, accuracy] = trainer.evaluate(x.slice(40 * 6, 10 * 6), y.slice(40, 10));
  CHECK(history["val_loss"].back() == doctest::Approx(loss).epsilon(1e-6));
  CHECK(history["val_accuracy"].back() == accuracy);
  CHECK(history["nothing"].empty());
}

TEST_CASE("history's keys are sorted") {
  const Data data;
  Model<Net> model;
  std::string keys;
  for (const auto& [key, values] :
       trainer_for(model).fit(data.x, data.y, {.validation_split = 0.2, .verbose = 0}))
    keys += key + " ";
  CHECK(keys == "accuracy loss val_accuracy val_loss ");
}

TEST_CASE("bad input is named, and changes nothing") {
  Data data;
  Model<Net> model;
  auto trainer = trainer_for(model);
  const std::vector<float> before(model.block().begin(), model.block().end());
  const FitOptions quiet{.verbose = 0};
  const Array x(data.x), y(data.y);

  CHECK_THROWS_WITH(trainer.fit(x.slice(0, 299), y, quiet),
                    "x: 299 values came, a multiple of 6 wanted, for the input (6)");
  CHECK_THROWS_WITH(trainer.fit(Array(), y, quiet), "x: 0 values came, at least 6 wanted, for the input (6)");
  CHECK_THROWS_WITH(trainer.fit(x, y.slice(0, 49), quiet),
                    "y: 49 values came, 150 wanted, or class numbers, 50, for 50 samples");
  CHECK_THROWS_WITH(trainer.fit(x, y, {.epochs = 0, .verbose = 0}), "fit: epochs 0 came, at least 1 wanted");
  CHECK_THROWS_WITH(trainer.fit(x, y, {.batch_size = 0, .verbose = 0}),
                    "fit: batch_size 0 came, at least 1 wanted");
  CHECK_THROWS_WITH(trainer.fit(x, y, {.validation_split = 1, .verbose = 0}),
                    "fit: validation_split 1 came, from 0 to below 1 wanted");
  CHECK_THROWS_WITH(trainer.fit(x, y, {.validation_split = 0.999, .verbose = 0}),
                    "fit: validation_split 0.999 of 50 samples leaves no sample on one side");
  CHECK_THROWS_WITH(trainer.evaluate(x, y, 0), "evaluate: batch_size 0 came, at least 1 wanted");
  CHECK_THROWS_WITH(trainer.train_on_batch(x, y.slice(0, 3)),
                    "y: 3 values came, 150 wanted, or class numbers, 50, for 50 samples");

  data.y[17] = 3;
  CHECK_THROWS_WITH(trainer.fit(x, y, quiet), "y: label 17 is 3, whole numbers from 0 to 2 wanted");
  data.y[17] = 2;
  std::vector<double> fractions(data.y.begin(), data.y.end());
  fractions[4] = 0.5;
  CHECK_THROWS_WITH(trainer.fit(x, fractions, quiet), "y: label 4 is 0.5, whole numbers from 0 to 2 wanted");
  data.x[20] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(trainer.fit(x, y, quiet), "x: value 2 of sample 3 is nan, finite values wanted");
  data.x[20] = -std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(trainer.train_on_batch(x, y), "x: value 2 of sample 3 is -inf, finite values wanted");
  CHECK(std::equal(before.begin(), before.end(), model.block().begin()));
  CHECK(trainer.iterations() == 0);

  Model<Sequential<Input<6>, Dense<1, Sigmoid>>> binary;
  CHECK_THROWS_WITH(
      compile(binary, Adam{}, BinaryCrossentropy{}).fit(x.slice(0, 12), std::vector<int>{0, 2}, quiet),
      "y: value 1 is 2, values from 0 to 1 wanted");

  std::vector<double> huge(12, 1e39);
  CHECK_THROWS_WITH(compile(binary, Adam{}, BinaryCrossentropy{}).fit(huge, std::vector<int>{0, 1}, quiet),
                    "x: value 0 of sample 0 is 1e+39, finite values wanted");
  const auto y01 = std::vector<int>{0, 1};
  CHECK_THROWS_WITH(compile(binary, Adam{}, BinaryCrossentropy{})
                        .fit(Array(std::vector<double>(12, 1e300), 1e-300), y01, quiet),
                    "x: value 0 of sample 0 is 1, finite values wanted");
  const std::vector<std::uint8_t> bytes(12, 1);
  CHECK_THROWS_WITH(compile(binary, Adam{}, BinaryCrossentropy{})
                        .fit(Array(bytes, std::numeric_limits<double>::infinity()), y01, quiet),
                    "x: value 0 of sample 0 is inf, finite values wanted");
  CHECK_THROWS_WITH(trainer.fit(x.slice(24, 12), y.slice(4, 2), {.validation_data = {.y = y}, .verbose = 0}),
                    "0 arrays of inputs and 1 of targets came, 1 and 1 wanted");
  using Wide = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Wide wide = Wide::Zero(50, 8);
  CHECK_THROWS_WITH(trainer.fit(wide.leftCols(6), y, quiet),
                    "an Eigen block with gaps between its rows came, a copy without gaps wanted");

  auto with_metric = compile(model, Adam{}, CategoricalCrossentropy{}, metrics::MeanSquaredError{});
  data.x[20] = 0;
  CHECK_THROWS_WITH(with_metric.fit(x, y, quiet),
                    "the metric mean_squared_error wants targets of the output's shape, class numbers came");
}

TEST_CASE("flush-to-zero is restored after training") {
  const Data data;
  Model<Net> model;
  trainer_for(model).train_on_batch(data.x, data.y);
  volatile float tiny = 1e-38f;
  tiny = tiny * 0.01f;
  CHECK(tiny > 0);
}

TEST_CASE("training in double follows training in float") {
  const Data data;
  Model<Net> single(3);
  Model<Net, Owned, double> twice(3);
  trainer_for(single).fit(data.x, data.y, {.epochs = 2, .verbose = 0});
  trainer_for(twice).fit(data.x, data.y, {.epochs = 2, .verbose = 0});
  CHECK(all_near(single.block(), twice.block(), 1e-4));
}

TEST_CASE("a metric changes no gradient") {
  // The loss writes probabilities over the logits, which are what Dense's backward reads.
  using Net = Sequential<Input<3>, Dense<4, Tanh>, Activation<Softmax>>;
  Model<Net> model(3);
  const std::vector<float> x{0.1f, 0.2f, 0.3f, -0.4f, 0.5f, 0.6f}, y{1, 0, 0, 0, 0, 0, 1, 0};
  auto plain = compile(model, SGD{}, CategoricalCrossentropy{});
  auto measured = compile(model, SGD{}, CategoricalCrossentropy{}, metrics::Accuracy{});
  const auto a = plain.gradient(x, y), b = measured.gradient(x, y);
  CHECK(std::equal(a.begin(), a.end(), b.begin()));
}

TEST_CASE("a gradient leaves the model as it was") {
  Model<Sequential<Input<3>, Dense<4>, BatchNormalization<>>> model(3);
  const std::vector<float> before(model.block().begin(), model.block().end());
  auto trainer = compile(model, SGD{}, MeanSquaredError{});
  const std::vector<float> x{0.1f, 0.2f, 0.3f, -0.4f, 0.5f, 0.6f}, y(8);
  const auto gradient = trainer.gradient(x, y);
  CHECK(std::equal(before.begin(), before.end(), model.block().begin()));
  const LayerPlan& norm = model.layers()[1];
  CHECK(gradient[norm.tensors.offset(2)] == 0);  // of the moving mean
}

TEST_CASE("weights of samples in fit, in a split and in validation data") {
  const std::size_t n = 24;
  std::vector<float> x(n * 3), y(n * 2), w(n);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 0));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(testing::filled(i, 1));
  for (std::size_t i = 0; i < n; ++i) w[i] = static_cast<float>(i % 5);
  using Net = Sequential<Input<3>, Dense<2>>;
  Model<Net> model(1), other(1), weighted(1);
  auto trainer = compile(model, SGD{}, MeanSquaredError{});
  auto reference = compile(other, SGD{}, MeanSquaredError{});
  auto of_rows = compile(weighted, SGD{}, MeanSquaredError{});
  const History history = trainer.fit(
      x, y, {.batch_size = 6, .validation_split = 0.25, .sample_weight = w, .shuffle = false, .verbose = 0});
  for (std::size_t i = 0; i < 18; i += 6)
    reference.train_on_batch(Array(x).slice(i * 3, 18), Array(y).slice(i * 2, 12),
                             {.sample_weight = Array(w).slice(i, 6)});
  CHECK(std::ranges::equal(model.block(), other.block()));
  const auto tested = reference.evaluate(Array(x).slice(54, 18), Array(y).slice(36, 12), 6,
                                         {.sample_weight = Array(w).slice(18, 6)});
  CHECK(history["val_loss"].back() == tested[0]);
  // A sample that counts twice is the sample twice, but for the mean's divisor.
  const std::vector<float> two{1, 1, 0, 2}, a{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3}, b{1, 2, 3, 4, 5, 6, 7, 8};
  const auto logs = of_rows.test_on_batch(a, b, {.sample_weight = two});
  double sum = 0;
  for (const std::size_t i : {0u, 1u, 3u, 3u})
    sum += of_rows.test_on_batch(Array(a).slice(i * 3, 3), Array(b).slice(i * 2, 2))[0];
  CHECK(std::fabs(logs[0] - sum / 4) < 1e-5 * sum);
}

TEST_CASE("weights that do not fit are named") {
  using Net = Sequential<Input<3>, Dense<2, Softmax>>;
  Model<Net> model(1);
  auto trainer = compile<4>(model, SGD{}, SparseCategoricalCrossentropy{});
  const std::vector<float> x(12, 0.5f), three(3, 1.f), bad{1, 1, NAN, 1};
  const std::vector<int> y{0, 1, 1, 0};
  const std::vector<float> before(model.block().begin(), model.block().end());
  CHECK_THROWS_WITH(trainer.train_on_batch(x, y, {.sample_weight = three}),
                    "sample_weight: 3 values came, 4 wanted, one a sample");
  CHECK_THROWS_WITH(trainer.train_on_batch(x, y, {.class_weight = three}),
                    "class_weight: 3 values came, 2 wanted, one a class");
  CHECK_THROWS_WITH(trainer.train_on_batch(x, y, {.sample_weight = bad}),
                    "sample_weight: value 0 of sample 2 is nan, finite values wanted");
  CHECK_THROWS_WITH(trainer.train_on_batch(x, y, {.sample_weight = Arrays{x, x}}),
                    "sample_weight: 2 arrays came, one or 1 wanted");
  CHECK_THROWS_WITH(
      trainer.evaluate(x, y, 2, {.sample_weight = bad, .class_weight = Array(three).slice(0, 2)}),
      "class_weight and sample_weight came, one of them wanted");
  Model<Sequential<Input<3>, Dense<2>>> regression(1);
  auto of_values = compile(regression, SGD{}, MeanSquaredError{});
  CHECK_THROWS_WITH(
      of_values.train_on_batch(x, std::vector<float>(8), {.class_weight = Array(three).slice(0, 2)}),
      "class_weight came, and a loss whose targets are no classes");
  CHECK(std::ranges::equal(before, model.block()));
}
