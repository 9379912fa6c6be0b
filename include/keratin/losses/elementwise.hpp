#pragma once
// Losses that are the mean over a row of something of each value and its target.
#include <keratin/losses/loss.hpp>

namespace keratin {

/// L::value(y, p) is the loss of a value p whose target is y, L::slope(y, p) its derivative by p.
template <class L> struct ElementwiseLoss {
  static constexpr Targets targets = Targets::values;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) { return out; }

  /// Sum over rows of the mean over a row.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(in.rows) * in.n;
    const S unit = in.weight / static_cast<S>(in.n);
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      sum += static_cast<double>(L::value(in.values[i], in.y[i]));
      if (in.gradient) in.gradient[i] = unit * L::slope(in.values[i], in.y[i]);
    }
    return sum / in.n;
  }
};

}  // namespace keratin
