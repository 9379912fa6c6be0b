// error: shapes_do_not_fit<.*layer<1>, .*Dense<1000000000>, .*got<24, 1>, .*more_than_2_31_elements>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<24, 1>, Dense<10>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<24, 1>, Dense<1000000000>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
