#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

namespace detail {
// log(1 + e^-|x|)
template <class V> [[gnu::always_inline]] inline V softplus_of_negative(V x) {
  return kernels::log1p(kernels::exp(kernels::min(-x, x)));
}
}  // namespace detail

/// y = log(1 + e^x). Keras: "softplus".
struct Softplus : Elementwise<Softplus> {
  static constexpr const char* name = "softplus";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    return kernels::max(V{}, x) + detail::softplus_of_negative(x);
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return -kernels::expm1(-y); }
};

/// y = log sigmoid(x) = -log(1 + e^-x). Keras: "log_sigmoid".
struct LogSigmoid : Elementwise<LogSigmoid> {
  static constexpr const char* name = "log_sigmoid";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    return kernels::min(V{}, x) - detail::softplus_of_negative(x);
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) { return -kernels::expm1(y); }
};

/// y = (x + sqrt(x^2 + 4)) / 2. Keras: "squareplus". Barron 2021.
struct Squareplus : Elementwise<Squareplus> {
  static constexpr const char* name = "squareplus";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    const V size = kernels::max(-x, x), near = kernels::min(V{} + kernels::element<V>(1e9), size);
    const V half = (size > near ? size : kernels::sqrt(near * near + 4)) / 2 + size / 2;
    return x < 0 ? 1 / half : half;  // without a difference of equal numbers
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    return y > 1 ? 1 / (1 / y / y + 1) : y * y / (y * y + 1);  // y - 1 / y is x
  }
};

/// y = 0 up to -1, (x + 1)^2 / 4, and x from 1 on. Keras: "sparse_plus".
struct SparsePlus : Elementwise<SparsePlus> {
  static constexpr const char* name = "sparse_plus";
  template <class V> [[gnu::always_inline]] static V value(V x) {
    const V up = kernels::max(V{}, x + 1);
    return x < 1 ? up * up / 4 : x;
  }
  template <class V> [[gnu::always_inline]] static V derivative(V y) {
    return kernels::sqrt(kernels::min(V{} + 1, y));
  }
};

}  // namespace keratin
