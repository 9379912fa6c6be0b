#pragma once
// What an activation file provides: `value(x)` and `derivative(y)` in terms of the result y, or where that
// does not tell it `derivative(x, y)`, over any vector type. Elementwise<A> makes an option of it and adds
// the loops over whole arrays.
#include <keratin/core/lanes.hpp>
#include <keratin/core/options.hpp>
#include <keratin/kernels/math.hpp>

namespace keratin {

namespace detail {
template <class A> struct ActivationOption {
  KERATIN_SETS(activation, A{})
};
}  // namespace detail

/// Whether A's derivative needs what came in.
template <class A>
inline constexpr bool needs_input = requires(kernels::Vec<float> v) { A::derivative(v, v); };

template <class A> struct Elementwise : detail::ActivationOption<A> {
  static constexpr bool elementwise = true;

  /// y = A(x) for `rows` rows of n; y may be x.
  template <class T> static void forward(const T* x, T* y, std::ptrdiff_t rows, int n) {
    using S = Scalar<T>;
    const S* const in = reinterpret_cast<const S*>(x);
    S* const out = reinterpret_cast<S*>(y);
    kernels::for_each_vector<S>(rows * n * Unit<T>::samples, [=](std::ptrdiff_t i, auto part) {
      part.store(out + i, A::value(part.load(in + i)));
    });
  }
  /// dx = dy * A'(x) with y = A(x); dx may be dy. Without x where y tells A'.
  template <class T> static void backward(const T* y, const T* dy, T* dx, std::ptrdiff_t rows, int n) {
    using S = Scalar<T>;
    const S *const value = reinterpret_cast<const S*>(y), *const in = reinterpret_cast<const S*>(dy);
    S* const out = reinterpret_cast<S*>(dx);
    kernels::for_each_vector<S>(rows * n * Unit<T>::samples, [=](std::ptrdiff_t i, auto part) {
      part.store(out + i, part.load(in + i) * A::derivative(part.load(value + i)));
    });
  }
  template <class T>
  static void backward(const T* x, const T* y, const T* dy, T* dx, std::ptrdiff_t rows, int n) {
    using S = Scalar<T>;
    const S *const from = scalars(x), *const value = scalars(y), *const in = scalars(dy);
    S* const out = scalars(dx);
    kernels::for_each_vector<S>(rows * n * Unit<T>::samples, [=](std::ptrdiff_t i, auto part) {
      part.store(out + i, part.load(in + i) * A::derivative(part.load(from + i), part.load(value + i)));
    });
  }
};

}  // namespace keratin
