#pragma once
#include <keratin/losses/loss.hpp>

#include <cmath>

namespace keratin {

/// Keras: CategoricalGeneralizedCrossEntropy(q), (1 - p^q) / q for the probability p of the target's class:
/// between crossentropy (q near 0) and the mean absolute error (q = 1), for labels with noise. Targets are
/// class numbers [rows]. Zhang and Sabuncu 2018.
template <double Q = 0.5> struct CategoricalGeneralizedCrossEntropy {
  static constexpr const char* name = "categorical_generalized_cross_entropy";
  static constexpr const char* class_name = "CategoricalGeneralizedCrossEntropy";
  static constexpr Setting settings[] = {{"q", Q}};
  static constexpr Targets targets = Targets::classes;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) {
    if (out.last() < 2) return needs_two_or_more_classes;
    return out;
  }

  /// Sum over rows.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const S q = static_cast<S>(Q);
    double sum = 0;
    for (int r = 0; r < in.rows; ++r) {
      const LossInput<S> row = in.row(r);
      const S p = row.y[row.labels[0]];
      sum += static_cast<double>((1 - std::pow(p, q)) / q);
      for (int c = 0; row.gradient && c < in.n; ++c)
        row.gradient[c] = c == row.labels[0] ? -in.weight * std::pow(p, q - 1) : S{0};
    }
    return sum;
  }
};

}  // namespace keratin
