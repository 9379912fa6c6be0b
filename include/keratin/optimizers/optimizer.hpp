#pragma once
// What an optimizer provides: a settings struct with `slots`, and `step<S>(t)`, the update of step t (from
// 1), a function of vectors: update(g, w, slot...). Update<...> applies it to gradients as they are finished.
#include <keratin/kernels/tile.hpp>
#include <keratin/layers/layer.hpp>

namespace keratin {

/// Applies an optimizer's update to the block while the gradients are still in the cache. Penalties are added
/// on the way: g + l1 sign(w) + 2 l2 w.
template <class S, class Step, int Slots> class Update final : public GradientSink<S> {
  using V = kernels::Vec<S>;

 public:
  /// `slots` holds one block of `size` values for each of the optimizer's slots.
  Update(const Step& step, S* block, S* slots, std::size_t size)
      : step_(step), block_(block), slots_(slots), size_(size) {}

  [[gnu::noinline]] void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const S* g,
                                   std::ptrdiff_t apart, const Regularizer& penalty) override {
    const Update to = *this;
    for (; rows > 0; --rows, g += apart, offset += static_cast<std::size_t>(stride))
      kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) {
        const std::size_t at = offset + static_cast<std::size_t>(i);
        const V gradient = part.load(g + i);
        to.apply(at, penalty ? penalized(gradient, part.load(block_ + at), penalty) : gradient, part);
      });
  }
  template <int M, int N, class Part>
  [[gnu::always_inline]] void take_tile(std::size_t offset, std::ptrdiff_t stride, const V (&tile)[M][N],
                                        Part part, const Regularizer& penalty) {
    if constexpr (std::is_same_v<Part, kernels::Whole> && M * N == kernels::accumulators) {
      if (penalty) return GradientSink<S>::take_tile(offset, stride, tile, part, penalty);
      const Update to = *this;  // a copy: for all the compiler knows, what is written could be this object
#pragma GCC unroll 32
      for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
        for (int i = 0; i < N; ++i)
          to.apply(offset + static_cast<std::size_t>(m * stride + i * lanes<S>), tile[m][i], part);
    } else {  // at the edge: not worth code of its own
      GradientSink<S>::take_tile(offset, stride, tile, part, penalty);
    }
  }

 private:
  [[gnu::always_inline]] void apply(std::size_t at, V g, auto part) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
      V w = part.load(block_ + at);
      std::array<V, Slots> slot{part.load(slots_ + I * size_ + at)...};
      step_(g, w, slot[I]...);
      part.store(block_ + at, w);
      (part.store(slots_ + I * size_ + at, slot[I]), ...);
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

  void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const S* g, std::ptrdiff_t apart,
                 const Regularizer& penalty) override {
    for (; rows > 0; --rows, g += apart, offset += static_cast<std::size_t>(stride))
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
