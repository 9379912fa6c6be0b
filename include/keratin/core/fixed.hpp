#pragma once
// fixed<V>: a value carried by a type. A kernel that takes `auto geometry` and starts with
// `const Geometry g = geometry;` is one source for both front ends: constants, or plain run-time values.

namespace keratin {

template <auto V> struct fixed {
  using value_type = decltype(V);
  static constexpr value_type value = V;
  constexpr operator value_type() const { return V; }
};

template <class T> inline constexpr bool is_fixed = false;
template <auto V> inline constexpr bool is_fixed<fixed<V>> = true;
template <class T> inline constexpr bool is_fixed<const T> = is_fixed<T>;

/// Whether a value may have a property: code for what cannot be need not be compiled.
template <class T> constexpr bool may_be(auto property) {
  if constexpr (is_fixed<T>)
    return property(T::value);
  else
    return true;
}

/// The number of samples where it is known to be one: kernels then choose their latency path.
using One = fixed<1>;

}  // namespace keratin
