// error: shapes_do_not_fit<.*layer<0>, .*Embedding<0, 4>, .*got<24>, .*needs_at_least_1_class_and_1_output>
// meaning: Embedding<input_dim, output_dim> has a row of output_dim values for each of input_dim classes.
// fix: Give both, at least 1: the largest class number plus 1, and how many values a class is to have.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Embedding<50, 4>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Embedding<0, 4>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
