// error: shapes_do_not_fit<.*layer<0, 1, 1, 0>, .*Conv2D<4, .*Kernel<3>>, .*got<8>, .*needs_image_HxWxC>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<Concatenate<>, Branch<>, Branch<Dense<8>, Residual<Dense<8>>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<Concatenate<>, Branch<>, Branch<Dense<8>, Residual<Conv2D<4, Kernel<3>>>>>,
                       Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
