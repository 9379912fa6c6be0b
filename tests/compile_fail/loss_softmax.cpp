// error: loss_does_not_fit<.*CategoricalCrossentropy<>, .*got<10>, .*needs_softmax_as_output_activation>
// meaning: This loss compares probabilities that sum to 1, and the network does not end with Softmax.
// fix: End with `Dense<N, Softmax>`, or keep the linear output and use `CategoricalCrossentropy<FromLogits>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
#else
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10>>;
#endif
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

#include "use.hpp"
