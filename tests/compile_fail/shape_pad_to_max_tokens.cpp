// error: shapes_do_not_fit<.*layer<0>, .*IntegerLookup<.*>, .*got<24>, .*needs_max_tokens_to_pad>
// meaning: A row is padded to max_tokens, which is not given.
// fix: Add `MaxTokens<...>`, or leave `PadToMaxTokens` out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, MaxTokens<24>, PadToMaxTokens>, Dense<10>>;
#else
using Net = Sequential<Input<24>, IntegerLookup<GivenVocabulary<12, 36>, PadToMaxTokens>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
