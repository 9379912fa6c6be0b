#pragma once
// Activations that take small values away.
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = x beyond -1/2 and 1/2, else 0. Keras: "hard_shrink".
struct HardShrink : Elementwise<HardShrink> {
  static constexpr const char* name = "hard_shrink";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    return kernels::max(-x, x) <= kernels::element<V>(0.5) ? V{} : x;
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return y == 0 ? V{} : V{} + 1; }
};

/// y = x less 1/2, or more than -1/2 plus 1/2, else 0. Keras: "soft_shrink".
struct SoftShrink : Elementwise<SoftShrink> {
  static constexpr const char* name = "soft_shrink";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    using S = kernels::element<V>;
    return x - kernels::min(V{} + S(0.5), kernels::max(V{} - S(0.5), x));
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return y == 0 ? V{} : V{} + 1; }
};

/// y = x - tanh x. Keras: "tanh_shrink".
struct TanhShrink : Elementwise<TanhShrink> {
  static constexpr const char* name = "tanh_shrink";
  template <class V> [[gnu::always_inline]] static V value(V x) { return x - kernels::tanh(x); }
  template <class V> [[gnu::always_inline]] static V derivative(V x, V) {
    const V t = kernels::tanh(x);
    return t * t;
  }
};

}  // namespace keratin
