// error: layer_has_no_such_option<.*Dense<32, .*Same, .*ReLU>, .*Same>
// meaning: The layer does not have this option, or it is no option at all. The arguments are the layer and the first
//   such option.
// fix: Leave it out, or look up in the layer's header which options it has.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<32, Same, ReLU>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
