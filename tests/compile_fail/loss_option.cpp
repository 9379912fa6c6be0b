// error: the options of this loss are FromLogits and LabelSmoothing, each once
// title: an option that the loss does not have
// meaning: A loss was given an option that it does not have.
// fix: The crossentropies take FromLogits and LabelSmoothing, the sparse one FromLogits and IgnoreClass, or nothing.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
#ifdef TWIN
using Loss = CategoricalCrossentropy<>;
#else
using Loss = CategoricalCrossentropy<Softmax>;
#endif
using Output = std::array<float, 10>;

#include "use.hpp"
