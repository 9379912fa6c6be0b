// error: shapes_do_not_fit<.*layer<0>, .*Discretization<.*>, .*got<24>, .*needs_ascending_boundaries>
// meaning: Bins lie side by side: each boundary ends one and begins the next.
// fix: Write the boundaries in ascending order.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Discretization<BinBoundaries<0.0, 1.0>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Discretization<BinBoundaries<1.0, 0.0>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
