// A user's program: learns XOR.
#include <keratin/keratin.hpp>

#include <cstdio>

using namespace keratin;

int main() {
  const std::vector<float> x{0, 0, 0, 1, 1, 0, 1, 1}, y{0, 1, 1, 0};
  Model<Sequential<Input<2>, Dense<16, Tanh>, Dense<1, Sigmoid>>> model;
  auto trainer = compile(model, Adam{.learning_rate = 0.05}, BinaryCrossentropy{});
  trainer.fit(x, y, {.epochs = 200, .batch_size = 4, .verbose = 0});
  const auto [loss] = trainer.evaluate(x, y);
  std::printf("loss %.4f\n", loss);
  return loss < 0.1 ? 0 : 1;
}
