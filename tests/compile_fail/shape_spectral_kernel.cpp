// error: shapes_do_not_fit<.*layer<0>, .*SpectralNormalization<.*LayerNormalization<.*>>, .*got<24>, .*needs_a_layer_with_a_kernel>
// meaning: SpectralNormalization divides the kernel, or the embeddings, of the layer inside, which has none.
// fix: Put a Dense, a convolution or an Embedding inside.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, SpectralNormalization<Dense<10>>>;
#else
using Net = Sequential<Input<24>, SpectralNormalization<LayerNormalization<>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
