// error: no matching function for call to 'compile
// title: arguments of compile in another order
// meaning: `compile` takes the model, the optimizer, the loss and then the metrics. g++ prints the types that came,
//   clang says in its notes which of them it does not take.
// fix: Put the arguments in that order.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

void train(Model<Net>& model, std::span<const float> x, std::span<const float> y) {
#ifdef TWIN
  auto trainer = compile(model, Adam{}, Loss{}, metrics::Accuracy{});
#else
  auto trainer = compile(model, Loss{}, Adam{}, metrics::Accuracy{});
#endif
  const auto history = trainer.fit(x, y, {.epochs = 2});
  const auto [loss, accuracy] = trainer.evaluate(x, y);
  std::printf("%g %g %g\n", loss, accuracy, history["loss"][0]);
}

#include "use.hpp"
