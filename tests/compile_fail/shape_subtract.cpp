// error: shapes_do_not_fit<.*layer<0>, .*Parallel<.*Subtract.*>, .*got<24>, .*needs_two_inputs>
// meaning: Subtract and Dot work on two inputs; the Parallel has another number of branches.
// fix: Give it two branches; Branch<> passes its input on.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<Subtract, Branch<>, Branch<Dense<24>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<Subtract, Branch<>, Branch<Dense<24>>, Branch<>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
