// error: network_cannot_stream<.*layer<0>, .*Parallel<.*Concatenate<1>.*, .*needs_the_whole_sequence>
// meaning: Branches run on a stream as long as they are merged step by step. One sequence behind the other is not.
// fix: Concatenate the features, with Concatenate<>.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Parallel<Concatenate<>, Branch<>, Branch<Dense<2>>>>;
#else
using Net = Sequential<Input<32, 2>, Parallel<Concatenate<1>, Branch<>, Branch<Dense<2>>>>;
#endif

#include "use_stream.hpp"
