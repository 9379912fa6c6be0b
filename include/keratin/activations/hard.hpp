#pragma once
// Activations between two limits, of a few operations each.
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = x / 6 + 1 / 2 between 0 and 1. Keras: "hard_sigmoid"; the derivative at -3 and 3 is 0.
struct HardSigmoid : Elementwise<HardSigmoid> {
  static constexpr const char* name = "hard_sigmoid";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    return kernels::min(V{} + 6, kernels::max(V{}, x + 3)) * (kernels::element<V>(1) / 6);
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    return ((y > 0) & (y < 1)) ? 1 / (V{} + 6) : V{};
  }
};

/// y = x between -1 and 1. Keras: "hard_tanh"; the derivative at -1 and 1 is 0 here, in Keras 1.
struct HardTanh : Elementwise<HardTanh> {
  static constexpr const char* name = "hard_tanh";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    return kernels::min(V{} + 1, kernels::max(V{} - 1, x));
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    return ((y > -1) & (y < 1)) ? V{} + 1 : V{};
  }
};

/// y = (x + 1) / 2 between 0 and 1. Keras: "sparse_sigmoid"; the derivative at -1 and 1 is 0 here, in Keras
/// 1/4.
struct SparseSigmoid : Elementwise<SparseSigmoid> {
  static constexpr const char* name = "sparse_sigmoid";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    return kernels::min(V{} + 2, kernels::max(V{}, x + 1)) * kernels::element<V>(0.5);
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    return ((y > 0) & (y < 1)) ? 1 / (V{} + 2) : V{};
  }
};

/// y = x / (1 + |x|). Keras: "softsign".
struct Softsign : Elementwise<Softsign> {
  static constexpr const char* name = "softsign";
  template <class V> [[gnu::always_inline]] static V value(V x) { return x / (kernels::max(-x, x) + 1); }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    const V less = 1 - kernels::max(-y, y);
    return less * less;
  }
};

}  // namespace keratin
