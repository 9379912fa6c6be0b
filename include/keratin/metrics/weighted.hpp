#pragma once
// What a metric is given beside its settings: weights, a name.
#include <keratin/core/fixed_string.hpp>

#include <array>
#include <string_view>

namespace keratin::metrics {

/// A metric for which rows count what they do in the loss, by sample_weight or class_weight; without those it
/// is the metric itself. Beside the same metric without weights it is called "weighted_accuracy". Keras:
/// weighted_metrics of compile.
template <class Metric> struct Weighted : Metric {
  using Unweighted = Metric;
  static constexpr std::string_view weighted_name() { return {long_name.data(), long_name.size()}; }

 private:
  static constexpr auto long_name = [] {
    constexpr std::string_view prefix = "weighted_", name = Metric::name;
    std::array<char, prefix.size() + name.size()> both{};
    for (std::size_t i = 0; i < both.size(); ++i)
      both[i] = i < prefix.size() ? prefix[i] : name[i - prefix.size()];
    return both;
  }();
};

/// A metric with a name of its own, for logs and files: Named<"sure", Precision<0.9>>. Keras: name.
template <fixed_string Name, class Metric> struct Named : Metric {
  using Unnamed = Metric;
  static constexpr const char* name = Name.text;
};

template <class Metric>
concept IsWeighted = requires { typename Metric::Unweighted; };

/// What logs call a metric that stands beside All.
template <class Metric, class... All> constexpr std::string_view log_name() {
  if constexpr (IsWeighted<Metric>)
    if ((... || (!IsWeighted<All> && std::string_view(All::name) == Metric::name)))
      return Metric::weighted_name();
  return Metric::name;
}

}  // namespace keratin::metrics
