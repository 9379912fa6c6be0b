// error: shapes_do_not_fit<.*layer<0>, .*CategoryEncoding<.*>, .*got<24>, .*needs_at_least_1_token>
// meaning: CategoryEncoding<num_tokens> makes a column for each category.
// fix: Give the largest number of a category plus 1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, CategoryEncoding<5>, Dense<10>>;
#else
using Net = Sequential<Input<24>, CategoryEncoding<0>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
