// error: shapes_do_not_fit<.*layer<0>, .*Parallel<.*Dot<.*>.*>, .*got<12>, .*needs_axes_of_one_length>
// meaning: Dot multiplies along an axis of each input, and these have different lengths. The message has the shape of
//   the second input.
// fix: Let the two axes have the same length, or choose other axes: Dot<2, 1>.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<Dot<>, Branch<>, Branch<Dense<24>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<Dot<>, Branch<>, Branch<Dense<12>>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
