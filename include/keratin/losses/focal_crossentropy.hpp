#pragma once
#include <keratin/losses/loss.hpp>

#include <algorithm>
#include <cmath>

namespace keratin {

/// Keras: BinaryFocalCrossentropy(gamma, alpha), the mean over a row of (1 - q)^gamma times the binary
/// crossentropy, where q is the probability of what is true; with class balancing also times alpha where y is
/// 1 and 1 - alpha where it is 0. Of probabilities, or of logits. Options: FromLogits, LabelSmoothing. Lin,
/// Goyal, Girshick, He, Dollar 2017.
template <double Gamma = 2.0, bool ApplyClassBalancing = false, double Alpha = 0.25, class... Options>
struct BinaryFocalCrossentropy {
  static constexpr const char* name = "binary_focal_crossentropy";
  static constexpr bool from_logits = (std::is_same_v<Options, FromLogits> || ...);
  static constexpr double label_smoothing = (0 + ... + detail::smoothing_of<Options>);
  static constexpr Setting settings[] = {
      {"gamma", Gamma},
      {"alpha", Alpha},
      {"apply_class_balancing", ApplyClassBalancing, nullptr, Setting::flag},
      {"label_smoothing", label_smoothing}};
  static constexpr Targets targets = Targets::probabilities;
  static_assert(sizeof(detail::LossOptions<false, Options...>) > 0);
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction last) {
    if (from_logits && last != Linear{}) return needs_a_linear_output;
    return out;
  }

  /// Sum over rows of the mean over a row.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const S low = static_cast<S>(keras_epsilon), high = static_cast<S>(1 - keras_epsilon);
    const S gamma = static_cast<S>(Gamma), alpha = static_cast<S>(Alpha),
            unit = in.weight / static_cast<S>(in.n);
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(in.rows) * in.n; ++i) {
      const S y = detail::smoothed<label_smoothing>(in.values[i], 2),
              p = from_logits ? 1 / (1 + std::exp(-in.y[i])) : in.y[i], cut = std::clamp(p, low, high);
      const S miss = 1 - (y * p + (1 - y) * (1 - p)), factor = std::pow(miss, gamma);
      const S entropy = -(y * std::log(cut) + (1 - y) * std::log(1 - cut));
      const S balance = ApplyClassBalancing ? y * alpha + (1 - y) * (1 - alpha) : S{1};
      sum += static_cast<double>(balance * factor * entropy);
      if (!in.gradient) continue;
      const S of_factor = gamma * std::pow(miss, gamma - 1) * (1 - 2 * y),
              of_entropy = cut == p ? (1 - y) / (1 - p) - y / p : S{0},
              of_p = unit * balance * (of_factor * entropy + factor * of_entropy);
      in.gradient[i] = from_logits ? of_p * p * (1 - p) : of_p;
    }
    return sum / in.n;
  }
};

/// Keras: CategoricalFocalCrossentropy(alpha, gamma), the sum over a row of -alpha (1 - p)^gamma y log p. Of
/// probabilities, divided by their sum and cut to [1e-7, 1 - 1e-7], or of logits. Options: FromLogits,
/// LabelSmoothing.
template <double Alpha = 0.25, double Gamma = 2.0, class... Options> struct CategoricalFocalCrossentropy {
  static constexpr const char* name = "categorical_focal_crossentropy";
  static constexpr bool from_logits = (std::is_same_v<Options, FromLogits> || ...);
  static constexpr double label_smoothing = (0 + ... + detail::smoothing_of<Options>);
  static constexpr Setting settings[] = {
      {"gamma", Gamma}, {"alpha", Alpha}, {"label_smoothing", label_smoothing}};
  static constexpr Targets targets = Targets::probabilities;
  static_assert(sizeof(detail::LossOptions<false, Options...>) > 0);
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction last) {
    if (out.last() < 2) return needs_two_or_more_classes;
    if (from_logits && last != Linear{}) return needs_a_linear_output;
    return out;
  }

  /// Sum over rows.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const S low = static_cast<S>(keras_epsilon), high = static_cast<S>(1 - keras_epsilon);
    const S gamma = static_cast<S>(Gamma), alpha = static_cast<S>(Alpha);
    double sum = 0;
    for (int r = 0; r < in.rows; ++r) {
      const LossInput<S> row = in.row(r);
      const S top = from_logits ? *std::max_element(row.y, row.y + in.n) : S{0};
      const auto part = [&](int c) { return from_logits ? std::exp(row.y[c] - top) : row.y[c]; };
      S total = 0, shared = 0;  // shared: what the division by the total hands on to every class
      for (int c = 0; c < in.n; ++c) total += part(c);
      for (int c = 0; c < in.n; ++c) {
        const S q = part(c) / total, p = std::clamp(q, low, high),
                y = detail::smoothed<label_smoothing>(row.values[c], in.n);
        sum -= static_cast<double>(alpha * std::pow(1 - p, gamma) * y * std::log(p));
        if (!row.gradient) continue;
        const S slope =
            p == q
                ? alpha * y * (gamma * std::pow(1 - p, gamma - 1) * std::log(p) - std::pow(1 - p, gamma) / p)
                : S{0};
        row.gradient[c] = slope;
        shared += slope * q;
      }
      for (int c = 0; row.gradient && c < in.n; ++c)
        row.gradient[c] = in.weight * (row.gradient[c] - shared) * (from_logits ? part(c) : S{1}) / total;
    }
    return sum;
  }
};

}  // namespace keratin
