#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: Adam. Kingma and Ba 2015 in the "epsilon hat" form: epsilon is added to the uncorrected root.
///   m += (g - m)(1 - beta_1);  v += (g^2 - v)(1 - beta_2);
///   w -= learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)
struct Adam {
  double learning_rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

  static constexpr const char* name = "Adam";
  static constexpr int slots = 2;  // momentum m, velocity v

  constexpr int slots_in_use() const { return slots; }

  template <class S> struct Step {
    S rate, new_m, new_v, epsilon;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& m, V& v) const {
      m += (g - m) * new_m;
      v += (g * g - v) * new_v;
      w -= m * rate / (kernels::sqrt(v) + epsilon);
    }
  };
  /// Step t, from 1. As in Keras the powers are those of the betas rounded to float: 1 - 0.999f is 1.3e-5 off
  /// 0.001.
  template <class S> Step<S> step(std::int64_t t) const {
    const double b1 = static_cast<float>(beta_1), b2 = static_cast<float>(beta_2), n = static_cast<double>(t);
    return {static_cast<S>(learning_rate * std::sqrt(1 - std::pow(b2, n)) / (1 - std::pow(b1, n))),
            static_cast<S>(1 - beta_1), static_cast<S>(1 - beta_2), static_cast<S>(epsilon)};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Adam, learning_rate, beta_1, beta_2, epsilon);
