// error: (no matching function for call to .*|invalid reference to function ')set_weights
// title: set_weights of a View
// meaning: A View model has no `set_weights`: its parameters lie in read-only memory.
// fix: Set them in a `Model<Net>`, or write the block before it is viewed.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

void load(Model<Net>& model, std::span<const float> weights) {
#ifdef TWIN
  model.set_weights(weights);
#else
  Model<Net, View> view(std::span<const float, plan<Net>().block>(model.block()));
  view.set_weights(weights);
#endif
}

#include "use.hpp"
