#pragma once
#include <keratin/losses/elementwise.hpp>

#include <cmath>

namespace keratin {

/// Keras: Huber, the mean of e^2 / 2 for errors e = y - p up to delta, and of delta |e| - delta^2 / 2 beyond.
/// Huber 1964.
template <double Delta = 1.0> struct Huber : ElementwiseLoss<Huber<Delta>> {
  static constexpr const char* name = "huber";
  static constexpr const char* not_in_files =
      Delta == 1 ? nullptr : "Keras's files have no other delta than 1";

  template <class S> static S value(S y, S p) {
    const S e = std::fabs(p - y), delta = static_cast<S>(Delta);
    return e <= delta ? e * e / 2 : delta * e - delta * delta / 2;
  }
  template <class S> static S slope(S y, S p) {
    const S e = p - y, delta = static_cast<S>(Delta);
    return e > delta ? delta : e < -delta ? -delta : e;
  }
};

}  // namespace keratin
