#pragma once
// Where fit() and evaluate() get their batches from. A source of them has
//   int steps() const            batches of a pass, 0 where nobody knows
//   void begin(const Random*)    a new pass over the data, shuffled where random numbers are given
//   const Batch<Outputs>* next() the next batch, valid until the one after; null when the pass is over
//   bool over() const            no pass was begun, or the last one is over
#include <keratin/core/array.hpp>
#include <keratin/core/random.hpp>
#include <keratin/training/check.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace keratin {

/// What samples count in the loss: a weight for each sample, or for each row of an output that has several;
/// an array for each output, or one for all; none: 1. Or, for a model of one output, a weight for each class
/// (two for a binary one). The loss is still divided by the number of rows, unless its LossReduction says
/// otherwise. Keras: sample_weight, class_weight.
struct Weights {
  Arrays sample_weight{};
  Array class_weight{};
};

namespace detail {

// One batch of a data set.
template <std::size_t Outputs> struct Batch {
  const Arrays &x, &y;
  const std::array<TargetLayout, Outputs>& targets;
  const Weights& weights;
  Samples samples{};
};

// Fisher and Yates's shuffle of 0 .. n, which depends on the random numbers alone: a training that goes on
// shuffles as one that was never interrupted.
inline void shuffle(std::vector<std::uint32_t>& order, const Random& random) {
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  for (std::size_t i = order.size(); i > 1; --i) {
    const std::uint64_t word = random.word(static_cast<std::uint32_t>(i));
    std::swap(order[i - 1], order[static_cast<std::size_t>(word * i >> 32)]);
  }
}

// Batches of arrays; the last one has what is left. `data` holds all samples.
template <std::size_t Outputs> class ArrayBatches {
 public:
  ArrayBatches(const Batch<Outputs>& data, std::size_t samples, std::size_t batch_size)
      : batch_(data), count_(samples), size_(batch_size), seen_(samples) {}

  int steps() const { return static_cast<int>((count_ + size_ - 1) / size_); }
  bool over() const { return seen_ >= count_; }
  void begin(const Random* random) {
    seen_ = 0;
    if (!random) {
      order_.clear();
      return;
    }
    order_.resize(count_);
    shuffle(order_, *random);
  }
  const Batch<Outputs>* next() {
    if (over()) return nullptr;
    const std::size_t n = std::min(size_, count_ - seen_), next_n = std::min(size_, count_ - seen_ - n);
    batch_.samples = {.first = seen_, .n = static_cast<int>(n)};
    if (!order_.empty()) {
      batch_.samples.order = order_.data() + seen_;
      batch_.samples.next = order_.data() + seen_ + n;
      batch_.samples.next_n = static_cast<int>(next_n);
    }
    seen_ += n;
    return &batch_;
  }

 private:
  Batch<Outputs> batch_;
  std::size_t count_, size_, seen_;
  std::vector<std::uint32_t> order_;
};

}  // namespace detail
}  // namespace keratin
