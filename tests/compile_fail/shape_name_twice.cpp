// error: shapes_do_not_fit<.*layer<1>, .*Named<.*hidden.*, .*Dense<16>>, .*got<32>, .*name_given_twice>
// meaning: Two layers have the same name, and a file of weights could not tell them apart.
// fix: Choose another name.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Named<"hidden", Dense<32>>, Named<"second", Dense<16>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Named<"hidden", Dense<32>>, Named<"hidden", Dense<16>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
