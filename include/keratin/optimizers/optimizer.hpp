#pragma once
// What an optimizer provides: a settings struct with `slots`, values that it keeps of each weight, all in use
// or, with `some_slots`, the first slots_in_use(); they are zeros at first or slot_begins(k). And
// `step<S>(t)`, the update of step t (from 1), a function of vectors: update(g, w, slot...). Update<...>
// applies it to gradients as they are finished.
#include <keratin/core/setting.hpp>
#include <keratin/kernels/tile.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/optimizers/learning_rate.hpp>

namespace keratin {

/// Applies an optimizer's update to the block while the gradients are still in the cache. Penalties are added
/// on the way: g + l1 sign(w) + 2 l2 w.
template <class S, class Step, int Slots, bool Some = false> class Update final : public GradientSink<S> {
  using V = kernels::Vec<S>;

 public:
  /// `slots` holds one block of `size` values for each of the optimizer's slots; Some: only the first
  /// `in_use` are read and written.
  Update(const Step& step, S* block, S* slots, std::size_t size, std::size_t in_use = Slots)
      : step_(step), block_(block), slots_(slots), size_(size), in_use_(in_use) {}

  /// Adds what is taken to gradients that are there already, laid out as the block.
  void add_to(const S* before) { before_ = before; }

  [[gnu::noinline]] void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const S* g,
                                   std::ptrdiff_t apart, const Regularizer& penalty) override {
    const Update to = *this;
    for (; rows > 0; --rows, g += apart, offset += static_cast<std::size_t>(stride))
      kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) {
        const std::size_t at = offset + static_cast<std::size_t>(i);
        const V gradient = to.whole(at, part.load(g + i), part);
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
        for (int i = 0; i < N; ++i) {
          const std::size_t at = offset + static_cast<std::size_t>(m * stride + i * lanes<S>);
          to.apply(at, to.whole(at, tile[m][i], part), part);
        }
    } else {  // at the edge: not worth code of its own
      GradientSink<S>::take_tile(offset, stride, tile, part, penalty);
    }
  }

 private:
  [[gnu::always_inline]] V whole(std::size_t at, V g, auto part) const {
    return before_ ? part.load(before_ + at) + g : g;
  }
  [[gnu::always_inline]] void apply(std::size_t at, V g, auto part) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
      V w = part.load(block_ + at);
      const auto is_used = [&](std::size_t i) { return !Some || i < in_use_; };
      std::array<V, Slots> slot{is_used(I) ? part.load(slots_ + I * size_ + at) : V{}...};
      step_(g, w, slot[I]...);
      part.store(block_ + at, w);
      ((is_used(I) ? part.store(slots_ + I * size_ + at, slot[I]) : void()), ...);
    }(std::make_index_sequence<Slots>());
  }

  Step step_;
  S *block_, *slots_;
  std::size_t size_, in_use_;
  const S* before_ = nullptr;
};

/// The update of step t (from 1) of an optimizer. slots: as of Update.
template <class S, class Optimizer>
auto update_of(const Optimizer& optimizer, std::int64_t t, S* block, S* slots, std::size_t size) {
  constexpr bool some = requires { Optimizer::some_slots; };
  const auto step = optimizer.template step<S>(t);
  return Update<S, std::remove_const_t<decltype(step)>, Optimizer::slots, some>(
      step, block, slots, size, static_cast<std::size_t>(optimizer.slots_in_use()));
}
/// What the slots hold before the first step.
template <class S, class Optimizer> void begin_slots(const Optimizer& optimizer, S* slots, std::size_t size) {
  if constexpr (requires { optimizer.slot_begins(0); })
    for (int k = 0; k < Optimizer::slots; ++k)
      std::fill_n(slots + static_cast<std::size_t>(k) * size, size, static_cast<S>(optimizer.slot_begins(k)));
}

/// Writes gradients, without penalties, into a block of their own, or adds them to what is there.
template <class S> class Sum final : public GradientSink<S> {
  using V = kernels::Vec<S>;

 public:
  Sum(S* gradient, bool adds) : gradient_(gradient), adds_(adds) {}

  [[gnu::noinline]] void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const S* g,
                                   std::ptrdiff_t apart, const Regularizer&) override {
    const Sum to = *this;
    for (; rows > 0; --rows, g += apart, offset += static_cast<std::size_t>(stride))
      kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) {
        to.put(offset + static_cast<std::size_t>(i), part.load(g + i), part);
      });
  }
  template <int M, int N, class Part>
  [[gnu::always_inline]] void take_tile(std::size_t offset, std::ptrdiff_t stride, const V (&tile)[M][N],
                                        Part part, const Regularizer& penalty) {
    if constexpr (std::is_same_v<Part, kernels::Whole> && M * N == kernels::accumulators) {
      const Sum to = *this;
#pragma GCC unroll 32
      for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
        for (int i = 0; i < N; ++i)
          to.put(offset + static_cast<std::size_t>(m * stride + i * lanes<S>), tile[m][i], part);
    } else {
      GradientSink<S>::take_tile(offset, stride, tile, part, penalty);
    }
  }

 private:
  [[gnu::always_inline]] void put(std::size_t at, V g, auto part) const {
    part.store(gradient_ + at, adds_ ? part.load(gradient_ + at) + g : g);
  }

  S* gradient_;
  bool adds_;
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

/// Adds what lies ready for each weight to its gradient on the way to another sink.
template <class S> class Adds final : public GradientSink<S> {
 public:
  Adds(GradientSink<S>& sink, const S* more) : sink_(sink), more_(more) {}
  void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const S* g, std::ptrdiff_t apart,
                 const Regularizer& penalty) override {
    if (penalty.orthogonal == 0) return sink_.take_rows(offset, stride, rows, n, g, apart, penalty);
    constexpr int chunk = 256;
    S sum[chunk];
    for (; rows > 0; --rows, g += apart, offset += static_cast<std::size_t>(stride))
      for (int first = 0; first < n; first += chunk) {
        const int count = std::min(chunk, n - first);
        const std::size_t at = offset + static_cast<std::size_t>(first);
        for (int i = 0; i < count; ++i) sum[i] = g[first + i] + more_[at + static_cast<std::size_t>(i)];
        sink_.take_rows(at, count, 1, count, sum, count, penalty);
      }
  }

 private:
  GradientSink<S>& sink_;
  const S* more_;
};

}  // namespace keratin
