#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = x sigmoid(x). Keras: "silu", also "swish". Ramachandran et al. 2017.
struct SiLU : Elementwise<SiLU> {
  static constexpr const char* name = "silu";
  template <class V> [[gnu::always_inline]] static V value(V x) { return x / (kernels::exp(-x) + 1); }
  template <class V> [[gnu::always_inline]] static V derivative(V x, V y) {
    const V s = kernels::sigmoid(x);
    return s + y * (1 - s);
  }
};
using Swish = SiLU;

/// y = x hard_sigmoid(x). Keras: "hard_silu", also "hard_swish".
struct HardSiLU : Elementwise<HardSiLU> {
  static constexpr const char* name = "hard_silu";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    const V at = kernels::min(V{} + 6, kernels::max(V{}, x + 3));
    return x * (at * (kernels::element<V>(1) / 6));
  }
  template <class V> [[gnu::always_inline]] static V derivative(V x, V) {
    const V between = x < 3 ? x * (kernels::element<V>(1) / 3) + kernels::element<V>(0.5) : V{} + 1;
    return x > -3 ? between : V{};
  }
};
using HardSwish = HardSiLU;

/// y = x tanh(softplus(x)). Keras: "mish". Misra 2019.
struct Mish : Elementwise<Mish> {
  static constexpr const char* name = "mish";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    const V e = power(x), n = e * (e + 2);
    return x * (n / (n + 2));  // tanh of log(1 + e), with e = e^x
  }
  template <class V> [[gnu::always_inline]] static V derivative(V x, V) {
    const V e = power(x), n = e * (e + 2), m = n + 2;
    return n / m + kernels::min(V{} + 40, x) * ((e + 1) * e / m) * (4 / m);
  }

 private:
  // Beyond 40 y is x.
  template <class V> [[gnu::always_inline]] static V power(V x) {
    return kernels::exp(kernels::min(V{} + 40, x));
  }
};

}  // namespace keratin
