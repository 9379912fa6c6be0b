// error: shapes_do_not_fit<.*layer<0>, .*EinsumDense<.*>.*, .*got<6, 4>, .*needs_axes_as_in_its_equation>
// meaning: The input needs an axis for each letter, and OutputShape an extent for each of the output but the samples; a
//   letter of both has one length, which -1 takes from the input.
// fix: Count the letters: `EinsumDense<"abc,cd->abd", OutputShape<-1, 8>>` wants (b, c) and gives (b, 8).
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, EinsumDense<"abc,cd->abd", OutputShape<-1, 8>>, Flatten, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, EinsumDense<"abc,cd->abd", OutputShape<8>>, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
