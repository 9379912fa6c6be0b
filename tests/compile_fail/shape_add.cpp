// error: shapes_do_not_fit<.*layer<0>, .*Parallel<.*Add<>.*>, .*got<12>, .*needs_inputs_of_one_shape, .*wants<24>>
// meaning: The branches that are merged value by value must make shapes that are alike, or have one value along an axis,
//   which then serves for all. The message has the shape of the first branch that does not fit, and that of branch 0.
// fix: Let all branches end with the same shape, or concatenate them.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<Add<>, Branch<>, Branch<Dense<24>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<Add<>, Branch<>, Branch<Dense<12>>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
