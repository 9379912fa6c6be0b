#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: Ftrl, follow the regularized leader. McMahan and others 2013. p is learning_rate_power, from -1 to
/// 0.
///   n' = n + g^2;  z += g + 2 l2_shrinkage w - (n'^-p - n^-p) / learning_rate w;  n = n'
///   w = (clip(z, -l1, l1) - z) / (n^-p / learning_rate + 2 l2 + beta / learning_rate)
struct Ftrl {
  LearningRate learning_rate = 0.001;
  double learning_rate_power = -0.5, initial_accumulator_value = 0.1, l1_regularization_strength = 0,
         l2_regularization_strength = 0, l2_shrinkage_regularization_strength = 0, beta = 0;

  static constexpr const char* name = "Ftrl";
  static constexpr int slots = 2;  // accumulator n, linear z

  constexpr int slots_in_use() const { return slots; }
  constexpr double slot_begins(int slot) const { return slot == 0 ? initial_accumulator_value : 0; }

  template <class S> struct Step {
    S rate, power, l1, l2, shrinkage;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& n, V& z) const {
      const V more = n + g * g, before = root(n), root_n = root(more);
      z += g + w * (2 * shrinkage) - (root_n - before) / rate * w;
      n = more;
      const V bound = kernels::broadcast<V>(l1), cut = kernels::max(kernels::min(z, bound), -bound);
      w = (cut - z) / (root_n / rate + 2 * l2);
    }

   private:
    template <class V> [[gnu::always_inline]] V root(V n) const {
      if (power == S(-0.5)) return kernels::sqrt(n);
      for (int i = 0; i < kernels::width<V>; ++i) n[i] = std::pow(n[i], -power);
      return n;
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    return {static_cast<S>(learning_rate.at(t - 1)), static_cast<S>(learning_rate_power),
            static_cast<S>(l1_regularization_strength),
            static_cast<S>(l2_regularization_strength + beta / (2 * learning_rate.at(t - 1))),
            static_cast<S>(l2_shrinkage_regularization_strength)};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Ftrl, learning_rate, learning_rate_power, initial_accumulator_value,
                     l1_regularization_strength, l2_regularization_strength,
                     l2_shrinkage_regularization_strength, beta);
