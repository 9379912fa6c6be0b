// error: shapes_do_not_fit<.*layer<1>, .*MaxPooling3D<>, .*got<4, 3, 2>, .*needs_volume_DxHxWxC>
// meaning: A layer over volumes needs depth, height, width and channels.
// fix: Choose the layer for the axes that there are, or put a Reshape before it.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<2, 2, 3, 2>, MaxPooling3D<PoolSize<2, 2, 3>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, MaxPooling3D<>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
