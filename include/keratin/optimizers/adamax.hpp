#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: Adamax, Adam with the largest gradient instead of the root of their squares. Kingma and Ba 2015.
///   m += (g - m)(1 - beta_1);  u = max(beta_2 u, |g|);  w -= learning_rate / (1 - beta_1^t) m / (u +
///   epsilon)
struct Adamax {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

  static constexpr const char* name = "Adamax";
  static constexpr int slots = 2;  // momentum m, norm u

  constexpr int slots_in_use() const { return slots; }

  template <class S> struct Step {
    S rate, new_m, beta_2, epsilon;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& m, V& u) const {
      m += (g - m) * new_m;
      u = kernels::max(u * beta_2, kernels::max(g, -g));
      w -= m * rate / (u + epsilon);
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    const double b1 = static_cast<float>(beta_1);
    return {static_cast<S>(learning_rate.at(t - 1) / (1 - std::pow(b1, static_cast<double>(t)))),
            static_cast<S>(1 - beta_1), static_cast<S>(beta_2), static_cast<S>(epsilon)};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Adamax, learning_rate, beta_1, beta_2, epsilon);
