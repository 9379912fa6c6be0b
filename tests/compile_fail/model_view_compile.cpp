// error: no matching function for call to 'compile
// title: training a View
// meaning: A View model cannot be trained. g++ prints the types that came, clang says in its notes that the model
//   does not satisfy `Trainable`. A const model is not `Trainable` either.
// fix: Train a `Model<Net>`, and view its block afterwards.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

void train(Model<Net>& model, std::span<const float> x, std::span<const float> y) {
#ifdef TWIN
  auto trainer = compile(model, Adam{}, Loss{}, metrics::Accuracy{});
#else
  Model<Net, View> view(std::span<const float, plan<Net>().block>(model.block()));
  auto trainer = compile(view, Adam{}, Loss{}, metrics::Accuracy{});
#endif
  const auto history = trainer.fit(x, y, {.epochs = 2});
  const auto [loss, accuracy] = trainer.evaluate(x, y);
  std::printf("%g %g %g\n", loss, accuracy, history["loss"][0]);
}

#include "use.hpp"
