// error: parallel_takes_branches<.*layer<0, 1>, .*Dense<24>>
// meaning: A Parallel has a merging layer and branches, which are lists of layers.
// fix: Branch<Dense<24>>.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<Add<>, Branch<>, Branch<Dense<24>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<Add<>, Branch<>, Dense<24>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
