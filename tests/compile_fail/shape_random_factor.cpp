// error: shapes_do_not_fit<.*layer<1>, .*RandomRotation<.*>, .*got<4, 2, 3>, .*needs_factors_from_minus_1_to_1>
// meaning: A factor is a part of the image's height or width, or of a full turn, at most all of it.
// fix: Give degrees as parts of 360: `RandomRotation<0.1>` turns by up to 36 of them.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 2, 3>, RandomRotation<0.1>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 2, 3>, RandomRotation<36.0>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
