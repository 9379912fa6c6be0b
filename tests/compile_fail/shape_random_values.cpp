// error: shapes_do_not_fit<.*layer<1>, .*RandomBrightness<.*>, .*got<4, 2, 3>, .*needs_a_range_of_values>
// meaning: The value range says what black and white are; values are clipped to it.
// fix: Images of bytes have the default, 0 to 255, others often `ValueRange<0.0, 1.0>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 2, 3>, RandomBrightness<0.2, ValueRange<0.0, 1.0>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 2, 3>, RandomBrightness<0.2, ValueRange<1.0, 1.0>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
