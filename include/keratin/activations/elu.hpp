#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

namespace detail {
// x above 0, else e^x - 1.
template <class V> [[gnu::always_inline]] inline V elu(V x) {
  return x > 0 ? x : kernels::expm1(kernels::min(V{}, x));  // in this order NaN stays NaN
}
}  // namespace detail

/// y = x, or e^x - 1 below 0. Keras: "elu". With another alpha it is a layer, ELULayer.
struct ELU : Elementwise<ELU> {
  static constexpr const char* name = "elu";
  template <class V> [[gnu::always_inline]] static V value(V x) { return detail::elu(x); }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return y > 0 ? V{} + 1 : y + 1; }
};

/// ELU that keeps a mean of 0 and a variance of 1: y = scale x, or scale alpha (e^x - 1) below 0. Keras:
/// "selu"; the derivative at 0 is scale alpha. Klambauer et al. 2017.
struct SELU : Elementwise<SELU> {
  static constexpr const char* name = "selu";
  static constexpr double scale = 1.0507009873554805, scaled_alpha = scale * 1.6732632423543772;

  template <class V> [[gnu::always_inline]] static V value(V x) {
    using S = kernels::element<V>;
    return detail::elu(x) * (x > 0 ? V{} + S(scale) : V{} + S(scaled_alpha));
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    using S = kernels::element<V>;
    return y > 0 ? V{} + S(scale) : y + S(scaled_alpha);
  }
};

/// y = max(x, 0) + min(e^x - 1, 0): with Keras's default alpha of 1 the same as ELU. Keras: "celu".
struct CELU : Elementwise<CELU> {
  static constexpr const char* name = "celu";
  template <class V> [[gnu::always_inline]] static V value(V x) { return ELU::value(x); }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return ELU::derivative(y); }
};

}  // namespace keratin
