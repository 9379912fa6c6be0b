// error: shapes_do_not_fit<.*layer<1>, .*GlobalMaxPooling1D, .*got<4, 3, 2>, .*needs_sequence_TxC>
// meaning: Conv1D, the pooling layers of 1D and recurrent layers take a sequence: steps and channels.
// fix: Give the Input its channels: Input<steps, 1>; or use the layer for images.
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
