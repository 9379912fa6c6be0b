#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = x. Keras: "linear".
struct Linear : Elementwise<Linear> {
  static constexpr const char* name = "linear";
  template <class V> [[gnu::always_inline]] static V value(V x) { return x; }
  template <class V> [[gnu::always_inline]] static V derivative(V) { return V{} + 1; }
};

}  // namespace keratin
