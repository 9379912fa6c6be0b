// error: network_cannot_stream<.*layer<1>, .*PReLU<>, .*has_weights_for_each_step>
// meaning: The layer has learnt weights of its own for each step of a sequence; a stream has more steps than that.
// fix: SharedAxes<1>: all steps share them. The model must be trained with it.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Dense<4>, PReLU<SharedAxes<1>>>;
#else
using Net = Sequential<Input<32, 2>, Dense<4>, PReLU<>>;
#endif

#include "use_stream.hpp"
