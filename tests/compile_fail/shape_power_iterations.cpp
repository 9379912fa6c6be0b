// error: shapes_do_not_fit<.*layer<0>, .*SpectralNormalization<.*Dense<10>, .*PowerIterations<0>>, .*got<24>, .*needs_a_power_iteration>
// meaning: Without a step of the power method the singular value would never be found.
// fix: Leave PowerIterations out, which is 1, or give it a larger number.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, SpectralNormalization<Dense<10>, PowerIterations<2>>>;
#else
using Net = Sequential<Input<24>, SpectralNormalization<Dense<10>, PowerIterations<0>>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
