#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: Adadelta. Zeiler 2012.
///   a = rho a + (1 - rho) g^2;  x = -sqrt(d + epsilon) / sqrt(a + epsilon) g;
///   d = rho d + (1 - rho) x^2;  w += learning_rate x
struct Adadelta {
  LearningRate learning_rate = 0.001;
  double rho = 0.95, epsilon = 1e-7;

  static constexpr const char* name = "Adadelta";
  static constexpr int slots = 2;  // accumulated_grad a, accumulated_delta_var d

  constexpr int slots_in_use() const { return slots; }

  template <class S> struct Step {
    S rate, rho, epsilon;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& a, V& d) const {
      a = a * rho + g * g * (1 - rho);
      const V x = -kernels::sqrt(d + epsilon) * g / kernels::sqrt(a + epsilon);
      d = d * rho + x * x * (1 - rho);
      w += x * rate;
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    return {static_cast<S>(learning_rate.at(t - 1)), static_cast<S>(rho), static_cast<S>(epsilon)};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Adadelta, learning_rate, rho, epsilon);
