#pragma once
// ActivationFunction: an activation as a structural value, so that a spec can hold one. The types are in the
// files beside this one; `all` lists them, and a value is a position in that list.
#include <keratin/activations/linear.hpp>
#include <keratin/activations/relu.hpp>
#include <keratin/activations/sigmoid.hpp>
#include <keratin/activations/softmax.hpp>
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

using Activations = ActivationList<Linear, ReLU, Sigmoid, Tanh, Softmax>;

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

namespace detail {
// The activation at a position of the list.
template <int Index> constexpr auto activation_at() {
  return []<class... A>(ActivationList<A...>) { return nth<Index, A...>{}; }(Activations{});
}
}  // namespace detail

/// f(ReLU{}) for the activation of a geometry: picked at compile time where the geometry is fixed.
template <class Geometry>
[[gnu::always_inline]] inline void with_activation(const Geometry& geometry, const auto& f) {
  if constexpr (is_fixed<Geometry>) {
    f(detail::activation_at<Geometry::value.activation.index>());
  } else {
    Activations::visit(geometry.activation.index, f);
  }
}

}  // namespace keratin
