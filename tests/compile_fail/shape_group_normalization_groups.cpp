// error: shapes_do_not_fit<.*layer<0>, .*GroupNormalization<4>, .*got<4, 6>, .*needs_groups_of_equal_size>
// meaning: All groups have as many channels: their number divides that of the channels.
// fix: Choose such a number, or -1, which makes a group of each channel. Keras's default is 32.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<4, 6>, GroupNormalization<3>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<4, 6>, GroupNormalization<4>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
