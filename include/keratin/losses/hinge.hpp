#pragma once
#include <keratin/losses/loss.hpp>

#include <algorithm>

namespace keratin {

namespace detail {
/// Targets are -1 or 1; where all of a call are 0 or 1, 0 stands for -1.
template <bool Squared> struct HingeBase {
  static constexpr Targets targets = Targets::values;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) { return out; }

  /// Sum over rows of the mean over a row.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(in.rows) * in.n;
    const bool binary = std::all_of(in.values, in.values + count, [](S y) { return y == S{0} || y == S{1}; });
    const S unit = in.weight / static_cast<S>(in.n);
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const S y = binary ? 2 * in.values[i] - 1 : in.values[i], miss = std::max(1 - y * in.y[i], S{0});
      sum += static_cast<double>(Squared ? miss * miss : miss);
      if (in.gradient) in.gradient[i] = miss > 0 ? -unit * y * (Squared ? 2 * miss : S{1}) : S{0};
    }
    return sum / in.n;
  }
};
}  // namespace detail

/// Keras: Hinge, the mean of max(1 - y p, 0). Targets are -1 or 1, or 0 or 1.
struct Hinge : detail::HingeBase<false> {
  static constexpr const char* name = "hinge";
};
/// Keras: SquaredHinge, the mean of max(1 - y p, 0)^2. Targets as of Hinge.
struct SquaredHinge : detail::HingeBase<true> {
  static constexpr const char* name = "squared_hinge";
};

/// Keras: CategoricalHinge, max(max((1 - y) p) - sum(y p) + 1, 0) of a row; y is one-hot.
struct CategoricalHinge {
  static constexpr const char* name = "categorical_hinge";
  static constexpr Targets targets = Targets::values;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) { return out; }

  /// Sum over rows. Of several wrong classes with the highest value each gets its share of the gradient.
  template <class S> static double evaluate(const LossInput<S>& in) {
    double sum = 0;
    for (int r = 0; r < in.rows; ++r) {
      const LossInput<S> row = in.row(r);
      const auto wrong = [&](int c) { return (1 - row.values[c]) * row.y[c]; };
      S right = 0, worst = wrong(0), equal = 0;
      for (int c = 0; c < in.n; ++c) right += row.values[c] * row.y[c], worst = std::max(worst, wrong(c));
      for (int c = 0; c < in.n; ++c) equal += wrong(c) == worst;
      const S loss = std::max(worst - right + 1, S{0});
      sum += static_cast<double>(loss);
      for (int c = 0; row.gradient && c < in.n; ++c) {
        const S of_worst = wrong(c) == worst ? (1 - row.values[c]) / equal : S{0};
        row.gradient[c] = loss > 0 ? in.weight * (of_worst - row.values[c]) : S{0};
      }
    }
    return sum;
  }
};

}  // namespace keratin
