// error: shapes_do_not_fit<.*layer<0>, .*Hashing<.*>, .*got<24>, .*needs_at_least_1_bin>
// meaning: Hashing<num_bins> makes numbers from 0 to below num_bins.
// fix: Give how many bins there are to be.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Hashing<10>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Hashing<0>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
