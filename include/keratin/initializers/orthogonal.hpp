#pragma once
#include <keratin/initializers/initializer.hpp>

namespace keratin {

/// Orthonormal rows or columns, whichever are fewer, of the kernel seen as a matrix (all extents but the
/// last, the last). Saxe et al. 2013. Keras: orthogonal, the default of recurrent kernels.
template <double Gain = 1.0> struct Orthogonal {
  static constexpr Initializer value{Distribution::orthogonal, Fan::none, 0, Gain};
};

}  // namespace keratin
