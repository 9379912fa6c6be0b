// error: shapes_do_not_fit<.*layer<0>, .*GroupNormalization<3, .*Axis<1>>, .*got<8, 3>, .*normalizes_the_last_axis>
// meaning: GroupNormalization makes its groups of channels, which are the last axis.
// fix: Leave the axis out. A Permute brings another axis to the end.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<8, 3>, GroupNormalization<3>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<8, 3>, GroupNormalization<3, Axis<1>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
