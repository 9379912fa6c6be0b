// error: shapes_do_not_fit<.*layer<1>, .*RepeatVector<3>, .*got<4, 3, 2>, .*needs_vector_F>
// meaning: RepeatVector repeats a vector of features; what comes in has more axes.
// fix: Put a Flatten before it, or repeat steps, rows and columns with UpSampling1D, 2D or 3D.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Flatten, RepeatVector<3>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, RepeatVector<3>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
