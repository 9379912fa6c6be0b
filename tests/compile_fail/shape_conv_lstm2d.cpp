// error: shapes_do_not_fit<.*layer<0>, .*ConvLSTM2D<2, .*Kernel<3>>, .*got<4, 6, 1>, .*needs_images_TxHxWxC>
// meaning: ConvLSTM2D takes steps, each of which is an image of channels.
// fix: Use Conv2D for one image, ConvLSTM1D for a sequence of sequences.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<2, 4, 3, 1>, ConvLSTM2D<1, Kernel<3>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<4, 6, 1>, ConvLSTM2D<2, Kernel<3>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
