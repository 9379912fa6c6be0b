// error: shapes_do_not_fit<.*layer<0>, .*LeakyReLULayer<-.*>, .*got<24>, .*needs_settings_of_at_least_0>
// meaning: As in Keras, ReLU's and LeakyReLU's largest value, slope and threshold are 0 or more.
// fix: Use other settings; the slope is that below the threshold, and 0.1 damps.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, LeakyReLULayer<0.1>, Dense<10>>;
#else
using Net = Sequential<Input<24>, LeakyReLULayer<-0.1>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
