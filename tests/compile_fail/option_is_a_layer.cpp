// error: layer_has_no_such_option<.*Dense<32, .*Dropout<5.*e-0?1>>, .*Dropout<5.*e-0?1>>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32>, Dropout<0.5>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32, Dropout<0.5>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
