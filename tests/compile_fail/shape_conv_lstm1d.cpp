// error: shapes_do_not_fit<.*layer<0>, .*ConvLSTM1D<2, .*Kernel<3>>, .*got<6, 4>, .*needs_sequences_TxWxC>
// meaning: ConvLSTM1D takes steps, each of which is a sequence of channels.
// fix: Reshape the input, or use an LSTM or a Conv1D.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<3, 8, 1>, ConvLSTM1D<1, Kernel<3>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, ConvLSTM1D<2, Kernel<3>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
