#pragma once
#include <keratin/losses/loss.hpp>

namespace keratin {

/// Keras: MeanAbsoluteError, the mean of |y - p|. Its derivative at 0 is 0.
struct MeanAbsoluteError {
  static constexpr const char* name = "mean_absolute_error";
  static constexpr Targets targets = Targets::values;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) { return out; }

  /// Sum over rows of the mean over a row.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(in.rows) * in.n;
    const S unit = in.weight / static_cast<S>(in.n);
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const S e = in.y[i] - in.values[i];
      sum += std::fabs(e);
      if (in.gradient) in.gradient[i] = e > 0 ? unit : e < 0 ? -unit : S{0};
    }
    return sum / in.n;
  }
};

}  // namespace keratin
