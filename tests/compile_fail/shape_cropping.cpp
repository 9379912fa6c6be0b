// error: shapes_do_not_fit<.*layer<1>, .*Cropping2D<1, 0, 1>, .*got<4, 3, 2>, .*needs_cropping_of_at_least_0>
// meaning: Cropping takes one number for all sides, one for each axis, or two for each axis: before and behind. None is
//   negative.
// fix: Give 1, 2 or 4 numbers to Cropping2D, 1 or 2 to Cropping1D, 1, 3 or 6 to Cropping3D.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Cropping2D<1, 0, 1, 0>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Cropping2D<1, 0, 1>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
