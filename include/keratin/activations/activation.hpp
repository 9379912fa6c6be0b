#pragma once
// ActivationFunction: an activation as a structural value, so that a spec can hold one. The types are in the
// files beside this one; `Activations` lists them, and a value is a position in that list.
#include <keratin/activations/elu.hpp>
#include <keratin/activations/exponential.hpp>
#include <keratin/activations/gelu.hpp>
#include <keratin/activations/hard.hpp>
#include <keratin/activations/linear.hpp>
#include <keratin/activations/log_softmax.hpp>
#include <keratin/activations/relu.hpp>
#include <keratin/activations/shrink.hpp>
#include <keratin/activations/sigmoid.hpp>
#include <keratin/activations/silu.hpp>
#include <keratin/activations/softmax.hpp>
#include <keratin/activations/softplus.hpp>
#include <keratin/activations/sparsemax.hpp>
#include <keratin/activations/tanh.hpp>
#include <keratin/core/error.hpp>
#include <keratin/core/fixed.hpp>

#include <array>
#include <string_view>
#include <type_traits>

namespace keratin {

template <class... A> struct ActivationList {
  static constexpr int count = sizeof...(A);
  static constexpr std::array<std::string_view, count> names{A::name...};

  template <class Wanted> static constexpr int index_of() {
    int i = 0;
    (void)((std::is_same_v<A, Wanted> || (++i, false)) || ...);
    return i;
  }
  // f(A{}) for the A at `index`.
  static constexpr void visit(int index, const auto& f) {
    int i = 0;
    (void)((i++ == index && (f(A{}), true)) || ...);
  }
};

/// Those that kernels have in their registers, each of them a copy of the kernel. The others run in a pass of
/// their own over what a kernel made: run_forward in layers/layer.hpp.
using KernelActivations = ActivationList<Linear, ReLU, Sigmoid, Tanh, Softmax>;
using Activations = ActivationList<Linear, ReLU, Sigmoid, Tanh, Softmax, ReLU6, LeakyReLU, ELU, SELU, CELU,
                                   GELU, GELUTanh, SiLU, HardSiLU, Mish, Softplus, LogSigmoid, Squareplus,
                                   SparsePlus, HardSigmoid, HardTanh, SparseSigmoid, Softsign, HardShrink,
                                   SoftShrink, TanhShrink, Exponential, LogSoftmax, Sparsemax>;

/// An activation by value; `ActivationFunction f = ReLU{};`. Default: linear.
struct ActivationFunction {
  int index = 0;

  constexpr ActivationFunction() = default;
  template <class A>
    requires(Activations::index_of<A>() < Activations::count)
  constexpr ActivationFunction(A) : index(Activations::index_of<A>()) {}

  constexpr std::string_view name() const { return Activations::names[static_cast<std::size_t>(index)]; }
  constexpr bool operator==(const ActivationFunction&) const = default;
};

/// Whether it runs in a pass of its own behind a kernel.
constexpr bool runs_apart(ActivationFunction f) { return f.index >= KernelActivations::count; }
/// Whether it makes each value of one value.
constexpr bool works_value_by_value(ActivationFunction f) {
  bool elementwise = false;
  Activations::visit(f.index, [&]<class A>(A) { elementwise = A::elementwise; });
  return elementwise;
}
/// Whether its derivative needs what came in.
constexpr bool input_needed_by(ActivationFunction f) {
  bool needed = false;
  Activations::visit(f.index, [&]<class A>(A) { needed = needs_input<A>; });
  return needed;
}

namespace detail {

// The activation at a position of the list.
template <int Index> constexpr auto activation_at() {
  return []<class... A>(ActivationList<A...>) { return nth<Index, A...>{}; }(Activations{});
}

template <class A, class T>
void go_back_through(const T* x, const T* y, const T* dy, T* dx, std::ptrdiff_t rows, int n) {
  if constexpr (needs_input<A>)
    A::backward(x, y, dy, dx, rows, n);
  else
    A::backward(y, dy, dx, rows, n);
}
// Once for all layers whose activation is known at run time only; value by value Lanes are so many scalars.
template <class T>
[[gnu::noinline]] void activate(ActivationFunction f, const T* x, T* y, std::ptrdiff_t rows, int n) {
  if constexpr (Unit<T>::samples > 1)
    if (works_value_by_value(f)) return activate(f, scalars(x), scalars(y), rows * Unit<T>::samples, n);
  Activations::visit(f.index, [&]<class A>(A) {
    if constexpr (Unit<T>::samples == 1 || !A::elementwise) A::forward(x, y, rows, n);
  });
}
template <class T>
[[gnu::noinline]] void go_back_through(ActivationFunction f, const T* x, const T* y, const T* dy, T* dx,
                                       std::ptrdiff_t rows, int n) {
  if constexpr (Unit<T>::samples > 1)
    if (works_value_by_value(f))
      return go_back_through(f, scalars(x), scalars(y), scalars(dy), scalars(dx), rows * Unit<T>::samples, n);
  Activations::visit(f.index, [&]<class A>(A) {
    if constexpr (Unit<T>::samples == 1 || !A::elementwise) go_back_through<A>(x, y, dy, dx, rows, n);
  });
}

}  // namespace detail

/// f(ReLU{}) for the activation of a kernel's geometry: picked at compile time where the geometry is fixed.
template <class Geometry>
[[gnu::always_inline]] inline void with_activation(const Geometry& geometry, const auto& f) {
  if constexpr (is_fixed<Geometry>) {
    f(detail::activation_at<Geometry::value.activation.index>());
  } else {
    KernelActivations::visit(geometry.activation.index, f);
  }
}

/// y = the geometry's activation, whichever it is, of `rows` rows of n; y may be x.
template <class Geometry, class T>
[[gnu::always_inline]] inline void activate(const Geometry& geometry, const T* x, T* y, std::ptrdiff_t rows,
                                            int n) {
  if constexpr (is_fixed<Geometry>)
    decltype(detail::activation_at<Geometry::value.activation.index>())::forward(x, y, rows, n);
  else
    detail::activate(geometry.activation, x, y, rows, n);
}
/// dx of y = activation(x); dx may be dy. x is read only where input_needed_by(activation).
template <class Geometry, class T>
void go_back_through_activation(const Geometry& geometry, const T* x, const T* y, const T* dy, T* dx,
                                std::ptrdiff_t rows, int n) {
  if constexpr (is_fixed<Geometry>)
    detail::go_back_through<decltype(detail::activation_at<Geometry::value.activation.index>())>(x, y, dy, dx,
                                                                                                 rows, n);
  else
    detail::go_back_through(geometry.activation, x, y, dy, dx, rows, n);
}

}  // namespace keratin
