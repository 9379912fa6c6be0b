// A network that the command line describes, built, shown and trained on Fashion-MNIST at run time:
//   graph_from_arguments conv:8:3 pool:2 residual:8 pool:2 flatten dense:64 dropout:0.2
#include "../fashion_mnist/data.hpp"

#include <keratin/functional.hpp>
#include <keratin/functional/plot.hpp>

#include <charconv>

using namespace keratin;
using functional::Tensor;

namespace {

constexpr const char* usage =
    "graph_from_arguments LAYER...\n"
    "  conv:FILTERS:SIZE     a convolution, relu\n"
    "  residual:FILTERS      two 3x3 convolutions, added to what comes in (through 1x1 where the filters "
    "differ)\n"
    "  inception:FILTERS     1x1, 3x3 and 5x5 convolutions side by side\n"
    "  pool:SIZE             the maximum of windows\n"
    "  norm                  batch normalization\n"
    "  flatten | average     of an image: its values, or the mean of each channel\n"
    "  dense:UNITS           relu\n"
    "  dropout:RATE\n"
    "A Dense layer of 10 units with softmax follows. --plot FILE.dot|.svg|.png draws the graph.\n";

// "conv:8:3" -> "conv" and 8, 3.
struct LayerWords {
  std::string_view name;
  std::vector<double> numbers;

  explicit LayerWords(std::string_view text) {
    const std::string_view whole = text;
    const auto next = [&] {
      const std::string_view word = text.substr(0, text.find(':'));
      text.remove_prefix(std::min(text.size(), word.size() + 1));
      return word;
    };
    name = next();
    while (!text.empty()) {
      const std::string_view word = next();
      double number = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
      if (error != std::errc() || end != word.data() + word.size())
        throw std::invalid_argument("'" + std::string(whole) + "': '" + std::string(word) + "' is no number");
      numbers.push_back(number);
    }
  }
  bool is(std::string_view wanted, std::size_t count) const {
    if (name != wanted) return false;
    if (numbers.size() != count)
      throw std::invalid_argument("'" + std::string(name) + "': " + std::to_string(numbers.size()) +
                                  " numbers came, " + std::to_string(count) + " wanted");
    return true;
  }
  int whole(std::size_t i) const {
    const double n = numbers[i];
    if (!(n >= 1 && n <= 65'536) || n != static_cast<int>(n))
      throw std::invalid_argument("'" + std::string(name) + "': a whole number from 1 to 65536 wanted");
    return static_cast<int>(n);
  }
};

Tensor convolution(const Tensor& x, int filters, int size, ActivationFunction activation) {
  return x.then(ConvSpec<2>{
      .filters = filters, .kernel_size = {size, size}, .padding = Padding::same, .activation = activation});
}

Tensor add_layer(const Tensor& x, const LayerWords& words) {
  if (words.is("conv", 2)) return convolution(x, words.whole(0), words.whole(1), ReLU{});
  if (words.is("residual", 1)) {
    const int filters = words.whole(0);
    const Tensor y = convolution(convolution(x, filters, 3, ReLU{}), filters, 3, Linear{});
    const Tensor around = x.shape().last() == filters ? x : convolution(x, filters, 1, Linear{});
    return Activation<ReLU>{}(around + y);
  }
  if (words.is("inception", 1)) {
    const int filters = words.whole(0);
    const Tensor reduced = convolution(x, filters, 1, ReLU{});
    return Concatenate<>{}(reduced, convolution(reduced, filters, 3, ReLU{}),
                           convolution(reduced, filters, 5, ReLU{}));
  }
  if (words.is("pool", 1)) {
    const int size = words.whole(0);
    return x.then(MaxPooling2DSpec{.pool_size = {size, size}});
  }
  if (words.is("norm", 0)) return BatchNormalization<>{}(x);
  if (words.is("flatten", 0)) return Flatten{}(x);
  if (words.is("average", 0)) return GlobalAveragePooling2D{}(x);
  if (words.is("dense", 1)) return x.then(DenseSpec{.units = words.whole(0), .activation = ReLU{}});
  if (words.is("dropout", 1)) return x.then(DropoutSpec{words.numbers[0]});
  throw std::invalid_argument("'" + std::string(words.name) + "' is no layer\n" + usage);
}

}  // namespace

int main(int argc, char** argv) try {
  std::string plot;
  const Tensor image = functional::Input({28, 28, 1}, "image");
  Tensor y = image;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") return std::fputs(usage, stdout), 0;
    if (argument == "--plot" && i + 1 < argc)
      plot = argv[++i];
    else
      y = add_layer(y, LayerWords(argument));
  }
  if (y.shape().rank > 1) y = Flatten{}(y);
  functional::Model model(image, Dense<10, Softmax>{}(y));
  summary(model);
  if (!plot.empty()) functional::plot_model(model, plot);

  const datasets::ImageSplit data = load_fashion_mnist(datasets::fashion_mnist::default_folder);
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  trainer.fit(data.train.x, data.train.y);
  const auto [loss, accuracy] = trainer.evaluate(data.test.x, data.test.y, 128);
  std::printf("test loss %.4f - test accuracy %.4f\n", loss, accuracy);
} catch (const std::exception& error) {
  std::fprintf(stderr, "graph_from_arguments: %s\n", error.what());
  return 1;
}
