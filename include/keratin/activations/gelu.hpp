#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y = x times the share of a normal distribution below x, x (1 + erf(x / sqrt 2)) / 2. Keras: "gelu".
/// Hendrycks and Gimpel 2016.
struct GELU : Elementwise<GELU> {
  static constexpr const char* name = "gelu";
  template <class V> [[gnu::always_inline]] static V value(V x) { return x * kernels::normal_cdf(x); }
  template <class V> [[gnu::always_inline]] static V derivative(V x, V) {
    using S = kernels::element<V>;
    const V near = kernels::min(V{} + 14, kernels::max(V{} - 14, x));  // beyond, its density is 0
    const V density = kernels::exp(near * near * S(-0.5)) * S(0.39894228040143268);
    return kernels::normal_cdf(x) + near * density;
  }
};

/// GELU by a tanh: y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. Keras: gelu(x, approximate=True),
/// which has no name in files.
struct GELUTanh : Elementwise<GELUTanh> {
  static constexpr const char* name = "gelu_tanh";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    using S = kernels::element<V>;
    const V t = near(x);
    return x * kernels::sigmoid(t * (t * t * S(cubic) + S(linear)));  // (1 + tanh u) / 2 is a sigmoid of 2 u
  }
  template <class V> [[gnu::always_inline]] static V derivative(V x, V) {
    using S = kernels::element<V>;
    const V t = near(x), s = kernels::sigmoid(t * (t * t * S(cubic) + S(linear)));
    return s + t * s * (1 - s) * (t * t * S(3 * cubic) + S(linear));
  }

 private:
  static constexpr double linear = 1.5957691216057308, cubic = linear * 0.044715;
  // The sigmoid is 0 or 1 beyond.
  template <class V> [[gnu::always_inline]] static V near(V x) {
    return kernels::min(V{} + 10, kernels::max(V{} - 10, x));
  }
};

}  // namespace keratin
