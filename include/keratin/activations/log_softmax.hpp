#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// y_i = x_i - log sum_j e^x_j over the last axis. Keras: "log_softmax".
struct LogSoftmax : detail::ActivationOption<LogSoftmax> {
  static constexpr const char* name = "log_softmax";
  static constexpr bool elementwise = false;

  /// y = log softmax of `rows` rows of n; y may be x.
  template <class T> static void forward(const T* x, T* y, std::ptrdiff_t rows, int n) {
    for (; rows > 0; --rows, x += n, y += n) {
      if constexpr (Unit<T>::samples == 1) {
        using V = kernels::Vec<T>;
        V tops = kernels::broadcast<V>(x[0]), totals = {};
        kernels::for_each_vector<T>(n, [&](std::ptrdiff_t i, auto part) {
          tops = kernels::max(tops, part.only(part.load(x + i), tops));
        });
        const T top = kernels::largest(tops);
        kernels::for_each_vector<T>(n, [&](std::ptrdiff_t i, auto part) {
          totals += part.only(kernels::exp(part.load(x + i) - top));
        });
        const T total = std::log(kernels::sum(totals));
        kernels::for_each_vector<T>(
            n, [=](std::ptrdiff_t i, auto part) { part.store(y + i, part.load(x + i) - top - total); });
      } else {
        using V = kernels::Vec<float>;
        V top = kernels::load(x[0].data()), total = {};
        for (int i = 1; i < n; ++i) top = kernels::max(top, kernels::load(x[i].data()));
        for (int i = 0; i < n; ++i) total += kernels::exp(kernels::load(x[i].data()) - top);
        total = kernels::log(total);
        for (int i = 0; i < n; ++i) kernels::store(y[i].data(), kernels::load(x[i].data()) - top - total);
      }
    }
  }
  /// dx = dy - e^y sum_j dy_j; dx may be dy.
  template <class T> static void backward(const T* y, const T* dy, T* dx, std::ptrdiff_t rows, int n) {
    for (; rows > 0; --rows, y += n, dy += n, dx += n) {
      if constexpr (Unit<T>::samples == 1) {
        kernels::Vec<T> sums = {};
        kernels::for_each_vector<T>(n, [&](std::ptrdiff_t i, auto part) { sums += part.load(dy + i); });
        const T sum = kernels::sum(sums);
        kernels::for_each_vector<T>(n, [=](std::ptrdiff_t i, auto part) {
          part.store(dx + i, part.load(dy + i) - kernels::exp(part.load(y + i)) * sum);
        });
      } else {
        using V = kernels::Vec<float>;
        V sum = {};
        for (int i = 0; i < n; ++i) sum += kernels::load(dy[i].data());
        for (int i = 0; i < n; ++i)
          kernels::store(dx[i].data(),
                         kernels::load(dy[i].data()) - kernels::exp(kernels::load(y[i].data())) * sum);
      }
    }
  }
};

}  // namespace keratin
