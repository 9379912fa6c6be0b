// error: keratin: this network's workspace is too large for the stack
// title: workspace is too large for the stack
// meaning: `predict` of an InPlace or View model keeps the activations on the stack, up to 32 KB, and this network
//   needs more: `plan<Net>().workspace_bytes`.
// fix: Give `predict` a workspace of `plan<Net>().workspace` values, or use an Owned model, which takes it from the
//   heap once per thread.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<10000, ReLU>, Dense<10, Softmax>>;

int main() {
  const std::vector<float> x(24), y(10);
  Model<Net, InPlace> model;
  auto trainer = compile(model, Adam{}, CategoricalCrossentropy{});
  const auto history = trainer.fit(x, y, {.epochs = 2});
  const auto [loss] = trainer.evaluate(x, y);
  std::array<float, 10> p;
#ifdef TWIN
  static float workspace[plan<Net>().workspace];
  model.predict(std::span<const float, 24>(x), p, workspace);
#else
  p = model.predict(x);
#endif
  return static_cast<double>(p[0]) < loss + history["loss"][0];
}
