// error: shapes_do_not_fit<.*layer<1>, .*Dropout<1.5.*>, .*got<32>, .*needs_a_rate_from_0_to_1>
// meaning: The rate is the probability that a value becomes 0 in training.
// fix: Choose it from 0 to 1; half of the values are `Dropout<0.5>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dropout<0.5>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dropout<1.5>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
