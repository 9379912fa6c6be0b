// error: shapes_do_not_fit<.*layer<1>, .*GlobalMaxPooling1D, .*got<4, 3, 2>, .*needs_sequence_TxC>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 6>, GlobalMaxPooling1D, Dense<10>>;
#else
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, GlobalMaxPooling1D, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
