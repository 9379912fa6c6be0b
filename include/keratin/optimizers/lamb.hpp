#pragma once
#include <keratin/optimizers/with.hpp>

namespace keratin {

/// Keras: Lamb, Adam with a step as long as the tensor is. You and others 2020.
///   m, v as in Adam;  r = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon);
///   w -= learning_rate |w| / |r| r, where neither is 0
struct Lamb {
  LearningRate learning_rate = 0.001;
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

  static constexpr const char* name = "Lamb";
  static constexpr int slots = 2;  // momentum m, velocity v
  static constexpr bool whole_gradient = true;

  constexpr int slots_in_use() const { return slots; }

  template <class S> void update(std::int64_t t, const WholeTensor<S>& tensor) const {
    const double b1 = static_cast<float>(beta_1), b2 = static_cast<float>(beta_2), n = static_cast<double>(t);
    const S new_m = static_cast<S>(1 - beta_1), new_v = static_cast<S>(1 - beta_2),
            of_m = static_cast<S>(1 / (1 - std::pow(b1, n))),
            of_v = static_cast<S>(1 / (1 - std::pow(b2, n))), small = static_cast<S>(epsilon);
    S *const g = tensor.g, *const m = tensor.slot(0), *const v = tensor.slot(1);
    const double of_step = detail::sum_over<S>(tensor.n(), [=](std::ptrdiff_t i, auto part) {
      const auto gradient = part.load(g + i);
      auto first = part.load(m + i), second = part.load(v + i);
      first += (gradient - first) * new_m;
      second += (gradient * gradient - second) * new_v;
      part.store(m + i, first);
      part.store(v + i, second);
      const auto r = part.only(first * of_m / (kernels::sqrt(second * of_v) + small));
      part.store(g + i, r);
      return r * r;
    });
    const double of_weights = detail::sum_of_squares(tensor.w, tensor.n()),
                 ratio = of_weights > 0 && of_step > 0 ? std::sqrt(of_weights / of_step) : 1;
    const S rate = static_cast<S>(ratio * learning_rate.at(t - 1));
    S* const w = tensor.w;
    kernels::for_each_vector<S>(tensor.n(), [=](std::ptrdiff_t i, auto part) {
      part.store(w + i, part.load(w + i) - part.load(g + i) * rate);
    });
  }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Lamb, learning_rate, beta_1, beta_2, epsilon);
