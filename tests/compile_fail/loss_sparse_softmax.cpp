// error: loss_does_not_fit<.*SparseCategoricalCrossentropy<>, .*got<10>, .*needs_softmax_as_output_activation>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
#else
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Sigmoid>>;
using Loss = SparseCategoricalCrossentropy<>;
#endif
using Output = std::array<float, 10>;

#include "use.hpp"
