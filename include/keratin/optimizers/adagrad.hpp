#pragma once
#include <keratin/optimizers/optimizer.hpp>

namespace keratin {

/// Keras: Adagrad. Duchi, Hazan, Singer 2011.
///   a += g^2, beginning with initial_accumulator_value;  w -= learning_rate g / sqrt(a + epsilon)
struct Adagrad {
  LearningRate learning_rate = 0.001;
  double initial_accumulator_value = 0.1, epsilon = 1e-7;

  static constexpr const char* name = "Adagrad";
  static constexpr int slots = 1;  // accumulator a

  constexpr int slots_in_use() const { return slots; }
  constexpr double slot_begins(int) const { return initial_accumulator_value; }

  template <class S> struct Step {
    S rate, epsilon;
    template <class V> [[gnu::always_inline]] void operator()(V g, V& w, V& a) const {
      a += g * g;
      w -= g * rate / kernels::sqrt(a + epsilon);
    }
  };
  template <class S> Step<S> step(std::int64_t t) const {
    return {static_cast<S>(learning_rate.at(t - 1)), static_cast<S>(epsilon)};
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Adagrad, learning_rate, initial_accumulator_value, epsilon);
