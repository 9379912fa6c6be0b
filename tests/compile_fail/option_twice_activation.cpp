// error: option_given_twice<.*Dense<32, .*ReLU, .*Tanh>, .*ReLU>
// meaning: Two options set the same thing. The arguments are the layer and the first of the two.
// fix: Keep one of them.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32, ReLU, Tanh>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
