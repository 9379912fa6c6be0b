#pragma once
// SeparableConv1D and SeparableConv2D: a depthwise convolution, and then a convolution of single positions.
#include <keratin/layers/convolution.hpp>
#include <keratin/layers/depthwise.hpp>

namespace keratin {

/// Keras: SeparableConv1D (Rank 1), SeparableConv2D (Rank 2). Shape (..., channels) -> (..., filters): each
/// channel under depth_multiplier kernels of its own, what they make mixed position by position; bias and
/// activation come last. depthwise_kernel (kernel_size..., channels, depth_multiplier), pointwise_kernel
/// (1..., channels * depth_multiplier, filters), bias (filters). Chollet 2017.
template <int Rank> struct SeparableConvSpec {
  int filters = 0;
  Sizes<Rank> kernel_size = detail::per_axis<Rank, 1>();
  Sizes<Rank> strides = detail::per_axis<Rank, 1>();
  Padding padding = Padding::valid;
  Sizes<Rank> dilation_rate = detail::per_axis<Rank, 1>();
  int depth_multiplier = 1;
  ActivationFunction activation{};
  bool use_bias = true;
  Initializer depthwise_initializer = GlorotUniform::value;
  Initializer pointwise_initializer = GlorotUniform::value;
  Initializer bias_initializer{};
  Regularizer depthwise_regularizer{}, pointwise_regularizer{}, bias_regularizer{};
  Constraint depthwise_constraint{}, pointwise_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};

  static constexpr const char* name = name_of<Rank>("SeparableConv1D", "SeparableConv2D");
  static constexpr const char* arguments = "filters, ...";

  constexpr Fit fit(Shape in) const {
    const Fit fit = window_fit<Rank>(in, kernel_size, strides, dilation_rate, padding);
    if (fit.broken) return fit;
    if (filters < 1) return needs_at_least_1_filter;
    if (depth_multiplier < 1) return needs_a_depth_multiplier_of_at_least_1;
    const std::int64_t mixed = std::int64_t{in.last()} * depth_multiplier;
    if (std::max(depthwise_kernel(in).elements(), mixed * filters) > INT32_MAX ||
        fit.out.elements() * depth_multiplier > INT32_MAX)
      return more_than_2_31_elements;
    return fit.out.with_last(filters);
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"depthwise_kernel", depthwise_kernel(in), depthwise_initializer, depthwise_regularizer})
        .constrain(depthwise_constraint);
    p.add({"pointwise_kernel",
           kernel_shape<Rank>(detail::per_axis<Rank, 1>(), in.last() * depth_multiplier, filters),
           pointwise_initializer, pointwise_regularizer})
        .constrain(pointwise_constraint);
    if (use_bias) p.add({"bias", {filters}, bias_initializer, bias_regularizer}).constrain(bias_constraint);
    return p;
  }
  constexpr Traits traits() const {
    const bool activated = activation != Linear{};
    return {.reads_output = activated, .finishes = true, .lanes = true, .writes_over_gradient = activated};
  }
  constexpr double flops(Shape in) const {
    const Geometry g = geometry(in);
    return 2.0 * static_cast<double>(g.depthwise.positions()) *
           static_cast<double>(g.depthwise.weights() + g.pointwise(1).weights());
  }
  // What the depthwise convolution makes; in inference only that of one sample.
  constexpr std::size_t intermediate(Shape in, bool) const {
    return static_cast<std::size_t>(geometry(in).depthwise.outputs());
  }

  struct Geometry {
    kernels::DepthwiseSize depthwise;
    int filters;
    ActivationFunction activation;
    bool use_bias;

    // The second convolution, of so many positions: they do not meet, so they are a sequence.
    constexpr kernels::ConvolutionSize pointwise(int positions) const {
      return {.w = {positions, 1, 1, 1, Padding::valid}, .channels = depthwise.filters(), .filters = filters};
    }
  };
  constexpr Geometry geometry(Shape in) const {
    const Window window = window_of<Rank>(in, kernel_size, strides, dilation_rate, padding);
    return {{window.h, window.w, window.channels, depth_multiplier}, filters, activation, use_bias};
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return Scratch<T>(g).end;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    with_activation(geometry, [&]<class A>(A) {
      // As in Dense: in the register where the activation is known at compile time, else in a pass of its
      // own.
      constexpr bool in_register = is_fixed<decltype(geometry)> && A::elementwise;
      images<std::conditional_t<in_register, A, Linear>>(g, c);
      if constexpr (!in_register && !std::is_same_v<A, Linear>)
        A::forward(c.y, c.y, static_cast<int>(c.count) * g.depthwise.positions(), g.filters);
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const Geometry g = geometry;
    const Scratch<T> at(g);
    std::fill_n(c.scratch, at.end, Scalar<T>{});
    for (std::ptrdiff_t i = 0; i < c.count; ++i) {
      // Some positions at a time, which stay in the cache.
      for (std::ptrdiff_t first = 0; first < g.depthwise.positions(); first += piece) {
        const int count = static_cast<int>(std::min<std::ptrdiff_t>(piece, g.depthwise.positions() - first));
        const std::ptrdiff_t from = i * outputs(g) + first * g.filters;
        with_activation(geometry, [&]<class A>(A) {
          if constexpr (!std::is_same_v<A, Linear>)
            A::backward(c.y + from, c.dy + from, c.dy + from, count, g.filters);
        });
        pointwise_backward(g, c, i, first, count);
      }
      depthwise_backward(g, c, i);
    }
    detail::take_sums(gradients, 0, at.of(c, at.depthwise), g.depthwise.weights());
    detail::take_sums(gradients, 1, at.of(c, at.pointwise), g.pointwise(1).weights());
    if (g.use_bias) detail::take_sums(gradients, 2, at.of(c, at.bias), g.filters);
  }

 private:
  constexpr Shape depthwise_kernel(Shape in) const {
    return kernel_shape<Rank>(kernel_size, in.last(), depth_multiplier);
  }
  static constexpr int piece = 32;  // positions
  static constexpr std::ptrdiff_t outputs(const Geometry& g) { return g.depthwise.positions() * g.filters; }

  template <class A, class T, class Count>
  [[gnu::noinline]] static void images(const Geometry& g, const Forward<T, Count>& c) {
    for (std::ptrdiff_t i = 0; i < static_cast<int>(c.count); ++i) {
      T* const z = c.intermediate + (c.keeps() ? i * g.depthwise.outputs() : 0);
      kernels::depthwise(g.depthwise, c.x + i * g.depthwise.inputs(), c.parameter(0), nullptr, z);
      kernels::Convolution<T, kernels::ConvolutionTile<T>::positions, kernels::ConvolutionSize>(
          g.pointwise(static_cast<int>(g.depthwise.positions())), z, c.parameter(1),
          g.use_bias ? c.parameter(2) : nullptr)
          .run(kernels::write_tiles(c.y + i * outputs(g), g.filters,
                                    [](auto v, auto...)
                                        __attribute__((always_inline)) { return A::value(v); }));
    }
  }

  // Where backward's scratch keeps what, in scalars: a piece of dy with padding on both sides, the gradient
  // between the two convolutions of one sample, the sums for the parameters.
  template <class T> struct Scratch {
    std::size_t between = 0, depthwise = 0, pointwise = 0, bias = 0, end = 0;

    constexpr explicit Scratch(const Geometry& g) {
      const auto room = [](std::ptrdiff_t n) {
        return aligned(static_cast<std::size_t>(n) * Unit<T>::samples);
      };
      between = room(kernels::ConvolutionInputGradient<T>::room(g.pointwise(piece)));
      depthwise = between + room(g.depthwise.outputs());
      pointwise = depthwise + room(g.depthwise.weights());
      bias = pointwise + room(g.pointwise(1).weights());
      end = bias + room(g.filters);
    }
    static T* of(const Backward<T>& c, std::size_t offset) {
      return reinterpret_cast<T*>(c.scratch + offset);
    }
  };

  // Of `count` positions of sample i: the gradient of what the depthwise convolution made, and the sums.
  template <class T>
  [[gnu::noinline]] static void pointwise_backward(const Geometry& g, const Backward<T>& c, std::ptrdiff_t i,
                                                   std::ptrdiff_t first, int count) {
    const Scratch<T> at(g);
    const kernels::ConvolutionSize size = g.pointwise(count);
    const std::ptrdiff_t from = first * size.channels;
    T* const d = at.of(c, 0);
    kernels::pad_rows(size, c.dy + i * outputs(g) + first * g.filters, d, at.of(c, at.bias));
    kernels::add_kernel_gradient(size, c.intermediate + i * g.depthwise.outputs() + from, d,
                                 at.of(c, at.pointwise));
    kernels::ConvolutionInputGradient<T>::run(size, d, c.parameter(1), at.of(c, at.between) + from);
  }
  template <class T>
  static void depthwise_backward(const Geometry& g, const Backward<T>& c, std::ptrdiff_t i) {
    const Scratch<T> at(g);
    const T* const d = at.of(c, at.between);
    kernels::add_depthwise_gradient(g.depthwise, c.x + i * g.depthwise.inputs(), d, at.of(c, at.depthwise));
    if (c.dx)
      kernels::depthwise_input_gradient(g.depthwise, d, c.parameter(0), c.dx + i * g.depthwise.inputs());
  }
};
using SeparableConv1DSpec = SeparableConvSpec<1>;
using SeparableConv2DSpec = SeparableConvSpec<2>;

/// A separable convolution without an activation takes over that of the layer behind it.
template <int Rank>
constexpr Fused<SeparableConvSpec<Rank>> fuse(SeparableConvSpec<Rank> conv, const ActivationSpec& next) {
  if (conv.activation != Linear{}) return {};
  conv.activation = next.activation;
  return {true, conv};
}

/// How the kernels of single positions start: PointwiseInitializer<HeNormal>. Keras: pointwise_initializer.
template <class I> struct PointwiseInitializer {
  KERATIN_SETS(pointwise_initializer, I::value)
};

/// SeparableConv1D<16, Kernel<3>, Same, ReLU>: filters, then options in any order. Kernel<1> if none.
template <int Filters, class... Options>
struct SeparableConv1D : layer_of<SeparableConv1D<Filters, Options...>, SeparableConv1DSpec, Options...> {
  static constexpr SeparableConv1DSpec spec =
      with_options<Options...>(SeparableConv1DSpec{.filters = Filters});
};
/// SeparableConv2D<32, Kernel<3>, Strides<2>, Same, ReLU>: filters, then options in any order. Kernel<1> if
/// none.
template <int Filters, class... Options>
struct SeparableConv2D : layer_of<SeparableConv2D<Filters, Options...>, SeparableConv2DSpec, Options...> {
  static constexpr SeparableConv2DSpec spec =
      with_options<Options...>(SeparableConv2DSpec{.filters = Filters});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::SeparableConv1DSpec, filters, kernel_size, strides, padding, dilation_rate,
                     depth_multiplier, activation, use_bias, depthwise_initializer, pointwise_initializer,
                     bias_initializer, depthwise_regularizer, pointwise_regularizer, bias_regularizer,
                     depthwise_constraint, pointwise_constraint, bias_constraint, activity_regularizer);
KERATIN_ADAPT_STRUCT(keratin::SeparableConv2DSpec, filters, kernel_size, strides, padding, dilation_rate,
                     depth_multiplier, activation, use_bias, depthwise_initializer, pointwise_initializer,
                     bias_initializer, depthwise_regularizer, pointwise_regularizer, bias_regularizer,
                     depthwise_constraint, pointwise_constraint, bias_constraint, activity_regularizer);
