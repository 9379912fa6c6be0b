// error: shapes_do_not_fit<.*layer<0>, .*Parallel<.*Add<>>, .*got<24>, .*needs_from_1_to_8_branches>
// meaning: A Parallel merges at least one branch, and at most 8.
// fix: Branch<> is the branch that passes its input on. More than 8: a Parallel of Parallels.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<Add<>, Branch<>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<Add<>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
