// Whole trainings against Keras: history, gradients, weights, and the seed's network on real data.
#include <filesystem>

#include "../check.hpp"

using namespace keratin;

namespace {

// The gradient or the block without padding.
template <class M, class Values> std::vector<float> without_padding(const M& model, const Values& block) {
  std::vector<float> values(model.count_params());
  copy_weights_out(model.layers(), block.data(), std::span<float>(values));
  return values;
}

// The same training in Keras and here: everything that Keras reported.
template <class Net, class Optimizer, class Loss, class... Metrics>
void check_training(const std::string& name, const Array& y, const Optimizer& optimizer, const Loss& loss,
                    const Metrics&... metrics) {
  CAPTURE(name);
  const auto x = filled_array(40 * 6, 0, 2);
  Model<Net> model;
  fill_weights(model);
  auto trainer = compile(model, optimizer, loss, metrics...);
  const std::size_t per_sample = y.size() / 40;
  const Array seven_x = Array(x).slice(0, 7 * 6), seven_y = y.slice(0, 7 * per_sample);

  CHECK(
      all_near(without_padding(model, trainer.gradient(seven_x, seven_y)), golden(name + "/gradient"), 1e-6));

  std::vector<float> steps;
  for (int i = 0; i < 3; ++i)
    for (double v : trainer.train_on_batch(seven_x, seven_y)) steps.push_back(static_cast<float>(v));
  CHECK(all_near(steps, golden(name + "/train_on_batch"), 1e-5));

  fill_weights(model);
  auto again = compile(model, optimizer, loss, metrics...);
  const History history = again.fit(
      x, y, {.epochs = 3, .batch_size = 7, .validation_split = 0.25, .shuffle = false, .verbose = 0});
  for (const auto& [key, values] : history) {
    CAPTURE(key);
    CHECK(all_near(values, golden(name + "/history/" + key), 1e-5));
  }
  std::size_t first = 0;
  const auto weights = without_padding(model, model.block());
  for (std::size_t w = 0; first < weights.size(); ++w) {
    const auto& wanted = golden(name + "/w" + std::to_string(w));
    CHECK(all_near(std::span(weights).subspan(first, wanted.size()), wanted, 1e-5));
    first += wanted.size();
  }
  CHECK(all_near(again.evaluate(x, y), golden(name + "/evaluate"), 1e-5));
  std::vector<float> p(5 * Net::output_size);
  model.predict(Array(x).slice(0, 5 * 6), p);
  CHECK(all_near(p, golden(name + "/predict"), 1e-5));
}

std::vector<std::uint8_t> labels(int classes) {
  std::vector<std::uint8_t> y(40);
  for (std::size_t i = 0; i < 40; ++i)
    y[i] = static_cast<std::uint8_t>(i % static_cast<std::size_t>(classes));
  return y;
}
std::vector<float> one_hot(const std::vector<std::uint8_t>& labels, std::size_t classes) {
  std::vector<float> y(labels.size() * classes);
  for (std::size_t i = 0; i < labels.size(); ++i) y[i * classes + labels[i]] = 1;
  return y;
}

using Classifier = Sequential<Input<6>, Dense<8, Tanh, L2<0.01>>, Dense<3, Softmax>>;

}  // namespace

TEST_CASE("a classifier with one-hot targets") {
  check_training<Classifier>("fit_softmax", one_hot(labels(3), 3), Adam{}, CategoricalCrossentropy{},
                             metrics::Accuracy{});
}
TEST_CASE("the same from class numbers") {
  check_training<Classifier>("fit_softmax", labels(3), Adam{}, CategoricalCrossentropy{},
                             metrics::Accuracy{});
}
TEST_CASE("sparse targets, Nesterov, L1 and L2") {
  using Net = Sequential<Input<6>, Dense<8, Tanh, L1<0.005>>, Dense<3, Softmax, L2<0.01>>>;
  check_training<Net>("fit_sparse", labels(3), SGD{.learning_rate = 0.05, .momentum = 0.9, .nesterov = true},
                      SparseCategoricalCrossentropy{}, metrics::Accuracy{});
}
TEST_CASE("a binary classifier") {
  using Net = Sequential<Input<6>, Dense<5, ReLU, NoBias>, Dense<1, Sigmoid>>;
  check_training<Net>("fit_binary", labels(2), Adam{.learning_rate = 0.01}, BinaryCrossentropy{},
                      metrics::Accuracy{});
}
TEST_CASE("a regression") {
  using Net = Sequential<Input<6>, Dense<4, Sigmoid>, Dense<2>>;
  const auto y = filled_array(40 * 2, 5);
  check_training<Net>("fit_regression", y, SGD{.learning_rate = 0.1}, MeanSquaredError{},
                      metrics::MeanAbsoluteError{});
  check_training<Net>("fit_mae", y, Adam{}, MeanAbsoluteError{});
}
