// error: shapes_do_not_fit<.*layer<1>, .*SoftmaxLayer.*, .*got<8, 3>, .*would_be_changed_by_a_mask>
// meaning: A mask that comes along would change what this layer computes in Keras, in a way that is not there yet.
// fix: Put it before the layer that makes the mask, or use a layer that takes masks.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<8, 3>, Masking<>, Activation<Softmax>, LSTM<2>>;
#else
using Net = Sequential<Input<8, 3>, Masking<>, SoftmaxLayer<1>, LSTM<2>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 2>;

#include "use.hpp"
