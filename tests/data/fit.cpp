// fit, evaluate and predict on data sets: the bits that arrays in the same order give.
#include <keratin/data/prefetch.hpp>
#include <keratin/keratin.hpp>
#include <keratin/testing/allocations.hpp>
#include <keratin/training/fit_dataset.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace keratin;

namespace {

using Net = Sequential<Input<6>, Dense<8, ReLU>, Dense<3, Softmax>>;

struct Samples50 {
  std::vector<float> x = std::vector<float>(50 * 6), weights = std::vector<float>(50);
  std::vector<std::uint8_t> y = std::vector<std::uint8_t>(50);
  Samples50() {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 7919 % 101) / 101 - 0.5f;
    for (std::size_t i = 0; i < 50; ++i) {
      y[i] = static_cast<std::uint8_t>(i % 3);
      weights[i] = static_cast<float>(i % 5) / 4;
    }
  }
  Array rows() const { return Array(x).rows_of(6); }
};
const Samples50 samples;

struct Training {
  Model<Net> model{1};
  decltype(compile(model, Adam{}, CategoricalCrossentropy{}, metrics::Accuracy{})) trainer =
      compile(model, Adam{}, CategoricalCrossentropy{}, metrics::Accuracy{});

  std::vector<float> weights() const { return {model.block().begin(), model.block().end()}; }
};
bool same(const History& a, const History& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace

TEST_CASE("a data set trains to the same bits as its arrays") {
  const Array x = samples.rows();
  auto data = data::from_arrays(x, samples.y) | data::batch(8);
  auto first = data::from_arrays(x, samples.y) | data::take(40) | data::batch(8);
  auto last = data::from_arrays(x, samples.y) | data::skip(40) | data::batch(8);
  const auto check_same = [&](FitOptions options, auto train) {
    options.epochs = 3, options.batch_size = 8, options.shuffle = false, options.verbose = 0;
    Training wanted, came;
    const History of_arrays = wanted.trainer.fit(x, samples.y, options);
    const History of_data = train(came.trainer);
    CHECK(same(of_arrays, of_data));
    CHECK(wanted.weights() == came.weights());
    CHECK(came.trainer.iterations() == wanted.trainer.iterations());
  };
  const FitOptions quiet{.epochs = 3, .verbose = 0};
  check_same({}, [&](auto& trainer) { return trainer.fit(data, quiet); });
  check_same({}, [&](auto& trainer) { return trainer.fit(data | data::prefetch(), quiet); });
  check_same({.validation_split = 0.2}, [&](auto& trainer) { return trainer.fit(first, last, quiet); });
  check_same({.sample_weight = samples.weights}, [&](auto& trainer) {
    return trainer.fit(data::from_arrays(x, samples.y, samples.weights) | data::batch(8), quiet);
  });
  const std::vector<float> of_classes{1, 2, 0.5f};
  check_same({.class_weight = of_classes}, [&](auto& trainer) {
    return trainer.fit(data, {.epochs = 3, .class_weight = of_classes, .verbose = 0});
  });
  // Epochs of so many steps go on where the one before stopped: 7 and 7 and 7 of 3 rounds.
  check_same({}, [&](auto& trainer) {
    return trainer.fit(data | data::repeat(), {.epochs = 3, .verbose = 0, .steps_per_epoch = 7});
  });

  Training training;
  training.trainer.fit(data, quiet);
  CHECK(training.trainer.evaluate(data) == training.trainer.evaluate(x, samples.y, 8));
  CHECK(training.trainer.evaluate(data | data::repeat(), 5) ==
        training.trainer.evaluate(x.slice(0, 240), Array(samples.y).slice(0, 40), 8));
  std::vector<float> y(150);
  training.model.predict(x, y);
  CHECK(predict(training.model, data) == y);
  CHECK(predict(training.model, data::from_arrays(x) | data::batch(7)) == y);  // the last batch is one sample
}

TEST_CASE("steps of an epoch") {
  auto data = data::from_arrays(samples.rows(), samples.y) | data::batch(10);
  Training training;
  const auto steps_of = [&](auto of, FitOptions options) {
    const auto before = training.trainer.iterations();
    options.verbose = 0;
    training.trainer.fit(of, options);
    return training.trainer.iterations() - before;
  };
  CHECK(steps_of(data, {.epochs = 2}) == 10);
  CHECK(steps_of(data, {.epochs = 3, .steps_per_epoch = 5}) == 15);  // begins anew where it ends
  CHECK(steps_of(data, {.epochs = 4, .steps_per_epoch = 2}) == 7);   // 2, 2, 1, 2, as Keras does
  CHECK(steps_of(data | data::repeat(), {.epochs = 3, .steps_per_epoch = 4}) == 12);
}

TEST_CASE("how long it runs does not tell how much it allocates") {
  REQUIRE(testing::allocations_are_counted());
  auto data = data::from_arrays(samples.rows(), samples.y) | data::shuffle(50) | data::batch(8);
  Training training;
  const auto fit = [&](int epochs) {
    const long before = testing::allocations;
    training.trainer.fit(data, data, {.epochs = epochs, .verbose = 0});
    return testing::allocations - before;
  };
  fit(1);
  CHECK(fit(1) == fit(50));
}

TEST_CASE("what a data set must be to be trained on") {
  Training training;
  auto& trainer = training.trainer;
  auto data = data::from_arrays(samples.rows(), samples.y) | data::batch(8);
  const auto before = training.weights();
  CHECK_THROWS_WITH(trainer.fit(data | data::repeat(), {.verbose = 0}),
                    "fit: a data set without end came, steps_per_epoch wanted");
  CHECK_THROWS_WITH(trainer.fit(data, data | data::repeat(), {.verbose = 0}),
                    "fit: a validation data set without end came, validation_steps wanted");
  CHECK_THROWS_WITH(trainer.fit(data | data::take(0), {.verbose = 0}), "fit: no batch came in epoch 1");
  CHECK_THROWS_WITH(
      trainer.fit(data, {.validation_split = 0.5, .verbose = 0}),
      "fit: a data set came with validation_split or validation_data, a second data set wanted");
  CHECK_THROWS_WITH(trainer.fit(data, {.epochs = 0, .verbose = 0}), "fit: epochs 0 came, at least 1 wanted");
  CHECK_THROWS_WITH(trainer.evaluate(data | data::take(0)), "evaluate: no batch came");
  CHECK_THROWS_WITH(predict(training.model, data | data::repeat()),
                    "predict: a data set without end came, a number of steps wanted");
  CHECK_THROWS_WITH(
      trainer.fit(
          data::from_arrays(Array(samples.x).rows_of(12), Array(samples.y).slice(0, 25)) | data::batch(5),
          {.verbose = 0}),
      "y: 5 values came, 30 wanted, or class numbers, 10, for 10 samples");
  const std::vector<std::uint8_t> wrong{0, 1, 3};
  CHECK_THROWS_WITH(
      trainer.fit(data::from_arrays(Array(samples.x).slice(0, 18).rows_of(6), wrong) | data::batch(2),
                  {.verbose = 0}),
      "y: label 0 is 3, whole numbers from 0 to 2 wanted");
  CHECK(training.weights() != before);  // the first batch was good, and trained on
}
