// error: parallel_starts_with_a_merging_layer<.*layer<0>, .*Branch<>>
// meaning: The first argument of a Parallel is the layer that makes one output of those of its branches.
// fix: Parallel<Add<>, ...> or Parallel<Concatenate<>, ...>.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<Add<>, Branch<>, Branch<Dense<24>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<Branch<>, Branch<Dense<24>>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
