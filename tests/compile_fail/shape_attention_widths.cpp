// error: shapes_do_not_fit<.*layer<0>, .*Parallel<.*Attention<.*>.*, .*got<6, 8>, .*needs_query_and_key_of_one_width, .*wants<6, 4>>
// meaning: Attention multiplies or adds query and key value by value. The message has the shape of the key.
// fix: Put a Dense before one of them, or use MultiHeadAttention, which has one inside.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, Parallel<Attention<>, Branch<>, Branch<Dense<4>>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, Parallel<Attention<>, Branch<>, Branch<Dense<8>>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
