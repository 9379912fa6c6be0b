#pragma once
// Pooling: the maximum or the mean of every window, or of the whole input. An image is a volume of depth 1, a
// sequence an image of height 1. Channels do not meet, so Lanes are so many more channels: one kernel over
// scalars serves every T.
#include <keratin/layers/layer.hpp>
#include <keratin/layers/window.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_an_output_size_of_at_least_1{"output_size must be at least 1"};

enum class Pooling : unsigned char { max, average };

namespace detail {

// Output o's elements inside the input, along one axis.
struct Span {
  int first, count;
};
// Without dilation.
constexpr Span span_of(const WindowAxis& axis, int o) {
  const int start = o * axis.stride - axis.before, end = std::min(start + axis.size, axis.in);
  const int first = std::max(start, 0);
  return {first, end - first};
}
// Windows share no element, and then: they leave none out.
constexpr bool disjoint(const WindowAxis& axis) { return axis.stride >= axis.size; }
constexpr bool complete(const WindowAxis& axis) {
  return axis.stride == axis.size && axis.out * axis.size == axis.in;
}

// Windows that divide an axis as evenly as they can: where that is not possible, neighbours share an element.
struct AdaptiveAxis {
  int in = 1, out = 1;

  // No window has a size that is known beforehand.
  static constexpr int size = -1, stride = 0, before = 0;
  constexpr int inner_first() const { return out; }
  constexpr int inner_end() const { return out; }
};
constexpr Span span_of(const AdaptiveAxis& axis, int o) {
  const std::int64_t in = axis.in, first = o * in / axis.out, end = ((o + 1) * in - 1) / axis.out + 1;
  return {static_cast<int>(first), static_cast<int>(end - first)};
}
constexpr bool disjoint(const AdaptiveAxis& axis) { return axis.in % axis.out == 0; }
constexpr bool complete(const AdaptiveAxis& axis) { return disjoint(axis); }
struct AdaptiveWindow {
  AdaptiveAxis d{}, h{}, w{};
  int channels = 0;
};

// The part of a window that lies inside the input: where it begins, and the output that it makes, counted in
// pixels.
struct Patch {
  std::ptrdiff_t in, out;
  int planes, rows, columns;

  constexpr int size() const { return planes * rows * columns; }
};

// f(patch) for every window of a row of outputs. Windows that lie inside have a size known before the loop.
template <int Rank, class F>
[[gnu::always_inline]] inline void for_each_window(const auto& g, int plane, int row, F f) {
  const Span d = Rank > 2 ? span_of(g.d, plane) : Span{0, 1}, h = span_of(g.h, row);
  const std::ptrdiff_t in = (static_cast<std::ptrdiff_t>(d.first) * g.h.in + h.first) * g.w.in,
                       out = (static_cast<std::ptrdiff_t>(plane) * g.h.out + row) * g.w.out;
  const auto cut = [&](int x) __attribute__((always_inline)) {
    const Span w = span_of(g.w, x);
    f(Patch{in + w.first, out + x, d.count, h.count, w.count});
  };
  int x = 0;
  if (h.count == g.h.size) {
    for (const int left = g.w.inner_first(); x < left; ++x) cut(x);
    for (const int right = g.w.inner_end(); x < right; ++x)
      f(Patch{in + x * g.w.stride - g.w.before, out + x, d.count, g.h.size, g.w.size});
  }
  for (; x < g.w.out; ++x) cut(x);
}

// The kernels of all windows. The gradient of a maximum goes to the first one: by planes, rows and columns,
// with adaptive windows from the last axis to the first.
template <Pooling Kind, int Rank, bool Adaptive = false> struct PoolingKernels {
  template <class T, class Count>
  [[gnu::always_inline]] static void forward(const auto& g, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const std::ptrdiff_t channels = std::ptrdiff_t{g.channels} * Unit<T>::samples;
    const Steps steps(g, channels);
    const S* x = scalars(c.x);
    S* y = scalars(c.y);
    for (int s = 0; s < static_cast<int>(c.count); ++s) {
      for (int plane = 0; plane < g.d.out; ++plane)
        for (int row = 0; row < g.h.out; ++row)
          for_each_window<Rank>(g, plane, row, [=](const Patch& patch) __attribute__((always_inline)) {
            for_each_block<S>(channels, [&](std::ptrdiff_t i, auto part,
                                            auto n) __attribute__((always_inline)) {
              pool<n.value>(patch, x + patch.in * channels + i, y + patch.out * channels + i, steps, part);
            });
          });
      x += g.d.in * steps.plane;
      y += static_cast<std::ptrdiff_t>(g.d.out) * g.h.out * g.w.out * channels;
    }
  }

  template <class T> [[gnu::always_inline]] static void backward(const auto& g, const Backward<T>& c) {
    using S = Scalar<T>;
    if (!c.dx) return;
    const std::ptrdiff_t channels = std::ptrdiff_t{g.channels} * Unit<T>::samples;
    const Steps steps(g, channels);
    const bool alone = disjoint(g.d) && disjoint(g.h) && disjoint(g.w);
    const bool all_met = complete(g.d) && complete(g.h) && complete(g.w);
    const S *x = scalars(c.x), *dy = scalars(c.dy);
    S* dx = scalars(c.dx);
    for (int s = 0; s < c.count; ++s) {
      std::ptrdiff_t cleared = 0;  // rows of dx; each just before a window first meets it
      const auto clear_up_to = [&](std::ptrdiff_t end) {
        if (!all_met && end > cleared)
          std::fill_n(dx + cleared * steps.row, (end - cleared) * steps.row, S{});
        cleared = std::max(cleared, end);
      };
      for (int plane = 0; plane < g.d.out; ++plane)
        for (int row = 0; row < g.h.out; ++row) {
          const Span d = span_of(g.d, plane), h = span_of(g.h, row);
          clear_up_to(Rank > 2 ? std::ptrdiff_t{d.first + d.count} * g.h.in : h.first + h.count);
          for_each_window<Rank>(g, plane, row, [=](const Patch& patch) __attribute__((always_inline)) {
            for_each_block<S>(channels,
                              [&](std::ptrdiff_t i, auto part, auto n) __attribute__((always_inline)) {
                                const std::ptrdiff_t start = patch.in * channels + i;
                                spread<n.value>(patch, x + start, dy + patch.out * channels + i, dx + start,
                                                alone, steps, part);
                              });
          });
        }
      clear_up_to(std::ptrdiff_t{g.d.in} * g.h.in);
      x += g.d.in * steps.plane, dx += g.d.in * steps.plane;
      dy += static_cast<std::ptrdiff_t>(g.d.out) * g.h.out * g.w.out * channels;
    }
  }

 private:
  // How far apart planes, rows and pixels of the input lie.
  struct Steps {
    std::ptrdiff_t plane, row, pixel;

    Steps(const auto& g, std::ptrdiff_t channels)
        : plane(g.h.in * g.w.in * channels), row(g.w.in * channels), pixel(channels) {}
  };
  // f(where it lies) for each element of a patch.
  [[gnu::always_inline]] static void each(const Patch& patch, const Steps& steps, auto f) {
    const int planes = Rank > 2 ? patch.planes : 1;
    if constexpr (Adaptive)
      for (int k = 0; k < patch.columns; ++k)
        for (int r = 0; r < patch.rows; ++r)
          for (int p = 0; p < planes; ++p) f(p * steps.plane + r * steps.row + k * steps.pixel);
    else
      for (int p = 0; p < planes; ++p)
        for (int r = 0; r < patch.rows; ++r)
          for (int k = 0; k < patch.columns; ++k) f(p * steps.plane + r * steps.row + k * steps.pixel);
  }

  // f(i, part, n) for n vectors at i: where the size of a window is known only here, its loops serve four at
  // once.
  template <class S> [[gnu::always_inline]] static void for_each_block(std::ptrdiff_t channels, auto f) {
    constexpr std::ptrdiff_t block = 4 * lanes<S>;
    std::ptrdiff_t i = 0;
    if constexpr (Adaptive)
      for (; i + block <= channels; i += block) f(i, kernels::Whole{}, std::integral_constant<int, 4>{});
    kernels::for_each_vector<S>(channels - i,
                                [=](std::ptrdiff_t k, auto part) __attribute__((always_inline)) {
                                  f(i + k, part, std::integral_constant<int, 1>{});
                                });
  }

  // y of N vectors of a patch that begins at x.
  template <int N, class S>
  [[gnu::always_inline]] static void pool(const Patch& patch, const S* x, S* y, const Steps& steps,
                                          auto part) {
    kernels::Vec<S> result[N] = {};
    if constexpr (Kind == Pooling::max)
      for (int n = 0; n < N; ++n) result[n] = part.load(x + n * lanes<S>);
    each(patch, steps, [&](std::ptrdiff_t at) __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) {
        const auto v = part.load(x + at + n * lanes<S>);
        result[n] = Kind == Pooling::max ? kernels::larger(result[n], v) : result[n] + v;
      }
    });
    const S share = S{1} / static_cast<S>(patch.size());
    for (int n = 0; n < N; ++n)
      part.store(y + n * lanes<S>, Kind == Pooling::max ? result[n] : result[n] * share);
  }

  // The gradients of N vectors of a patch, given to its first maximum or shared by all. Where windows meet,
  // they add up.
  template <int N, class S>
  [[gnu::always_inline]] static void spread(const Patch& patch, const S* x, const S* dy, S* dx, bool alone,
                                            const Steps& steps, auto part) {
    using V = kernels::Vec<S>;
    V most[N] = {}, share[N];
    for (int n = 0; n < N; ++n) share[n] = part.load(dy + n * lanes<S>);
    if constexpr (Kind == Pooling::max) {
      for (int n = 0; n < N; ++n) most[n] = part.load(x + n * lanes<S>);
      each(patch, steps, [&](std::ptrdiff_t at) __attribute__((always_inline)) {
#pragma GCC unroll 4
        for (int n = 0; n < N; ++n) most[n] = kernels::max(part.load(x + at + n * lanes<S>), most[n]);
      });
    } else {
      for (int n = 0; n < N; ++n) share[n] = kernels::pin(share[n] * (S{1} / static_cast<S>(patch.size())));
    }
    each(patch, steps, [&](std::ptrdiff_t at) __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) {
        V d = share[n];
        if constexpr (Kind == Pooling::max) {  // who comes first leaves nothing to the others
          const auto equal = part.load(x + at + n * lanes<S>) == most[n];
          d = equal ? share[n] : V{};
          share[n] = equal ? V{} : share[n];
        }
        S* const to = dx + at + n * lanes<S>;
        part.store(to, alone ? d : part.load(to) + d);
      }
    });
  }
};

}  // namespace detail

/// Keras: MaxPooling1D/2D/3D, AveragePooling1D/2D/3D. (steps, channels), (height, width, channels) or (depth,
/// height, width, channels), channels unchanged. Windows of pool_size, 2; strides 0 are pool_size; padding
/// valid or same. A mean counts the elements inside the input only. The gradient of a maximum goes to the
/// first one in row-major order.
template <int Rank, Pooling Kind> struct PoolingSpec {
  static constexpr Sizes<Rank> all(int n) {
    Sizes<Rank> sizes{};
    for (int& size : sizes) size = n;
    return sizes;
  }

  Sizes<Rank> pool_size = all(2);
  Sizes<Rank> strides{};
  Padding padding = Padding::valid;

  static constexpr const char* name =
      Kind == Pooling::max ? name_of<Rank>("MaxPooling1D", "MaxPooling2D", "MaxPooling3D")
                           : name_of<Rank>("AveragePooling1D", "AveragePooling2D", "AveragePooling3D");
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const { return window_fit<Rank>(in, pool_size, steps(), all(1), padding); }
  constexpr Traits traits() const {
    return {.reads_input = Kind == Pooling::max, .reads_output = false, .lanes = true};
  }
  /// A comparison or an addition for each element of a window.
  constexpr double flops(Shape in) const {
    const Window g = geometry(in);
    return static_cast<double>(g.d.out) * g.d.size * g.h.out * g.h.size * g.w.out * g.w.size * g.channels;
  }

  using Geometry = Window;
  constexpr Window geometry(Shape in) const {
    return window_of<Rank>(in, pool_size, steps(), all(1), padding);
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Window g = geometry;
    detail::PoolingKernels<Kind, Rank>::forward(g, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Window g = geometry;
    detail::PoolingKernels<Kind, Rank>::backward(g, c);
  }

 private:
  constexpr Sizes<Rank> steps() const {
    Sizes<Rank> sizes = strides;
    for (std::size_t axis = 0; axis < Rank; ++axis)
      if (sizes[axis] == 0) sizes[axis] = pool_size[axis];
    return sizes;
  }
};

using MaxPooling1DSpec = PoolingSpec<1, Pooling::max>;
using MaxPooling2DSpec = PoolingSpec<2, Pooling::max>;
using AveragePooling1DSpec = PoolingSpec<1, Pooling::average>;
using AveragePooling2DSpec = PoolingSpec<2, Pooling::average>;
using MaxPooling3DSpec = PoolingSpec<3, Pooling::max>;
using AveragePooling3DSpec = PoolingSpec<3, Pooling::average>;

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

/// MaxPooling3D<PoolSize<1, 2, 2>>; MaxPooling3D<> halves depth, height and width.
template <class... Options>
struct MaxPooling3D : layer_of<MaxPooling3D<Options...>, MaxPooling3DSpec, Options...> {
  static constexpr MaxPooling3DSpec spec = with_options<Options...>(MaxPooling3DSpec{});
};
/// AveragePooling3D<PoolSize<3>, Strides<1>, Same>.
template <class... Options>
struct AveragePooling3D : layer_of<AveragePooling3D<Options...>, AveragePooling3DSpec, Options...> {
  static constexpr AveragePooling3DSpec spec = with_options<Options...>(AveragePooling3DSpec{});
};

/// Keras: AdaptiveMaxPooling1D/2D, AdaptiveAveragePooling1D/2D. The shapes of MaxPooling, but so many outputs
/// that output_size says; output o of m meets the inputs from o n / m, rounded down, to (o + 1) n / m,
/// rounded up. The gradient of a maximum goes to the first one in the first column.
template <int Rank, Pooling Kind> struct AdaptivePoolingSpec {
  Sizes<Rank> output_size{};

  static constexpr const char* name =
      Kind == Pooling::max ? name_of<Rank>("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D")
                           : name_of<Rank>("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D");
  static constexpr const char* arguments = "output_size";

  constexpr Fit fit(Shape in) const {
    if (in.rank != Rank + 1) return needs_axes<Rank>();
    Shape out = in;
    for (std::size_t a = 0; a < Rank; ++a) {
      if (output_size[a] < 1) return needs_an_output_size_of_at_least_1;
      out.extent[a] = output_size[a];
    }
    return out;
  }
  constexpr Traits traits() const {
    return {.reads_input = Kind == Pooling::max, .reads_output = false, .lanes = true};
  }
  constexpr double flops(Shape in) const { return static_cast<double>(in.elements()); }

  using Geometry = detail::AdaptiveWindow;
  constexpr Geometry geometry(Shape in) const {
    Geometry g{.w = {in[Rank - 1], output_size[Rank - 1]}, .channels = in.last()};
    if constexpr (Rank > 1) g.h = {in[Rank - 2], output_size[Rank - 2]};
    return g;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    detail::PoolingKernels<Kind, Rank, true>::forward(g, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    detail::PoolingKernels<Kind, Rank, true>::backward(g, c);
  }
};

using AdaptiveMaxPooling1DSpec = AdaptivePoolingSpec<1, Pooling::max>;
using AdaptiveMaxPooling2DSpec = AdaptivePoolingSpec<2, Pooling::max>;
using AdaptiveAveragePooling1DSpec = AdaptivePoolingSpec<1, Pooling::average>;
using AdaptiveAveragePooling2DSpec = AdaptivePoolingSpec<2, Pooling::average>;

/// AdaptiveMaxPooling1D<4>.
template <int Steps>
struct AdaptiveMaxPooling1D : layer_of<AdaptiveMaxPooling1D<Steps>, AdaptiveMaxPooling1DSpec> {
  static constexpr AdaptiveMaxPooling1DSpec spec{{Steps}};
};
/// AdaptiveMaxPooling2D<4>; AdaptiveMaxPooling2D<4, 3>.
template <int Height, int Width = Height>
struct AdaptiveMaxPooling2D : layer_of<AdaptiveMaxPooling2D<Height, Width>, AdaptiveMaxPooling2DSpec> {
  static constexpr AdaptiveMaxPooling2DSpec spec{{Height, Width}};
};
/// AdaptiveAveragePooling1D<4>.
template <int Steps>
struct AdaptiveAveragePooling1D : layer_of<AdaptiveAveragePooling1D<Steps>, AdaptiveAveragePooling1DSpec> {
  static constexpr AdaptiveAveragePooling1DSpec spec{{Steps}};
};
/// AdaptiveAveragePooling2D<4>; AdaptiveAveragePooling2D<4, 3>.
template <int Height, int Width = Height>
struct AdaptiveAveragePooling2D
    : layer_of<AdaptiveAveragePooling2D<Height, Width>, AdaptiveAveragePooling2DSpec> {
  static constexpr AdaptiveAveragePooling2DSpec spec{{Height, Width}};
};

/// Keras: GlobalMaxPooling1D/2D/3D, GlobalAveragePooling2D/3D. (steps, channels), (height, width,
/// channels) or (depth, height, width, channels) -> (channels). The gradient of a maximum is shared by all
/// elements that equal it, as in Keras.
template <int Rank, Pooling Kind> struct GlobalPoolingSpec {
  static constexpr const char* name =
      Kind == Pooling::max
          ? name_of<Rank>("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D")
          : name_of<Rank>("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D");
  static constexpr const char* arguments = "";

  constexpr Fit fit(Shape in) const {
    if (in.rank != Rank + 1) return needs_axes<Rank>();
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
using GlobalAveragePooling2DSpec = GlobalPoolingSpec<2, Pooling::average>;
using GlobalMaxPooling3DSpec = GlobalPoolingSpec<3, Pooling::max>;
using GlobalAveragePooling3DSpec = GlobalPoolingSpec<3, Pooling::average>;

/// Keras: GlobalAveragePooling1D. (steps, channels) -> (channels): the mean of the steps; of a masked
/// sequence the mean of those that count, which without one is NaN as in Keras.
struct GlobalAveragePooling1DSpec {
  bool masked = false;  // set by a graph, for a call whose input has a mask

  using All = GlobalPoolingSpec<1, Pooling::average>;
  static constexpr const char* name = All::name;
  static constexpr const char* arguments = "";

  constexpr Fit fit(const Shapes& in) const {
    const Fit all = All{}.fit(in[0]);
    if (!all.broken && masked && in.count > 1 && in[1] != Shape{in[0][0]})
      return {functional::needs_a_mask_of_its_steps, Shape{in[0][0]}, 1};
    return all;
  }
  constexpr int inputs() const { return 1 + masked; }
  constexpr bool passes_mask() const { return false; }
  constexpr Traits traits() const {
    Traits traits = All{}.traits();
    traits.reads_input = traits.knows_samples = traits.by_sample = masked;
    return traits;
  }
  constexpr double flops(Shape in) const { return All{}.flops(in); }

  struct Geometry {
    typename All::Geometry all;
    bool masked;
  };
  constexpr Geometry geometry(Shape in) const { return {All{}.geometry(in), masked}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    if (!g.masked) return All::forward(all(geometry), c);
    const std::ptrdiff_t steps = g.all.pixels, channels = g.all.channels;
    for (std::ptrdiff_t s = 0; s < static_cast<int>(c.count); ++s) {
      const T *const x = c.x + s * steps * channels, *const mask = c.input(1) + s * steps;
      T* const y = c.y + s * channels;
      const T share = share_of(mask, steps, s, c.run.samples);
      std::fill_n(scalars(y), channels * Unit<T>::samples, Scalar<T>{});
      for (std::ptrdiff_t t = 0; t < steps; ++t)
        for (std::ptrdiff_t k = 0; k < channels; ++k) y[k] += x[t * channels + k] * mask[t];
      for (std::ptrdiff_t k = 0; k < channels; ++k) y[k] *= share;
    }
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!g.masked) return All::backward(all(geometry), c);
    if (!c.dx) return;
    const std::ptrdiff_t steps = g.all.pixels, channels = g.all.channels;
    for (std::ptrdiff_t s = 0; s < c.count; ++s) {
      const T *const dy = c.dy + s * channels, *const mask = c.input(1) + s * steps;
      T* const dx = c.dx + s * steps * channels;
      const T share = share_of(mask, steps, s, c.run.samples);
      for (std::ptrdiff_t t = 0; t < steps; ++t)
        for (std::ptrdiff_t k = 0; k < channels; ++k) dx[t * channels + k] = dy[k] * (mask[t] * share);
    }
  }

 private:
  // One over the number of steps that count; of lanes without a sample anything finite.
  template <class T>
  static T share_of(const T* mask, std::ptrdiff_t steps, std::ptrdiff_t unit, int samples) {
    using S = Scalar<T>;
    constexpr int L = Unit<T>::samples;
    T share{};
    for (int l = 0; l < L; ++l) {
      S count{};
      for (std::ptrdiff_t t = 0; t < steps; ++t) count += scalars(mask + t)[l];
      scalars(&share)[l] = unit * L + l < samples ? S{1} / count : S{1};
    }
    return share;
  }
  template <class G> static constexpr auto all(G geometry) {
    if constexpr (is_fixed<G>)
      return fixed<G::value.all>{};
    else
      return geometry.all;
  }
};

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
struct GlobalMaxPooling3D : layer_of<GlobalMaxPooling3D, GlobalMaxPooling3DSpec> {
  static constexpr GlobalMaxPooling3DSpec spec{};
};
struct GlobalAveragePooling3D : layer_of<GlobalAveragePooling3D, GlobalAveragePooling3DSpec> {
  static constexpr GlobalAveragePooling3DSpec spec{};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::MaxPooling1DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::MaxPooling2DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::AveragePooling1DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::AveragePooling2DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::MaxPooling3DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::AveragePooling3DSpec, pool_size, strides, padding);
KERATIN_ADAPT_STRUCT(keratin::AdaptiveMaxPooling1DSpec, output_size);
KERATIN_ADAPT_STRUCT(keratin::AdaptiveMaxPooling2DSpec, output_size);
KERATIN_ADAPT_STRUCT(keratin::AdaptiveAveragePooling1DSpec, output_size);
KERATIN_ADAPT_STRUCT(keratin::AdaptiveAveragePooling2DSpec, output_size);
KERATIN_ADAPT_STRUCT(keratin::GlobalMaxPooling1DSpec);
KERATIN_ADAPT_STRUCT(keratin::GlobalMaxPooling2DSpec);
KERATIN_ADAPT_STRUCT(keratin::GlobalAveragePooling1DSpec, masked);
KERATIN_ADAPT_STRUCT(keratin::GlobalAveragePooling2DSpec);
KERATIN_ADAPT_STRUCT(keratin::GlobalMaxPooling3DSpec);
KERATIN_ADAPT_STRUCT(keratin::GlobalAveragePooling3DSpec);
