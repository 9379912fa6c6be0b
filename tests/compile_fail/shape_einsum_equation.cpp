// error: shapes_do_not_fit<.*layer<0>, .*EinsumDense<.*>.*, .*got<6, 4>, .*needs_an_equation>
// meaning: Left of the comma are the axes of the input, samples first, behind it those of the kernel, and behind the
//   arrow those of the output, each a letter that the input or the kernel has too.
// fix: Write `EinsumDense<"abc,cd->abd", OutputShape<-1, 8>>`, or with dots for axes that stay, "...c,cd->...d".
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, EinsumDense<"abc,cd->abd", OutputShape<-1, 8>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, EinsumDense<"abc,cd->abe", OutputShape<-1, 8>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
