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

}  // namespace keratin
