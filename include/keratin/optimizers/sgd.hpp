#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: SGD, with momentum and Nesterov's form of it.
///   v = momentum v - learning_rate g;  w += v, or with nesterov w += momentum v - learning_rate g
struct SGD {
  LearningRate learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;

  static constexpr const char* name = "SGD";
  static constexpr int slots = 1;  // momentum v

  constexpr int slots_in_use() const { return momentum != 0 ? 1 : 0; }

  template <class S> struct Step {
    S rate, momentum;
    bool nesterov;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& v) const {
      v = v * momentum - g * rate;
      w += nesterov ? v * momentum - g * rate : v;
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    return {static_cast<S>(learning_rate.at(t - 1)), static_cast<S>(momentum), nesterov};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::SGD, learning_rate, momentum, nesterov);
