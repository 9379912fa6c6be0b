#pragma once
// Where fit() and evaluate() get their batches from. A source of them has
//   int steps() const            batches of a pass, 0 where nobody knows
//   void begin(step, const Random*)
//                                a new pass over the data before that step of the training, shuffled where
//                                random numbers are given
//   const Batch<Outputs>* next() the next batch, valid until the one after; null when the pass is over
//   bool over() const            no pass was begun, or the last one is over
//   TrainingBatch gathered(samples)  that batch, its samples one after the other in each array; of arrays of
//   so many
#include <keratin/core/array.hpp>
#include <keratin/core/random.hpp>
#include <keratin/training/check.hpp>

#include <algorithm>
#include <array>
#include <cstring>
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

/// What a train_step is given: `samples` samples, one after the other in each array.
struct TrainingBatch {
  const Arrays &x, &y, &sample_weight;
  std::size_t samples;
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
  void begin(std::int64_t, const Random* random) {
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
  TrainingBatch gathered(std::size_t samples) {
    std::size_t part = 0;
    const auto gather = [&](const Arrays& all, Arrays& to) {
      if (to.size() != all.size()) to = all;
      for (std::size_t k = 0; k < all.size(); ++k) to[k] = rows_of(all[k], all[k].size() / samples, part++);
    };
    gather(batch_.x, x_);
    gather(batch_.y, y_);
    gather(batch_.weights.sample_weight, weights_);
    return {x_, y_, weights_, static_cast<std::size_t>(batch_.samples.n)};
  }

 private:
  // The batch's rows of an array; where they do not lie side by side, a copy.
  Array rows_of(const Array& all, std::size_t row, std::size_t part) {
    const auto n = static_cast<std::size_t>(batch_.samples.n);
    if (!batch_.samples.order) return all.slice(batch_.samples.first * row, n * row);
    if (rows_.size() <= part) rows_.resize(part + 1);
    const std::size_t bytes = row * all.element_bytes();
    rows_[part].resize(std::max(rows_[part].size(), n * bytes));
    for (std::size_t i = 0; i < n; ++i)
      std::memcpy(rows_[part].data() + i * bytes,
                  all.slice(batch_.samples[static_cast<int>(i)] * row, row).data(), bytes);
    return all.visit([&]<class E>(const E*) {
      return Array(reinterpret_cast<const E*>(rows_[part].data()), n * row, all.scale());
    });
  }

  Batch<Outputs> batch_;
  std::size_t count_, size_, seen_;
  std::vector<std::uint32_t> order_;
  Arrays x_, y_, weights_;  // of gathered()
  std::vector<std::vector<std::byte>> rows_;
};

}  // namespace detail
}  // namespace keratin
