// error: shapes_do_not_fit<.*layer<1>, .*Reshape<5, 5>, .*got<24>, .*needs_the_same_number_of_elements>
// meaning: Reshape gives the same values another shape, so both shapes have equally many elements.
// fix: Choose a target with as many elements as came in, or leave one extent open with -1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<4, 6>, Flatten, Reshape<6, -1>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<4, 6>, Flatten, Reshape<5, 5>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
