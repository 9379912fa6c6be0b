// Trains the network of the web page and writes what the page is built from: fashion.hpp, the network with
// its weights as a header, and images.json, the first test images of each class.
#include <keratin/functional.hpp>
#include <keratin/io/codegen.hpp>

#include <fstream>

#include "../fashion_mnist/data.hpp"
#include "../fashion_mnist/options.hpp"

using namespace keratin;
namespace fashion_mnist = datasets::fashion_mnist;

namespace {

functional::Model network(std::uint64_t seed) {
  const auto image = functional::Input({28, 28, 1});
  const auto edges = MaxPooling2D<>{}(Conv2D<16, Kernel<3>, ReLU>{}(image));
  const auto parts = MaxPooling2D<>{}(Conv2D<32, Kernel<3>, ReLU>{}(edges));
  return {image, Dense<10, Softmax>{}(Dropout<0.4>{}(Flatten{}(parts))), seed};
}

// The names of the classes, and the first images of each.
std::string images_json(const datasets::ImageSet& set, int of_each_class) {
  std::string names, images;
  for (const char* name : fashion_mnist::class_names)
    names += (names.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  std::array<int, fashion_mnist::class_names.size()> written{};
  for (std::size_t i = 0; i < set.labels.values.size(); ++i) {
    const std::uint8_t label = set.labels.values[i];
    if (written[label]++ >= of_each_class) continue;
    images +=
        (images.empty() ? "\n{\"label\": " : ",\n{\"label\": ") + std::to_string(label) + ", \"pixels\": [";
    for (std::size_t k = 0; k < 784; ++k)
      images += (k == 0 ? "" : ",") + std::to_string(set.images.values[784 * i + k]);
    images += "]}";
  }
  return "{\"names\": [" + names + "], \"images\": [" + images + "]}\n";
}

void write(const char* name, const std::string& text) {
  std::ofstream file(name, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error(std::string("'") + name + "' cannot be written");
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = read_options(
      argc, argv,
      {.program = "train", .data = fashion_mnist::default_folder, .epochs = 12, .batch_size = 64});
  const auto [train, test] = load_fashion_mnist(options.data);

  functional::Model model = network(options.seed);
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  trainer.set_random_seed(options.seed);
  trainer.fit(train.x, train.y, {.epochs = options.epochs, .batch_size = options.batch_size});
  const auto [loss, accuracy] = trainer.evaluate(test.x, test.y, 128);
  std::printf("test loss %.4f - test accuracy %.4f\n", loss, accuracy);

  write("fashion.hpp", io::generate_header(model, {.name = "fashion",
                                                   .weights = io::WeightFormat::float16,
                                                   .source = "examples/web/train.cpp"}));
  write("images.json", images_json(test, 2));
} catch (const std::exception& error) {
  std::fprintf(stderr, "train: %s\n", error.what());
  return 1;
}
