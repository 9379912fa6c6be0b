#pragma once
// DepthwiseConv1D and DepthwiseConv2D: every channel under kernels of its own.
#include <keratin/initializers/variance_scaling.hpp>
#include <keratin/kernels/depthwise.hpp>
#include <keratin/kernels/transpose.hpp>
#include <keratin/layers/activation.hpp>
#include <keratin/layers/batch_normalization.hpp>
#include <keratin/layers/window.hpp>

namespace keratin {

inline constexpr Rule needs_a_depth_multiplier_of_at_least_1{"the depth multiplier must be at least 1"};

/// Keras: DepthwiseConv1D (Rank 1), DepthwiseConv2D (Rank 2). Shape (..., channels) -> (..., channels *
/// depth_multiplier): output channel c * depth_multiplier + m is channel c under its kernel m. kernel
/// (kernel_size..., channels, depth_multiplier), bias (channels * depth_multiplier).
template <int Rank> struct DepthwiseConvSpec {
  Sizes<Rank> kernel_size = detail::per_axis<Rank, 1>();
  Sizes<Rank> strides = detail::per_axis<Rank, 1>();
  Padding padding = Padding::valid;
  int depth_multiplier = 1;
  Sizes<Rank> dilation_rate = detail::per_axis<Rank, 1>();
  ActivationFunction activation{};
  bool use_bias = true;
  Initializer depthwise_initializer = GlorotUniform::value;
  Initializer bias_initializer{};
  Regularizer depthwise_regularizer{}, bias_regularizer{};
  Constraint depthwise_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};
  FoldedNormalization norm{};  // that of the layer behind it: set by fusion only

  static constexpr const char* name = name_of<Rank>("DepthwiseConv1D", "DepthwiseConv2D");
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    const Fit fit = window_fit<Rank>(in, kernel_size, strides, dilation_rate, padding);
    if (fit.broken) return fit;
    if (depth_multiplier < 1) return needs_a_depth_multiplier_of_at_least_1;
    if (kernel(in).elements() > INT32_MAX) return more_than_2_31_elements;
    return fit.out.with_last(in.last() * depth_multiplier);
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"kernel", kernel(in), depthwise_initializer, depthwise_regularizer})
        .constrain(depthwise_constraint);
    if (use_bias)
      p.add({"bias", {in.last() * depth_multiplier}, bias_initializer, bias_regularizer})
          .constrain(bias_constraint);
    return p;
  }
  constexpr Traits traits() const { return {.reads_output = activation != Linear{}, .lanes = true}; }
  constexpr double flops(Shape in) const {
    return 2.0 * static_cast<double>(geometry(in).size.positions()) *
           static_cast<double>(kernel(in).elements());
  }

  // In inference the coefficients of the normalization.
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return norm && !training ? 2 * static_cast<std::size_t>(geometry(in).size.filters()) : 0;
  }

  struct Geometry {
    kernels::DepthwiseSize size;
    ActivationFunction activation;
    bool use_bias;
    FoldedNormalization norm;
  };
  constexpr Geometry geometry(Shape in) const {
    const Window window = window_of<Rank>(in, kernel_size, strides, dilation_rate, padding);
    return {{window.h, window.w, window.channels, depth_multiplier}, activation, use_bias, norm};
  }
  // The gradients of kernel and bias while they are still in lanes.
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return static_cast<std::size_t>(g.size.weights() + g.size.filters()) * Unit<T>::samples;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S *bias = g.use_bias ? c.parameter(1) : nullptr, *factor = nullptr;
    if (g.norm) {
      S* const factors = reinterpret_cast<S*>(c.intermediate);
      S* const offsets = factors + g.size.filters();
      g.norm.coefficients(c, g.size.filters(), bias, factors, offsets);
      factor = factors, bias = offsets;
    }
    with_activation(geometry, [&]<class A>(A) {
      for (std::ptrdiff_t i = 0; i < static_cast<int>(c.count); ++i) {
        T* const y = c.y + i * g.size.outputs();
        kernels::depthwise(g.size, c.x + i * g.size.inputs(), c.parameter(0), bias, y, factor);
        if constexpr (!std::is_same_v<A, Linear>) A::forward(y, y, g.size.positions(), g.size.filters());
      }
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    T* const dw = reinterpret_cast<T*>(c.scratch);
    T* const db = dw + g.size.weights();
    std::fill_n(scalars(dw), (g.size.weights() + g.size.filters()) * Unit<T>::samples, Scalar<T>{});
    with_activation(geometry, [&]<class A>(A) {
      for (std::ptrdiff_t i = 0; i < c.count; ++i) {
        T* const dy = c.dy + i * g.size.outputs();
        if constexpr (!std::is_same_v<A, Linear>)
          A::backward(c.y + i * g.size.outputs(), dy, dy, g.size.positions(), g.size.filters());
        kernels::add_rows(dy, g.size.positions(), g.size.filters(), db);
        kernels::add_depthwise_gradient(g.size, c.x + i * g.size.inputs(), dy, dw);
        if (c.dx) kernels::depthwise_input_gradient(g.size, dy, c.parameter(0), c.dx + i * g.size.inputs());
      }
    });
    kernels::sum_samples(dw, static_cast<int>(g.size.weights()), c.gradient_of(0));
    if (g.use_bias) kernels::sum_samples(db, g.size.filters(), c.gradient_of(1));
  }

 private:
  constexpr Shape kernel(Shape in) const {
    return kernel_shape<Rank>(kernel_size, in.last(), depth_multiplier);
  }
};
using DepthwiseConv1DSpec = DepthwiseConvSpec<1>;
using DepthwiseConv2DSpec = DepthwiseConvSpec<2>;

/// A depthwise convolution without an activation takes over that of the layer behind it.
template <int Rank>
constexpr Fused<DepthwiseConvSpec<Rank>> fuse(DepthwiseConvSpec<Rank> conv, const ActivationSpec& next) {
  if (conv.activation != Linear{}) return {};
  conv.activation = next.activation;
  return {true, conv};
}

/// In inference a depthwise convolution takes over the normalization behind it, and then the activation
/// behind that.
template <int Rank>
constexpr Fused<DepthwiseConvSpec<Rank>> fuse_for_inference(DepthwiseConvSpec<Rank> conv,
                                                            const BatchNormalizationSpec& next, int behind) {
  if (conv.activation != Linear{} || conv.norm || !can_be_folded(next)) return {};
  conv.norm = folded(next, behind);
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

/// DepthwiseConv1D<Kernel<3>, Same, ReLU>: options in any order. Kernel<1> if none.
template <class... Options>
struct DepthwiseConv1D : layer_of<DepthwiseConv1D<Options...>, DepthwiseConv1DSpec, Options...> {
  static constexpr DepthwiseConv1DSpec spec = with_options<Options...>(DepthwiseConv1DSpec{});
};
/// DepthwiseConv2D<Kernel<3>, Same, ReLU>: options in any order. Kernel<1> if none.
template <class... Options>
struct DepthwiseConv2D : layer_of<DepthwiseConv2D<Options...>, DepthwiseConv2DSpec, Options...> {
  static constexpr DepthwiseConv2DSpec spec = with_options<Options...>(DepthwiseConv2DSpec{});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::DepthwiseConv1DSpec, kernel_size, strides, padding, depth_multiplier,
                     dilation_rate, activation, use_bias, depthwise_initializer, bias_initializer,
                     depthwise_regularizer, bias_regularizer, depthwise_constraint, bias_constraint,
                     activity_regularizer, norm);
KERATIN_ADAPT_STRUCT(keratin::DepthwiseConv2DSpec, kernel_size, strides, padding, depth_multiplier,
                     dilation_rate, activation, use_bias, depthwise_initializer, bias_initializer,
                     depthwise_regularizer, bias_regularizer, depthwise_constraint, bias_constraint,
                     activity_regularizer, norm);
