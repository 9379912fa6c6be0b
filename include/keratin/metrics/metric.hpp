#pragma once
// What a metric provides: `update` with a batch's predictions, of which each row counts as much as the batch
// says, `result`, `reset`, and how it wants its targets. Any loss is a metric: metrics::MeanAbsoluteError.
#include <keratin/losses.hpp>
#include <keratin/metrics/weighted.hpp>

namespace keratin::metrics {

/// The mean of a value over all rows seen since reset; 0 when there were none.
class Mean {
 public:
  void reset() { total_ = count_ = 0; }
  double result() const { return count_ != 0 ? total_ / count_ : 0; }
  void add(double sum, double rows) {
    total_ += sum;
    count_ += rows;
  }
  /// The sum over a batch's rows.
  template <class S> void add(double sum, const LossInput<S>& batch) {
    add(batch.count * sum, batch.count * batch.rows);
  }

 private:
  double total_ = 0, count_ = 0;
};

/// The sum of values since reset, each times what it counts: for what you log yourself. Keras: Sum.
class Sum {
 public:
  void reset() { total_ = 0; }
  double result() const { return total_; }
  void add(double value, double weight = 1) { total_ += weight * value; }

 private:
  double total_ = 0;
};

/// A loss as a metric, on the network's predictions. Keras: the loss's own name.
template <class Loss> struct LossMetric : Mean {
  static_assert(Loss::targets != Targets::identities,
                "keratin: a loss that compares the rows of a batch is no metric");
  using Measured = Loss;
  static constexpr const char* name = Loss::name;
  static constexpr Targets targets = Loss::targets;

  template <class S> void update(LossInput<S> batch) {
    batch.gradient = nullptr;
    if constexpr (keratin::detail::ignores_rows<Loss>()) {
      const LossInput<S> all = batch;
      for (int r = 0; r < all.rows; ++r)
        if (!keratin::detail::is_ignored<Loss>(all, r)) add_rows(all.row(r));
    } else {
      add_rows(batch);
    }
  }

 private:
  template <class S> void add_rows(LossInput<S> batch) {
    if constexpr (!std::is_same_v<typename Loss::Link, Linear>)
      add(Loss::from_probabilities(batch), batch);
    else
      add(Loss::evaluate(batch), batch);
  }
};

struct MeanSquaredError : LossMetric<keratin::MeanSquaredError> {};
struct MeanAbsoluteError : LossMetric<keratin::MeanAbsoluteError> {};
struct BinaryCrossentropy : LossMetric<keratin::BinaryCrossentropy<>> {};
struct CategoricalCrossentropy : LossMetric<keratin::CategoricalCrossentropy<>> {};
struct MeanAbsolutePercentageError : LossMetric<keratin::MeanAbsolutePercentageError> {};
struct MeanSquaredLogarithmicError : LossMetric<keratin::MeanSquaredLogarithmicError> {};
struct LogCoshError : LossMetric<keratin::LogCosh> {
  static constexpr const char* name = "logcosh";
  static constexpr const char* class_name = "LogCoshError";
};
struct Poisson : LossMetric<keratin::Poisson> {};
struct KLDivergence : LossMetric<keratin::KLDivergence> {};
struct Hinge : LossMetric<keratin::Hinge> {};
struct SquaredHinge : LossMetric<keratin::SquaredHinge> {};
struct CategoricalHinge : LossMetric<keratin::CategoricalHinge> {};
struct SparseCategoricalCrossentropy : LossMetric<keratin::SparseCategoricalCrossentropy<>> {};

}  // namespace keratin::metrics
