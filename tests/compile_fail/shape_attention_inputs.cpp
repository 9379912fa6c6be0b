// error: shapes_do_not_fit<.*layer<0>, .*Parallel<.*Attention<.*>.*, .*got<6, 4>, .*needs_query_value_and_key>
// meaning: Attention reads a query, a value and a key. One that is left out is the one before it: a layer with
//   one input attends to itself, one with two to the second.
// fix: Give it one, two or three branches.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, Parallel<Attention<>, Branch<>, Branch<>, Branch<>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, Parallel<Attention<>, Branch<>, Branch<>, Branch<>, Branch<>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
