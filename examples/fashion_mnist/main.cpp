// Fashion-MNIST: a small network learns to tell ten kinds of clothing apart.
#include "data.hpp"
#include "options.hpp"

#include <keratin/keratin.hpp>

#include <algorithm>

using namespace keratin;
namespace fashion_mnist = datasets::fashion_mnist;

using Net = Sequential<Input<784>, Dense<32, ReLU>, Dense<10, Softmax>>;

int main(int argc, char** argv) try {
  const Options options =
      read_options(argc, argv, {.program = "fashion_mnist", .data = fashion_mnist::default_folder});
  const auto [train, test] = load_fashion_mnist(options.data);

  Model<Net> model(options.seed);
  summary(model);

  auto trainer = compile(model, Adam{}, CategoricalCrossentropy{}, metrics::Accuracy{});
  trainer.set_random_seed(options.seed);
  trainer.fit(train.x, train.y, {.epochs = options.epochs, .batch_size = options.batch_size});
  const auto [loss, accuracy] = trainer.evaluate(test.x, test.y);

  const std::array<float, 10> p = model.predict(test.x[0]);
  const auto best = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
  std::printf("The first test image: %s (probability %.4f), in truth %s.\n", fashion_mnist::class_names[best],
              p[best], fashion_mnist::class_names[test.labels.values[0]]);
  std::printf("test loss %.4f - test accuracy %.4f\n", loss, accuracy);
} catch (const std::exception& error) {
  std::fprintf(stderr, "fashion_mnist: %s\n", error.what());
  return 1;
}
