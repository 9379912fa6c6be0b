#pragma once
// Parts: how a batch of training is cut, so that several threads can work on it. The rule asks for the
// network and the batch alone: however many threads there are, all sums are the same, to the last bit.
#include <keratin/core/plan.hpp>

#include <algorithm>

namespace keratin {

/// Whether the samples of a batch may be run in several parts: no layer sees more than one of them, or keeps
/// something from batch to batch. BatchNormalization does, SpectralNormalization, a penalty on what a layer
/// makes, and what is Stateful.
constexpr bool goes_in_parts(const auto& plan) {
  for (const LayerPlan& layer : plan.layers)
    if (layer.activity || (layer.traits.knows_samples && !layer.traits.by_sample)) return false;
  return plan.state == 0;
}

/// Samples [part * size, ...) of a batch are a part of it; the last one may have fewer.
struct Parts {
  static constexpr int most = 8;

  int samples = 0, count = 1, size = 0;

  constexpr Parts() = default;
  static constexpr Parts whole(int n) {
    Parts one;
    one.samples = one.size = n;
    return one;
  }
  /// A batch of n samples of a network planned for training. A part has to be worth a thread's while, and
  /// that of adding its gradient to the others'.
  constexpr Parts(const auto& plan, int n) : samples(n), size(n) {
    constexpr double least_flops = 4e6, least_flops_a_weight = 100;  // of a forward pass
    constexpr int whole = 16;                                        // lanes, of any machine
    if (!goes_in_parts(plan)) return;
    const double least = std::max(least_flops, least_flops_a_weight * static_cast<double>(plan.block));
    while (count < most && plan.flops * n >= least * 2 * count && n > count * whole) count *= 2;
    if (count == 1) return;
    size = (n + count * whole - 1) / (count * whole) * whole;
    count = (n + size - 1) / size;
  }

  constexpr int first(int part) const { return part * size; }
  constexpr int samples_of(int part) const { return std::min(size, samples - first(part)); }
};

}  // namespace keratin
