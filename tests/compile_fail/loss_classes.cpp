// error: loss_does_not_fit<.*CategoricalCrossentropy<>, .*got<1>, .*needs_two_or_more_classes>
// meaning: This loss compares classes along the last axis of the output, so there are at least two.
// fix: For one output per sample take BinaryCrossentropy.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<1, Sigmoid>>;
#ifdef TWIN
using Loss = BinaryCrossentropy<>;
#else
using Loss = CategoricalCrossentropy<>;
#endif
using Output = std::array<float, 1>;

#include "use.hpp"
