// error: shapes_do_not_fit<.*layer<1>, .*AdaptiveMaxPooling2D<2, 0>, .*got<4, 3, 2>, .*needs_an_output_size_of_at_least_1>
// meaning: Adaptive pooling is given how many outputs it makes along each axis.
// fix: Give at least 1 for each.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, AdaptiveMaxPooling2D<2, 1>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, AdaptiveMaxPooling2D<2, 0>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
