// error: network_cannot_stream<.*layer<1>, .*Conv1D<4, .*Kernel<3>.*>, .*must_be_causal_to_stream>
// meaning: A stream has no future: a window larger than 1 may only reach back. With padding valid or same it reaches ahead.
// fix: Use Causal; the model must be trained with it.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Dense<4>, Conv1D<4, Kernel<3>, Causal>>;
#else
using Net = Sequential<Input<32, 2>, Dense<4>, Conv1D<4, Kernel<3>>>;
#endif

#include "use_stream.hpp"
