#pragma once
#include <keratin/activations/elementwise.hpp>

namespace keratin {

/// p_i = e^(x_i - max x) / sum_j e^(x_j - max x) over the last axis. Keras: "softmax".
struct Softmax : detail::ActivationOption<Softmax> {
  static constexpr const char* name = "softmax";
  static constexpr bool elementwise = false;

  /// p = softmax of `rows` rows of n; p may be x.
  template <class T> static void forward(const T* x, T* p, std::ptrdiff_t rows, int n) {
    for (; rows > 0; --rows, x += n, p += n) {
      if constexpr (Unit<T>::samples == 1)
        log_sum_exp(x, p, n);
      else
        across_lanes(x, p, n);
    }
  }
  /// dx = p * (dp - sum_j dp_j p_j); dx may be dp.
  template <class T> static void backward(const T* p, const T* dp, T* dx, std::ptrdiff_t rows, int n) {
    for (; rows > 0; --rows, p += n, dp += n, dx += n) {
      if constexpr (Unit<T>::samples == 1) {
        kernels::Vec<T> products = {};
        kernels::for_each_vector<T>(
            n, [&](std::ptrdiff_t i, auto part) { products += part.load(dp + i) * part.load(p + i); });
        const T dot = kernels::sum(products);
        kernels::for_each_vector<T>(n, [=](std::ptrdiff_t i, auto part) {
          part.store(dx + i, part.load(p + i) * (part.load(dp + i) - dot));
        });
      } else {
        T dot{};  // of two products, added, either may be contracted: fixed and run-time n could differ
        for (int i = 0; i < n; ++i) dot += dp[i] * p[i];
        for (int i = 0; i < n; ++i) dx[i] = p[i] * (dp[i] - dot);
      }
    }
  }

  /// One row of softmax; returns log sum_i e^(x_i), which turns a logit into its log-probability. `use` is
  /// shown each vector of p as well: use(i, part, p).
  template <class S> static S log_sum_exp(const S* x, S* p, int n, auto use) {
    using V = kernels::Vec<S>;
    const auto e_to_the = [](V z, S top, auto part)
                              __attribute__((always_inline)) { return part.only(kernels::exp(z - top)); };
    if (n <= lanes<S>) {  // the row stays in its register
      const kernels::Rest row{n};
      const V z = row.load(x);
      const S top = kernels::largest(row.only(z, kernels::broadcast<V>(x[0])));
      const V e = e_to_the(z, top, row);
      const S total = kernels::sum(e);
      const V q = e * (1 / total);
      row.store(p, q);
      use(std::ptrdiff_t{0}, row, q);
      return std::log(total) + top;
    }
    V tops = kernels::broadcast<V>(x[0]), totals = {};
    kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) {
      tops = kernels::max(tops, part.only(part.load(x + i), tops));
    });
    const S top = kernels::largest(tops);
    kernels::for_each_vector<S>(n, [&](std::ptrdiff_t i, auto part) {
      const V e = e_to_the(part.load(x + i), top, part);
      part.store(p + i, e);
      totals += e;
    });
    const S total = kernels::sum(totals), scale = 1 / total;
    kernels::for_each_vector<S>(n, [=](std::ptrdiff_t i, auto part) {
      const V q = part.load(p + i) * scale;
      part.store(p + i, q);
      use(i, part, q);
    });
    return std::log(total) + top;
  }
  template <class S> static S log_sum_exp(const S* x, S* p, int n) {
    return log_sum_exp(x, p, n, [](auto...) {});
  }

 private:
  // A row in each lane.
  static void across_lanes(const Lanes* x, Lanes* p, int n) {
    using V = kernels::Vec<float>;
    V top = kernels::load(x[0].data()), total = {};
    for (int i = 1; i < n; ++i) top = kernels::max(top, kernels::load(x[i].data()));
    for (int i = 0; i < n; ++i) {
      const V e = kernels::exp(kernels::load(x[i].data()) - top);
      kernels::store(p[i].data(), e);
      total += e;
    }
    for (int i = 0; i < n; ++i) kernels::store(p[i].data(), kernels::load(p[i].data()) / total);
  }
};

}  // namespace keratin
