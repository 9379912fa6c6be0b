// error: shapes_do_not_fit<.*layer<1>, .*Resizing<4, 4, .*CropToAspectRatio, .*PadToAspectRatio>, .*got<4, 3, 2>, .*crops_and_pads>
// meaning: An image of other proportions is distorted, cropped or padded: one of these.
// fix: Leave one of the options out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 3, 2>, Resizing<4, 4, PadToAspectRatio>, Flatten, Dense<10>>;
#else
using Net =
    Sequential<Input<24>, Reshape<4, 3, 2>, Resizing<4, 4, CropToAspectRatio, PadToAspectRatio>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
