// error: keratin: a trainer without a loss came; give compile a loss, or fit an object with a train_step, or use forward, backward and apply_gradients
// title: a trainer without a loss
// meaning: `compile` without a loss makes a trainer for steps of your own; what a batch costs is then up to you.
// fix: Give `compile` a loss, or `fit` an object with a `train_step`, see `training/custom.hpp`.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

void train(Model<Net>& model, std::span<const float> x, std::span<const float> y) {
#ifdef TWIN
  auto trainer = compile(model, Adam{}, Loss{});
#else
  auto trainer = compile(model, Adam{});
#endif
  trainer.fit(x, y, {.epochs = 2});
}

#include "use.hpp"
