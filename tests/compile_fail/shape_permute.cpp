// error: shapes_do_not_fit<.*layer<1>, .*Permute<1, 2, 2>, .*got<4, 3, 2>, .*needs_each_axis_once>
// meaning: Permute says for every axis of its output which axis of the input it is: each once, counted from 1.
// fix: Name all axes, as in Permute<3, 1, 2>.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Permute<3, 1, 2>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Permute<1, 2, 2>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
