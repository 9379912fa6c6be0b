// error: network_cannot_stream<.*layer<2>, .*Residual<.*, .*streams_do_not_branch ?>
// meaning: A stream hands each step from one layer to the next. It has no place for a value that is added later.
// fix: Leave Residual and Parallel out, or predict whole sequences.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Dense<4>>;
#else
using Net = Sequential<Input<32, 2>, Dense<4>, Residual<Dense<4>>>;
#endif

#include "use_stream.hpp"
