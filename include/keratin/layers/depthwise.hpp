#pragma once
// DepthwiseConv2D: every channel under kernels of its own. Few multiplications meet many values, so memory
// decides its speed: plain loops over vectors.
#include <keratin/initializers/variance_scaling.hpp>
#include <keratin/kernels/transpose.hpp>
#include <keratin/layers/activation.hpp>
#include <keratin/layers/window.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_a_depth_multiplier_of_at_least_1{"the depth multiplier must be at least 1"};

/// Keras: DepthwiseConv2D. Shape (height, width, channels) -> (..., channels * depth_multiplier): output
/// channel c * depth_multiplier + m is channel c under its kernel m. kernel (kernel_size..., channels,
/// depth_multiplier), bias (channels * depth_multiplier).
struct DepthwiseConv2DSpec {
  Sizes<2> kernel_size{1, 1}, strides{1, 1};
  Padding padding = Padding::valid;
  int depth_multiplier = 1;
  Sizes<2> dilation_rate{1, 1};
  ActivationFunction activation{};
  bool use_bias = true;
  Initializer depthwise_initializer = GlorotUniform::value;
  Initializer bias_initializer{};

  static constexpr const char* name = "DepthwiseConv2D";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    const Fit fit = window_fit<2>(in, kernel_size, strides, dilation_rate, padding);
    if (fit.broken) return fit;
    if (depth_multiplier < 1) return needs_a_depth_multiplier_of_at_least_1;
    if (kernel_shape(in).elements() > INT32_MAX) return more_than_2_31_elements;
    return fit.out.with_last(in.last() * depth_multiplier);
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"kernel", kernel_shape(in), depthwise_initializer});
    if (use_bias) p.add({"bias", {in.last() * depth_multiplier}, bias_initializer});
    return p;
  }
  constexpr Traits traits() const { return {.reads_output = activation != Linear{}, .lanes = true}; }
  constexpr double flops(Shape in) const {
    const Window w = window(in);
    return 2.0 * w.h.out * w.w.out * static_cast<double>(kernel_shape(in).elements());
  }

  struct Geometry {
    Window window;
    int multiplier;
    ActivationFunction activation;
    bool use_bias;

    constexpr int outputs() const { return window.channels * multiplier; }
  };
  constexpr Geometry geometry(Shape in) const { return {window(in), depth_multiplier, activation, use_bias}; }
  // The gradients of kernel and bias while they are still in lanes.
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    const auto taps = static_cast<std::size_t>(g.window.h.size) * static_cast<std::size_t>(g.window.w.size);
    return (taps + 1) * static_cast<std::size_t>(g.outputs()) * Unit<T>::samples;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const int count = static_cast<int>(c.count);
    with_activation(geometry, [&]<class A>(A) {
      using InRegister = std::conditional_t<A::elementwise, A, Linear>;
      for (int i = 0; i < count; ++i)
        image<InRegister>(g, c.x + i * inputs(g), c.parameter(0), g.use_bias ? c.parameter(1) : nullptr,
                          c.y + i * positions(g) * g.outputs());
      if constexpr (!A::elementwise) A::forward(c.y, c.y, count * positions(g), g.outputs());
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    with_activation(geometry, [&]<class A>(A) {
      if constexpr (!std::is_same_v<A, Linear>)
        A::backward(c.y, c.dy, c.dy, c.count * positions(g), g.outputs());
    });
    const std::ptrdiff_t kernel = std::ptrdiff_t{g.window.h.size} * g.window.w.size * g.outputs();
    T* const dw = reinterpret_cast<T*>(c.scratch);
    T* const db = dw + kernel;
    std::fill_n(c.scratch, (kernel + g.outputs()) * Unit<T>::samples, Scalar<T>{});
    if (c.dx)
      std::fill_n(reinterpret_cast<Scalar<T>*>(c.dx), c.count * inputs(g) * Unit<T>::samples, Scalar<T>{});
    for (int i = 0; i < c.count; ++i)
      image_backward(g, c.x + i * inputs(g), c.parameter(0), c.dy + i * positions(g) * g.outputs(),
                     c.dx ? c.dx + i * inputs(g) : nullptr, dw, db);
    kernels::sum_samples(dw, static_cast<int>(kernel), c.gradient_of(0));
    if (g.use_bias) kernels::sum_samples(db, g.outputs(), c.gradient_of(1));
  }

 private:
  constexpr Shape kernel_shape(Shape in) const {
    return {kernel_size[0], kernel_size[1], in.last(), depth_multiplier};
  }
  constexpr Window window(Shape in) const {
    return window_of<2>(in, kernel_size, strides, dilation_rate, padding);
  }
  static std::ptrdiff_t inputs(const Geometry& g) {
    return std::ptrdiff_t{g.window.h.in} * g.window.w.in * g.window.channels;
  }
  static std::ptrdiff_t positions(const Geometry& g) {
    return std::ptrdiff_t{g.window.h.out} * g.window.w.out;
  }

  // f(o, c, read, write) for the output channels in vectors: the first one, the input channel that it belongs
  // to, and how a vector of weights is read, one of values read, and one written. A multiplier of 1 takes
  // vectors of channels; with a larger one, or Lanes, every channel is a vector for itself.
  template <class T, class F> [[gnu::always_inline]] static void each_output(const Geometry& g, F f) {
    using S = Scalar<T>;
    if constexpr (Unit<T>::samples > 1) {
      using V = kernels::Vec<float>;
      for (int o = 0; o < g.outputs(); ++o)
        f(
            o, o / g.multiplier,
            [](const S* w) __attribute__((always_inline)) { return kernels::broadcast<V>(*w); },
            [](const T* x) __attribute__((always_inline)) { return kernels::load(x->data()); },
            [](T* y, V v) __attribute__((always_inline)) { kernels::store(y->data(), v); });
    } else if (g.multiplier == 1) {
      kernels::for_each_vector<S>(
          g.outputs(), [&](std::ptrdiff_t o, auto part) __attribute__((always_inline)) {
            const auto read = [=](const S* p) __attribute__((always_inline)) { return part.load(p); };
            f(static_cast<int>(o), static_cast<int>(o), read, read,
              [=](S* y, auto v) __attribute__((always_inline)) { part.store(y, v); });
          });
    } else {
      const kernels::Rest one{1};
      const auto read = [=](const S* p) __attribute__((always_inline)) { return one.load(p); };
      for (int o = 0; o < g.outputs(); ++o)
        f(o, o / g.multiplier, read, read,
          [=](S* y, auto v) __attribute__((always_inline)) { one.store(y, v); });
    }
  }
  // f(offset of the input, number of the tap) for the part of output (r, k)'s window that lies inside.
  template <class F> [[gnu::always_inline]] static void each_tap(const Window& w, int r, int k, F f) {
    for (int ky = w.h.first(r); ky < w.h.end(r); ++ky)
      for (int kx = w.w.first(k); kx < w.w.end(k); ++kx)
        f((std::ptrdiff_t{w.h.input(r, ky)} * w.w.in + w.w.input(k, kx)) * w.channels, ky * w.w.size + kx);
  }

  template <class A, class T>
  static void image(const Geometry& g, const T* x, const Scalar<T>* w, const Scalar<T>* bias, T* y) {
    for (int r = 0; r < g.window.h.out; ++r)
      for (int k = 0; k < g.window.w.out; ++k, y += g.outputs())
        each_output<T>(
            g, [&](int o, int channel, auto weights, auto values, auto write) __attribute__((always_inline)) {
              auto sum = bias ? weights(bias + o) : decltype(weights(w)){};
              each_tap(g.window, r, k, [&](std::ptrdiff_t at, int tap) __attribute__((always_inline)) {
                sum += values(x + at + channel) * weights(w + std::ptrdiff_t{tap} * g.outputs() + o);
              });
              write(y + o, A::value(sum));
            });
  }
  template <class T>
  static void image_backward(const Geometry& g, const T* x, const Scalar<T>* w, const T* dy, T* dx, T* dw,
                             T* db) {
    for (int r = 0; r < g.window.h.out; ++r)
      for (int k = 0; k < g.window.w.out; ++k, dy += g.outputs())
        each_output<T>(
            g, [&](int o, int channel, auto weights, auto values, auto write) __attribute__((always_inline)) {
              const auto d = values(dy + o);
              write(db + o, values(db + o) + d);
              each_tap(g.window, r, k, [&](std::ptrdiff_t at, int tap) __attribute__((always_inline)) {
                const std::ptrdiff_t weight = std::ptrdiff_t{tap} * g.outputs() + o;
                write(dw + weight, values(dw + weight) + values(x + at + channel) * d);
                if (dx) write(dx + at + channel, values(dx + at + channel) + d * weights(w + weight));
              });
            });
  }
};

/// A depthwise convolution without an activation takes over that of the layer behind it.
constexpr Fused<DepthwiseConv2DSpec> fuse(DepthwiseConv2DSpec conv, const ActivationSpec& next) {
  if (conv.activation != Linear{}) return {};
  conv.activation = next.activation;
  return {true, conv};
}

/// DepthMultiplier<2>: so many outputs of each channel. Keras: depth_multiplier.
template <int N> struct DepthMultiplier {
  KERATIN_SETS(depth_multiplier, N)
};
/// How the kernels start: DepthwiseInitializer<HeNormal>. Keras: depthwise_initializer.
template <class I> struct DepthwiseInitializer {
  KERATIN_SETS(depthwise_initializer, I::value)
};

/// DepthwiseConv2D<Kernel<3>, Same, ReLU>: options in any order. Kernel<1> if none.
template <class... Options>
struct DepthwiseConv2D : layer_of<DepthwiseConv2D<Options...>, DepthwiseConv2DSpec, Options...> {
  static constexpr DepthwiseConv2DSpec spec = with_options<Options...>(DepthwiseConv2DSpec{});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::DepthwiseConv2DSpec, kernel_size, strides, padding, depth_multiplier,
                     dilation_rate, activation, use_bias, depthwise_initializer, bias_initializer);
