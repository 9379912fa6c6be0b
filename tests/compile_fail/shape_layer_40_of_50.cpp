// error: shapes_do_not_fit<.*layer<40>, .*Reshape<3, 3>, .*got<8>, .*needs_the_same_number_of_elements>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Odd = Reshape<8>;
#else
using Odd = Reshape<3, 3>;
#endif

using Net = Sequential<Input<24>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>,
                       Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>,
                       Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>,
                       Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>,
                       Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<8>, Odd, Dense<8>, Dense<8>, Dense<8>, Dense<8>,
                       Dense<8>, Dense<8>, Dense<8>, Dense<8>, Dense<10>>;
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
