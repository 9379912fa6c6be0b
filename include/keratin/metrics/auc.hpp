#pragma once
#include <keratin/metrics/counts.hpp>

#include <array>
#include <cmath>

namespace keratin::metrics {

enum class Curve : unsigned char { ROC, PR };
enum class Summation : unsigned char { interpolation, minoring, majoring };

/// Keras: AUC(num_thresholds, curve, summation_method). The area under the curve of true over false positives
/// (ROC) or of precision over recall (PR), over all outputs, each a prediction from 0 to 1; the curve has as
/// many points as there are thresholds, evenly spaced. PR is interpolated as in Davis and Goadrich 2006.
template <Curve Kind = Curve::ROC, int Thresholds = 200, Summation Method = Summation::interpolation>
class AUC {
  static_assert(Thresholds > 1, "keratin: AUC needs at least two thresholds");

 public:
  static constexpr const char* name = "auc";
  static constexpr const char* class_name = "AUC";
  static constexpr Setting settings[] = {{"num_thresholds", Thresholds, nullptr, Setting::whole},
                                         {"curve", 0, Kind == Curve::ROC ? "ROC" : "PR"},
                                         {"summation_method", 0,
                                          Method == Summation::interpolation ? "interpolation"
                                          : Method == Summation::minoring    ? "minoring"
                                                                             : "majoring"}};
  static constexpr Targets targets = Targets::values_or_classes;

  void reset() { yes_ = no_ = {}; }
  template <class S> void update(const LossInput<S>& batch) {
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      for (int c = 0; c < row.n; ++c) {
        const double place = std::ceil(static_cast<double>(row.y[c]) * (Thresholds - 1)) - 1;
        auto& bucket = target_of(row, c) != S{0} ? yes_ : no_;
        bucket[static_cast<std::size_t>(std::clamp(place, 0.0, Thresholds - 1.0))] += row.count;
      }
    }
  }
  double result() const {
    std::array<Counts, Thresholds> at{};  // at each threshold, from the lowest
    double true_positives = 0, false_positives = 0;
    for (std::size_t i = Thresholds; i-- > 0;) {
      at[i].true_positives = true_positives += yes_[i];
      at[i].false_positives = false_positives += no_[i];
    }
    for (Counts& counts : at) {
      counts.false_negatives = true_positives - counts.true_positives;
      counts.true_negatives = false_positives - counts.false_positives;
    }
    double area = 0;
    for (std::size_t i = 0; i + 1 < Thresholds; ++i)
      area += Kind == Curve::PR && Method == Summation::interpolation ? between_precisions(at[i], at[i + 1])
                                                                      : between(at[i], at[i + 1]);
    return area;
  }

 private:
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

  std::array<double, Thresholds> yes_{}, no_{};  // predictions by the highest threshold that they exceed
};

}  // namespace keratin::metrics
