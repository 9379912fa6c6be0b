// error: shapes_do_not_fit<.*layer<0>, .*SpatialDropout3D<.*>, .*got<8, 3>, .*needs_volume_DxHxWxC>
// meaning: SpatialDropout3D drops channels of volumes: (depth, height, width, channels).
// fix: SpatialDropout1D is for sequences, SpatialDropout2D for images.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<8, 3>, SpatialDropout1D<0.5>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<8, 3>, SpatialDropout3D<0.5>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
