#pragma once
#include <keratin/activations/elementwise.hpp>

#include <type_traits>

namespace keratin {

/// The nearest point that is a distribution, over the last axis: p_i = max(x_i - t, 0), with the t that makes
/// their sum 1. Martins and Astudillo 2016. Keras: "sparsemax", which adds up running sums instead of values
/// (3.15.1) and so makes no distribution of more than one class: files do not have it.
struct Sparsemax : detail::ActivationOption<Sparsemax> {
  static constexpr const char* name = "sparsemax";
  static constexpr bool elementwise = false;

  /// p = sparsemax of `rows` rows of n; p may be x.
  template <class T> static void forward(const T* x, T* p, std::ptrdiff_t rows, int n) {
    using E = Element<T>;
    for (; rows > 0; --rows, x += n, p += n) {
      E top = load(x[0]);
      for (int i = 1; i < n; ++i) top = load(x[i]) > top ? load(x[i]) : top;
      // Those above t, less the largest: at first all that are less than 1 away, then fewer until it stays
      // so.
      E t = E{} - 1, count = E{};
      for (bool changed = true; changed;) {
        const E before = count;
        E sum = E{};
        count = E{};
        for (int i = 0; i < n; ++i) {
          const E z = load(x[i]) - top;
          sum += z > t ? z : E{};
          count += z > t ? E{} + 1 : E{};
        }
        t = (sum - 1) / count;
        changed = differ(before, count);
      }
      for (int i = 0; i < n; ++i) {
        const E above = load(x[i]) - top - t;
        store(p[i], above > 0 ? above : E{});
      }
    }
  }
  /// dx = dp less its mean, where p is above 0; dx may be dp.
  template <class T> static void backward(const T* p, const T* dp, T* dx, std::ptrdiff_t rows, int n) {
    using E = Element<T>;
    for (; rows > 0; --rows, p += n, dp += n, dx += n) {
      E sum = E{}, count = E{};
      for (int i = 0; i < n; ++i) {
        sum += load(p[i]) > 0 ? load(dp[i]) : E{};
        count += load(p[i]) > 0 ? E{} + 1 : E{};
      }
      const E mean = sum / count;
      for (int i = 0; i < n; ++i) store(dx[i], load(p[i]) > 0 ? load(dp[i]) - mean : E{});
    }
  }

 private:
  // One value, or one of each lane.
  template <class T> using Element = std::conditional_t<(Unit<T>::samples > 1), kernels::Vec<float>, T>;

  static kernels::Vec<float> load(const Lanes& v) { return kernels::load(v.data()); }
  template <class S> static S load(const S& v) { return v; }
  static void store(Lanes& to, kernels::Vec<float> v) { kernels::store(to.data(), v); }
  template <class S> static void store(S& to, S v) { to = v; }
  static bool differ(kernels::Vec<float> a, kernels::Vec<float> b) {
    return kernels::sum(a != b ? a - a + 1 : a - a) > 0;
  }
  template <class S> static bool differ(S a, S b) { return a != b; }
};

}  // namespace keratin
