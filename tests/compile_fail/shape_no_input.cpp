// error: sequential_starts_with_an_input<.*Dense<32, .*ReLU>>
// meaning: The first argument of Sequential is not an Input.
// fix: Begin with the shape of one sample: `Input<784>`, `Input<28, 28, 1>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10>>;
#else
using Net = Sequential<Dense<32, ReLU>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
