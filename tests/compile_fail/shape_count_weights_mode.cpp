// error: shapes_do_not_fit<.*layer<0>, .*CategoryEncoding<4.*>, .*got<24>, .*weighs_numbers_that_it_counts
// meaning: Only a count adds up weights: the other modes say whether a number is there.
// fix: Add Counts, or leave the weights out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<CategoryEncoding<4, Counts>, Branch<>, Branch<>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<CategoryEncoding<4>, Branch<>, Branch<>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
