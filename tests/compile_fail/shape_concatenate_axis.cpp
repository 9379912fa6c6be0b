// error: shapes_do_not_fit<.*layer<0>, .*Parallel<.*Concatenate<2>.*>, .*got<24>, .*needs_an_axis_of_the_sample>
// meaning: The axis counts the samples as axis 0, as Keras does: that of a vector is 1, or -1. Samples are not
//   concatenated.
// fix: Concatenate<>, along the last axis.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<Concatenate<1>, Branch<>, Branch<Dense<12>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<Concatenate<2>, Branch<>, Branch<Dense<12>>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
