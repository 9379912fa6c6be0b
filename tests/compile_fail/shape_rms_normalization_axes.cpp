// error: shapes_do_not_fit<.*layer<0>, .*RMSNormalization<.*Axis<1>>, .*got<8, 3>, .*normalizes_the_last_axes>
// meaning: RMSNormalization normalizes rows along the last axis, or along several last ones; Keras scales no others.
// fix: Name these, -1 is the last: `Axis<-2, -1>`. A Permute brings another axis there.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<8, 3>, RMSNormalization<Axis<-2, -1>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<8, 3>, RMSNormalization<Axis<1>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
