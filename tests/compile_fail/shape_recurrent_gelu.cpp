// error: shapes_do_not_fit<.*layer<0>, .*LSTM<8, .*GELU>, .*got<6, 4>, .*needs_an_activation_known_by_its_result>
// meaning: A recurrent layer keeps what its activations make, not what they are given; of gelu, silu, mish, hard_silu and tanh_shrink that does not tell the slope.
// fix: Use another activation, such as ELU or LeakyReLU.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, LSTM<8, ELU>, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, LSTM<8, GELU>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
