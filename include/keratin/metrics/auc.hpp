#pragma once
#include <keratin/metrics/counts.hpp>

#include <array>
#include <cmath>
#include <span>

namespace keratin::metrics {

enum class Curve : unsigned char { ROC, PR };
enum class Summation : unsigned char { interpolation, minoring, majoring };

/// Each of so many outputs has a curve of its own; outputs beyond them are left out. Keras: multi_label,
/// num_labels.
template <int Labels> struct MultiLabel {
  static_assert(Labels > 0, "keratin: MultiLabel takes a number of labels");
};
/// What each output counts, in one curve or in the mean of their areas; outputs beyond them count nothing.
/// Keras: label_weights.
template <double... Weights> struct LabelWeights {
  static_assert(sizeof...(Weights) > 0 && (... && (Weights >= 0)),
                "keratin: LabelWeights takes a weight for each output, 0 or more");
};
/// The thresholds between the lowest and the highest, in ascending order. Keras: thresholds.
template <double... Thresholds> struct AtThresholds {};

namespace detail {
// What an option of AUC says; each is found by its type among them all.
template <class Option> struct OfAUC;
template <int N> struct OfAUC<MultiLabel<N>> {
  static constexpr int labels = N;
};
template <double... W> struct OfAUC<LabelWeights<W...>> {
  static constexpr double weights[] = {W...};
};
template <double... T> struct OfAUC<AtThresholds<T...>> {
  static constexpr std::array<double, sizeof...(T)> thresholds{T...};
  static_assert(sizeof...(T) > 0 && std::is_sorted(thresholds.begin(), thresholds.end()),
                "keratin: AtThresholds takes thresholds in ascending order");
};
template <> struct OfAUC<FromLogits> {
  static constexpr bool from_logits = true;
};
template <class... Options> struct AllOfAUC : OfAUC<Options>... {
  static constexpr int labels_or(int otherwise) {
    if constexpr (requires { AllOfAUC::labels; }) return AllOfAUC::labels;
    return otherwise;
  }
  static constexpr std::span<const double> label_weights() {
    if constexpr (requires { AllOfAUC::weights; }) return AllOfAUC::weights;
    return {};
  }
  static constexpr std::span<const double> given_thresholds() {
    if constexpr (requires { AllOfAUC::thresholds; }) return AllOfAUC::thresholds;
    return {};
  }
  static constexpr bool of_logits() {
    return requires { AllOfAUC::from_logits; };
  }
};
}  // namespace detail

/// Keras: AUC(num_thresholds, curve, summation_method). The area under the curve of true over false positives
/// (ROC) or of precision over recall (PR), over all outputs, each a prediction from 0 to 1; the curve has as
/// many points as there are thresholds, evenly spaced. PR is interpolated as in Davis and Goadrich 2006.
/// Options, in any order: MultiLabel, LabelWeights, AtThresholds, FromLogits.
template <Curve Kind = Curve::ROC, int NumThresholds = 200, Summation Method = Summation::interpolation,
          class... Options>
class AUC {
  static_assert(NumThresholds > 1, "keratin: AUC needs at least two thresholds");
  using Of = detail::AllOfAUC<Options...>;
  static constexpr std::span<const double> thresholds = Of::given_thresholds(), weights = Of::label_weights();
  static constexpr std::size_t points =
      thresholds.empty() ? std::size_t{NumThresholds} : thresholds.size() + 2;
  static constexpr int labels = Of::labels_or(0), curves = Of::labels_or(1);

 public:
  static constexpr const char* name = "auc";
  static constexpr const char* class_name = "AUC";
  static constexpr Setting settings[] = {{"num_thresholds", points, nullptr, Setting::whole},
                                         {"curve", 0, Kind == Curve::ROC ? "ROC" : "PR"},
                                         {"summation_method", 0,
                                          Method == Summation::interpolation ? "interpolation"
                                          : Method == Summation::minoring    ? "minoring"
                                                                             : "majoring"},
                                         {"multi_label", labels > 0, nullptr, Setting::flag},
                                         {"num_labels", labels, labels > 0 ? nullptr : "", Setting::whole},
                                         {"from_logits", Of::of_logits(), nullptr, Setting::flag}};
  static constexpr int least_outputs = labels;
  static constexpr const char* not_in_files =
      weights.empty() && thresholds.empty() ? nullptr : "lists of weights and thresholds are not written yet";
  static constexpr Targets targets = Targets::values_or_classes;

  void reset() { of_.fill({}); }
  template <class S> void update(const LossInput<S>& batch) {
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      for (int c = 0; c < (labels > 0 ? std::min(row.n, labels) : row.n); ++c) {
        Buckets& of = of_[static_cast<std::size_t>(labels > 0 ? c : 0)];
        auto& buckets = target_of(row, c) != S{0} ? of.yes : of.no;
        buckets[place(Of::of_logits() ? 1 / (1 + std::exp(-row.y[c])) : row.y[c])] +=
            labels > 0 ? row.count : row.count * weight_of(c);
      }
    }
  }
  double result() const {
    double sum = 0, all = 0;
    for (int c = 0; c < curves; ++c) {
      const double weight = labels > 0 ? weight_of(c) : 1;
      sum += weight * area(of_[static_cast<std::size_t>(c)]);
      all += weight;
    }
    return share(sum, all);
  }

 private:
  // Predictions by the highest threshold that they exceed.
  struct Buckets {
    std::array<double, points> yes{}, no{};
  };
  static constexpr double weight_of(int c) {
    if (weights.empty()) return 1;
    return static_cast<std::size_t>(c) < weights.size() ? weights[static_cast<std::size_t>(c)] : 0;
  }
  template <class S> static std::size_t place(S p) {
    if (!thresholds.empty())
      return static_cast<std::size_t>(std::count_if(thresholds.begin(), thresholds.end(),
                                                    [=](double t) { return p > static_cast<S>(t); }));
    const double highest = std::ceil(static_cast<double>(p) * (points - 1)) - 1;
    return highest > 0 ? static_cast<std::size_t>(std::min(highest, points - 1.0)) : 0;  // NaN exceeds none
  }
  static double area(const Buckets& of) {
    std::array<Counts, points> at{};  // at each threshold, from the lowest
    double true_positives = 0, false_positives = 0;
    for (std::size_t i = points; i-- > 0;) {
      at[i].true_positives = true_positives += of.yes[i];
      at[i].false_positives = false_positives += of.no[i];
    }
    for (Counts& counts : at) {
      counts.false_negatives = true_positives - counts.true_positives;
      counts.true_negatives = false_positives - counts.false_positives;
    }
    double sum = 0;
    for (std::size_t i = 0; i + 1 < points; ++i)
      sum += Kind == Curve::PR && Method == Summation::interpolation ? between_precisions(at[i], at[i + 1])
                                                                     : between(at[i], at[i + 1]);
    return sum;
  }
  struct Point {
    double x, y;
  };
  static Point point(const Counts& c) {
    const double recall = share(c.true_positives, c.relevant());
    if (Kind == Curve::PR) return {recall, share(c.true_positives, c.predicted())};
    return {share(c.false_positives, c.false_positives + c.true_negatives), recall};
  }
  static double between(const Counts& low, const Counts& high) {
    const Point a = point(low), b = point(high);
    const double height = Method == Summation::interpolation ? (a.y + b.y) / 2
                          : Method == Summation::minoring    ? std::min(a.y, b.y)
                                                             : std::max(a.y, b.y);
    return (a.x - b.x) * height;
  }
  static double between_precisions(const Counts& low, const Counts& high) {
    const double gained = low.true_positives - high.true_positives,
                 slope = share(gained, low.predicted() - high.predicted()),
                 intercept = high.true_positives - slope * high.predicted(),
                 ratio = low.predicted() > 0 && high.predicted() > 0 ? low.predicted() / high.predicted() : 1;
    return share(slope * (gained + intercept * std::log(ratio)), high.relevant());
  }

  std::array<Buckets, std::size_t{curves}> of_{};
};

}  // namespace keratin::metrics
