#pragma once
#include <keratin/metrics/metric.hpp>

namespace keratin::metrics {

/// Keras: "accuracy", which it resolves by the shapes: one output a row is a binary prediction, right if (p >
/// 0.5) is the target; several are classes, right if the largest is the target's.
struct Accuracy : Mean {
  static constexpr const char* name = "accuracy";
  static constexpr Targets targets = Targets::values_or_classes;

  template <class S> void update(const LossInput<S>& batch) {
    int right = 0;
    for (int r = 0; r < batch.rows; ++r) {
      const S* p = batch.y + static_cast<std::ptrdiff_t>(r) * batch.n;
      const S* values = batch.values ? batch.values + static_cast<std::ptrdiff_t>(r) * batch.n : nullptr;
      if (batch.n == 1)
        right += (*p > S(0.5) ? S{1} : S{0}) == (values ? *values : static_cast<S>(batch.labels[r]));
      else
        right += is_largest(p, batch.n, values ? largest(values, batch.n) : batch.labels[r]);
    }
    add(right, batch.rows);
  }

 private:
  template <class S> static int largest(const S* v, int n) {
    return static_cast<int>(std::max_element(v, v + n) - v);
  }
  // Whether the first of the largest values is at `label`.
  template <class S> static bool is_largest(const S* p, int n, int label) {
    kernels::Vec<S> tops = kernels::broadcast<kernels::Vec<S>>(p[label]);
    kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) {
      tops = kernels::max(tops, part.only(part.load(p + i), tops));
    });
    return kernels::largest(tops) == p[label] && std::find(p, p + label, p[label]) == p + label;
  }
};

}  // namespace keratin::metrics
