#pragma once
// What counts right and wrong predictions of yes and no: every output is one, yes above a threshold.
#include <keratin/metrics/metric.hpp>
#include <keratin/metrics/row.hpp>

namespace keratin::metrics {

/// How often yes was right and wrong, and no.
struct Counts {
  double true_positives = 0, false_positives = 0, true_negatives = 0, false_negatives = 0;

  void add(bool yes, bool truth, double count) {
    (yes ? truth ? true_positives : false_positives : truth ? false_negatives : true_negatives) += count;
  }
  double predicted() const { return true_positives + false_positives; }
  double relevant() const { return true_positives + false_negatives; }
};
/// a / b, and 0 for 0 / 0.
constexpr double share(double a, double b) { return b > 0 ? a / b : 0; }

namespace detail {
template <double Threshold> class OfCounts {
 public:
  static constexpr Targets targets = Targets::values_or_classes;

  void reset() { counts_ = {}; }
  template <class S> void update(const LossInput<S>& batch) {
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      for (int c = 0; c < row.n; ++c)
        counts_.add(row.y[c] > static_cast<S>(Threshold), target_of(row, c) != S{0}, row.count);
    }
  }

 protected:
  Counts counts_;
};
}  // namespace detail

/// Keras: Precision(thresholds). Of what was predicted, how much is true.
template <double Threshold = 0.5> struct Precision : detail::OfCounts<Threshold> {
  static constexpr const char* name = "precision";
  static constexpr Setting settings[] = {{"thresholds", Threshold}};
  double result() const { return share(this->counts_.true_positives, this->counts_.predicted()); }
};
/// Keras: Recall(thresholds). Of what is true, how much was predicted.
template <double Threshold = 0.5> struct Recall : detail::OfCounts<Threshold> {
  static constexpr const char* name = "recall";
  static constexpr Setting settings[] = {{"thresholds", Threshold}};
  double result() const { return share(this->counts_.true_positives, this->counts_.relevant()); }
};
/// Keras: TruePositives(thresholds).
template <double Threshold = 0.5> struct TruePositives : detail::OfCounts<Threshold> {
  static constexpr const char* name = "true_positives";
  static constexpr Setting settings[] = {{"thresholds", Threshold}};
  double result() const { return this->counts_.true_positives; }
};
/// Keras: FalsePositives(thresholds).
template <double Threshold = 0.5> struct FalsePositives : detail::OfCounts<Threshold> {
  static constexpr const char* name = "false_positives";
  static constexpr Setting settings[] = {{"thresholds", Threshold}};
  double result() const { return this->counts_.false_positives; }
};
/// Keras: TrueNegatives(thresholds).
template <double Threshold = 0.5> struct TrueNegatives : detail::OfCounts<Threshold> {
  static constexpr const char* name = "true_negatives";
  static constexpr Setting settings[] = {{"thresholds", Threshold}};
  double result() const { return this->counts_.true_negatives; }
};
/// Keras: FalseNegatives(thresholds).
template <double Threshold = 0.5> struct FalseNegatives : detail::OfCounts<Threshold> {
  static constexpr const char* name = "false_negatives";
  static constexpr Setting settings[] = {{"thresholds", Threshold}};
  double result() const { return this->counts_.false_negatives; }
};

}  // namespace keratin::metrics
