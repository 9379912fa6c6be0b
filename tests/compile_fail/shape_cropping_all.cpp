// error: shapes_do_not_fit<.*layer<1>, .*Cropping2D<1, 2, 1, 2>, .*got<4, 3, 2>, .*crops_the_whole_input>
// meaning: Cropping leaves at least one row and one column.
// fix: Crop less than the axis has, before and behind taken together.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Cropping2D<1, 2, 1, 1>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Cropping2D<1, 2, 1, 2>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
