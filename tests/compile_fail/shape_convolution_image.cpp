// error: shapes_do_not_fit<.*layer<0>, .*Conv2D<4, .*Kernel<3>.*>, .*got<24>, .*needs_image_HxWxC>
// title: a convolution of something that is no image
// meaning: Conv2D takes an image: height, width and channels. A vector, or an image without its channel axis, is none.
// fix: Give the Input its channels, or put a Reshape before the layer.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 6, 1>, Conv2D<4, Kernel<3>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Conv2D<4, Kernel<3>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
