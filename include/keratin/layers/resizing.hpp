#pragma once
// Images of another size: Resizing and CenterCrop. Along each axis an output is the weighted sum of one, two
// or four inputs; the gradient goes back with the same weights.
#include <keratin/kernels/images.hpp>
#include <keratin/layers/borders.hpp>
#include <keratin/layers/layer.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace keratin {

inline constexpr Rule needs_a_height_and_a_width{"height and width must be at least 1"};
inline constexpr Rule crops_and_pads{"it crops or pads to the aspect ratio, not both"};

namespace detail {

using kernels::Taps;

// One axis: `range` inputs from the `first` on become `out` outputs. The image has `in` inputs; a range may
// begin before it and end behind it.
struct ResizeAxis {
  int in, out, range, first = 0;

  constexpr ResizeAxis(int n, int m) : in(n), out(m), range(n) {}
  constexpr ResizeAxis(int n, int m, int inputs, int from) : in(n), out(m), range(inputs), first(from) {}

  /// Centres of pixels lie at halves. Where the range ends, not all N inputs are there, and the weights of
  /// the others are scaled up to 1.
  template <class S, int N> Taps<S, N> taps(int o) const {
    const double at = (o + 0.5) * range / out - 0.5;  // at least -0.5
    const int begin = N == 1 ? static_cast<int>((2 * std::int64_t{o} + 1) * range / (2 * std::int64_t{out}))
                             : static_cast<int>(at + 1) - N / 2;
    double weight[N], sum = 0;
    for (int k = 0; k < N; ++k) {
      const int i = begin + k;
      weight[k] = i < 0 || i >= range ? 0 : weight_at<N>(std::fabs(at - i));
      sum += weight[k];
    }
    Taps<S, N> taps;
    for (int k = 0; k < N; ++k) {
      const int i = first + begin + k;
      const bool inside = i >= 0 && i < in;
      const S share = static_cast<S>(weight[k] / sum);
      taps.at[k] = std::clamp(i, 0, in - 1);
      taps.weight[k] = inside ? share : 0;
      taps.outside += inside ? 0 : share;
    }
    return taps;
  }

 private:
  template <int N> static double weight_at(double x) {
    if (N == 1) return 1;
    if (N == 2) return std::max(0.0, 1 - x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  }
};

// An image becomes one of another size.
struct Resize {
  ResizeAxis h, w;
  int channels;
  Interpolation kind;
  double fill = 0;  // what lies outside the image

  constexpr double flops() const {
    const double taps = kind == Interpolation::nearest ? 1 : kind == Interpolation::bilinear ? 2 : 4;
    return 2 * taps * (taps + 1) * h.out * w.out * channels;
  }
  template <class T> void forward(int samples, const T* x, T* y) const {
    with_taps([&]<int N>(fixed<N>) { interpolate<N>(samples, scalars(x), scalars(y), Unit<T>::samples); });
  }
  /// The gradients of the inputs, from those of the outputs.
  template <class T> void backward(int samples, const T* dy, T* dx) const {
    with_taps([&]<int N>(fixed<N>) { spread<N>(samples, scalars(dy), scalars(dx), Unit<T>::samples); });
  }

 private:
  void with_taps(auto f) const {
    if (kind == Interpolation::nearest) return f(fixed<1>{});
    if (kind == Interpolation::bilinear) return f(fixed<2>{});
    f(fixed<4>{});
  }
  template <int N, class S> void interpolate(int samples, const S* x, S* y, int lanes) const {
    using V = kernels::Vec<S>;
    const std::ptrdiff_t pixel = std::ptrdiff_t{channels} * lanes, line = w.in * pixel;
    each_pixel<S, N>(samples, [&](std::ptrdiff_t in, std::ptrdiff_t out, const Taps<S, N>& rows,
                                  const Taps<S, N>& columns) __attribute__((always_inline)) {
      // Only one axis reaches outside.
      const S rest = (rows.outside + columns.outside) * static_cast<S>(fill);
      kernels::for_each_vector<S>(pixel, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        V sum = kernels::broadcast<V>(rest);
#pragma GCC unroll 4
        for (int r = 0; r < N; ++r) {
          const S* const row = x + in * pixel + rows.at[r] * line + i;
          V across{};
#pragma GCC unroll 4
          for (int k = 0; k < N; ++k) across += part.load(row + columns.at[k] * pixel) * columns.weight[k];
          sum += across * rows.weight[r];
        }
        part.store(y + out * pixel + i, sum);
      });
    });
  }
  template <int N, class S> void spread(int samples, const S* dy, S* dx, int lanes) const {
    using V = kernels::Vec<S>;
    const std::ptrdiff_t pixel = std::ptrdiff_t{channels} * lanes, line = w.in * pixel;
    std::fill_n(dx, samples * h.in * line, S{});
    each_pixel<S, N>(samples, [&](std::ptrdiff_t in, std::ptrdiff_t out, const Taps<S, N>& rows,
                                  const Taps<S, N>& columns) __attribute__((always_inline)) {
      kernels::for_each_vector<S>(pixel, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        const V d = part.load(dy + out * pixel + i);
#pragma GCC unroll 4
        for (int r = 0; r < N; ++r) {
          S* const row = dx + in * pixel + rows.at[r] * line + i;
          const V across = d * rows.weight[r];
#pragma GCC unroll 4
          for (int k = 0; k < N; ++k) {
            S* const to = row + columns.at[k] * pixel;
            part.store(to, part.load(to) + across * columns.weight[k]);
          }
        }
      });
    });
  }
  // f(the image's first pixel in the input, pixel in the output, its taps) for every output, tile by tile:
  // taps are found once for a row or column of a tile.
  template <class S, int N> [[gnu::always_inline]] void each_pixel(int samples, auto f) const {
    constexpr int tile = 16;
    Taps<S, N> rows[tile], columns[tile];
    for (std::ptrdiff_t s = 0; s < samples; ++s)
      for (int y = 0; y < h.out; y += tile) {
        const int height = std::min(h.out - y, tile);
        for (int r = 0; r < height; ++r) rows[r] = h.taps<S, N>(y + r);
        for (int x = 0; x < w.out; x += tile) {
          const int width = std::min(w.out - x, tile);
          for (int k = 0; k < width; ++k) columns[k] = w.taps<S, N>(x + k);
          for (int r = 0; r < height; ++r)
            for (int k = 0; k < width; ++k)
              f(s * h.in * w.in, (s * h.out + y + r) * w.out + x + k, rows[r], columns[k]);
        }
      }
  }
};

// The largest part of an image that has the proportions of height and width, in the middle of it.
constexpr Resize resize_cropped(Shape in, int height, int width, Interpolation kind) {
  const auto extent = [](int own, int other, int wanted, int other_wanted) {
    return static_cast<int>(
        std::clamp<std::int64_t>(std::int64_t{other} * wanted / other_wanted, 1, std::int64_t{own}));
  };
  const int rows = extent(in[0], in[1], height, width), columns = extent(in[1], in[0], width, height);
  return {{in[0], height, rows, (in[0] - rows) / 2},
          {in[1], width, columns, (in[1] - columns) / 2},
          in.last(),
          kind};
}
// The smallest image of these proportions, up to a row or column, with the image in the middle of it.
constexpr Resize resize_padded(Shape in, int height, int width, Interpolation kind, double fill) {
  const auto border = [](int own, int other, int wanted, int other_wanted) {
    return static_cast<int>(std::max<std::int64_t>(std::int64_t{other} * wanted / other_wanted - own, 0) / 2);
  };
  const int rows = border(in[0], in[1], height, width),
            columns = rows > 0 ? 0 : border(in[1], in[0], width, height);
  return {{in[0], height, in[0] + 2 * rows, -rows},
          {in[1], width, in[1] + 2 * columns, -columns},
          in.last(),
          kind,
          fill};
}

}  // namespace detail

/// Keras: Resizing. (height, width, channels) -> the same with this height and width. As they are, the
/// proportions change; crop_to_aspect_ratio leaves out what is too much on both sides, pad_to_aspect_ratio
/// puts fill_value there. Shrinking does not blur (antialias=False).
struct ResizingSpec {
  int height = 0, width = 0;
  Interpolation interpolation = Interpolation::bilinear;
  bool crop_to_aspect_ratio = false, pad_to_aspect_ratio = false;
  double fill_value = 0;

  static constexpr const char* name = "Resizing";
  static constexpr const char* arguments = "height, width, ...";
  static constexpr bool called_with_training = true;

  constexpr Fit fit(Shape in) const {
    if (in.rank != 3) return needs_image_HxWxC;
    if (height < 1 || width < 1) return needs_a_height_and_a_width;
    if (crop_to_aspect_ratio && pad_to_aspect_ratio) return crops_and_pads;
    return Shape{height, width, in.last()};
  }
  constexpr Traits traits() const { return {.reads_input = false, .reads_output = false, .lanes = true}; }
  constexpr double flops(Shape in) const { return geometry(in).flops(); }

  using Geometry = detail::Resize;
  constexpr Geometry geometry(Shape in) const {
    if (crop_to_aspect_ratio) return detail::resize_cropped(in, height, width, interpolation);
    if (pad_to_aspect_ratio) return detail::resize_padded(in, height, width, interpolation, fill_value);
    return {{in[0], height}, {in[1], width}, in.last(), interpolation};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    g.forward(static_cast<int>(c.count), c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.dx) g.backward<T>(c.count, c.dy, c.dx);
  }
};

/// Keras: CenterCrop. (height, width, channels) -> the middle of it, of this height and width. Where the
/// image is smaller, it is resized as with Resizing's crop_to_aspect_ratio, bilinear.
struct CenterCropSpec {
  int height = 0, width = 0;

  static constexpr const char* name = "CenterCrop";
  static constexpr const char* arguments = "height, width";
  static constexpr bool called_with_training = true;

  constexpr Fit fit(Shape in) const {
    if (in.rank != 3) return needs_image_HxWxC;
    if (height < 1 || width < 1) return needs_a_height_and_a_width;
    return Shape{height, width, in.last()};
  }
  constexpr Traits traits(Shape in) const {
    return {.reads_input = false, .reads_output = false, .lanes = !crops(in)};
  }

  struct Geometry {
    bool crops;
    detail::Frame frame;
    detail::Resize resize;
  };
  constexpr Geometry geometry(Shape in) const {
    const bool cuts = crops(in);
    const auto sides = [cuts](int n, int left) {
      const int before = cuts ? (n - left) / 2 : 0;
      return Sizes<2>{before, cuts ? n - left - before : 0};
    };
    return {cuts,
            {fit(in).out, Sides<2>{sides(in[0], height), sides(in[1], width)}},
            detail::resize_cropped(in, height, width, Interpolation::bilinear)};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const int count = static_cast<int>(c.count);
    g.crops ? g.frame.cut_out(count, c.x, c.y) : g.resize.forward(count, c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    g.crops ? g.frame.surround<T>(c.count, c.dy, c.dx) : g.resize.backward<T>(c.count, c.dy, c.dx);
  }

 private:
  constexpr bool crops(Shape in) const { return in[0] >= height && in[1] >= width; }
};

/// Keras: interpolation="nearest".
struct Nearest {
  KERATIN_SETS(interpolation, std::remove_reference_t<decltype(spec.interpolation)>::nearest)
};
/// Keras: interpolation="bilinear".
struct Bilinear {
  KERATIN_SETS(interpolation, std::remove_reference_t<decltype(spec.interpolation)>::bilinear)
};
/// Keras: interpolation="bicubic".
struct Bicubic {
  KERATIN_SETS(interpolation, Interpolation::bicubic)
};
/// Keras: crop_to_aspect_ratio=True.
struct CropToAspectRatio {
  KERATIN_SETS(crop_to_aspect_ratio, true)
};
/// Keras: pad_to_aspect_ratio=True.
struct PadToAspectRatio {
  KERATIN_SETS(pad_to_aspect_ratio, true)
};
/// What lies outside the image: FillValue<0.5>. Keras: fill_value.
template <double Value> struct FillValue {
  KERATIN_SETS(fill_value, Value)
};

/// Resizing<32, 48>; Resizing<32, 48, Bicubic, PadToAspectRatio, FillValue<0.5>>.
template <int Height, int Width, class... Options>
struct Resizing : layer_of<Resizing<Height, Width, Options...>, ResizingSpec, Options...> {
  static constexpr ResizingSpec spec = with_options<Options...>(ResizingSpec{Height, Width});
};
/// CenterCrop<24, 24>.
template <int Height, int Width> struct CenterCrop : layer_of<CenterCrop<Height, Width>, CenterCropSpec> {
  static constexpr CenterCropSpec spec{Height, Width};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::ResizingSpec, height, width, interpolation, crop_to_aspect_ratio,
                     pad_to_aspect_ratio, fill_value);
KERATIN_ADAPT_STRUCT(keratin::CenterCropSpec, height, width);
