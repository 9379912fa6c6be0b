// error: shapes_do_not_fit<.*layer<0>, .*Conv3D<4, .*Kernel<2>.*>, .*got<6, 2, 2>, .*needs_volume_DxHxWxC>
// meaning: Conv3D takes a volume: depth, height, width and channels. An image, or a volume without its channel axis, is none.
// fix: Give the Input its channels, or put a Reshape before the layer.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 2, 2>, Reshape<6, 2, 2, 1>, Conv3D<4, Kernel<2>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 2, 2>, Conv3D<4, Kernel<2>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
