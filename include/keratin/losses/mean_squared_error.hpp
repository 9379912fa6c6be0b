#pragma once
#include <keratin/losses/loss.hpp>

namespace keratin {

/// Keras: MeanSquaredError, the mean of (y - p)^2.
struct MeanSquaredError {
  static constexpr const char* name = "mean_squared_error";
  static constexpr Targets targets = Targets::values;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) { return out; }

  /// Sum over rows of the mean over a row.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(in.rows) * in.n;
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const S e = in.y[i] - in.values[i];
      sum += static_cast<double>(e) * e;
      if (in.gradient) in.gradient[i] = 2 * e * in.weight / static_cast<S>(in.n);
    }
    return sum / in.n;
  }
};

}  // namespace keratin
