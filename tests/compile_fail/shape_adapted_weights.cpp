// error: shapes_do_not_fit<.*layer<0>, .*IntegerLookup<.*>, .*got<24>, .*needs_adapted_weights>
// meaning: The weights of tf_idf say in how many samples each number came; they are found together with the vocabulary.
// fix: Give `MaxTokens<...>` instead of a vocabulary and call `adapt()`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, IntegerLookup<MaxTokens<24>, TfIdf>, Dense<10>>;
#else
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, TfIdf>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
