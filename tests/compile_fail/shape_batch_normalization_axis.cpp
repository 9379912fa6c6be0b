// error: shapes_do_not_fit<.*layer<0>, .*BatchNormalization<.*Axis<3>>, .*got<4, 6>, .*normalizes_one_axis>
// meaning: BatchNormalization normalizes each channel of one axis of a sample; axis 0 counts the samples.
// fix: Name an axis that there is, from 1 on, or from the end, -1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<4, 6>, BatchNormalization<Axis<1>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<4, 6>, BatchNormalization<Axis<3>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
