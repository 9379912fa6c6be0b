// error: shapes_do_not_fit<.*layer<1>, .*RandomContrast<.*>, .*got<4, 2, 3>, .*needs_factors_from_0_to_1>
// meaning: A factor of this layer is a part of what may change, at most all of it.
// fix: Choose it from 0 to 1: `RandomContrast<0.2>`, or a range, `RandomContrast<Fraction{0.1, 0.2}>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 2, 3>, RandomContrast<0.2>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 2, 3>, RandomContrast<20.0>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
