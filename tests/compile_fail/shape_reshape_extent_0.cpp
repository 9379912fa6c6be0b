// error: shapes_do_not_fit<.*layer<0>, .*Reshape<0, 6>, .*got<24>, .*needs_extents_of_at_least_1>
// meaning: A shape has an extent of 0 or below: the target of a Reshape, an Input, or what a layer would make.
// fix: Make every extent at least 1; an extent that Reshape shall work out is -1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<-1, 6>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<0, 6>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
