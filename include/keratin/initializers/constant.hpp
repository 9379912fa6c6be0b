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

}  // namespace keratin
