// error: sample_does_not_fit<.*got<23>, .*wants<24>|keratin: predict takes a sample of input_size values
// title: a sample of another length
// meaning: The sample is a `std::array`, a C array or a fixed span of another length than the input of the network.
// fix: Give it `Net::input_size` values: one sample, without a batch axis.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

Output probabilities(const Model<Net>& model) {
#ifdef TWIN
  const std::array<float, 24> x{};
#else
  const std::array<float, 23> x{};
#endif
  const auto p = model.predict(x);
  return p[0] > 0 ? p : model.predict(x);
}

#include "use.hpp"
