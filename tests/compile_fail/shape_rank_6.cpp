// error: shapes_do_not_fit<.*layer<0>, .*Reshape<1, 2, 3, 4, 1, 1>, .*got<24>, .*has_more_than_5_axes>
// meaning: A shape, which is that of one sample, has at most 5 axes. It may be the Input or what a layer would make.
// fix: Take axes together.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<1, 2, 3, 4, 1>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<1, 2, 3, 4, 1, 1>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
