// error: shapes_do_not_fit<.*layer<1>, .*RandomRotation<.*Bicubic>, .*got<4, 3, 2>, .*needs_nearest_or_bilinear>
// meaning: Images that are turned, moved or sheared at random take the nearest pixel or interpolate between four.
// fix: `Nearest` or `Bilinear`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, RandomRotation<0.1, Nearest>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, RandomRotation<0.1, Bicubic>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
