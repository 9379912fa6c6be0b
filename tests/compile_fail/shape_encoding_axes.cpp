// error: shapes_do_not_fit<.*layer<0>, .*CategoryEncoding<.*>, .*got<4, 6>, .*encodes_samples_of_one_axis>
// meaning: multi_hot, count and tf_idf make one row of a whole sample, whose numbers lie along one axis.
// fix: Flatten the sample first, or choose `OneHot`, which makes a row of each number.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<4, 6>, CategoryEncoding<5, OneHot>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<4, 6>, CategoryEncoding<5>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
