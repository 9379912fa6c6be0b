// error: network_cannot_stream<.*layer<0>, .*Conv1D<4, .*Strides<2>>, .*strides_make_no_stream>
// meaning: Every step that goes in brings one out; a convolution with strides answers only now and then.
// fix: Leave the strides at 1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, Conv1D<4, Kernel<3>, Causal>>;
#else
using Net = Sequential<Input<32, 2>, Conv1D<4, Kernel<3>, Causal, Strides<2>>>;
#endif

#include "use_stream.hpp"
