// error: shapes_do_not_fit<.*layer<0>, .*IntegerLookup<.*>, .*got<24>, .*vocabulary_exceeds_max_tokens>
// meaning: max_tokens counts the special tokens too: one for numbers that the vocabulary does not have, and one for what is masked.
// fix: Raise max_tokens, or shorten the vocabulary.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, MaxTokens<3>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, MaxTokens<2>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
