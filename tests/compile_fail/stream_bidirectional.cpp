// error: network_cannot_stream<.*layer<0>, .*Bidirectional<.*LSTM<4, .*ReturnSequences>>, .*needs_the_whole_sequence>
// meaning: The way back begins at the end of the sequence; a stream has none.
// fix: Use the recurrent layer alone.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, LSTM<8, ReturnSequences>, Dense<4>>;
#else
using Net = Sequential<Input<32, 2>, Bidirectional<LSTM<4, ReturnSequences>>, Dense<4>>;
#endif
#include "use_stream.hpp"
