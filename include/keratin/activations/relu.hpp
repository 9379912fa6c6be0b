#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = max(x, 0). Keras: "relu"; the derivative at 0 is 0.
struct ReLU : Elementwise<ReLU> {
  static constexpr const char* name = "relu";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    return kernels::max(V{}, x);  // in this order NaN stays NaN
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return y > 0 ? V{} + 1 : V{}; }
};

/// y = min(max(x, 0), 6). Keras: "relu6"; the derivative at 0 and at 6 is 0.
struct ReLU6 : Elementwise<ReLU6> {
  static constexpr const char* name = "relu6";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    return kernels::min(V{} + 6, kernels::max(V{}, x));
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    return ((y > 0) & (y < 6)) ? V{} + 1 : V{};
  }
};

/// y = x, or x / 5 below 0. Keras: "leaky_relu"; the derivative at 0 is 1. The layer LeakyReLU is
/// LeakyReLULayer.
struct LeakyReLU : Elementwise<LeakyReLU> {
  static constexpr const char* name = "leaky_relu";
  template <class V> static constexpr auto slope = static_cast<kernels::element<V>>(0.2);
  template <class V> [[gnu::always_inline]] static V value(V x) { return x >= 0 ? x : x * slope<V>; }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    return y >= 0 ? V{} + 1 : V{} + slope<V>;
  }
};

}  // namespace keratin
