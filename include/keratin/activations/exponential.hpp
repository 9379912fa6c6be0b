#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = e^x, infinite above 88.72. Keras: "exponential".
struct Exponential : Elementwise<Exponential> {
  static constexpr const char* name = "exponential";
  template <class V> [[gnu::always_inline]] static V value(V x) { return kernels::exp(x); }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return y; }
};

}  // namespace keratin
