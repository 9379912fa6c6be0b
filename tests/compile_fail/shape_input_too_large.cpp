// error: shapes_do_not_fit<.*layer<>, .*Input<65536, 65536>, .*got<65536, 65536>, .*more_than_2_31_elements>
// meaning: A shape, which is that of one sample, has 2^31 elements or more. It may be the Input or what a layer
//   would make.
// fix: Take a smaller input, or reduce it before the layer that makes it so large.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<4, 6>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<65536, 65536>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
