#pragma once
#include <keratin/initializers/initializer.hpp>

namespace keratin {

/// 0 everywhere. Keras: zeros, the default of biases.
struct Zeros {
  static constexpr Initializer value{};
};
/// 1 everywhere. Keras: ones.
struct Ones {
  static constexpr Initializer value{Distribution::constant, Fan::none, 1, 0};
};
/// Value everywhere. Keras: Constant(value 0).
template <double Value = 0.0> struct Constant {
  static constexpr Initializer value{Distribution::constant, Fan::none, Value, 0};
};
/// Gain on the diagonal of a matrix, 0 elsewhere. Keras: Identity(gain 1).
template <double Gain = 1.0> struct IdentityMatrix {
  static constexpr Initializer value{Distribution::identity, Fan::none, 0, Gain};
};

}  // namespace keratin
