// error: shapes_do_not_fit<.*layer<1>, .*RandomHue<.*>, .*got<3, 2, 4>, .*needs_red_green_and_blue>
// meaning: Hue, saturation and gray are made of red, green and blue.
// fix: Leave the layer out, or give it images of 3 channels.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 2, 3>, RandomHue<0.1>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<3, 2, 4>, RandomHue<0.1>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
