#pragma once
#include <keratin/losses/elementwise.hpp>

#include <cmath>

namespace keratin {

/// Keras: Poisson, the mean of p - y log(p + 1e-7).
struct Poisson : ElementwiseLoss<Poisson> {
  static constexpr const char* name = "poisson";

  template <class S> static S value(S y, S p) { return p - y * std::log(p + static_cast<S>(keras_epsilon)); }
  template <class S> static S slope(S y, S p) { return 1 - y / (p + static_cast<S>(keras_epsilon)); }
};

}  // namespace keratin
