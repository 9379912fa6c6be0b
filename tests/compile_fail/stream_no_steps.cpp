// error: network_cannot_stream<.*layer<>, .*, .*needs_steps_and_features>
// meaning: The first axis of the Input is the time, the rest are the features of a step.
// fix: Give the Input both: Input<steps, features>.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Dense<4>>;
#else
using Net = Sequential<Input<2>, Dense<4>>;
#endif

#include "use_stream.hpp"
