#pragma once
#include <keratin/losses/loss.hpp>

#include <algorithm>
#include <cmath>

namespace keratin {

/// Keras: KLDivergence, the sum over a row of y log(y / p), with y and p from 1e-7 to 1.
struct KLDivergence {
  static constexpr const char* name = "kl_divergence";
  static constexpr const char* class_name = "KLDivergence";
  static constexpr Targets targets = Targets::probabilities;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) { return out; }

  /// Sum over rows.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const S least = static_cast<S>(keras_epsilon);
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(in.rows) * in.n; ++i) {
      const S y = std::clamp(in.values[i], least, S{1}), p = std::clamp(in.y[i], least, S{1});
      sum += static_cast<double>(y * std::log(y / p));
      if (in.gradient) in.gradient[i] = p == in.y[i] ? -in.weight * y / p : S{0};
    }
    return sum;
  }
};

}  // namespace keratin
