// error: shapes_do_not_fit<.*layer<0>, .*MultiHeadAttention<.*>.*, .*got<6, 4>, .*needs_heads_of_width_1>
// meaning: There must be a head, and it needs a width.
// fix: MultiHeadAttention<4, 16> has 4 heads of width 16.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, MultiHeadAttention<4, 16>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, MultiHeadAttention<0, 16>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
