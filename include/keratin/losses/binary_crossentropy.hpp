#pragma once
#include <keratin/losses/loss.hpp>

#include <algorithm>

namespace keratin {

/// Keras: BinaryCrossentropy, the mean over a row of -(y log p + (1 - y) log(1 - p)), computed from the
/// logits z behind p = sigmoid(z): max(z, 0) - z y + log(1 + e^-|z|). The network ends with Sigmoid;
/// BinaryCrossentropy<FromLogits> is for one that ends with a linear layer. Options: FromLogits,
/// LabelSmoothing.
template <class... Options> struct BinaryCrossentropy {
  static constexpr const char* name = "binary_crossentropy";
  static constexpr Targets targets = Targets::probabilities;
  static constexpr bool from_logits = (std::is_same_v<Options, FromLogits> || ...);
  static constexpr double label_smoothing = (0 + ... + detail::smoothing_of<Options>);
  static constexpr Setting settings[] = {{"label_smoothing", label_smoothing}};
  static_assert(sizeof(detail::LossOptions<false, Options...>) > 0);
  using Link = std::conditional_t<from_logits, Linear, Sigmoid>;

  static constexpr Fit fit(Shape out, ActivationFunction last) {
    if (last != Link{})
      return from_logits ? Fit{needs_a_linear_output} : Fit{needs_sigmoid_as_output_activation};
    return out;
  }

  /// Sum over rows of the mean over a row, from logits.
  template <class S> static double evaluate(const LossInput<S>& in) {
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(in.rows) * in.n;
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const S z = in.y[i], y = detail::smoothed<label_smoothing>(in.values[i], 2);
      sum += std::max(z, S{0}) - z * y + std::log1p(std::exp(-std::fabs(z)));
    }
    kernels::for_each_vector<S>(count, [&](std::ptrdiff_t i, auto part) {
      const kernels::Vec<S> p = kernels::sigmoid(part.load(in.y + i));
      if (in.gradient)
        part.store(in.gradient + i, (p - detail::smoothed<label_smoothing>(part.load(in.values + i), 2)) *
                                        (in.weight / static_cast<S>(in.n)));
      if (!from_logits && in.probabilities) part.store(in.y + i, p);
    });
    return sum / in.n;
  }
  /// The same from probabilities, for use as a metric: p cut to [epsilon, 1 - epsilon].
  template <class S> static double from_probabilities(const LossInput<S>& in) {
    // The bounds are rounded as Keras's float32 rounds them.
    const S low = static_cast<S>(keras_epsilon), high = static_cast<S>(1 - keras_epsilon);
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(in.rows) * in.n; ++i) {
      const S p = std::clamp(in.y[i], low, high), y = detail::smoothed<label_smoothing>(in.values[i], 2);
      sum -= y * std::log(p) + (1 - y) * std::log(1 - p);
    }
    return sum / in.n;
  }
};

}  // namespace keratin
