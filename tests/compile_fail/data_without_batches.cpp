// error: keratin: a data set of samples came; batch\(n\) wanted behind it
// title: a data set without batches
// meaning: `fit`, `evaluate` and `predict` take the batches of a data set one by one; this one gives samples.
// fix: End it with `| data::batch(32)`.
#include <keratin/keratin.hpp>
#include <keratin/training/fit_dataset.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

void train(Model<Net>& model, std::span<const float> x, std::span<const float> y) {
  auto trainer = compile(model, Adam{}, Loss{});
  auto samples = data::from_arrays(Array(x).rows_of(24), Array(y).rows_of(10));
#ifdef TWIN
  trainer.fit(samples | data::batch(32), {.epochs = 2});
#else
  trainer.fit(samples, {.epochs = 2});
#endif
}

#include "use.hpp"
