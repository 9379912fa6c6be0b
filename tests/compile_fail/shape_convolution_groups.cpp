// error: shapes_do_not_fit<.*layer<0>, .*Conv2D<4, .*Groups<3>>, .*got<4, 3, 2>, .*groups_must_divide_channels_and_filters>
// meaning: Grouped convolutions share the channels that come in, and the filters, out evenly.
// fix: Choose a number of groups that divides both.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<4, 3, 2>, Conv2D<4, Kernel<3>, Groups<2>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<4, 3, 2>, Conv2D<4, Kernel<3>, Groups<3>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
