#pragma once
#include <keratin/losses/elementwise.hpp>

#include <cmath>

namespace keratin {

/// Keras: MeanAbsoluteError, the mean of |y - p|. Its derivative at 0 is 0.
struct MeanAbsoluteError : ElementwiseLoss<MeanAbsoluteError> {
  static constexpr const char* name = "mean_absolute_error";

  template <class S> static S value(S y, S p) { return std::fabs(p - y); }
  template <class S> static S slope(S y, S p) { return p > y ? S{1} : p < y ? S{-1} : S{0}; }
};

}  // namespace keratin
