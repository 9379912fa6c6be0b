#pragma once
// What an optimizer provides: a settings struct with `slots`, and `step<S>(t)`, the update of step t (from
// 1), a function of vectors: update(g, w, slot...). Update<...> applies it to gradients as they are finished.
#include <keratin/layers/layer.hpp>

namespace keratin {

/// The gradient with a penalty's: g + l1 sign(w) + 2 l2 w.
template <class V> [[gnu::always_inline]] inline V penalized(V g, V w, const Regularizer& penalty) {
  using S = kernels::element<V>;
  const V l1 = kernels::broadcast<V>(static_cast<S>(penalty.l1));
  return g + (w > 0 ? l1 : w < 0 ? -l1 : V{}) + w * static_cast<S>(2 * penalty.l2);
}

/// Applies an optimizer's update to the block while the gradients are still in the cache. Penalties are added
/// on the way: g + l1 sign(w) + 2 l2 w.
template <class S, class Step, int Slots> class Update final : public GradientSink<S> {
 public:
  /// `slots` holds one block of `size` values for each of the optimizer's slots.
  Update(const Step& step, S* block, S* slots, std::size_t size)
      : step_(step), block_(block), slots_(slots), size_(size) {}

  void take(std::size_t offset, int rows, int n, std::ptrdiff_t stride, const S* g, std::ptrdiff_t g_stride,
            const Regularizer& penalty) override {
    if (n == stride && n == g_stride) n *= std::exchange(rows, 1);  // whole rows lie side by side
    for (int r = 0; r < rows; ++r, offset += static_cast<std::size_t>(stride), g += g_stride) {
      if (penalty)
        update_row(offset, n, g, [&](V gradient, V w) { return penalized(gradient, w, penalty); });
      else
        update_row(offset, n, g, [](V gradient, V) { return gradient; });
    }
  }

 private:
  using V = kernels::Vec<S>;

  [[gnu::always_inline]] void update_row(std::size_t offset, int n, const S* g, auto with_penalty) {
    S* const w = block_ + offset;
    [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
      kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        V weight = part.load(w + i);
        std::array<V, Slots> slot{part.load(slots_ + I * size_ + offset + i)...};
        step_(with_penalty(part.load(g + i), weight), weight, slot[I]...);
        part.store(w + i, weight);
        (part.store(slots_ + I * size_ + offset + i, slot[I]), ...);
      });
    }(std::make_index_sequence<Slots>());
  }

  Step step_;
  S *block_, *slots_;
  std::size_t size_;
};

/// Writes gradients, penalties included, into a block of their own.
template <class S> class Store final : public GradientSink<S> {
 public:
  Store(const S* block, S* gradient) : block_(block), gradient_(gradient) {}

  void take(std::size_t offset, int rows, int n, std::ptrdiff_t stride, const S* g, std::ptrdiff_t g_stride,
            const Regularizer& penalty) override {
    for (int r = 0; r < rows; ++r, offset += static_cast<std::size_t>(stride), g += g_stride)
      kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) {
        const auto at = offset + static_cast<std::size_t>(i);
        kernels::Vec<S> v = part.load(g + i);
        if (penalty) v = penalized(v, part.load(block_ + at), penalty);
        part.store(gradient_ + at, v);
      });
  }

 private:
  const S* block_;
  S* gradient_;
};

}  // namespace keratin
