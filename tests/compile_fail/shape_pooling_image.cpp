// error: shapes_do_not_fit<.*layer<0>, .*MaxPooling2D<.*>, .*got<24>, .*needs_image_HxWxC>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, MaxPooling2D<>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, MaxPooling2D<>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
