// error: loss_does_not_fit<.*CategoricalCrossentropy<.*FromLogits> ?, .*got<10>, .*needs_a_linear_output>
// meaning: FromLogits says that the network ends without an activation, but it has one.
// fix: Leave out FromLogits, or the activation of the last layer.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
#ifdef TWIN
using Loss = CategoricalCrossentropy<>;
#else
using Loss = CategoricalCrossentropy<FromLogits>;
#endif
using Output = std::array<float, 10>;

#include "use.hpp"
