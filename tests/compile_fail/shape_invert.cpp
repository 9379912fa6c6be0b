// error: shapes_do_not_fit<.*layer<0>, .*IntegerLookup<.*>, .*got<24>, .*inverts_indices_only>
// meaning: An inverted lookup takes places and gives numbers: there is nothing to count.
// fix: Leave the output mode out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, Invert>, Dense<10>>;
#else
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, Invert, Counts>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
