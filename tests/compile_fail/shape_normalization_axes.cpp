// error: shapes_do_not_fit<.*layer<0>, .*LayerNormalization<.*Axis<1, 3>>, .*got<8, 3>, .*normalizes_axes_of_a_sample>
// meaning: LayerNormalization and UnitNormalization normalize rows along axes of a sample; axis 0 counts the samples.
// fix: Name axes that the sample has, each once: 1 is its first, -1 its last.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<8, 3>, LayerNormalization<Axis<1, 2>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<8, 3>, LayerNormalization<Axis<1, 3>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
