// error: shapes_do_not_fit<.*layer<0>, .*CategoryEncoding<4.*>, .*got<23>, .*needs_a_weight_for_each_number
// meaning: The second input says how often each number of the first one counts.
// fix: Give it the shape of the first one.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<CategoryEncoding<4, Counts>, Branch<>, Branch<Dense<24>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<CategoryEncoding<4, Counts>, Branch<>, Branch<Dense<23>>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
