#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

namespace detail {
/// The factors of step t, from 1, of Adam and its kin. As in Keras the powers are those of the betas rounded
/// to float: 1 - 0.999f is 1.3e-5 off 0.001.
template <class S> struct AdamFactors {
  S rate, new_m, new_v, epsilon;

  AdamFactors(const auto& settings, std::int64_t t)
      : new_m(static_cast<S>(1 - settings.beta_1)),
        new_v(static_cast<S>(1 - settings.beta_2)),
        epsilon(static_cast<S>(settings.epsilon)) {
    const double b1 = static_cast<float>(settings.beta_1), b2 = static_cast<float>(settings.beta_2),
                 n = static_cast<double>(t);
    rate = static_cast<S>(settings.learning_rate.at(t - 1) * std::sqrt(1 - std::pow(b2, n)) /
                          (1 - std::pow(b1, n)));
  }
};
}  // namespace detail

/// Keras: Adam. Kingma and Ba 2015 in the "epsilon hat" form: epsilon is added to the uncorrected root.
///   m += (g - m)(1 - beta_1);  v += (g^2 - v)(1 - beta_2);
///   w -= learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)
struct Adam {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

  static constexpr const char* name = "Adam";
  static constexpr int slots = 2;  // momentum m, velocity v

  constexpr int slots_in_use() const { return slots; }

  template <class S> struct Step : detail::AdamFactors<S> {
    using detail::AdamFactors<S>::AdamFactors;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& m, V& v) const {
      m += (g - m) * this->new_m;
      v += (g * g - v) * this->new_v;
      w -= m * this->rate / (kernels::sqrt(v) + this->epsilon);
    }
  };
  template <class S> Step<S> step(std::int64_t t) const { return {*this, t}; }
};

/// Adam that divides by the largest v so far. Keras: Adam(amsgrad=True). Reddi, Kale, Kumar 2018.
struct AMSGrad {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

  static constexpr const char* name = "Adam";
  static constexpr Setting settings[] = {{"amsgrad", 1, nullptr, Setting::flag}};  // what Keras calls it
  static constexpr int slots = 3;           // momentum m, velocity v; the largest velocity
  static constexpr int slots_together = 2;  // in files; the third ones of all variables are behind them

  constexpr int slots_in_use() const { return slots; }

  template <class S> struct Step : detail::AdamFactors<S> {
    using detail::AdamFactors<S>::AdamFactors;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& m, V& v, V& largest) const {
      m += (g - m) * this->new_m;
      v += (g * g - v) * this->new_v;
      largest = kernels::max(v, largest);
      w -= m * this->rate / (kernels::sqrt(largest) + this->epsilon);
    }
  };
  template <class S> Step<S> step(std::int64_t t) const { return {*this, t}; }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Adam, learning_rate, beta_1, beta_2, epsilon);
KERATIN_ADAPT_STRUCT(keratin::AMSGrad, learning_rate, beta_1, beta_2, epsilon);
