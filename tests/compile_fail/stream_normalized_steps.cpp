// error: network_cannot_stream<.*layer<1>, .*LayerNormalization<.*Axis<1, 2>>, .*needs_the_whole_sequence>
// meaning: The mean of all steps is known when the sequence has ended; a stream never ends.
// fix: Normalize every step for itself, with the axes of its features.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Dense<4>, LayerNormalization<>>;
#else
using Net = Sequential<Input<32, 2>, Dense<4>, LayerNormalization<Axis<1, 2>>>;
#endif

#include "use_stream.hpp"
