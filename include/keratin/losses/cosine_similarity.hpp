#pragma once
#include <keratin/losses/loss.hpp>

#include <algorithm>
#include <cmath>

namespace keratin {

/// Keras: CosineSimilarity, the negative cosine of the angle between a row and its target: -1 where they
/// agree. A row of zeros has a cosine of 0.
struct CosineSimilarity {
  static constexpr const char* name = "cosine_similarity";
  static constexpr Targets targets = Targets::values;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) { return out; }

  /// Sum over rows.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const S least = static_cast<S>(keras_epsilon);
    double sum = 0;
    for (int r = 0; r < in.rows; ++r) {
      const LossInput<S> row = in.row(r);
      S product = 0, of_y = 0, of_p = 0;
      for (int c = 0; c < in.n; ++c) {
        product += row.values[c] * row.y[c];
        of_y += row.values[c] * row.values[c];
        of_p += row.y[c] * row.y[c];
      }
      const S scale_y = 1 / std::max(std::sqrt(of_y), least), scale_p = 1 / std::max(std::sqrt(of_p), least);
      const S cosine = product * scale_y * scale_p;
      sum -= static_cast<double>(cosine);
      const S along = std::sqrt(of_p) > least ? cosine * scale_p : S{0};
      for (int c = 0; row.gradient && c < in.n; ++c)
        row.gradient[c] = -in.weight * scale_p * (row.values[c] * scale_y - along * row.y[c]);
    }
    return sum;
  }
};

}  // namespace keratin
