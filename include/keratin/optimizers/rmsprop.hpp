#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: RMSprop. Hinton 2012; epsilon is inside the root, as in Keras.
///   v = rho v + (1 - rho) g^2;  centered: a = rho a + (1 - rho) g, d = v - a^2 + epsilon, otherwise d = v +
///   epsilon b = momentum b + learning_rate g / sqrt(d);  w -= b
struct RMSprop {
  LearningRate learning_rate = 0.001;
  double rho = 0.9, momentum = 0, epsilon = 1e-7;
  bool centered = false;

  static constexpr const char* name = "RMSprop";
  static constexpr int slots = 3;           // velocity v; momentum b and average a, where they are in use
  static constexpr bool some_slots = true;  // it may use fewer
  static constexpr int slots_together = 1;  // in files: each of all variables, one slot after the other

  constexpr int slots_in_use() const { return 1 + (momentum > 0) + centered; }

  template <class S> struct Step {
    S rate, rho, momentum, epsilon;
    bool centered;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& v, V& second, V& third) const {
      V& average = momentum > 0 ? third : second;
      v = v * rho + g * g * (1 - rho);
      V d = v + epsilon;
      if (centered) {
        average = average * rho + g * (1 - rho);
        d = v - average * average + epsilon;
      }
      V change = g * rate / kernels::sqrt(d);
      if (momentum > 0) change = second = second * momentum + change;
      w -= change;
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    return {static_cast<S>(learning_rate.at(t - 1)), static_cast<S>(rho), static_cast<S>(momentum),
            static_cast<S>(epsilon), centered};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::RMSprop, learning_rate, rho, momentum, epsilon, centered);
