#pragma once
#include <keratin/metrics/metric.hpp>
#include <keratin/metrics/row.hpp>

namespace keratin::metrics {

namespace detail {
/// Right if fewer than K outputs are larger than that of the target's class.
template <int K> class TopK : public Mean {
  static_assert(K > 0, "keratin: the number of classes that count must be at least 1");

 public:
  static constexpr Setting settings[] = {{"k", K, nullptr, Setting::whole}};

  TopK() : TopK(settings) {}
  explicit TopK(std::span<const Setting> with) : k_(static_cast<int>(with[0].value)) {}
  template <class S> void update(const LossInput<S>& batch) {
    int right = 0;
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      const int target = class_of(row);
      if (target < 0 || target >= row.n) continue;  // one that the loss ignores
      const S of_target = row.y[target];
      right += std::count_if(row.y, row.y + row.n, [=](S v) { return v > of_target; }) < k_;
    }
    add(right, batch);
  }

 private:
  int k_;
};
}  // namespace detail

/// Keras: TopKCategoricalAccuracy(k). Targets are one-hot, or class numbers.
template <int K = 5> struct TopKCategoricalAccuracy : detail::TopK<K> {
  using detail::TopK<K>::TopK;
  static constexpr const char* name = "top_k_categorical_accuracy";
  static constexpr Targets targets = Targets::values_or_classes;
};
/// Keras: SparseTopKCategoricalAccuracy(k). Targets are class numbers.
template <int K = 5> struct SparseTopKCategoricalAccuracy : detail::TopK<K> {
  using detail::TopK<K>::TopK;
  static constexpr const char* name = "sparse_top_k_categorical_accuracy";
  static constexpr Targets targets = Targets::classes;
};

}  // namespace keratin::metrics
