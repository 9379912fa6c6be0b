// error: shapes_do_not_fit<.*layer<1>, .*Residual<.*Dense<16>.*>, .*got<16>, .*needs_layers_that_keep_the_shape, .*wants<8>>
// meaning: A Residual adds its input to what its layers make of it. The message has the shape that they make, and the
//   one that came in, which is wanted.
// fix: Let the last layer inside restore the shape, or put a layer before the Residual that makes the new shape.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<8>, Residual<Dense<16, ReLU>, Dense<8>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<8>, Residual<Dense<8, ReLU>, Dense<16>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
