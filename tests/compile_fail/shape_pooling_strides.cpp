// error: shapes_do_not_fit<.*layer<1>, .*MaxPooling1D<.*Strides<-1>>, .*got<4, 6>, .*needs_sizes_of_at_least_1>
// meaning: Windows, strides and dilation count elements.
// fix: Give each at least 1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 6>, MaxPooling1D<Strides<1>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 6>, MaxPooling1D<Strides<-1>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
