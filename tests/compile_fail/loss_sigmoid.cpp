// error: loss_does_not_fit<.*BinaryCrossentropy<>, .*got<10>, .*needs_sigmoid_as_output_activation>
// meaning: This loss compares independent probabilities, and the network does not end with Sigmoid.
// fix: End with `Dense<N, Sigmoid>`, or keep the linear output and use `BinaryCrossentropy<FromLogits>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Sigmoid>>;
#else
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
#endif
using Loss = BinaryCrossentropy<>;
using Output = std::array<float, 10>;

#include "use.hpp"
