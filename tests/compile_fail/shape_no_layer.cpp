// error: sequential_takes_layers<.*layer<1>, .*ReLU>
// meaning: Something among the arguments of Sequential is no layer: an activation, an option, a loss.
// fix: An activation is an option of the layer before it, `Dense<32, ReLU>`, or a layer of its own as
//   `Activation<ReLU>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32>, Activation<ReLU>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32>, ReLU, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
