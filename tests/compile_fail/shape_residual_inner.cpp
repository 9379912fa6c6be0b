// error: shapes_do_not_fit<.*layer<0, 1>, .*Reshape<3, 4>, .*got<9>, .*needs_the_same_number_of_elements>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Residual<Dense<9>, Reshape<3, 3>, Flatten, Dense<24>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Residual<Dense<9>, Reshape<3, 4>, Flatten, Dense<24>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
