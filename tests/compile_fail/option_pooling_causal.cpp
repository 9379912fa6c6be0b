// error: layer_has_no_such_option<.*MaxPooling1D<.*Causal>, .*Causal>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 6>, MaxPooling1D<Same>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 6>, MaxPooling1D<Causal>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
