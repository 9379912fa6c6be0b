#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: Lion. Chen and others 2023.
///   w -= learning_rate sign(beta_1 m + (1 - beta_1) g);  m = beta_2 m + (1 - beta_2) g
struct Lion {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9, beta_2 = 0.99;

  static constexpr const char* name = "Lion";
  static constexpr int slots = 1;  // momentum m

  constexpr int slots_in_use() const { return slots; }

  template <class S> struct Step {
    S rate, beta_1, beta_2;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& m) const {
      const V direction = m * beta_1 + g * (1 - beta_1), step = kernels::broadcast<V>(rate);
      w -= direction > 0 ? step : direction < 0 ? -step : V{};
      m = m * beta_2 + g * (1 - beta_2);
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    return {static_cast<S>(learning_rate.at(t - 1)), static_cast<S>(beta_1), static_cast<S>(beta_2)};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Lion, learning_rate, beta_1, beta_2);
