// error: shapes_do_not_fit<.*layer<>, .*Input<0>, .*got<0>, .*needs_extents_of_at_least_1>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10>>;
#else
using Net = Sequential<Input<0>, Dense<32, ReLU>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
