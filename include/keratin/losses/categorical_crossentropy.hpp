#pragma once
#include <keratin/losses/loss.hpp>

#include <algorithm>

namespace keratin {

namespace detail {

// -sum_c y_c log p_c for p = softmax(z), computed from the logits z: log p_c = z_c - log sum e^z.
template <Targets T, class... Options> struct CategoricalCrossentropyBase {
  static constexpr Targets targets = T;
  static constexpr bool from_logits = (std::is_same_v<Options, FromLogits> || ...);
  static constexpr double label_smoothing = (0 + ... + detail::smoothing_of<Options>);
  static constexpr bool ignores = (is_ignoring<Options> || ...);
  static constexpr int ignored = (0 + ... + ignored_by<Options>);
  static_assert(sizeof(detail::LossOptions<(T == Targets::classes), Options...>) > 0);
  using Link = std::conditional_t<from_logits, Linear, Softmax>;

  static constexpr Fit fit(Shape out, ActivationFunction last) {
    if (out.last() < 2) return needs_two_or_more_classes;
    if (last != Link{})
      return from_logits ? Fit{needs_a_linear_output} : Fit{needs_softmax_as_output_activation};
    return out;
  }

  /// Whether a row of that class counts; one beyond the classes is there only to be ignored.
  template <class S> static bool counts(const LossInput<S>& in, int r) {
    const std::int32_t label = in.labels[r];
    return label >= 0 && label < in.n && !(ignores && label == ignored);
  }

  /// Sum over rows, from logits.
  template <class S> static double evaluate(const LossInput<S>& in) {
    using V = kernels::Vec<S>;
    double sum = 0;
    for (int r = 0; r < in.rows; ++r) {
      S* const z = in.y + static_cast<std::ptrdiff_t>(r) * in.n;
      S* const d = in.gradient ? in.gradient + static_cast<std::ptrdiff_t>(r) * in.n : nullptr;
      const S* const values = in.labels ? nullptr : in.values + static_cast<std::ptrdiff_t>(r) * in.n;
      S target = 0, weighted = 0;  // sum of y and of y z
      if (in.labels) {
        if (counts(in, r)) target = 1, weighted = z[in.labels[r]];
      } else {
        for (int c = 0; c < in.n; ++c) target += values[c], weighted += values[c] * z[c];
      }
      if constexpr (label_smoothing != 0) {
        target = detail::smoothed<label_smoothing>(target, 1);
        S sum_z = 0;
        for (int c = 0; c < in.n; ++c) sum_z += z[c];
        weighted = detail::smoothed<label_smoothing>(weighted - sum_z / static_cast<S>(in.n), 1) +
                   sum_z / static_cast<S>(in.n) - static_cast<S>(label_smoothing);
      }
      // Where p is not wanted the gradient takes its place.
      S* const p = from_logits || !in.probabilities ? d : z;
      const S log_sum =
          p ? Softmax::log_sum_exp(
                  z, p, in.n,
                  [&](std::ptrdiff_t c, auto part, V q) {
                    if (!d) return;
                    const V y = smoothed<label_smoothing>(
                        values       ? part.load(values + c)
                        : target > 0 ? kernels::one_hot<V>(in.labels[r] - static_cast<std::int32_t>(c))
                                     : V{},
                        in.n);
                    part.store(d + c, (q * target - y) * in.weight);
                  })
            : log_sum_exp(z, in.n);
      sum += static_cast<double>(target) * log_sum - weighted;
    }
    return sum;
  }
  /// Sum over rows, from probabilities, for use as a metric: p / sum p, cut to [epsilon, 1 - epsilon].
  template <class S> static double from_probabilities(const LossInput<S>& in) {
    double sum = 0;
    for (int r = 0; r < in.rows; ++r) {
      const S* p = in.y + static_cast<std::ptrdiff_t>(r) * in.n;
      double total = 0;
      for (int c = 0; c < in.n; ++c) total += p[c];
      const auto log_p = [&](int c) {
        return std::log(std::clamp(p[c] / total, keras_epsilon, 1 - keras_epsilon));
      };
      const auto y = [&](int c) {
        return smoothed<label_smoothing>(
            in.labels ? S(c == in.labels[r]) : in.values[static_cast<std::ptrdiff_t>(r) * in.n + c], in.n);
      };
      if (in.labels && !counts(in, r)) continue;
      if (in.labels && label_smoothing == 0)
        sum -= log_p(in.labels[r]);
      else
        for (int c = 0; c < in.n; ++c) sum -= static_cast<double>(y(c)) * log_p(c);
    }
    return sum;
  }

 private:
  template <class S> static S log_sum_exp(const S* z, int n) {
    const S top = *std::max_element(z, z + n);
    S sum = 0;
    for (int c = 0; c < n; ++c) sum += std::exp(z[c] - top);
    return std::log(sum) + top;
  }
};

}  // namespace detail

/// Keras: CategoricalCrossentropy. Targets are probabilities [rows][classes] or, shorter, class numbers
/// [rows]. The network ends with Softmax; CategoricalCrossentropy<FromLogits> is for one that ends with a
/// linear layer. Options: FromLogits, LabelSmoothing.
template <class... Options>
struct CategoricalCrossentropy : detail::CategoricalCrossentropyBase<Targets::values_or_classes, Options...> {
  static constexpr const char* name = "categorical_crossentropy";
  static constexpr Setting settings[] = {{"label_smoothing", CategoricalCrossentropy::label_smoothing}};
};

/// Keras: SparseCategoricalCrossentropy. Targets are class numbers [rows]. Options: FromLogits, IgnoreClass.
template <class... Options>
struct SparseCategoricalCrossentropy : detail::CategoricalCrossentropyBase<Targets::classes, Options...> {
  static constexpr const char* name = "sparse_categorical_crossentropy";
  static constexpr Setting settings[] = {{"ignore_class", SparseCategoricalCrossentropy::ignored,
                                          SparseCategoricalCrossentropy::ignores ? nullptr : "",
                                          Setting::whole}};
};

}  // namespace keratin
