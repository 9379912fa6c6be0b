// error: keratin: a callback's on_epoch_end takes one argument: void on_epoch_end\(auto& run\)
// title: a callback's member that takes something else
// meaning: What a callback sees comes as one argument, which has Keras's arguments as members; a member that takes
//   something else would never be called.
// fix: Write `void on_epoch_end(auto& run)` or `void on_epoch_end(TrainingState& run)`, and use `run.epoch` and
//   `run.logs["loss"]`.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

struct Stop {
#ifdef TWIN
  void on_epoch_end(TrainingState& run) { run.stop_training = run.epoch == 3; }
#else
  bool on_epoch_end(int epoch) { return epoch == 3; }
#endif
};

float loss(Model<Net>& model, std::span<const float> x, std::span<const float> y) {
  auto trainer = compile(model, Adam{}, Loss{});
  trainer.fit(x, y, {}, Stop{});
  const auto [value] = trainer.evaluate(x, y);
  return static_cast<float>(value);
}

#include "use.hpp"
