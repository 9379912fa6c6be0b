#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = tanh x. Keras: "tanh".
struct Tanh : Elementwise<Tanh> {
  static constexpr const char* name = "tanh";
  template <class V> [[gnu::always_inline]] static V value(V x) { return kernels::tanh(x); }
  template <class V> [[gnu::always_inline]] static kernels::Quotient<V> quotient(V x) {
    return kernels::tanh_quotient(x);
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return 1 - y * y; }
};

}  // namespace keratin
