// error: shapes_do_not_fit<.*layer<1>, .*Resizing<4, 0>, .*got<4, 3, 2>, .*needs_a_height_and_a_width>
// meaning: Resizing and CenterCrop are given the height and the width of what they make.
// fix: Give both, at least 1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Resizing<4, 4>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Resizing<4, 0>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
