// error: shapes_do_not_fit<.*layer<0>, .*GroupNormalization<4, .*Axis<3>>, .*got<8, 3>, .*makes_groups_along_one_axis>
// meaning: GroupNormalization makes its groups of channels, along one axis of a sample; axis 0 counts the samples.
// fix: Name that axis, or none: channels are the last one.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<8, 3>, GroupNormalization<4, Axis<1>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<8, 3>, GroupNormalization<4, Axis<3>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
