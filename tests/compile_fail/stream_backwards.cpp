// error: network_cannot_stream<.*layer<0>, .*LSTM<4, .*GoBackwards> ?, .*needs_the_whole_sequence>
// meaning: Backwards begins at the end, and a stream has none.
// fix: Leave GoBackwards out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, LSTM<4>>;
#else
using Net = Sequential<Input<32, 2>, LSTM<4, GoBackwards>>;
#endif

#include "use_stream.hpp"
