#pragma once
#include <keratin/metrics/counts.hpp>

#include <array>
#include <cmath>

namespace keratin::metrics {

/// How the scores of several classes become one. Keras: average; its None, a score for each, is no number.
enum class Averaging : unsigned char { micro, macro, weighted };
namespace detail {
constexpr const char* word_of(Averaging a) {
  return a == Averaging::micro ? "micro" : a == Averaging::macro ? "macro" : "weighted";
}
}  // namespace detail

/// Keras: FBetaScore(average, beta, threshold). The harmonic mean of precision and recall, recall counting
/// beta times as much, of each of so many classes. Threshold 0: the largest output of a row is its class.
template <int Classes, Averaging Kind = Averaging::macro, double Beta = 1.0, double Threshold = 0.0>
class FBetaScore {
  static_assert(Threshold >= 0 && Threshold <= 1, "keratin: a metric takes a threshold from 0 to 1");

 public:
  static constexpr const char* name = "fbeta_score";
  static constexpr const char* class_name = "FBetaScore";
  static constexpr Setting settings[] = {{"average", 0, detail::word_of(Kind)},
                                         {"beta", Beta},
                                         {"threshold", Threshold, Threshold == 0 ? "" : nullptr}};
  static constexpr Targets targets = Targets::values_or_classes;
  static constexpr int least_outputs = Classes;

  void reset() { of_ = {}; }
  /// Outputs beyond the classes are left out.
  template <class S> void update(const LossInput<S>& batch) {
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      const S top = *std::max_element(row.y, row.y + row.n);
      for (int c = 0; c < std::min(row.n, Classes); ++c) {
        const bool yes = Threshold > 0 ? row.y[c] > static_cast<S>(Threshold)
                                       : row.y[c] >= top && std::fabs(row.y[c]) > S(1e-9);
        of_[static_cast<std::size_t>(c)].add(yes, target_of(row, c) > S(0.5), row.count);
      }
    }
  }
  double result() const {
    Counts all;
    double sum = 0, weights = 0;
    for (const Counts& c : of_) {
      all.true_positives += c.true_positives;
      all.false_positives += c.false_positives;
      all.false_negatives += c.false_negatives;
      const double weight = Kind == Averaging::weighted ? c.relevant() : 1;
      sum += weight * score(c);
      weights += weight;
    }
    return Kind == Averaging::micro ? score(all)
                                    : sum / (weights + (Kind == Averaging::weighted ? keras_epsilon : 0));
  }

 private:
  static double score(const Counts& c) {
    const double precision = c.true_positives / (c.predicted() + keras_epsilon),
                 recall = c.true_positives / (c.relevant() + keras_epsilon), square = Beta * Beta;
    return (1 + square) * precision * recall / (square * precision + recall + keras_epsilon);
  }

  std::array<Counts, Classes> of_{};
};
/// Keras: F1Score(average, threshold).
template <int Classes, Averaging Kind = Averaging::macro, double Threshold = 0.0>
struct F1Score : FBetaScore<Classes, Kind, 1.0, Threshold> {
  static constexpr const char* name = "f1_score";
  static constexpr const char* class_name = "F1Score";
  static constexpr Setting settings[] = {{"average", 0, detail::word_of(Kind)},
                                         {"threshold", Threshold, Threshold == 0 ? "" : nullptr}};
};

}  // namespace keratin::metrics
