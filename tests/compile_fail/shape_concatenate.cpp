// error: shapes_do_not_fit<.*layer<1>, .*Parallel<.*Concatenate<.*>.*>, .*got<2, 6>, .*needs_inputs_that_differ_along_its_axis_only, .*wants<4, 6>>
// meaning: The branches that are concatenated may differ along that axis, the last one by default, and in no other. The
//   message has the shape of the first branch that does, and the one that would fit to branch 0.
// fix: Let the branches agree in the other axes, or choose the axis: Concatenate<1>.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 6>, Parallel<Concatenate<1>, Branch<Dense<6>>, Branch<MaxPooling1D<>>>,
                       Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 6>, Parallel<Concatenate<>, Branch<Dense<5>>, Branch<MaxPooling1D<>>>,
                       Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
