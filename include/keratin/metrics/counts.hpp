#pragma once
// What counts right and wrong predictions of yes and no: every output is one, yes above a threshold.
#include <keratin/metrics/metric.hpp>
#include <keratin/metrics/row.hpp>

#include <algorithm>

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

/// Keras's threshold where only the top k count.
inline constexpr double no_threshold = -1e10;

namespace detail {
// What counts above a threshold.
template <double Threshold> class OfCounts {
  static_assert((Threshold >= 0 && Threshold <= 1) || Threshold == no_threshold,
                "keratin: a metric takes a threshold from 0 to 1");

 public:
  static constexpr Targets targets = Targets::values_or_classes;
  static constexpr Setting settings[] = {{"thresholds", Threshold}};

  OfCounts() : OfCounts(settings) {}
  explicit OfCounts(std::span<const Setting> with)
      : threshold_(with[0].value),
        top_k_(with.size() > 1 ? static_cast<int>(with[1].value) : 0),
        class_id_(with.size() > 2 ? static_cast<int>(with[2].value) : -1) {}

  void reset() { counts_ = {}; }
  template <class S> void update(const LossInput<S>& batch) {
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      for (int c = 0; c < row.n; ++c)
        if (class_id_ < 0 || c == class_id_)
          counts_.add(row.y[c] > static_cast<S>(threshold_) && is_on_top(row, c), target_of(row, c) != S{0},
                      row.count);
    }
  }

 private:
  // Whether an output is among the largest of its row; of equal ones the first is the larger.
  template <class S> bool is_on_top(const LossInput<S>& row, int c) const {
    if (top_k_ == 0) return true;
    const S v = row.y[c];
    return std::count_if(row.y, row.y + row.n, [=](S other) { return other > v; }) +
               std::count(row.y, row.y + c, v) <
           top_k_;
  }

  double threshold_;
  int top_k_, class_id_;

 protected:
  Counts counts_;
};

template <double Threshold, int TopK, int ClassId> struct OfPredicted : OfCounts<Threshold> {
  static constexpr Setting settings[] = {{"thresholds", Threshold, Threshold == no_threshold ? "" : nullptr},
                                         {"top_k", TopK, TopK == 0 ? "" : nullptr, Setting::whole},
                                         {"class_id", ClassId, ClassId < 0 ? "" : nullptr, Setting::whole}};

  OfPredicted() : OfPredicted(settings) {}
  explicit OfPredicted(std::span<const Setting> with) : OfCounts<Threshold>(with) {}
};
}  // namespace detail

/// Keras: Precision(thresholds, top_k, class_id). Of what was predicted, how much is true. TopK: only the k
/// largest outputs of a row are predicted, of any size with Precision<no_threshold, 3>. ClassId: of this
/// class only.
template <double Threshold = 0.5, int TopK = 0, int ClassId = -1>
struct Precision : detail::OfPredicted<Threshold, TopK, ClassId> {
  using detail::OfPredicted<Threshold, TopK, ClassId>::OfPredicted;
  static constexpr const char* name = "precision";
  double result() const { return share(this->counts_.true_positives, this->counts_.predicted()); }
};
/// Keras: Recall(thresholds, top_k, class_id). Of what is true, how much was predicted. TopK: only the k
/// largest outputs of a row are predicted, of any size with Recall<no_threshold, 3>. ClassId: of this class
/// only.
template <double Threshold = 0.5, int TopK = 0, int ClassId = -1>
struct Recall : detail::OfPredicted<Threshold, TopK, ClassId> {
  using detail::OfPredicted<Threshold, TopK, ClassId>::OfPredicted;
  static constexpr const char* name = "recall";
  double result() const { return share(this->counts_.true_positives, this->counts_.relevant()); }
};
/// Keras: TruePositives(thresholds).
template <double Threshold = 0.5> struct TruePositives : detail::OfCounts<Threshold> {
  using detail::OfCounts<Threshold>::OfCounts;
  static constexpr const char* name = "true_positives";
  double result() const { return this->counts_.true_positives; }
};
/// Keras: FalsePositives(thresholds).
template <double Threshold = 0.5> struct FalsePositives : detail::OfCounts<Threshold> {
  using detail::OfCounts<Threshold>::OfCounts;
  static constexpr const char* name = "false_positives";
  double result() const { return this->counts_.false_positives; }
};
/// Keras: TrueNegatives(thresholds).
template <double Threshold = 0.5> struct TrueNegatives : detail::OfCounts<Threshold> {
  using detail::OfCounts<Threshold>::OfCounts;
  static constexpr const char* name = "true_negatives";
  double result() const { return this->counts_.true_negatives; }
};
/// Keras: FalseNegatives(thresholds).
template <double Threshold = 0.5> struct FalseNegatives : detail::OfCounts<Threshold> {
  using detail::OfCounts<Threshold>::OfCounts;
  static constexpr const char* name = "false_negatives";
  double result() const { return this->counts_.false_negatives; }
};

}  // namespace keratin::metrics
