// error: shapes_do_not_fit<.*layer<1>, .*BatchNormalization<.*Momentum<.*>.*>, .*got<6, 3, 2>, .*needs_a_momentum_from_0_to_1>
// meaning: BatchNormalization keeps `momentum` of its moving statistics in every step: a part of them, from 0 to 1.
// fix: Keras's default is 0.99.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<8, 3, 1>, Conv2D<2, Kernel<3, 1>>, BatchNormalization<Momentum<0.9>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<8, 3, 1>, Conv2D<2, Kernel<3, 1>>, BatchNormalization<Momentum<1.5>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
