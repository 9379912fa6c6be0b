// error: shapes_do_not_fit<.*layer<0>, .*IntegerLookup<.*>, .*got<24>, .*needs_a_vocabulary>
// meaning: The size of the vocabulary must be known when the network is compiled.
// fix: Give the numbers, `GivenVocabulary<12, 36>`, or how many there may be for `adapt()` to find, `MaxTokens<1000>`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, IntegerLookup<>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
