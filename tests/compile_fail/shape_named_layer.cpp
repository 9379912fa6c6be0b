// error: shapes_do_not_fit<.*layer<1>, .*Named<.*x.*, .*Dense<0>>, .*got<32>, .*needs_at_least_1_unit>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Named<"x", Dense<1>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32, ReLU>, Named<"x", Dense<0>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
