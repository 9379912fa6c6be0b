// error: shapes_do_not_fit<.*layer<1>, .*Dense<0>, .*got<32>, .*needs_at_least_1_unit>
// meaning: Dense makes as many outputs as it has units, so it has at least one.
// fix: Give it the number of outputs that you want.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<1>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<0>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
