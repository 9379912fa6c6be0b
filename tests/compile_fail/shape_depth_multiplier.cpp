// error: shapes_do_not_fit<.*layer<0>, .*DepthwiseConv2D<.*DepthMultiplier<0>>, .*got<6, 4, 1>, .*needs_a_depth_multiplier_of_at_least_1>
// meaning: Each channel of a depthwise convolution has depth_multiplier outputs.
// fix: Give it at least 1, the default.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4, 1>, DepthwiseConv2D<Kernel<3>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4, 1>, DepthwiseConv2D<Kernel<3>, DepthMultiplier<0>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
