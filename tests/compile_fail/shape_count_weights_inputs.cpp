// error: shapes_do_not_fit<.*layer<0>, .*CategoryEncoding<4.*>, .*got<24>, .*takes_numbers_and_weights
// meaning: There are numbers, and weights for them; nothing could be done with a third input.
// fix: Leave the other branches out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Parallel<CategoryEncoding<4, Counts>, Branch<>, Branch<>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Parallel<CategoryEncoding<4, Counts>, Branch<>, Branch<>, Branch<>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
