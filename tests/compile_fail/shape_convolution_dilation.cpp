// error: shapes_do_not_fit<.*layer<0>, .*Conv2D<4, .*>, .*got<6, 4, 1>, .*has_strides_and_dilation>
// meaning: A convolution either steps over outputs (strides) or spreads its kernel (dilation), as in Keras.
// fix: Leave one of them at 1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4, 1>, Conv2D<4, Kernel<2>, Dilation<2>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4, 1>, Conv2D<4, Kernel<2>, Dilation<2>, Strides<2>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
