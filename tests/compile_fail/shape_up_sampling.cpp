// error: shapes_do_not_fit<.*layer<1>, .*UpSampling2D<.*Size<2, 0>.*>, .*got<4, 3, 2>, .*needs_to_repeat_at_least_once>
// meaning: Size says how often values are repeated, which is once at least.
// fix: Leave an axis as it is with 1: UpSampling2D<Size<2, 1>>.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, UpSampling2D<Size<2, 1>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, UpSampling2D<Size<2, 0>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
