#pragma once
#include <keratin/losses/elementwise.hpp>

#include <cmath>
#include <numbers>

namespace keratin {

/// Keras: LogCosh, the mean of log(cosh(p - y)).
struct LogCosh : ElementwiseLoss<LogCosh> {
  static constexpr const char* name = "log_cosh";

  template <class S> static S value(S y, S p) {
    const S e = std::fabs(p - y);  // log cosh e = e + log(1 + exp(-2 e)) - log 2, without overflow
    return e + std::log1p(std::exp(-2 * e)) - static_cast<S>(std::numbers::ln2);
  }
  template <class S> static S slope(S y, S p) { return std::tanh(p - y); }
};

}  // namespace keratin
