#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = 1 / (1 + e^-x). Keras: "sigmoid".
struct Sigmoid : Elementwise<Sigmoid> {
  static constexpr const char* name = "sigmoid";
  template <class V> [[gnu::always_inline]] static V value(V x) { return kernels::sigmoid(x); }
  template <class V> [[gnu::always_inline]] static kernels::Quotient<V> quotient(V x) {
    return kernels::sigmoid_quotient(x);
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return y * (1 - y); }
};

}  // namespace keratin
