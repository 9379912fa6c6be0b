// error: loss_does_not_fit<.*CTC, .*got<10>, .*needs_logits_of_steps>
// meaning: CTC reads logits of every step of a sequence; this network ends with one row of them, or with probabilities.
// fix: End the network with a layer on each step, without Softmax.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10>>;
#ifdef TWIN
using Loss = CategoricalCrossentropy<FromLogits>;
#else
using Loss = CTC;
#endif
using Output = std::array<float, 10>;

#include "use.hpp"
