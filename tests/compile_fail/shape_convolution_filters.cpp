// error: shapes_do_not_fit<.*layer<0>, .*Conv1D<0, .*Kernel<3>.*>, .*got<6, 4>, .*needs_at_least_1_filter>
// meaning: The first argument of a convolution is the number of filters, its output channels.
// fix: Give it at least 1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, Conv1D<1, Kernel<3>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, Conv1D<0, Kernel<3>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
