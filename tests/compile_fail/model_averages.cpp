// error: keratin: SwapEMAWeights wants an optimizer with averages: With\{Adam\{\}, \{.use_ema = true\}\}
// title: averages of an optimizer that has none
// meaning: `SwapEMAWeights` exchanges the weights with their moving averages, which an optimizer only keeps with the
//   settings that `With` adds to it.
// fix: Write `With{Adam{}, {.use_ema = true}}`, or leave the callback out.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

#ifdef TWIN
const With optimizer{Adam{}, {.use_ema = true}};
#else
const Adam optimizer{};
#endif

float loss(Model<Net>& model, std::span<const float> x, std::span<const float> y) {
  auto trainer = compile(model, optimizer, Loss{});
  trainer.fit(x, y, {}, SwapEMAWeights{});
  const auto [value] = trainer.evaluate(x, y);
  return static_cast<float>(value);
}

#include "use.hpp"
