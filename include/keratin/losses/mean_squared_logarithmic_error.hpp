#pragma once
#include <keratin/losses/elementwise.hpp>

#include <algorithm>
#include <cmath>

namespace keratin {

/// Keras: MeanSquaredLogarithmicError, the mean of (log(1 + y) - log(1 + p))^2, with y and p at least 1e-7.
struct MeanSquaredLogarithmicError : ElementwiseLoss<MeanSquaredLogarithmicError> {
  static constexpr const char* name = "mean_squared_logarithmic_error";

  template <class S> static S value(S y, S p) { return difference(y, p) * difference(y, p); }
  template <class S> static S slope(S y, S p) {
    return p > static_cast<S>(keras_epsilon) ? 2 * difference(y, p) / (p + 1) : S{0};
  }

 private:
  template <class S> static S difference(S y, S p) {
    const S least = static_cast<S>(keras_epsilon);
    return std::log1p(std::max(p, least)) - std::log1p(std::max(y, least));
  }
};

}  // namespace keratin
