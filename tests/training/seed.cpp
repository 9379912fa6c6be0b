// The seed's network on real data, in Keras and here: weights after 100 Adam steps from the same start.
#include <keratin/data/fashion_mnist.hpp>

#include <filesystem>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("100 steps on Fashion-MNIST end where Keras ends" *
          doctest::skip(!std::filesystem::exists(datasets::fashion_mnist::default_folder))) {
  using Net = Sequential<Input<784>, Dense<32, ReLU>, Dense<10, Softmax>>;
  const auto data =
      datasets::fashion_mnist::detail::load(std::string(datasets::fashion_mnist::default_folder) + "/train");
  Model<Net> model;
  const auto start = [&](const char* path, double scale, int k) {
    const auto w = find_parameter(model, path);
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] = k == 0 ? 0.f : static_cast<float>(scale * std::sin(0.37 * static_cast<double>(i) + k));
  };
  start("dense/kernel", 0.08, 1);
  start("dense/bias", 0, 0);
  start("dense_1/kernel", 0.3, 3);
  start("dense_1/bias", 0, 0);
  auto trainer = compile(model, Adam{}, CategoricalCrossentropy{});
  const std::vector<float>& losses = golden("fashion_mnist_100_steps/loss");
  for (std::size_t step = 0; step < 100; ++step) {
    const auto [loss] =
        trainer.train_on_batch(data.x.slice(step * 32 * 784, 32 * 784), data.y.slice(step * 32, 32));
    CHECK(near(loss, losses[step], 1e-4));
  }
  std::vector<float> wanted(25450), weights(25450);
  std::ifstream(std::string(KERATIN_TEST_DATA) + "/fashion_mnist_100_steps.f32", std::ios::binary)
      .read(reinterpret_cast<char*>(wanted.data()),
            static_cast<std::streamsize>(wanted.size() * sizeof(float)));
  model.get_weights(weights);
  double worst = 0;
  for (std::size_t i = 0; i < weights.size(); ++i)
    worst = std::max(worst, std::fabs(double{weights[i]} - wanted[i]));
  CAPTURE(worst);
  CHECK(worst < 1e-4);
}
