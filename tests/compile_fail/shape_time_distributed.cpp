// error: shapes_do_not_fit<.*layer<0>, .*TimeDistributed<.*Dense<10>>, .*got<24>, .*needs_steps_of_samples>
// meaning: The first axis is that of the steps; the layer inside gets the others.
// fix: Leave TimeDistributed out, or give it a sequence.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<10>>;
#else
using Net = Sequential<Input<24>, TimeDistributed<Dense<10>>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
