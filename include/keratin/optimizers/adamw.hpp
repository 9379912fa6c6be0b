#pragma once
#include <keratin/optimizers/adam.hpp>

namespace keratin {

/// Adam with weights that decay by themselves. Keras: AdamW. Loshchilov and Hutter 2019.
///   w -= learning_rate weight_decay w, and then as Adam
struct AdamW {
  LearningRate learning_rate = 0.001;
  double weight_decay = 0.004, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

  static constexpr const char* name = "AdamW";
  static constexpr int slots = 2;  // momentum m, velocity v

  constexpr int slots_in_use() const { return slots; }

  template <class S> struct Step {
    S decay;
    Adam::Step<S> adam;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& m, V& v) const {
      w -= w * decay;
      adam(g, w, m, v);
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    return {static_cast<S>(weight_decay * learning_rate.at(t - 1)), {*this, t}};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::AdamW, learning_rate, weight_decay, beta_1, beta_2, epsilon);
