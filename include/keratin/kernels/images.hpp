#pragma once
// Images moved, turned, resized: each pixel of the output is one of the input, or a blend of four neighbours.
// Backward hands each pixel's gradient on to where it came from. Values of a pixel lie `Stride` apart: 1, or
// as many as there are lanes, of which one is worked on.
#include <keratin/core/named_enum.hpp>
#include <keratin/kernels/vector.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace keratin {

/// What is seen outside an image: one value, the nearest pixel, the image again, or its mirror image (with
/// the border twice: cba|abc|cba). Keras: fill_mode.
enum class Fill : unsigned char { constant, nearest, wrap, reflect };
constexpr std::array<std::string_view, 4> names_of(Fill) {
  return {"constant", "nearest", "wrap", "reflect"};
}
/// What a value between pixels is: the nearest one, linear between two, or cubic (Keys, a = -0.5) between
/// four. Keras: interpolation.
enum class Interpolation : unsigned char { nearest, bilinear, bicubic };
constexpr std::array<std::string_view, 3> names_of(Interpolation) {
  return {"nearest", "bilinear", "bicubic"};
}

/// Output pixel (x, y) shows the input at (xx x + xy y + x0, yx x + yy y + y0); centres of pixels are whole
/// numbers. In Keras's order: a0, a1, a2, b0, b1, b2.
struct Affine {
  double xx = 1, xy = 0, x0 = 0, yx = 0, yy = 1, y0 = 0;

  constexpr bool operator==(const Affine&) const = default;
};

namespace kernels {

/// An image, or a window of one whose rows are `row` pixels apart.
struct Raster {
  int height, width, channels;
  std::ptrdiff_t row;
};

/// How one is looked at.
struct View {
  Raster from;
  int height, width;  // of what is made of it
  Fill fill;
  Interpolation sampling;  // nearest or bilinear
  double value;            // what Fill::constant shows
};

/// N values that make one, and what share of it lies outside.
template <class S, int N> struct Taps {
  std::ptrdiff_t at[N];
  S weight[N];
  S outside = 0;
};

namespace detail {

// The pixel of n that is seen at i, -1: none.
inline int seen(Fill fill, int i, int n) {
  if (i >= 0 && i < n) return i;
  const auto modulo = [](int a, int b) { return a % b < 0 ? a % b + b : a % b; };
  switch (fill) {
    case Fill::constant:
      return -1;
    case Fill::nearest:
      return i < 0 ? 0 : n - 1;
    case Fill::wrap:
      return modulo(i, n);
    case Fill::reflect:
      break;
  }
  const int there_and_back = modulo(i, 2 * n);
  return there_and_back < n ? there_and_back : 2 * n - 1 - there_and_back;
}

// The pixels around (x, y), which is `right` and `below` of the first one, by these parts of a pixel.
template <class S, int N>
[[gnu::always_inline]] inline Taps<S, N> taps(const View& view, int x, int y, S right, S below) {
  constexpr int side = N == 1 ? 1 : 2;
  const Raster& in = view.from;
  Taps<S, N> t;
  const S across[2] = {1 - right, right}, down[2] = {1 - below, below};
  for (int k = 0; k < N; ++k) t.weight[k] = N == 1 ? S{1} : down[k / side] * across[k % side];
  if (x >= 0 && x <= in.width - side && y >= 0 && y <= in.height - side) {
    for (int k = 0; k < N; ++k) t.at[k] = (y + k / side) * in.row + x + k % side;
    return t;
  }
  for (int k = 0; k < N; ++k) {
    const int column = seen(view.fill, x + k % side, in.width),
              row = seen(view.fill, y + k / side, in.height);
    const bool inside = column >= 0 && row >= 0;
    t.at[k] = inside ? row * in.row + column : 0;
    if (inside) continue;
    t.outside += t.weight[k];
    t.weight[k] = 0;
  }
  return t;
}

// f(output pixel, its taps). Coordinates are double: float and Lanes then choose the same pixels.
template <class S, int N>
[[gnu::always_inline]] inline void for_each_pixel(const View& view, const Affine& t, auto f) {
  constexpr int chunk = 32;
  constexpr bool nearest = N == 1;
  // Half away from zero, or the pixel before.
  const auto place = [](double v, int& pixel, S& part) {
    pixel = static_cast<int>(nearest ? v + (v < 0 ? -0.5 : 0.5) : v);
    if (!nearest) pixel -= v < pixel;
    part = static_cast<S>(v - pixel);
  };
  int x[chunk], y[chunk];
  S right[chunk], below[chunk];
  std::ptrdiff_t out = 0;
  for (int row = 0; row < view.height; ++row) {
    const double x0 = t.xy * row + t.x0, y0 = t.yy * row + t.y0;
    for (int first = 0; first < view.width; first += chunk) {
      const int n = std::min(chunk, view.width - first);
      for (int i = 0; i < n; ++i) {
        place(t.xx * (first + i) + x0, x[i], right[i]);
        place(t.yx * (first + i) + y0, y[i], below[i]);
      }
      for (int i = 0; i < n; ++i) f(out++, taps<S, N>(view, x[i], y[i], right[i], below[i]));
    }
  }
}

// One value, where a vector would be too long.
struct Single {
  template <class S> [[gnu::always_inline]] S load(const S* p) const { return *p; }
  template <class S> [[gnu::always_inline]] void store(S* p, S v) const { *p = v; }
};
// f(i, part) for a pixel's values, by vectors where they fill half of one at least.
template <class S, int Stride> [[gnu::always_inline]] inline void for_each_channel(int channels, auto f) {
  if (Stride == 1 && channels >= lanes<S> / 2) return for_each_vector<S>(channels, f);
  for (std::ptrdiff_t c = 0; c < channels; ++c) f(c * Stride, Single{});
}

template <int Stride, int N, class S> void sample(const View& view, const Affine& t, const S* x, S* y) {
  const std::ptrdiff_t pixel = std::ptrdiff_t{view.from.channels} * Stride;
  const S value = static_cast<S>(view.value);
  for_each_pixel<S, N>(
      view, t, [&](std::ptrdiff_t out, const Taps<S, N>& taps) __attribute__((always_inline)) {
        for_each_channel<S, Stride>(
            view.from.channels, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
              decltype(part.load(x)) sum{};  // not the first product: of two, compilers may round either
              for (int k = 0; k < N; ++k) sum += part.load(x + taps.at[k] * pixel + i) * taps.weight[k];
              part.store(y + out * pixel + i, sum + taps.outside * value);
            });
      });
}
template <int Stride, int N, class S>
void sample_backward(const View& view, const Affine& t, const S* dy, S* dx) {
  const std::ptrdiff_t pixel = std::ptrdiff_t{view.from.channels} * Stride;
  for_each_pixel<S, N>(
      view, t, [&](std::ptrdiff_t out, const Taps<S, N>& taps) __attribute__((always_inline)) {
        for_each_channel<S, Stride>(view.from.channels,
                                    [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
                                      const auto d = part.load(dy + out * pixel + i);
                                      for (int k = 0; k < N; ++k) {
                                        S* const to = dx + taps.at[k] * pixel + i;
                                        part.store(to, part.load(to) + d * taps.weight[k]);
                                      }
                                    });
      });
}

}  // namespace detail

/// y: the view of x.
template <int Stride, class S> void sample(const View& view, const Affine& t, const S* x, S* y) {
  if (view.sampling == Interpolation::nearest)
    detail::sample<Stride, 1>(view, t, x, y);
  else
    detail::sample<Stride, 4>(view, t, x, y);
}
/// Adds to dx what dy says of it.
template <int Stride, class S> void sample_backward(const View& view, const Affine& t, const S* dy, S* dx) {
  if (view.sampling == Interpolation::nearest)
    detail::sample_backward<Stride, 1>(view, t, dy, dx);
  else
    detail::sample_backward<Stride, 4>(view, t, dy, dx);
}

/// y: the mirror image of x, left to right, top to bottom, or both. It is its own backward.
template <int Stride, class S>
void mirror(const Raster& image, bool horizontal, bool vertical, const S* x, S* y) {
  const std::ptrdiff_t pixel = std::ptrdiff_t{image.channels} * Stride;
  for (int row = 0; row < image.height; ++row, y += image.width * pixel) {
    const S* const from = x + (vertical ? image.height - 1 - row : row) * image.row * pixel;
    if (Stride == 1 && !horizontal) {
      std::copy_n(from, image.width * pixel, y);
    } else if (Stride == 1 && image.channels == 1) {
      std::reverse_copy(from, from + image.width, y);
    } else {
      for (int column = 0; column < image.width; ++column) {
        const S* const p = from + (horizontal ? image.width - 1 - column : column) * pixel;
        detail::for_each_channel<S, Stride>(image.channels, [&](std::ptrdiff_t i, auto part) {
          part.store(y + column * pixel + i, part.load(p + i));
        });
      }
    }
  }
}

}  // namespace kernels
}  // namespace keratin
