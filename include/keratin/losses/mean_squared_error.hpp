#pragma once
#include <keratin/losses/elementwise.hpp>

namespace keratin {

/// Keras: MeanSquaredError, the mean of (y - p)^2.
struct MeanSquaredError : ElementwiseLoss<MeanSquaredError> {
  static constexpr const char* name = "mean_squared_error";

  template <class S> static double value(S y, S p) { return static_cast<double>(p - y) * (p - y); }
  template <class S> static S slope(S y, S p) { return 2 * (p - y); }
};

}  // namespace keratin
