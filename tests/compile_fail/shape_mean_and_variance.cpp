// error: shapes_do_not_fit<.*layer<0>, .*Normalization<.*>, .*got<24>, .*needs_mean_and_variance>
// meaning: Normalization was given a mean without a variance, or the other way round.
// fix: Give both, or neither and let `adapt()` find them.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Normalization<GivenMean<0.5>, GivenVariance<0.25>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Normalization<GivenMean<0.5>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
