#pragma once
// Lambda: a function of the user's own as a layer, value by value or of a whole sample. It is computed with
// dual numbers, which give the derivatives. In a graph it is a node like any other layer; functional::Lambda
// is for functions that are known at run time only.
#include <keratin/core/dual.hpp>
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

namespace detail {

template <class T> using DualOf = Dual<kernels::Vec<Scalar<T>>>;

// L samples side by side: the lanes of one T, or as many rows as there are; the last one stands for those
// that are missing.
template <class T> struct LambdaSamples {
  using S = Scalar<T>;
  using V = kernels::Vec<S>;
  static constexpr int L = lanes<S>;

  static V load(const T* p, std::ptrdiff_t apart, int samples) {
    if constexpr (Unit<T>::samples > 1) {
      return kernels::load(scalars(p));
    } else {
      V v;
      for (int l = 0; l < L; ++l) v[l] = p[std::min(l, samples - 1) * apart];
      return v;
    }
  }
  static void store(T* p, std::ptrdiff_t apart, int samples, V v) {
    if constexpr (Unit<T>::samples > 1)
      kernels::store(scalars(p), v);
    else
      for (int l = 0; l < samples; ++l) p[l * apart] = v[l];
  }
  // f(first T, samples) for all of them.
  static void each(int count, auto f) {
    constexpr int step = Unit<T>::samples > 1 ? 1 : L;
    for (int s = 0; s < count; s += step) f(std::ptrdiff_t{s}, std::min(L, count - s));
  }
};

// What such a function reads: x[i], where one of them has the slope 1; and what it writes, each once:
// y[i] = ..., which goes to `to`.
template <class T> struct LambdaInput {
  const T* x;
  int n, samples, with_slope;

  int size() const { return n; }
  DualOf<T> operator[](int i) const {
    using V = kernels::Vec<Scalar<T>>;
    return {LambdaSamples<T>::load(x + i, n, samples), i == with_slope ? V{} + 1 : V{}};
  }
};
template <class T, class To> struct LambdaOutput {
  int n;
  To to;

  struct Place {
    const LambdaOutput& output;
    int i;
    void operator=(DualOf<T> v) const { output.to(i, v); }
  };
  int size() const { return n; }
  Place operator[](int i) const { return {*this, i}; }
};

}  // namespace detail

/// Keras: Lambda. A function f of one value, f(x), that works with Dual numbers, with an optional
/// derivative(x) of its own; or one of a whole sample, f(x, y), that reads x[i] and sets every y[i] once, and
/// says what it makes of a shape where that is another one: static constexpr Shape shape(Shape). The
/// derivative of the latter takes a pass for each of a sample's values.
template <auto f> struct LambdaSpec {
  using F = decltype(f);
  static constexpr const char* name = "Lambda";
  static constexpr bool value_by_value = requires(detail::DualOf<float> x) { f(x); };

  constexpr Fit fit(Shape in) const {
    if constexpr (requires { F::shape(in); })
      return F::shape(in);
    else
      return in;
  }
  constexpr Traits traits() const {
    return {.reads_output = false,
            .in_place = value_by_value,
            .pointwise = value_by_value,
            .writes_over_gradient = false};
  }
  constexpr bool passes_mask() const { return false; }

  struct Geometry {
    int in, out;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), fit(in).out.size()}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    using Samples = detail::LambdaSamples<T>;
    const Geometry g = geometry;
    const int count = static_cast<int>(c.count);
    if constexpr (value_by_value) {
      kernels::for_each_vector<S>(std::ptrdiff_t{count} * g.in * Unit<T>::samples,
                                  [x = scalars(c.x), y = scalars(c.y)](std::ptrdiff_t i, auto part) {
                                    part.store(y + i, f(Dual<V>(part.load(x + i), V{})).value);
                                  });
    } else {
      Samples::each(count, [&](std::ptrdiff_t s, int samples) {
        const auto to = [&](int i, Dual<V> v) {
          Samples::store(c.y + s * g.out + i, g.out, samples, v.value);
        };
        f(detail::LambdaInput<T>{c.x + s * g.in, g.in, samples, -1},
          detail::LambdaOutput<T, decltype(to)>{g.out, to});
      });
    }
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    using Samples = detail::LambdaSamples<T>;
    const Geometry g = geometry;
    if (!c.dx) return;
    if constexpr (value_by_value) {
      kernels::for_each_vector<S>(
          std::ptrdiff_t{c.count} * g.in * Unit<T>::samples,
          [x = scalars(c.x), dy = scalars(c.dy), dx = scalars(c.dx)](std::ptrdiff_t i, auto part) {
            part.store(dx + i, part.load(dy + i) * slope(part.load(x + i)));
          });
    } else {
      Samples::each(c.count, [&](std::ptrdiff_t s, int samples) {
        for (int k = 0; k < g.in; ++k) {
          V sum = {};
          const auto to = [&](int i, Dual<V> v) {
            sum += Samples::load(c.dy + s * g.out + i, g.out, samples) * v.slope;
          };
          f(detail::LambdaInput<T>{c.x + s * g.in, g.in, samples, k},
            detail::LambdaOutput<T, decltype(to)>{g.out, to});
          Samples::store(c.dx + s * g.in + k, g.in, samples, sum);
        }
      });
    }
  }

 private:
  template <class V> static V slope(V x) {
    if constexpr (requires(Dual<V> v) { f.derivative(v); })
      return f.derivative(Dual<V>(x, V{})).value;
    else
      return f(Dual<V>(x, V{} + 1)).slope;
  }
};

/// Lambda<f>, with a constant f: inline constexpr auto square = [](auto x) { return x * x; };
template <auto f> struct Lambda : layer_of<Lambda<f>, LambdaSpec<f>> {
  static constexpr LambdaSpec<f> spec{};
};

}  // namespace keratin
