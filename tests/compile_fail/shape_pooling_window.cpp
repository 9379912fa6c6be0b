// error: shapes_do_not_fit<.*layer<1>, .*AveragePooling1D<.*PoolSize<5>>, .*got<4, 6>, .*window_is_larger_than_the_input>
// meaning: With padding valid the windows lie inside the input, and one must fit.
// fix: Use Same, or a smaller window. Deep in a network: leave a pooling or a stride out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 6>, AveragePooling1D<PoolSize<4>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 6>, AveragePooling1D<PoolSize<5>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
