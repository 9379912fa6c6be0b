#pragma once
// Dice and Tversky: how little two sets overlap. One number for a whole batch, as in Keras.
#include <keratin/losses/loss.hpp>

namespace keratin {

namespace detail {
/// 1 - overlap / total, over all values of a batch, where Sums(y, p) adds a value to both and total has 1e-7
/// added. Where rows have weights or a mask, each row is a set of its own.
template <class L> struct OverlapLoss {
  static constexpr Targets targets = Targets::probabilities;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) { return out; }

  /// That number times the rows.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(in.rows) * in.n;
    double overlap = 0, total = keras_epsilon;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const double y = static_cast<double>(in.values[i]), p = static_cast<double>(in.y[i]);
      overlap += L::overlap * y * p;
      total += L::total(y, p);
    }
    for (std::ptrdiff_t i = 0; in.gradient && i < count; ++i) {
      const double y = static_cast<double>(in.values[i]);
      in.gradient[i] = static_cast<S>(in.rows * static_cast<double>(in.weight) *
                                      (overlap * L::slope(y) - L::overlap * y * total) / (total * total));
    }
    return in.rows * (1 - overlap / total);
  }
};
}  // namespace detail

/// Keras: Dice, 1 - 2 sum(y p) / (sum y + sum p). Dice 1945.
struct Dice : detail::OverlapLoss<Dice> {
  static constexpr const char* name = "dice";
  static constexpr double overlap = 2;
  static constexpr double total(double y, double p) { return y + p; }
  static constexpr double slope(double) { return 1; }
};

/// Keras: Tversky(alpha, beta), 1 - sum(y p) / (sum(y p) + alpha sum(y (1 - p)) + beta sum((1 - y) p)): alpha
/// weighs what is missed, beta false alarms. Salehi, Erdogmus, Gholipour 2017.
template <double Alpha = 0.5, double Beta = 0.5> struct Tversky : detail::OverlapLoss<Tversky<Alpha, Beta>> {
  static constexpr const char* name = "tversky";
  static constexpr Setting settings[] = {{"alpha", Alpha}, {"beta", Beta}};
  static constexpr double overlap = 1;
  static constexpr double total(double y, double p) {
    return y * p + Alpha * y * (1 - p) + Beta * (1 - y) * p;
  }
  static constexpr double slope(double y) { return y - Alpha * y + Beta * (1 - y); }
};

}  // namespace keratin
