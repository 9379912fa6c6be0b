// error: shapes_do_not_fit<.*layer<0>, .*LastRows, .*got<6, 4>, .*needs_a_slice_that_is_not_empty>
// meaning: A slice, of which a layer of your own is made here, leaves no index of an axis.
// fix: Choose indices that the axis has, and a step that leads from the first to the last.
#include <keratin/keratin.hpp>
#include <keratin/layers/operators.hpp>
using namespace keratin;

#ifdef TWIN
struct LastRows : layer_of<LastRows, SliceSpec> {
  static constexpr SliceSpec spec{1, {Slice{1, 3}}};
};
#else
struct LastRows : layer_of<LastRows, SliceSpec> {
  static constexpr SliceSpec spec{1, {Slice{6, 8}}};
};
#endif
using Net = Sequential<Input<6, 4>, LastRows, Flatten, Dense<10>>;
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
