// error: shapes_do_not_fit<.*layer<0>, .*Discretization<.*>, .*got<24>, .*needs_bins>
// meaning: Discretization knows neither where its bins meet nor how many there are.
// fix: Give the boundaries, `BinBoundaries<0.0, 1.0>`, or a number of bins for `adapt()` to find, `NumBins<4>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Discretization<NumBins<4>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Discretization<>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
