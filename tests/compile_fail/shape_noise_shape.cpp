// error: shapes_do_not_fit<.*layer<0>, .*Dropout<.*NoiseShape<1, 0>>, .*got<8, 3>, .*needs_a_noise_shape_of_the_batch>
// meaning: A noise shape has an extent for the samples, then one for each axis of a sample.
// fix: 1 lets all along an axis share a number, 0 gives each its own: `NoiseShape<0, 1, 0>` drops channels.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<8, 3>, Dropout<0.5, NoiseShape<0, 1, 0>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<8, 3>, Dropout<0.5, NoiseShape<1, 0>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
