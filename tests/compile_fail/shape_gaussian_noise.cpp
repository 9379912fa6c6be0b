// error: shapes_do_not_fit<.*layer<0>, .*GaussianNoise<2.0.*>, .*got<24>, .*needs_a_deviation_from_0_to_1>
// meaning: The standard deviation of the noise is from 0 to 1, as in Keras.
// fix: Choose it in that range; for more noise scale the values down before.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, GaussianNoise<0.5>, Dense<10>>;
#else
using Net = Sequential<Input<24>, GaussianNoise<2.0>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
