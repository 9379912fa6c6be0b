// error: shapes_do_not_fit<.*layer<0>, .*GroupedQueryAttention<.*>.*, .*got<6, 4>, .*needs_heads_in_equal_groups>
// meaning: In grouped-query attention each head of key and value serves equally many heads of the query.
// fix: Let the number of query heads be a multiple of the number of key and value heads.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, GroupedQueryAttention<16, 4, 2>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, GroupedQueryAttention<16, 4, 3>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
