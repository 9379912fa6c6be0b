#pragma once
// Conv1DTranspose, Conv2DTranspose and Conv3DTranspose: a convolution's backward pass to its input, as a
// layer. The same kernels serve it with x and y exchanged.
#include <keratin/layers/convolution.hpp>

namespace keratin {

inline constexpr Rule needs_an_output_padding_below_the_strides{
    "the output padding must be from 0 to less than the strides"};

namespace detail {
// One axis of the convolution from y to x. A negative output padding is none.
constexpr WindowAxis transposed(int n, int size, int stride, int dilation, Padding padding,
                                int output_padding) {
  const int reach = (size - 1) * dilation + 1, steps = (n - 1) * stride;
  WindowAxis axis;
  axis.out = n, axis.size = size, axis.stride = stride, axis.dilation = dilation;
  if (padding == Padding::valid) {
    axis.in = steps + (output_padding < 0 ? std::max(reach, stride) : reach + output_padding);
  } else if (output_padding < 0) {
    axis.in = steps + stride;
    axis.before = std::max(reach - stride, 0) / 2;
  } else {
    axis.in = steps + reach % 2 + output_padding;
    axis.before = reach - 1 - std::min((reach + reach % 2 - 1 + output_padding) / 2, reach - 1);
  }
  return axis;
}
}  // namespace detail

/// Keras: Conv1DTranspose (Rank 1), Conv2DTranspose (Rank 2), Conv3DTranspose (Rank 3). Shape (..., channels)
/// ->
/// (..., filters); kernel (kernel_size..., filters, channels), bias (filters). Each input is multiplied by
/// the kernel and added to the output, the next one `strides` behind it. Along an axis of length n and a
/// window that reaches over r: valid makes (n - 1) strides + max(r, strides), same n strides; with an output
/// padding p it is (n - 1) strides + r + p and (n - 1) strides + r % 2 + p.
template <int Rank> struct ConvTransposeSpec {
  int filters = 0;
  Sizes<Rank> kernel_size = detail::per_axis<Rank, 1>();
  Sizes<Rank> strides = detail::per_axis<Rank, 1>();
  Padding padding = Padding::valid;
  Sizes<Rank> output_padding = detail::per_axis<Rank, -1>();  // none
  Sizes<Rank> dilation_rate = detail::per_axis<Rank, 1>();
  ActivationFunction activation{};
  bool use_bias = true;
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};

  static constexpr const char* name = name_of<Rank>("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose");
  static constexpr const char* arguments = "filters, ...";

  constexpr Fit fit(Shape in) const {
    if (padding == Padding::causal) return causal_is_for_Conv1D;
    if (in.rank != Rank + 1) return needs_axes<Rank>();
    if (filters < 1) return needs_at_least_1_filter;
    if (strides_and_dilates<Rank>(strides, dilation_rate)) return has_strides_and_dilation;
    const bool pads = output_padding != ConvTransposeSpec{}.output_padding;
    for (std::size_t axis = 0; axis < Rank; ++axis) {
      if (!usable_sizes(kernel_size[axis], strides[axis], dilation_rate[axis]))
        return needs_sizes_of_at_least_1;
      if (pads && (output_padding[axis] < 0 || output_padding[axis] >= strides[axis]))
        return needs_an_output_padding_below_the_strides;
      const std::int64_t reach = std::int64_t{kernel_size[axis]} * dilation_rate[axis] + strides[axis];
      if (std::int64_t{in[static_cast<int>(axis)]} * strides[axis] + 2 * reach > INT32_MAX)
        return more_than_2_31_elements;
    }
    if (kernel(in).elements() > INT32_MAX) return more_than_2_31_elements;
    const kernels::ConvolutionSize size = geometry(in).size;
    Shape out = in.with_last(filters);
    const int extents[] = {size.d.in, size.h.in, size.w.in};
    for (int axis = 0; axis < Rank; ++axis) out.extent[axis] = extents[3 - Rank + axis];
    return accepted(out);
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"kernel", kernel(in), kernel_initializer, kernel_regularizer}).constrain(kernel_constraint);
    if (use_bias) p.add({"bias", {filters}, bias_initializer, bias_regularizer}).constrain(bias_constraint);
    return p;
  }
  constexpr Traits traits() const {
    const bool activated = activation != Linear{};
    return {.reads_input = false,
            .reads_output = activated,
            .finishes = true,
            .lanes = true,
            .writes_over_gradient = activated};
  }
  constexpr double flops(Shape in) const {
    return 2.0 * static_cast<double>(geometry(in).size.positions()) *
           static_cast<double>(kernel(in).elements());
  }
  // x with padding on both sides of its rows; in inference only that of one sample.
  constexpr std::size_t intermediate(Shape in, bool) const {
    return static_cast<std::size_t>(Transposed<Lanes>::room(geometry(in).size));
  }

  /// The size of the convolution from y to x.
  struct Geometry {
    kernels::ConvolutionSize size;
    ActivationFunction activation;
    bool use_bias;
  };
  constexpr Geometry geometry(Shape in) const {
    kernels::ConvolutionSize size{.channels = filters, .filters = in.last()};
    WindowAxis* const axes[] = {&size.d, &size.h, &size.w};
    for (std::size_t axis = 0; axis < Rank; ++axis)
      *axes[3 - Rank + axis] =
          detail::transposed(in[static_cast<int>(axis)], kernel_size[axis], strides[axis],
                             dilation_rate[axis], padding, output_padding[axis]);
    return {size, activation, use_bias};
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
        A::forward(c.y, c.y, static_cast<int>(c.count) * pixels(g), g.size.channels);
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const Geometry g = geometry;
    with_activation(geometry, [&]<class A>(A) {
      if constexpr (!std::is_same_v<A, Linear>)
        A::backward(c.y, c.dy, c.dy, c.count * pixels(g), g.size.channels);
    });
    images_backward(g, c);
    const Scratch<T> at(g);
    detail::take_sums(gradients, 0, at.of(c, at.kernel), g.size.weights());
    if (g.use_bias) detail::take_sums(gradients, 1, at.of(c, at.bias), g.size.channels);
  }

 private:
  template <class T> using Transposed = kernels::ConvolutionInputGradient<T>;

  constexpr Shape kernel(Shape in) const { return kernel_shape<Rank>(kernel_size, filters, in.last()); }
  // Positions of y; T's of x.
  static std::ptrdiff_t pixels(const Geometry& g) { return g.size.inputs() / g.size.channels; }
  static std::ptrdiff_t inputs(const Geometry& g) { return g.size.positions() * g.size.filters; }

  template <class A, class T, class Count>
  [[gnu::noinline]] static void images(const Geometry& g, const Forward<T, Count>& c) {
    static_assert(Transposed<T>::padding == Transposed<Lanes>::padding);
    const Scalar<T>* const bias = g.use_bias ? c.parameter(1) : nullptr;
    for (std::ptrdiff_t i = 0; i < static_cast<int>(c.count); ++i) {
      T* const x = c.intermediate + (c.keeps() ? i * Transposed<T>::room(g.size) : 0);
      kernels::pad_rows(g.size, c.x + i * inputs(g), x);
      Transposed<T>::run(g.size, x, c.parameter(0), c.y + i * g.size.inputs(),
                         [=](auto v, std::ptrdiff_t f, auto part) __attribute__((always_inline)) {
                           if (bias) v += kernels::detail::weight<T>(bias + f, part);
                           return A::value(v);
                         });
    }
  }

  // Where backward's scratch keeps what, in scalars: the gradient of one output with its padding, the sums
  // for the parameters.
  template <class T> struct Scratch {
    std::size_t kernel = 0, bias = 0, end = 0;

    constexpr explicit Scratch(const Geometry& g) {
      const auto room = [](std::ptrdiff_t n) {
        return aligned(static_cast<std::size_t>(n) * Unit<T>::samples);
      };
      kernel = g.size.meets_padding() ? room(g.size.padded().inputs()) : 0;
      bias = kernel + room(g.size.weights());
      end = bias + room(g.size.channels);
    }
    static T* of(const Backward<T>& c, std::size_t offset) {
      return reinterpret_cast<T*>(c.scratch + offset);
    }
  };

  template <class T> [[gnu::noinline]] static void images_backward(const Geometry& g, const Backward<T>& c) {
    const Scratch<T> at(g);
    std::fill_n(c.scratch, at.end, Scalar<T>{});
    for (std::ptrdiff_t i = 0; i < c.count; ++i) {
      const T* dy = c.dy + i * g.size.inputs();
      kernels::add_rows(dy, pixels(g), g.size.channels, at.of(c, at.bias));
      if (c.dx)
        kernels::Convolution<T, kernels::ConvolutionTile<T>::positions, kernels::ConvolutionSize>(
            g.size, dy, c.parameter(0), nullptr)
            .run(kernels::write_tiles(c.dx + i * inputs(g), g.size.filters, kernels::AsItIs{}));
      if (g.size.meets_padding()) {
        kernels::add_padding(g.size, dy, at.of(c, 0));
        dy = at.of(c, 0);
      }
      kernels::add_kernel_gradient(g.size.padded(), dy, c.intermediate + i * Transposed<T>::room(g.size),
                                   at.of(c, at.kernel));
    }
  }
};

/// A transposed convolution without an activation takes over that of the layer behind it.
template <int Rank>
constexpr Fused<ConvTransposeSpec<Rank>> fuse(ConvTransposeSpec<Rank> conv, const ActivationSpec& next) {
  if (conv.activation != Linear{}) return {};
  conv.activation = next.activation;
  return {true, conv};
}

/// OutputPadding<1>, OutputPadding<1, 0>: one for all axes, or one for each. Keras: output_padding.
template <int... N> struct OutputPadding {
  using sets = struct output_padding_option;
  template <class Spec>
    requires(detail::fits_axes<decltype(Spec{}.output_padding), N...>)
  static constexpr void apply(Spec& spec) {
    spec.output_padding = detail::per_axis<std::tuple_size_v<decltype(Spec{}.output_padding)>, N...>();
  }
};

/// Conv1DTranspose<16, Kernel<3>, Strides<2>, Same>: filters, then options in any order. Kernel<1> if none.
template <int Filters, class... Options>
struct Conv1DTranspose : layer_of<Conv1DTranspose<Filters, Options...>, ConvTransposeSpec<1>, Options...> {
  static constexpr ConvTransposeSpec<1> spec =
      with_options<Options...>(ConvTransposeSpec<1>{.filters = Filters});
};
/// Conv2DTranspose<32, Kernel<3>, Strides<2>, Same, ReLU>: filters, then options in any order. Kernel<1> if
/// none.
template <int Filters, class... Options>
struct Conv2DTranspose : layer_of<Conv2DTranspose<Filters, Options...>, ConvTransposeSpec<2>, Options...> {
  static constexpr ConvTransposeSpec<2> spec =
      with_options<Options...>(ConvTransposeSpec<2>{.filters = Filters});
};
/// Conv3DTranspose<8, Kernel<3>, Strides<2>>: filters, then options in any order. Kernel<1> if none.
template <int Filters, class... Options>
struct Conv3DTranspose : layer_of<Conv3DTranspose<Filters, Options...>, ConvTransposeSpec<3>, Options...> {
  static constexpr ConvTransposeSpec<3> spec =
      with_options<Options...>(ConvTransposeSpec<3>{.filters = Filters});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::ConvTransposeSpec<1>, filters, kernel_size, strides, padding, output_padding,
                     dilation_rate, activation, use_bias, kernel_initializer, bias_initializer,
                     kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint,
                     activity_regularizer);
KERATIN_ADAPT_STRUCT(keratin::ConvTransposeSpec<2>, filters, kernel_size, strides, padding, output_padding,
                     dilation_rate, activation, use_bias, kernel_initializer, bias_initializer,
                     kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint,
                     activity_regularizer);
KERATIN_ADAPT_STRUCT(keratin::ConvTransposeSpec<3>, filters, kernel_size, strides, padding, output_padding,
                     dilation_rate, activation, use_bias, kernel_initializer, bias_initializer,
                     kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint,
                     activity_regularizer);
