#pragma once
#include <keratin/metrics/metric.hpp>
#include <keratin/metrics/row.hpp>

namespace keratin::metrics {

namespace detail {
// Of all that ask which rows are right.
struct RightRows : Mean {
  static constexpr Targets targets = Targets::values_or_classes;

  template <class S> void update(const LossInput<S>& batch) {
    int right = 0;
    for (int r = 0; r < batch.rows; ++r) {
      const S* p = batch.y + static_cast<std::ptrdiff_t>(r) * batch.n;
      if (batch.n == 1)
        right += (*p > S(0.5) ? S{1} : S{0}) == target_of(batch.row(r), 0);
      else
        right += is_largest(p, batch.n, class_of(batch.row(r)));
    }
    add(right, batch);
  }

 private:
  // Whether the first of the largest values is at `label`.
  template <class S> static bool is_largest(const S* p, int n, int label) {
    if (label < 0 || label >= n) return false;  // one that the loss ignores
    kernels::Vec<S> tops = kernels::broadcast<kernels::Vec<S>>(p[label]);
    kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) {
      tops = kernels::max(tops, part.only(part.load(p + i), tops));
    });
    return kernels::largest(tops) == p[label] && std::find(p, p + label, p[label]) == p + label;
  }
};
}  // namespace detail

/// Keras: "accuracy", which it resolves by the shapes: one output a row is a binary prediction, right if (p >
/// 0.5) is the target; several are classes, right if the largest is the target's.
struct Accuracy : detail::RightRows {
  static constexpr const char* name = "accuracy";
  static constexpr const char* class_name = "accuracy";  // no class: Keras finds one by the targets
};

/// How many outputs are equal to their targets: of whole numbers. Keras: the class Accuracy, whose name here
/// stands for what "accuracy" means.
struct ExactAccuracy : Mean {
  static constexpr const char* name = "exact_accuracy";
  static constexpr const char* class_name = "Accuracy";
  static constexpr Targets targets = Targets::values;

  template <class S> void update(const LossInput<S>& batch) {
    int right = 0;
    for (int i = 0; i < batch.rows * batch.n; ++i) right += batch.y[i] == batch.values[i];
    add(static_cast<double>(right) / batch.n, batch);
  }
};

/// Keras: BinaryAccuracy(threshold). How many outputs, each a prediction of yes or no, are right.
template <double Threshold = 0.5> class BinaryAccuracy : public Mean {
 public:
  static constexpr const char* name = "binary_accuracy";
  static constexpr Setting settings[] = {{"threshold", Threshold}};
  static constexpr Targets targets = Targets::values_or_classes;

  BinaryAccuracy() : BinaryAccuracy(settings) {}
  explicit BinaryAccuracy(std::span<const Setting> with) : threshold_(with[0].value) {}

  template <class S> void update(const LossInput<S>& batch) {
    int right = 0;
    for (int r = 0; r < batch.rows; ++r)
      for (int c = 0; c < batch.n; ++c)
        right += (batch.row(r).y[c] > static_cast<S>(threshold_) ? S{1} : S{0}) == target_of(batch.row(r), c);
    add(static_cast<double>(right) / batch.n, batch);
  }

 private:
  double threshold_;
};

/// Keras: CategoricalAccuracy. How many rows have their largest output where the target has it. Ties: the
/// first counts.
struct CategoricalAccuracy : detail::RightRows {
  static constexpr const char* name = "categorical_accuracy";
};
/// Keras: SparseCategoricalAccuracy. The same of class numbers.
struct SparseCategoricalAccuracy : detail::RightRows {
  static constexpr const char* name = "sparse_categorical_accuracy";
  static constexpr Targets targets = Targets::classes;
};

}  // namespace keratin::metrics
