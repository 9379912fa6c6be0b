// error: shapes_do_not_fit<.*layer<0>, .*LayerNormalization<.*Epsilon<0.*>>, .*got<24>, .*needs_an_epsilon_above_0>
// meaning: Epsilon is added to the variance, so that values that are all the same are not divided by 0.
// fix: Choose a small number above 0; 1e-3 is the default.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, LayerNormalization<Epsilon<1e-6>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, LayerNormalization<Epsilon<0.0>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
