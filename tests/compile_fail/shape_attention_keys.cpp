// error: shapes_do_not_fit<.*layer<0>, .*Parallel<.*MultiHeadAttention<.*>.*, .*got<4, 8>, .*needs_as_many_keys_as_values, .*wants<6, 8>>
// meaning: The weights that a step of the query has, one for each key, are those of the values. The message has the
//   shape of the key.
// fix: Make the key and the value of sequences of one length.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net =
    Sequential<Input<6, 4>, Parallel<MultiHeadAttention<2, 8>, Branch<>, Branch<>, Branch<Conv1D<8, Kernel<3>, Same>>>,
               Flatten, Dense<10>>;
#else
using Net =
    Sequential<Input<6, 4>, Parallel<MultiHeadAttention<2, 8>, Branch<>, Branch<>, Branch<Conv1D<8, Kernel<3>>>>,
               Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
