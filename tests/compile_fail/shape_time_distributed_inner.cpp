// error: shapes_do_not_fit<.*layer<0>, .*TimeDistributed<.*BatchNormalization<>>, .*got<12, 2>, .*needs_a_layer_for_any_sample>
// meaning: Steps are samples to the layer inside, one like the other; random numbers, statistics of a batch and states are not of one sample.
// fix: Most such layers work on sequences by themselves: leave TimeDistributed out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<12, 2>, BatchNormalization<>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<12, 2>, TimeDistributed<BatchNormalization<>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
