// Run-time graphs as a table: against the Sequential of the same layers, and what making one takes.
#include <keratin/functional.hpp>

#include "../table.hpp"

using namespace keratin;

namespace {

using LeNet5 =
    Sequential<Input<28, 28, 1>, Conv2D<6, Kernel<5>, ReLU>, MaxPooling2D<>, Conv2D<16, Kernel<5>, ReLU>,
               MaxPooling2D<>, Flatten, Dense<120, ReLU>, Dense<84, ReLU>, Dense<10, Softmax>>;
using Wide = Sequential<Input<784>, Dense<256, ReLU>, Dense<128, ReLU>, Dense<10, Softmax>>;
using Mlp =
    Sequential<Input<16>, Dense<32, ReLU>, Dense<32, ReLU>, Dense<32, ReLU>, Dense<32, ReLU>, Dense<4>>;

// The chain of a network's layers.
template <class In, class... Ls> functional::Model chain(std::type_identity<Sequential<In, Ls...>>) {
  const functional::Tensor x = functional::Input(In::shape);
  functional::Tensor y = x;
  ((y = Ls{}(y)), ...);
  return functional::Model(x, y);
}

template <class Net> void train(const char* what, int batch) {
  Model<Net> model;
  functional::Model graph = chain(std::type_identity<Net>{});
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
  auto of_graph = compile(graph, Adam{}, SparseCategoricalCrossentropy{});
  const std::size_t samples = static_cast<std::size_t>(batch);
  const Block<float> x = detail::random_values(samples * Net::input_size);
  const std::vector<int> y(samples, 1);
  const int n = repeats(batch * detail::Work::of<Net, Mode{.training = true}>(true, true).flops);
  const auto steps = [&](auto& of) {
    return [&, n] {
      for (int i = 0; i < n; ++i) of.train_on_batch({x.data(), x.size()}, y);
    };
  };
  print(what, compare(11, steps(of_graph), steps(trainer)).ratio);
}

// Branches of four Dense layers each that are added, one behind the other: 200 layers.
functional::Tensor deep(const functional::Tensor& x) {
  functional::Tensor y = x;
  for (int i = 0; i < 40; ++i) {
    functional::Tensor branch = y;
    for (int k = 0; k < 4; ++k) branch = branch.then(DenseSpec{.units = 16, .activation = ReLU{}});
    y = y.then(AddSpec{}, branch);
  }
  return y;
}

}  // namespace

int main() {
  train<LeNet5>("LeNet-5, batch 32, Adam: graph / Sequential", 32);
  train<Wide>("784-256-128-10, batch 128, Adam: graph / Sequential", 128);

  const auto make = [] {
    const functional::Tensor x = functional::Input({16});
    functional::Model model(x, deep(x));
    auto trainer = compile(model, Adam{}, MeanSquaredError{});
    benchmark::DoNotOptimize(trainer.iterations());
  };
  print("make and compile a graph of 200 layers: ms", 1e3 * compare(11, make, [] {}).f);

  const Model<Mlp> model;
  const functional::Model graph = chain(std::type_identity<Mlp>{});
  const Block<float> x = detail::random_values(Mlp::input_size);
  std::array<float, 4> y{};
  constexpr int calls = 200'000;
  const Comparison c = compare(
      11,
      [&] {
        for (int i = 0; i < calls; ++i) {
          graph.predict({x.data(), x.size()}, y);
          benchmark::DoNotOptimize(y);
        }
      },
      [&] {
        for (int i = 0; i < calls; ++i) {
          y = model.predict(std::span<const float, Mlp::input_size>(x.data(), x.size()));
          benchmark::DoNotOptimize(y);
        }
      });
  print("a Dense network of 5 layers, predict 1: ns", c.f * 1e9 / calls);
  print("  Sequential", c.g * 1e9 / calls);
  print("  the difference", (c.f - c.g) * 1e9 / calls);
}
