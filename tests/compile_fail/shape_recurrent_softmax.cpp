// error: shapes_do_not_fit<.*layer<0>, .*LSTM<8, .*Softmax>, .*got<6, 4>, .*needs_an_activation_value_by_value>
// meaning: The activations inside a recurrent layer work on each value by itself; softmax looks at all of them.
// fix: Use another activation, and Softmax in a layer behind.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, LSTM<8, ReLU>, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, LSTM<8, Softmax>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
