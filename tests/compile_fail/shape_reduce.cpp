// error: shapes_do_not_fit<.*layer<0>, .*MeanOfRows, .*got<24>, .*needs_axes_that_the_input_has>
// meaning: A reduction or a slice, of which a layer of your own is made here, names an axis that the input does not have.
// fix: Name axes of the shape that comes in; those of a sample are counted from 0 in the spec.
#include <keratin/keratin.hpp>
#include <keratin/layers/operators.hpp>
using namespace keratin;

struct MeanOfRows : layer_of<MeanOfRows, ReduceSpec<Reduction::mean>> {
  static constexpr ReduceSpec<Reduction::mean> spec{.axes = 2};
};
#ifdef TWIN
using Net = Sequential<Input<24>, Reshape<4, 6>, MeanOfRows, Dense<10>>;
#else
using Net = Sequential<Input<24>, MeanOfRows, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
