// error: shapes_do_not_fit<.*layer<0>, .*TimeDistributed<.*Dropout<.*>>, .*got<12, 2>, .*needs_a_layer_for_any_sample>
// meaning: Steps are samples to the layer inside, one like the other; random numbers and states are not of one sample.
// fix: Such layers work on sequences by themselves: leave TimeDistributed out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<12, 2>, Dropout<0.5>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<12, 2>, TimeDistributed<Dropout<0.5>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
