// Fine-tuning: a network that Keras trained on five classes of clothing learns the other five, with a new
// head on its frozen body, and then with the end of the body as well. Keras opens what is saved. pretrain.py
// made pretrained.keras.
#include "../csv.hpp"
#include "../fashion_mnist/data.hpp"
#include "../fashion_mnist/options.hpp"

#include <keratin/functional.hpp>
#include <keratin/io/keras.hpp>
#include <keratin/io/save.hpp>
#include <keratin/keratin.hpp>

using namespace keratin;

namespace {

// Images of five classes, from `first` on, and their numbers from 0 to 4.
struct Five {
  std::vector<std::uint8_t> images, labels;

  Five(const datasets::ImageSet& all, int first) {
    for (std::size_t i = 0; i < all.labels.values.size(); ++i) {
      const int label = all.labels.values[i] - first;
      if (label < 0 || label >= 5) continue;
      const auto image = all.images.values.begin() + static_cast<std::ptrdiff_t>(i * 28 * 28);
      images.insert(images.end(), image, image + 28 * 28);
      labels.push_back(static_cast<std::uint8_t>(label));
    }
  }
  Array x() const { return Array(images, 1 / 255.0); }
};

auto trainer_of(functional::Model& model, double learning_rate) {
  return compile(model, Adam{.learning_rate = learning_rate}, SparseCategoricalCrossentropy{},
                 metrics::Accuracy{});
}
void print_accuracy(auto& trainer, const Five& test, const char* when) {
  const auto [loss, accuracy] = trainer.evaluate(test.x(), test.labels, 128);
  std::printf("%s: test loss %.4f - test accuracy %.4f\n", when, loss, accuracy);
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = read_options(argc, argv,
                                       {.program = "fine_tuning",
                                        .data = datasets::fashion_mnist::default_folder,
                                        .save = "fine_tuned.keras",
                                        .epochs = 2});
  const datasets::ImageSplit data = load_fashion_mnist(options.data);
  const Five train(data.train, 5), test(data.test, 5);

  functional::Model pretrained = io::load_model(example::data_path("fine_tuning/pretrained.keras"));
  auto as_it_came = trainer_of(pretrained, 1e-3);
  print_accuracy(as_it_came, Five(data.test, 0), "The classes it was trained on");

  functional::Model model =
      pretrained.with_layer("classes", functional::Layer(Dense<5, Softmax>{}, "other_classes"), options.seed);
  model.set_trainable(false);
  model.set_trainable("other_classes", true);
  summary(model);
  const FitOptions fit{.epochs = options.epochs, .batch_size = options.batch_size};
  auto head = trainer_of(model, 1e-3);
  head.set_random_seed(options.seed);
  print_accuracy(head, test, "Before");
  head.fit(train.x(), train.labels, fit);
  print_accuracy(head, test, "With a new head");

  // The normalization keeps the means and variances that its weights were trained with.
  model.set_trainable({"block3_conv", "features"}, true);
  auto tuned = trainer_of(model, 2e-4);
  tuned.set_random_seed(options.seed);
  tuned.fit(train.x(), train.labels, fit);
  print_accuracy(tuned, test, "Fine-tuned");
  io::save_model(tuned, options.save);
  std::printf("Saved as %s, from which Keras goes on.\n", options.save.c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "fine_tuning: %s\n", error.what());
  return 1;
}
