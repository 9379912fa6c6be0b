// error: keratin: arrays hold float, double, uint8, int32 or int64
// title: arrays of another element type
// meaning: Data of another element type than the ones that are named.
// fix: Convert it to one of them.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

float probability(const Model<Net>& model) {
#ifdef TWIN
  const std::vector<int> x(24);
#else
  const std::vector<short> x(24);
#endif
  const auto p = model.predict(x);
  return p[0];
}

#include "use.hpp"
