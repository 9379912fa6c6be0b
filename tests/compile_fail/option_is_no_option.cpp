// error: layer_has_no_such_option<.*Dense<32, int>, int>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32, int>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
