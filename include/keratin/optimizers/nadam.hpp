#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: Nadam, Adam with Nesterov's momentum. Dozat 2016. With u(t) = beta_1 (1 - 0.96^t / 2) and U the
/// product of u(1) to u(t):
///   m, v as in Adam;  w -= learning_rate (u(t + 1) m / (1 - U u(t + 1)) + (1 - u(t)) g / (1 - U))
///                          / (sqrt(v / (1 - beta_2^t)) + epsilon)
struct Nadam {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

  static constexpr const char* name = "Nadam";
  static constexpr int slots = 2;  // momentum m, velocity v

  constexpr int slots_in_use() const { return slots; }
  /// U of step t: what files hold of it behind the slots.
  double scalar_slot(std::int64_t t) const {
    double product = 1;
    for (std::int64_t k = 1; k <= t && product > 1e-40; ++k) product *= u(k);
    return product;
  }

  template <class S> struct Step {
    S of_m, of_g, new_m, new_v, correction, epsilon;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& m, V& v) const {
      m += (g - m) * new_m;
      v += (g * g - v) * new_v;
      w -= (m * of_m + g * of_g) / (kernels::sqrt(v * correction) + epsilon);
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    const double b2 = static_cast<float>(beta_2), product = scalar_slot(t), next = u(t + 1);
    return {static_cast<S>(learning_rate.at(t - 1) * next / (1 - product * next)),
            static_cast<S>(learning_rate.at(t - 1) * (1 - u(t)) / (1 - product)),
            static_cast<S>(1 - beta_1),
            static_cast<S>(1 - beta_2),
            static_cast<S>(1 / (1 - std::pow(b2, static_cast<double>(t)))),
            static_cast<S>(epsilon)};
  }

 private:
  double u(std::int64_t t) const { return beta_1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t))); }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Nadam, learning_rate, beta_1, beta_2, epsilon);
