// error: shapes_do_not_fit<.*layer<0>, .*AlphaDropout<1.0.*>, .*got<24>, .*needs_a_rate_below_1>
// meaning: The rate is the probability that a value is dropped; if all were, nothing would be left to scale.
// fix: Choose it from 0 to below 1. Keras fails when it trains.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, AlphaDropout<0.5>, Dense<10>>;
#else
using Net = Sequential<Input<24>, AlphaDropout<1.0>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
