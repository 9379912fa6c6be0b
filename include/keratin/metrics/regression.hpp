#pragma once
#include <keratin/metrics/metric.hpp>

#include <array>
#include <cmath>

namespace keratin::metrics {

/// Keras: RootMeanSquaredError.
struct RootMeanSquaredError : MeanSquaredError {
  static constexpr const char* name = "root_mean_squared_error";
  double result() const { return std::sqrt(Mean::result()); }
};

/// Keras: R2Score(num_regressors). 1 - what the outputs miss / how far the targets are from their mean, of
/// each of so many outputs, and their mean; 0 where the targets are all alike. With regressors it is adjusted
/// by how many there are.
template <int Outputs = 1, int Regressors = 0> class R2Score {
 public:
  static constexpr const char* name = "r2_score";
  static constexpr Setting settings[] = {{"num_regressors", Regressors, nullptr, Setting::whole}};
  static constexpr Targets targets = Targets::values;
  static constexpr int least_outputs = Outputs;

  void reset() { *this = {}; }
  /// Outputs beyond those are left out.
  template <class S> void update(const LossInput<S>& batch) {
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      for (int c = 0; c < std::min(row.n, Outputs); ++c) {
        const double y = static_cast<double>(row.values[c]), e = static_cast<double>(row.y[c]) - y;
        Sums& sums = of_[static_cast<std::size_t>(c)];
        sums.y += row.count * y, sums.squares += row.count * y * y, sums.missed += row.count * e * e;
      }
    }
    values_ += batch.rows * Outputs;
    count_ += batch.count * batch.rows;
  }
  double result() const {
    double sum = 0;
    for (const Sums& of : of_) {
      const double spread = count_ > 0 ? of.squares - of.y * of.y / count_ : 0;
      sum += spread > 0 ? 1 - of.missed / spread : 0;
    }
    const double score = sum / Outputs, free = values_ - Regressors - 1;
    return Regressors == 0 || free <= 0 ? score : 1 - (1 - score) * (values_ - 1) / free;
  }

 private:
  struct Sums {
    double y = 0, squares = 0, missed = 0;
  };
  std::array<Sums, Outputs> of_{};
  double values_ = 0, count_ = 0;  // values of outputs, which is what Keras takes for the samples
};

/// The cosine of the angle between outputs and targets, 1 where they agree. Keras: CosineSimilarity, whose
/// loss is the negative of it.
struct CosineSimilarity : LossMetric<keratin::CosineSimilarity> {
  double result() const { return -Mean::result(); }
};

}  // namespace keratin::metrics
