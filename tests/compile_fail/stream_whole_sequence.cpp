// error: network_cannot_stream<.*layer<1>, .*GlobalAveragePooling1D, .*needs_the_whole_sequence>
// meaning: Pooling over time, Flatten and the like answer when the sequence has ended; a stream never ends.
// fix: End the network with what works on every step, or with a recurrent layer.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Dense<4>>;
#else
using Net = Sequential<Input<32, 2>, Dense<4>, GlobalAveragePooling1D>;
#endif

#include "use_stream.hpp"
