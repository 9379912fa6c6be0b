// error: shapes_do_not_fit<.*layer<0>, .*Conv2DTranspose<4, .*OutputPadding<2>>, .*got<6, 4, 1>, .*needs_an_output_padding_below_the_strides>
// meaning: A transposed convolution steps over its output by the strides; an output padding adds less than a step.
// fix: Make it smaller than the strides, or leave it out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4, 1>, Conv2DTranspose<4, Strides<2>, OutputPadding<1>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4, 1>, Conv2DTranspose<4, Strides<2>, OutputPadding<2>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
