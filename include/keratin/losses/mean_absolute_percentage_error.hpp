#pragma once
#include <keratin/losses/elementwise.hpp>

#include <algorithm>
#include <cmath>

namespace keratin {

/// Keras: MeanAbsolutePercentageError, 100 times the mean of |y - p| / |y|, with |y| at least 1e-7.
struct MeanAbsolutePercentageError : ElementwiseLoss<MeanAbsolutePercentageError> {
  static constexpr const char* name = "mean_absolute_percentage_error";

  template <class S> static S value(S y, S p) { return std::fabs(p - y) * scale(y); }
  template <class S> static S slope(S y, S p) { return p > y ? scale(y) : p < y ? -scale(y) : S{0}; }

 private:
  template <class S> static S scale(S y) {
    return 100 / std::max(std::fabs(y), static_cast<S>(keras_epsilon));
  }
};

}  // namespace keratin
