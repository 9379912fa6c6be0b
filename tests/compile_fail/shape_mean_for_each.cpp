// error: shapes_do_not_fit<.*layer<0>, .*Normalization<.*>, .*got<24>, .*needs_a_mean_for_each>
// meaning: Normalization has one mean and variance for all values, or one for each index of its axis, which is the last unless Axis<...> says otherwise.
// fix: Give one number, or as many as the axis has.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Normalization<GivenMean<0.5>, GivenVariance<1.0>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Normalization<GivenMean<0.5, 0.1>, GivenVariance<1.0, 2.0>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
