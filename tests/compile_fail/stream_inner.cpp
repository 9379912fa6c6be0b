// error: network_cannot_stream<.*layer<1, 0>, .*Conv1D<4, .*Same.*, .*must_be_causal_to_stream>
// meaning: As for a layer outside. The numbers lead to it: of the Residual its first layer.
// fix: Use Causal; the model must be trained with it.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Dense<4>, Residual<Conv1D<4, Kernel<3>, Causal>>>;
#else
using Net = Sequential<Input<32, 2>, Dense<4>, Residual<Conv1D<4, Kernel<3>, Same>>>;
#endif

#include "use_stream.hpp"
