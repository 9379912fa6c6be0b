// error: shapes_do_not_fit<.*layer<0>, .*IntegerLookup<.*>, .*got<24>, .*needs_oov_indices_of_at_least_0>
// meaning: num_oov_indices says how many places are kept for numbers that the vocabulary does not have.
// fix: Choose 1, or more to tell such numbers apart.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, NumOovIndices<2>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, NumOovIndices<-1>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
