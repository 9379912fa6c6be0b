// error: shapes_do_not_fit<.*layer<0>, .*Reshape<-1, -1, 6>, .*got<24>, .*has_more_than_one_minus_1>
// meaning: Reshape works out one extent that is -1 from the others; two are ambiguous.
// fix: Write all extents but one as numbers.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<2, -1, 6>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<-1, -1, 6>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
