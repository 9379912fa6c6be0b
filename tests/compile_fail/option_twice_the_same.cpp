// error: option_given_twice<.*Dense<32, .*NoBias, .*ReLU, .*NoBias>, .*NoBias>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, NoBias, ReLU>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32, NoBias, ReLU, NoBias>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
