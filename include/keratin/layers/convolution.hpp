#pragma once
// Conv1D, Conv2D and Conv3D: y = activation(the sum over a window of x W + b), with groups, strides and
// dilation; and the max-pooling behind them, in one pass.
#include <keratin/initializers/variance_scaling.hpp>
#include <keratin/kernels/convolution.hpp>
#include <keratin/layers/activation.hpp>
#include <keratin/layers/batch_normalization.hpp>
#include <keratin/layers/pooling.hpp>
#include <keratin/layers/window.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_at_least_1_filter{"needs at least 1 filter"};
inline constexpr Rule groups_must_divide_channels_and_filters{
    "the number of groups must divide the channels that come in and the filters"};
inline constexpr Rule must_be_causal_to_stream{"on a stream a kernel larger than 1 needs padding causal"};
inline constexpr Rule strides_make_no_stream{"on a stream the strides must be 1"};

namespace detail {
// The gradient of a layer's i-th parameter, from sums that are still in lanes.
template <class T> void take_sums(auto gradients, int i, const T* sums, std::ptrdiff_t n) {
  kernels::take_sums_of_samples(sums, static_cast<int>(n), [&](int first, int count, const Scalar<T>* g) {
    gradients.take(i, first, count, g);
  });
}
}  // namespace detail

/// Keras: Conv1D (Rank 1), Conv2D (Rank 2), Conv3D (Rank 3). Shape (..., channels) -> (..., filters); kernel
/// (kernel_size..., channels / groups, filters), bias (filters).
template <int Rank> struct ConvSpec {
  int filters = 0;
  Sizes<Rank> kernel_size = detail::per_axis<Rank, 1>();
  Sizes<Rank> strides = detail::per_axis<Rank, 1>();
  Padding padding = Padding::valid;
  Sizes<Rank> dilation_rate = detail::per_axis<Rank, 1>();
  int groups = 1;
  ActivationFunction activation{};
  bool use_bias = true;
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};
  // Set by fusion only: the normalization behind it, and then the max-pooling by windows of 2, side by side.
  FoldedNormalization norm{};
  bool max_pool = false;

  static constexpr const char* name = name_of<Rank>("Conv1D", "Conv2D", "Conv3D");
  static constexpr const char* arguments = "filters, ...";
  static constexpr bool may_be_causal = Rank == 1;

  constexpr Fit fit(Shape in) const {
    const Fit fit = window_fit<Rank>(in, kernel_size, strides, dilation_rate, padding, may_be_causal);
    if (fit.broken) return fit;
    if (filters < 1) return needs_at_least_1_filter;
    if (groups < 1 || in.last() % groups != 0 || filters % groups != 0)
      return groups_must_divide_channels_and_filters;
    if (strides_and_dilates<Rank>(strides, dilation_rate)) return has_strides_and_dilation;
    if (kernel(in).elements() > INT32_MAX) return more_than_2_31_elements;
    return fit.out.with_last(filters);
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"kernel", kernel(in), kernel_initializer, kernel_regularizer}).constrain(kernel_constraint);
    if (use_bias) p.add({"bias", {filters}, bias_initializer, bias_regularizer}).constrain(bias_constraint);
    return p;
  }
  constexpr Traits traits() const {
    const bool activated = activation != Linear{};
    return {.reads_output = activated, .finishes = true, .lanes = true, .writes_over_gradient = activated};
  }
  constexpr double flops(Shape in) const {
    return 2.0 * static_cast<double>(geometry(in).size.positions()) *
           static_cast<double>(kernel(in).elements());
  }
  // In training which of a pooled window's values won, in inference the coefficients of the normalization.
  constexpr std::size_t intermediate(Shape in, bool training) const {
    if (!training) return norm ? 2 * static_cast<std::size_t>(filters) : 0;
    if (!max_pool) return 0;
    const Window w = window(in);
    return static_cast<std::size_t>((Rank == 1 ? 1 : w.h.out / 2) * (w.w.out / 2)) *
           static_cast<std::size_t>(filters);
  }

  struct Geometry {
    kernels::ConvolutionSize size;
    ActivationFunction activation;
    bool use_bias, max_pool;
    FoldedNormalization norm;
  };
  constexpr Geometry geometry(Shape in) const {
    const Window w = window(in);
    return {{w.d, w.h, w.w, w.channels, filters, groups}, activation, use_bias, max_pool, norm};
  }

  constexpr const Rule* stream_rule(Shape) const
    requires(Rank == 1)
  {
    if (strides[0] > 1) return &strides_make_no_stream;
    if (padding != Padding::causal && kernel_size[0] > 1) return &must_be_causal_to_stream;
    return nullptr;
  }
  /// The inputs that later windows still meet.
  constexpr std::size_t state(Shape in) const
    requires(Rank == 1)
  {
    return static_cast<std::size_t>((kernel_size[0] - 1) * dilation_rate[0]) *
           static_cast<std::size_t>(in.last());
  }
  constexpr std::size_t stream_workspace(Shape in) const {
    return state(in) + static_cast<std::size_t>(stream_block * in.last() + 2 * filters);
  }

  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return Scratch<T>(g).end;
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    // As in Dense: in the register where the activation is known at compile time, else in a pass of its own.
    if constexpr (is_fixed<decltype(geometry)>) {
      constexpr Geometry g = decltype(geometry)::value;
      with_activation(geometry, [&]<class A>(A) __attribute__((always_inline)) {
        using InRegister = std::conditional_t<A::elementwise, A, Linear>;
        constexpr bool norm = static_cast<bool>(g.norm);
        if constexpr (std::is_same_v<Count, One>)
          image<g.max_pool>(fixed<g.size>{}, g, c, 0,
                            detail::epilogue<InRegister, norm>(g.norm, g.size.filters, g.use_bias, c));
        else
          images<InRegister, g.max_pool, norm>(g, c);
        if constexpr (!A::elementwise) A::forward(c.y, c.y, rows(g, c.count), g.size.filters);
      });
    } else {
      const Geometry g = geometry;
      const auto run = [&]<bool Norm>(std::bool_constant<Norm>) {
        g.max_pool ? images<Linear, true, Norm>(g, c) : images<Linear, false, Norm>(g, c);
      };
      g.norm ? run(std::true_type{}) : run(std::false_type{});
      with_activation(geometry, [&]<class A>(A) {
        if constexpr (!std::is_same_v<A, Linear>) A::forward(c.y, c.y, rows(g, c.count), g.size.filters);
      });
    }
  }
  // What was kept and what comes lie side by side: a convolution without padding. Whole blocks have a size
  // that the compiler knows.
  template <class G, class S>
  [[gnu::always_inline]] static void stream(G, int steps, Forward<S, One> c, S* state) {
    constexpr Geometry g = G::value;
    constexpr std::ptrdiff_t kept = std::ptrdiff_t{g.size.w.size - 1} * g.size.w.dilation * g.size.channels;
    const std::ptrdiff_t come = std::ptrdiff_t{steps} * g.size.channels;
    S* const line = c.intermediate + 2 * g.size.filters;
    std::copy_n(state, kept, line);
    std::copy_n(c.x, come, line + kept);
    std::copy_n(line + come, kept, state);
    c.x = line;
    with_activation(G{}, [&]<class A>(A) __attribute__((always_inline)) {
      const auto finish =
          detail::epilogue<std::conditional_t<A::elementwise, A, Linear>, static_cast<bool>(g.norm)>(
              g.norm, g.size.filters, g.use_bias, c);
      if (steps == stream_block)
        image<false>(fixed<over_steps(g.size, stream_block)>{}, g, c, 0, finish);
      else
        image<false>(over_steps(g.size, steps), g, c, 0, finish);
      if constexpr (!A::elementwise) A::forward(c.y, c.y, steps, g.size.filters);
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const Geometry g = geometry;
    with_activation(geometry, [&]<class A>(A) { backward_through<A>(g, c); });
    const Scratch<T> at(g);
    detail::take_sums(gradients, 0, at.of(c, at.kernel), g.size.weights());
    if (g.use_bias) detail::take_sums(gradients, 1, at.of(c, at.bias), g.size.filters);
  }

 private:
  static constexpr int pool_rows = Rank == 1 ? 1 : 2;

  static constexpr kernels::ConvolutionSize over_steps(kernels::ConvolutionSize size, int steps) {
    size.w.in = steps + (size.w.size - 1) * size.w.dilation;
    size.w.out = steps;
    size.w.before = 0;
    return size;
  }
  constexpr Shape kernel(Shape in) const {
    return kernel_shape<Rank>(kernel_size, in.last() / groups, filters);
  }
  constexpr Window window(Shape in) const {
    return window_of<Rank>(in, kernel_size, strides, dilation_rate, padding);
  }
  static constexpr std::ptrdiff_t outputs(const Geometry& g) {
    const std::ptrdiff_t positions =
        g.max_pool ? std::ptrdiff_t{g.size.h.out / pool_rows} * (g.size.w.out / 2) : g.size.positions();
    return positions * g.size.filters;
  }
  static std::ptrdiff_t rows(const Geometry& g, int count) { return count * (outputs(g) / g.size.filters); }

  // Every image of a batch; one instantiation for all geometries.
  template <class A, bool Pool, bool Norm, class T, class Count>
  [[gnu::noinline]] static void images(const Geometry& g, const Forward<T, Count>& c) {
    const auto finish = detail::epilogue<A, Norm>(g.norm, g.size.filters, g.use_bias, c);
    for (std::ptrdiff_t i = 0; i < static_cast<int>(c.count); ++i) image<Pool>(g.size, g, c, i, finish);
  }
  template <bool Pool, class A, class T, class Count, bool Norm>
  [[gnu::always_inline]] static void image(auto size, const Geometry& g, const Forward<T, Count>& c,
                                           std::ptrdiff_t i, const detail::Epilogue<A, T, Norm>& finish) {
    using O = kernels::Operands<T>;
    using kernels::detail::write;
    constexpr int tile = std::is_same_v<Count, One> ? kernels::single_positions<Scalar<T>, decltype(size)>()
                                                    : kernels::ConvolutionTile<T>::positions;
    const kernels::Convolution<T, tile, decltype(size)> convolution(
        size, c.x + i * g.size.inputs(), c.parameter(0), g.use_bias && !Norm ? c.parameter(1) : nullptr);
    const std::ptrdiff_t filters = g.size.filters;
    T* const y = c.y + i * outputs(g);
    if constexpr (!Pool) {
      convolution.run(kernels::write_tiles(y, filters, finish));
    } else {
      T* const winner = c.keeps() ? c.intermediate + i * outputs(g) : nullptr;
      convolution.template run_pooled<pool_rows>(
          [&]<int M, int N, class V>(const V(&a)[M][N], std::ptrdiff_t position, int column, auto part)
              __attribute__((always_inline)) {
                constexpr int P = 2 * pool_rows;
#pragma GCC unroll 32
                for (int window = 0; window < M / P; ++window)
#pragma GCC unroll 32
                  for (int n = 0; n < N; ++n) {
                    const std::ptrdiff_t f = column + n * O::columns, at = (position + window) * filters + f;
                    // A monotonic activation may wait for the largest; a normalization may turn the order
                    // round.
                    const auto value = [&](int q) __attribute__((always_inline)) {
                      return Norm ? finish(a[window * P + q][n], f, part) : a[window * P + q][n];
                    };
                    V top = value(0), which = {};
#pragma GCC unroll 4
                    for (int q = 1; q < P; ++q) {
                      const V v = value(q);
                      if (winner) which = v > top ? V{} + static_cast<Scalar<T>>(q) : which;
                      top = kernels::larger(top, v);
                    }
                    write<T>(y + at, Norm ? top : finish(top, f, part), part);
                    if (winner) write<T>(winner + at, which, part);
                  }
              });
    }
  }

  // Where backward's scratch keeps what, in scalars: the gradient of one image before the activation, the
  // image with its padding, the sums for the parameters.
  template <class T> struct Scratch {
    std::size_t padded = 0, kernel = 0, bias = 0, end = 0;

    constexpr explicit Scratch(const Geometry& g) {
      const auto room = [](std::ptrdiff_t n) {
        return aligned(static_cast<std::size_t>(n) * Unit<T>::samples);
      };
      padded = room(kernels::ConvolutionInputGradient<T>::room(g.size));
      kernel = padded + (g.size.meets_padding() ? room(g.size.padded().inputs()) : 0);
      bias = kernel + room(g.size.weights());
      end = bias + room(g.size.filters);
    }
    static T* of(const Backward<T>& c, std::size_t offset) {
      return reinterpret_cast<T*>(c.scratch + offset);
    }
  };

  // dx, and in scratch the sums for the parameters.
  template <class A, class T>
  [[gnu::noinline]] static void backward_through(const Geometry& g, const Backward<T>& c) {
    const Scratch<T> at(g);
    T *const d = at.of(c, 0), *const dw = at.of(c, at.kernel), *const db = at.of(c, at.bias);
    std::fill(c.scratch, c.scratch + at.end, Scalar<T>{});
    for (std::ptrdiff_t i = 0; i < c.count; ++i) {
      const T *x = c.x + i * g.size.inputs(), *const y = c.y + i * outputs(g);
      T* const dy = c.dy + i * outputs(g);
      if constexpr (!std::is_same_v<A, Linear>)
        A::backward(y, dy, dy, outputs(g) / g.size.filters, g.size.filters);
      if (g.max_pool)
        spread(g, dy, c.intermediate + i * outputs(g), d, db);
      else
        kernels::pad_rows(g.size, dy, d, db);
      if (c.dx)
        kernels::ConvolutionInputGradient<T>::run(g.size, d, c.parameter(0), c.dx + i * g.size.inputs());
      if (g.size.meets_padding()) {
        kernels::add_padding(g.size, x, at.of(c, at.padded));
        x = at.of(c, at.padded);
      }
      kernels::add_kernel_gradient(g.size.padded(), x, d, dw);
    }
  }
  // dy of one pooled image into d, whose rows have padding: each gradient goes to the value that won. The
  // bias's gradient is the sum of all.
  template <class T> static void spread(const Geometry& g, const T* dy, const T* winner, T* d, T* db) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    constexpr int L = Unit<T>::samples;
    using Gradient = kernels::ConvolutionInputGradient<T>;
    const std::ptrdiff_t filters = g.size.filters, apart = Gradient::apart(g.size),
                         row = Gradient::row_length(g.size);
    for (int r = 0; r < g.size.h.out / pool_rows; ++r)
      for (int k = 0; k < g.size.w.out / 2; ++k, dy += filters, winner += filters) {
        T* const to = d + r * pool_rows * row + (Gradient::padding + 2 * k) * apart;
        kernels::for_each_vector<S>(
            filters * L, [&](std::ptrdiff_t f, auto part) __attribute__((always_inline)) {
              const V v = part.load(scalars(dy) + f), which = part.load(scalars(winner) + f);
              part.store(scalars(db) + f, part.load(scalars(db) + f) + v);
              for (int q = 0; q < 2 * pool_rows; ++q)
                part.store(scalars(to + q / 2 * row + q % 2 * apart) + f,
                           which == kernels::broadcast<V>(static_cast<S>(q)) ? v : V{});
            });
      }
  }
};

/// A convolution without an activation takes over that of the layer behind it.
template <int Rank> constexpr Fused<ConvSpec<Rank>> fuse(ConvSpec<Rank> conv, const ActivationSpec& next) {
  if (conv.activation != Linear{} || conv.max_pool) return {};
  conv.activation = next.activation;
  return {true, conv};
}

/// In inference a convolution takes over the normalization behind it, and then the activation behind that.
template <int Rank>
constexpr Fused<ConvSpec<Rank>> fuse_for_inference(ConvSpec<Rank> conv, const BatchNormalizationSpec& next,
                                                   int behind) {
  if (conv.activation != Linear{} || conv.norm || conv.max_pool || !can_be_folded(next)) return {};
  conv.norm = folded(next, behind);
  conv.activation = next.activation;
  return {true, conv};
}

/// A convolution takes over a max-pooling by windows of 2 side by side: what is not the largest is never
/// stored.
template <int Rank>
  requires(Rank <= 2)
constexpr Fused<ConvSpec<Rank>> fuse(ConvSpec<Rank> conv, const PoolingSpec<Rank, Pooling::max>& next) {
  const auto all = [](const Sizes<Rank>& sizes, int n) {
    return std::all_of(sizes.begin(), sizes.end(), [n](int size) { return size == n; });
  };
  if (conv.max_pool || conv.activation == Softmax{} || runs_apart(conv.activation)) return {};
  if (next.padding != Padding::valid) return {};
  if (!all(next.pool_size, 2) || !(all(next.strides, 0) || all(next.strides, 2))) return {};
  conv.max_pool = true;
  return {true, conv};
}

/// Groups<2>: the channels and filters fall into so many groups, each for itself. Keras: groups.
template <int N> struct Groups {
  KERATIN_SETS(groups, N)
};

/// Conv1D<16, Kernel<3>, Causal, Dilation<2>, Tanh>: filters, then options in any order. Kernel<1> if none.
template <int Filters, class... Options>
struct Conv1D : layer_of<Conv1D<Filters, Options...>, ConvSpec<1>, Options...> {
  static constexpr ConvSpec<1> spec = with_options<Options...>(ConvSpec<1>{.filters = Filters});
};
/// Conv2D<32, Kernel<3>, Strides<2>, Same, ReLU>: filters, then options in any order. Kernel<1> if none.
template <int Filters, class... Options>
struct Conv2D : layer_of<Conv2D<Filters, Options...>, ConvSpec<2>, Options...> {
  static constexpr ConvSpec<2> spec = with_options<Options...>(ConvSpec<2>{.filters = Filters});
};
/// Conv3D<8, Kernel<3>, Strides<1, 2, 2>, Same, ReLU>: filters, then options in any order. Kernel<1> if none.
template <int Filters, class... Options>
struct Conv3D : layer_of<Conv3D<Filters, Options...>, ConvSpec<3>, Options...> {
  static constexpr ConvSpec<3> spec = with_options<Options...>(ConvSpec<3>{.filters = Filters});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::ConvSpec<1>, filters, kernel_size, strides, padding, dilation_rate, groups,
                     activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
                     bias_regularizer, kernel_constraint, bias_constraint, activity_regularizer, norm,
                     max_pool);
KERATIN_ADAPT_STRUCT(keratin::ConvSpec<2>, filters, kernel_size, strides, padding, dilation_rate, groups,
                     activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
                     bias_regularizer, kernel_constraint, bias_constraint, activity_regularizer, norm,
                     max_pool);
KERATIN_ADAPT_STRUCT(keratin::ConvSpec<3>, filters, kernel_size, strides, padding, dilation_rate, groups,
                     activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
                     bias_regularizer, kernel_constraint, bias_constraint, activity_regularizer, norm,
                     max_pool);
