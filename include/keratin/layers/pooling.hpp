#pragma once
// Pooling: the maximum or the mean of every window, or of the whole image. A sequence is an image of
// height 1. Channels do not meet, so Lanes are so many more channels: one kernel over scalars serves every T.
#include <keratin/layers/layer.hpp>
#include <keratin/layers/window.hpp>

#include <algorithm>

namespace keratin {

enum class Pooling : unsigned char { max, average };

namespace detail {

// The part of a window that lies inside the input: where it begins, and the output that it makes, counted in
// pixels.
struct Patch {
  std::ptrdiff_t in, out;
  int rows, columns;

  constexpr int size() const { return rows * columns; }
};

// Output o's elements inside the input, along one axis without dilation.
struct Span {
  int first, count;

  constexpr Span(const WindowAxis& axis, int o) {
    const int start = o * axis.stride - axis.before, end = std::min(start + axis.size, axis.in);
    first = std::max(start, 0);
    count = end - first;
  }
};

// f(patch) for every window of row y of outputs. Windows that lie inside have a size known before the loop.
template <class F> [[gnu::always_inline]] inline void for_each_window(const Window& g, int y, F f) {
  const Span h(g.h, y);
  const std::ptrdiff_t in = static_cast<std::ptrdiff_t>(h.first) * g.w.in,
                       out = static_cast<std::ptrdiff_t>(y) * g.w.out;
  const auto cut = [&](int x) __attribute__((always_inline)) {
    const Span w(g.w, x);
    f(Patch{in + w.first, out + x, h.count, w.count});
  };
  int x = 0;
  if (h.count == g.h.size) {
    for (const int left = g.w.inner_first(); x < left; ++x) cut(x);
    for (const int right = g.w.inner_end(); x < right; ++x)
      f(Patch{in + x * g.w.stride - g.w.before, out + x, g.h.size, g.w.size});
  }
  for (; x < g.w.out; ++x) cut(x);
}

// Windows share no element, and then: they leave none out.
constexpr bool disjoint(const WindowAxis& axis) { return axis.stride >= axis.size; }
constexpr bool complete(const WindowAxis& axis) {
  return axis.stride == axis.size && axis.out * axis.size == axis.in;
}

}  // namespace detail

/// Keras: MaxPooling1D/2D, AveragePooling1D/2D. (steps, channels) or (height, width, channels), channels
/// unchanged. Windows of pool_size, 2; strides 0 are pool_size; padding valid or same. A mean counts the
/// elements inside the input only. The gradient of a maximum goes to the first one in row-major order.
template <int Rank, Pooling Kind> struct PoolingSpec {
  static constexpr Sizes<Rank> all(int n) {
    Sizes<Rank> sizes{};
    for (int& size : sizes) size = n;
    return sizes;
  }

  Sizes<Rank> pool_size = all(2);
  Sizes<Rank> strides{};
  Padding padding = Padding::valid;

  static constexpr const char* name = Kind == Pooling::max ? (Rank == 1 ? "MaxPooling1D" : "MaxPooling2D")
                                      : Rank == 1          ? "AveragePooling1D"
                                                           : "AveragePooling2D";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const { return window_fit<Rank>(in, pool_size, steps(), all(1), padding); }
  constexpr Traits traits() const {
    return {.reads_input = Kind == Pooling::max, .reads_output = false, .lanes = true};
  }
  /// A comparison or an addition for each element of a window.
  constexpr double flops(Shape in) const {
    const Window g = geometry(in);
    return static_cast<double>(g.h.out) * g.h.size * g.w.out * g.w.size * g.channels;
  }

  using Geometry = Window;
  constexpr Window geometry(Shape in) const {
    return window_of<Rank>(in, pool_size, steps(), all(1), padding);
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Window g = geometry;
    const std::ptrdiff_t channels = std::ptrdiff_t{g.channels} * Unit<T>::samples;
    const S* x = reinterpret_cast<const S*>(c.x);
    S* y = reinterpret_cast<S*>(c.y);
    for (int s = 0; s < static_cast<int>(c.count); ++s) {
      for (int row = 0; row < g.h.out; ++row)
        detail::for_each_window(g, row, [=](const detail::Patch& patch) __attribute__((always_inline)) {
          kernels::for_each_vector<S>(channels, [&](std::ptrdiff_t i,
                                                    auto part) __attribute__((always_inline)) {
            const S* const p = x + patch.in * channels + i;
            part.store(y + patch.out * channels + i, pooled<S>(patch, p, g.w.in * channels, channels, part));
          });
        });
      x += static_cast<std::ptrdiff_t>(g.h.in) * g.w.in * channels;
      y += static_cast<std::ptrdiff_t>(g.h.out) * g.w.out * channels;
    }
  }

  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    using S = Scalar<T>;
    const Window g = geometry;
    if (!c.dx) return;
    const std::ptrdiff_t channels = std::ptrdiff_t{g.channels} * Unit<T>::samples, row = g.w.in * channels;
    const bool alone = detail::disjoint(g.h) && detail::disjoint(g.w);
    const bool all_met = detail::complete(g.h) && detail::complete(g.w);
    const S *x = reinterpret_cast<const S*>(c.x), *dy = reinterpret_cast<const S*>(c.dy);
    S* dx = reinterpret_cast<S*>(c.dx);
    for (int s = 0; s < c.count; ++s) {
      int cleared = 0;  // rows of dx; each just before a window first meets it
      const auto clear_up_to = [&](int end) {
        if (!all_met && end > cleared) std::fill_n(dx + cleared * row, (end - cleared) * row, S{});
        cleared = std::max(cleared, end);
      };
      for (int y = 0; y < g.h.out; ++y) {
        const detail::Span h(g.h, y);
        clear_up_to(h.first + h.count);
        detail::for_each_window(g, y, [=](const detail::Patch& patch) __attribute__((always_inline)) {
          kernels::for_each_vector<S>(channels,
                                      [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
                                        const std::ptrdiff_t start = patch.in * channels + i;
                                        spread<S>(patch, x + start, part.load(dy + patch.out * channels + i),
                                                  dx + start, alone, row, channels, part);
                                      });
        });
      }
      clear_up_to(g.h.in);
      x += g.h.in * row, dx += g.h.in * row;
      dy += static_cast<std::ptrdiff_t>(g.h.out) * g.w.out * channels;
    }
  }

 private:
  constexpr Sizes<Rank> steps() const {
    Sizes<Rank> sizes = strides;
    for (std::size_t axis = 0; axis < Rank; ++axis)
      if (sizes[axis] == 0) sizes[axis] = pool_size[axis];
    return sizes;
  }

  // The result of a patch that begins at x.
  template <class S>
  [[gnu::always_inline]] static kernels::Vec<S> pooled(const detail::Patch& patch, const S* x,
                                                       std::ptrdiff_t row, std::ptrdiff_t pixel, auto part) {
    using V = kernels::Vec<S>;
    V result = Kind == Pooling::max ? part.load(x) : V{};
    for (int r = 0; r < patch.rows; ++r)
      for (int k = 0; k < patch.columns; ++k) {
        const V v = part.load(x + r * row + k * pixel);
        result = Kind == Pooling::max ? kernels::larger(result, v) : result + v;
      }
    return Kind == Pooling::max ? result : result * (S{1} / static_cast<S>(patch.size()));
  }

  // The gradient of a patch, given to its first maximum or shared by all. Where windows meet, gradients add
  // up.
  template <class S>
  [[gnu::always_inline]] static void spread(const detail::Patch& patch, const S* x, kernels::Vec<S> dy, S* dx,
                                            bool alone, std::ptrdiff_t row, std::ptrdiff_t pixel, auto part) {
    using V = kernels::Vec<S>;
    V most = {}, share = dy;
    if constexpr (Kind == Pooling::max) {
      most = part.load(x);
      for (int r = 0; r < patch.rows; ++r)
        for (int k = 0; k < patch.columns; ++k) most = kernels::max(part.load(x + r * row + k * pixel), most);
    } else {
      share = kernels::pin(dy * (S{1} / static_cast<S>(patch.size())));
    }
    for (int r = 0; r < patch.rows; ++r)
      for (int k = 0; k < patch.columns; ++k) {
        S* const to = dx + r * row + k * pixel;
        V d = share;
        if constexpr (Kind == Pooling::max) {  // who comes first leaves nothing to the others
          const auto equal = part.load(x + r * row + k * pixel) == most;
          d = equal ? share : V{};
          share = equal ? V{} : share;
        }
        part.store(to, alone ? d : part.load(to) + d);
      }
  }
};

using MaxPooling1DSpec = PoolingSpec<1, Pooling::max>;
using MaxPooling2DSpec = PoolingSpec<2, Pooling::max>;
using AveragePooling1DSpec = PoolingSpec<1, Pooling::average>;
using AveragePooling2DSpec = PoolingSpec<2, Pooling::average>;

/// MaxPooling1D<PoolSize<3>, Strides<2>, Same>; MaxPooling1D<> halves the length.
template <class... Options>
struct MaxPooling1D : layer_of<MaxPooling1D<Options...>, MaxPooling1DSpec, Options...> {
  static constexpr MaxPooling1DSpec spec = with_options<Options...>(MaxPooling1DSpec{});
};
/// MaxPooling2D<PoolSize<3>, Strides<2>, Same>; MaxPooling2D<> halves height and width.
template <class... Options>
struct MaxPooling2D : layer_of<MaxPooling2D<Options...>, MaxPooling2DSpec, Options...> {
  static constexpr MaxPooling2DSpec spec = with_options<Options...>(MaxPooling2DSpec{});
};
/// AveragePooling1D<PoolSize<3>, Strides<1>>.
template <class... Options>
struct AveragePooling1D : layer_of<AveragePooling1D<Options...>, AveragePooling1DSpec, Options...> {
  static constexpr AveragePooling1DSpec spec = with_options<Options...>(AveragePooling1DSpec{});
};
/// AveragePooling2D<PoolSize<2, 3>>.
template <class... Options>
struct AveragePooling2D : layer_of<AveragePooling2D<Options...>, AveragePooling2DSpec, Options...> {
  static constexpr AveragePooling2DSpec spec = with_options<Options...>(AveragePooling2DSpec{});
};

/// Keras: GlobalMaxPooling1D/2D, GlobalAveragePooling1D/2D. (steps, channels) or (height, width, channels) ->
/// (channels). The gradient of a maximum is shared by all elements that equal it, as in Keras.
template <int Rank, Pooling Kind> struct GlobalPoolingSpec {
  static constexpr const char* name = Kind == Pooling::max
                                          ? (Rank == 1 ? "GlobalMaxPooling1D" : "GlobalMaxPooling2D")
                                      : Rank == 1 ? "GlobalAveragePooling1D"
                                                  : "GlobalAveragePooling2D";
  static constexpr const char* arguments = "";
  static constexpr bool masks_change_it() { return Kind == Pooling::average && Rank == 1; }

  constexpr Fit fit(Shape in) const {
    if (in.rank != Rank + 1) return Rank == 1 ? needs_sequence_TxC : needs_image_HxWxC;
    return Shape{in.last()};
  }
  constexpr Traits traits() const {
    return {.reads_input = Kind == Pooling::max, .reads_output = Kind == Pooling::max, .lanes = true};
  }
  constexpr double flops(Shape in) const { return static_cast<double>(in.elements()); }

  struct Geometry {
    int pixels, channels;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size() / in.last(), in.last()}; }

  // How many elements equal the maximum, or their share of the gradient.
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return Kind == Pooling::max ? static_cast<std::size_t>(g.channels) * Unit<T>::samples : 0;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    const Geometry g = geometry;
    const std::ptrdiff_t channels = std::ptrdiff_t{g.channels} * Unit<T>::samples;
    const S* x = reinterpret_cast<const S*>(c.x);
    S* y = reinterpret_cast<S*>(c.y);
    for (int s = 0; s < static_cast<int>(c.count); ++s, x += g.pixels * channels, y += channels) {
      fold_pixels(
          g.pixels, x, channels, y, [](V v, auto...) __attribute__((always_inline)) { return v; },
          [](V a, V b) __attribute__((always_inline)) {
            return Kind == Pooling::max ? kernels::larger(a, b) : a + b;
          });
      if constexpr (Kind == Pooling::average)
        kernels::for_each_vector<S>(channels, [=](std::ptrdiff_t i, auto part) {
          part.store(y + i, part.load(y + i) * (S{1} / static_cast<S>(g.pixels)));
        });
    }
  }

  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    const Geometry g = geometry;
    if (!c.dx) return;
    const std::ptrdiff_t channels = std::ptrdiff_t{g.channels} * Unit<T>::samples;
    const S *x = reinterpret_cast<const S*>(c.x), *y = reinterpret_cast<const S*>(c.y);
    S *dy = reinterpret_cast<S*>(c.dy), *dx = reinterpret_cast<S*>(c.dx);
    for (int s = 0; s < c.count; ++s, y += channels, dy += channels) {
      if constexpr (Kind == Pooling::max)
        fold_pixels(
            g.pixels, x, channels, c.scratch,
            [=](V v, std::ptrdiff_t i, auto part)
                __attribute__((always_inline)) { return v == part.load(y + i) ? V{} + 1 : V{}; },
            [](V a, V b) __attribute__((always_inline)) { return a + b; });
      kernels::for_each_vector<S>(channels, [&](std::ptrdiff_t i, auto part) {
        V equal = kernels::broadcast<V>(static_cast<S>(g.pixels));
        if constexpr (Kind == Pooling::max) equal = part.load(c.scratch + i);
        part.store(dy + i, part.load(dy + i) / equal);
      });
      for (int p = 0; p < g.pixels; ++p, x += channels, dx += channels)
        kernels::for_each_vector<S>(
            channels, [=](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
              const V share = part.load(dy + i);
              if constexpr (Kind == Pooling::max)
                part.store(dx + i, part.load(x + i) == part.load(y + i) ? share : V{});
              else
                part.store(dx + i, share);
            });
    }
  }

 private:
  // to[channel] = value(x[pixel][channel]) of all pixels, put together by `with`. Memory is read as it lies,
  // four pixels at a time.
  template <class S>
  [[gnu::always_inline]] static void fold_pixels(int pixels, const S* x, std::ptrdiff_t channels, S* to,
                                                 auto value, auto with) {
    using V = kernels::Vec<S>;
    int p = 0;
    const auto block = [&]<int N>(std::integral_constant<int, N>) __attribute__((always_inline)) {
      kernels::for_each_vector<S>(channels, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        V v[N];
#pragma GCC unroll 4
        for (int n = 0; n < N; ++n) v[n] = value(part.load(x + n * channels + i), i, part);
        V all = N == 4 ? with(with(v[0], v[1 % N]), with(v[2 % N], v[3 % N])) : v[0];
        if (p > 0) all = with(part.load(to + i), all);
        part.store(to + i, all);
      });
      p += N, x += N * channels;
    };
    while (p + 4 <= pixels) block(std::integral_constant<int, 4>{});
    while (p < pixels) block(std::integral_constant<int, 1>{});
  }
};

using GlobalMaxPooling1DSpec = GlobalPoolingSpec<1, Pooling::max>;
using GlobalMaxPooling2DSpec = GlobalPoolingSpec<2, Pooling::max>;
using GlobalAveragePooling1DSpec = GlobalPoolingSpec<1, Pooling::average>;
using GlobalAveragePooling2DSpec = GlobalPoolingSpec<2, Pooling::average>;

struct GlobalMaxPooling1D : layer_of<GlobalMaxPooling1D, GlobalMaxPooling1DSpec> {
  static constexpr GlobalMaxPooling1DSpec spec{};
};
struct GlobalMaxPooling2D : layer_of<GlobalMaxPooling2D, GlobalMaxPooling2DSpec> {
  static constexpr GlobalMaxPooling2DSpec spec{};
};
struct GlobalAveragePooling1D : layer_of<GlobalAveragePooling1D, GlobalAveragePooling1DSpec> {
  static constexpr GlobalAveragePooling1DSpec spec{};
};
struct GlobalAveragePooling2D : layer_of<GlobalAveragePooling2D, GlobalAveragePooling2DSpec> {
  static constexpr GlobalAveragePooling2DSpec spec{};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::MaxPooling1DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::MaxPooling2DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::AveragePooling1DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::AveragePooling2DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::GlobalMaxPooling1DSpec);
KERATIN_ADAPT_STRUCT(keratin::GlobalMaxPooling2DSpec);
KERATIN_ADAPT_STRUCT(keratin::GlobalAveragePooling1DSpec);
KERATIN_ADAPT_STRUCT(keratin::GlobalAveragePooling2DSpec);
