#pragma once
// Depthwise convolution of images, channels last, and its gradients: every channel under kernels of its own.
// Few multiplications meet many values, so the loops follow memory: tiles of positions along a row share a
// weight.
#include <keratin/core/window.hpp>
#include <keratin/kernels/tile.hpp>

namespace keratin::kernels {

/// Kernel w[h.size][w.size][channels][multiplier]: output channel c * multiplier + m is channel c under its
/// kernel m. A sequence is an image of height 1.
struct DepthwiseSize {
  WindowAxis h{}, w{};
  int channels = 0, multiplier = 1;

  constexpr int filters() const { return channels * multiplier; }
  constexpr std::ptrdiff_t inputs() const { return std::ptrdiff_t{h.in} * w.in * channels; }
  constexpr std::ptrdiff_t positions() const { return std::ptrdiff_t{h.out} * w.out; }
  constexpr std::ptrdiff_t outputs() const { return positions() * filters(); }
  constexpr std::ptrdiff_t weights() const { return std::ptrdiff_t{h.size} * w.size * filters(); }
};

namespace detail {

// f(o, c, read, values, write) for the output channels in vectors: the first one, the input channel that it
// belongs to, and how a vector of weights is read, one of values read, and one written. A multiplier of 1
// takes vectors of channels; with a larger one, or Lanes, every channel is a vector for itself.
template <class T, class F> [[gnu::always_inline]] inline void each_filter(const DepthwiseSize& g, F f) {
  using S = Scalar<T>;
  if constexpr (Unit<T>::samples > 1) {
    using V = Vec<float>;
    for (int c = 0, o = 0; c < g.channels; ++c)
      for (int m = 0; m < g.multiplier; ++m, ++o)
        f(
            o, c, [](const S* w) __attribute__((always_inline)) { return broadcast<V>(*w); },
            [](const T* x) __attribute__((always_inline)) { return load(x->data()); },
            [](T* y, V v) __attribute__((always_inline)) { store(y->data(), v); });
  } else {
    const auto vector = [&](int o, int c, auto part) __attribute__((always_inline)) {
      const auto read = [=](const S* p) __attribute__((always_inline)) { return part.load(p); };
      f(o, c, read, read, [=](S* y, auto v) __attribute__((always_inline)) { part.store(y, v); });
    };
    if (g.multiplier == 1)
      for_each_vector<S>(g.channels, [&](std::ptrdiff_t o, auto part) __attribute__((always_inline)) {
        vector(static_cast<int>(o), static_cast<int>(o), part);
      });
    else
      for (int o = 0; o < g.filters(); ++o) vector(o, o / g.multiplier, Rest{1});
  }
}
// f<M>(r, c) for M outputs side by side in row r from column c on; with M > 1 their windows do not meet
// padding at the sides.
template <class F> [[gnu::always_inline]] inline void each_tile(const DepthwiseSize& g, F f) {
  const int first = g.w.inner_first(), end = g.w.inner_end();
  for (int r = 0; r < g.h.out; ++r) {
    for (int c = 0; c < first; ++c) f.template operator()<1>(r, c);
    tiles<4>(end - first,
             [&]<int M>(int c) __attribute__((always_inline)) { f.template operator()<M>(r, first + c); });
    for (int c = end; c < g.w.out; ++c) f.template operator()<1>(r, c);
  }
}
// f(offset of the input, number of the tap) for the part of the windows of M outputs that lies inside.
template <int M, class F>
[[gnu::always_inline]] inline void each_tap(const DepthwiseSize& g, int r, int c, F f) {
  const int left = M == 1 ? g.w.first(c) : 0, right = M == 1 ? g.w.end(c) : g.w.size;
  for (int ky = g.h.first(r); ky < g.h.end(r); ++ky) {
    const std::ptrdiff_t row = std::ptrdiff_t{g.h.input(r, ky)} * g.w.in;
    for (int kx = left; kx < right; ++kx) f((row + g.w.input(c, kx)) * g.channels, ky * g.w.size + kx);
  }
}

}  // namespace detail

/// y = bias + factor * the sum over the window of x * w, of one image. bias and factor may be null.
template <class T>
[[gnu::noinline]] void depthwise(const DepthwiseSize& g, const T* x, const Scalar<T>* w,
                                 const Scalar<T>* bias, T* y, const Scalar<T>* factor = nullptr) {
  const std::ptrdiff_t filters = g.filters(), step = std::ptrdiff_t{g.w.stride} * g.channels;
  detail::each_tile(g, [&]<int M>(int r, int c) __attribute__((always_inline)) {
    T* const to = y + (std::ptrdiff_t{r} * g.w.out + c) * filters;
    detail::each_filter<T>(
        g, [&](int o, int channel, auto weights, auto values, auto write) __attribute__((always_inline)) {
          Vec<Scalar<T>> sum[M];
          for (int m = 0; m < M; ++m) sum[m] = bias && !factor ? weights(bias + o) : Vec<Scalar<T>>{};
          detail::each_tap<M>(g, r, c, [&](std::ptrdiff_t at, int tap) __attribute__((always_inline)) {
            const auto weight = weights(w + tap * filters + o);
#pragma GCC unroll 4
            for (int m = 0; m < M; ++m) sum[m] += values(x + at + m * step + channel) * weight;
          });
          if (factor)
            for (int m = 0; m < M; ++m) sum[m] = sum[m] * weights(factor + o) + weights(bias + o);
#pragma GCC unroll 4
          for (int m = 0; m < M; ++m) write(to + m * filters + o, sum[m]);
        });
  });
}

/// The gradient of one image.
template <class T>
[[gnu::noinline]] void depthwise_input_gradient(const DepthwiseSize& g, const T* dy, const Scalar<T>* w,
                                                T* dx) {
  const std::ptrdiff_t filters = g.filters(), step = std::ptrdiff_t{g.w.stride} * g.channels;
  const auto tile = [&]<int M>(int h, int i) __attribute__((always_inline)) {
    const WindowAxis::Meets rows = g.h.meets(h), columns = g.w.meets(i);
    T* const to = dx + (std::ptrdiff_t{h} * g.w.in + i) * g.channels;
    detail::each_filter<T>(
        g, [&](int o, int channel, auto weights, auto values, auto write) __attribute__((always_inline)) {
          Vec<Scalar<T>> sum[M] = {};
          if (o > channel * g.multiplier)
            for (int m = 0; m < M; ++m) sum[m] = values(to + m * step + channel);
          for (int ky = rows.element, r = rows.output; ky < g.h.size; ky += rows.step, r -= rows.back) {
            if (r < 0 || r >= g.h.out) continue;
            for (int kx = columns.element, c = columns.output; kx < g.w.size;
                 kx += columns.step, c -= columns.back) {
              if (c <= -M || c >= g.w.out) continue;
              const T* const d = dy + (std::ptrdiff_t{r} * g.w.out + c) * filters + o;
              const auto weight = weights(w + (std::ptrdiff_t{ky} * g.w.size + kx) * filters + o);
              if (c >= 0 && c + M <= g.w.out) {
#pragma GCC unroll 4
                for (int m = 0; m < M; ++m) sum[m] += values(d + m * filters) * weight;
              } else {
#pragma GCC unroll 4
                for (int m = 0; m < M; ++m)
                  if (c + m >= 0 && c + m < g.w.out) sum[m] += values(d + m * filters) * weight;
              }
            }
          }
#pragma GCC unroll 4
          for (int m = 0; m < M; ++m) write(to + m * step + channel, sum[m]);
        });
  };
  for (int h = 0; h < g.h.in; ++h)
    for (int phase = 0; phase < g.w.stride; ++phase)  // inputs a stride apart meet outputs side by side
      tiles<4>((g.w.in - phase + g.w.stride - 1) / g.w.stride,
               [&]<int M>(int j) __attribute__((always_inline)) {
                 tile.template operator()<M>(h, phase + j * g.w.stride);
               });
}

/// Adds one image to the gradient of w, which is still in lanes.
template <class T>
[[gnu::noinline]] void add_depthwise_gradient(const DepthwiseSize& g, const T* x, const T* dy, T* dw) {
  const std::ptrdiff_t filters = g.filters(), step = std::ptrdiff_t{g.w.stride} * g.channels;
  const int first = g.w.inner_first(), end = g.w.inner_end();
  for (int r = 0; r < g.h.out; ++r, dy += g.w.out * filters)
    detail::each_filter<T>(
        g, [&](int o, int channel, auto, auto values, auto write) __attribute__((always_inline)) {
          for (int ky = g.h.first(r); ky < g.h.end(r); ++ky)
            tiles<3>(g.w.size, [&]<int N>(int kx) __attribute__((always_inline)) {
              const T* const row = x + std::ptrdiff_t{g.h.input(r, ky)} * g.w.in * g.channels + channel;
              Vec<Scalar<T>> sum[N] = {};
              const auto border = [&](int from, int to) __attribute__((always_inline)) {
                for (int c = from; c < to; ++c)
                  for (int n = 0; n < N; ++n)
                    if (kx + n >= g.w.first(c) && kx + n < g.w.end(c))
                      sum[n] += values(row + std::ptrdiff_t{g.w.input(c, kx + n)} * g.channels) *
                                values(dy + c * filters + o);
              };
              border(0, first);
              const T* from = row + std::ptrdiff_t{g.w.input(first, kx)} * g.channels;
              for (int c = first; c < end; ++c, from += step) {
                const auto d = values(dy + c * filters + o);
#pragma GCC unroll 4
                for (int n = 0; n < N; ++n)
                  sum[n] += values(from + std::ptrdiff_t{n} * g.w.dilation * g.channels) * d;
              }
              border(end, g.w.out);
              T* const to = dw + (std::ptrdiff_t{ky} * g.w.size + kx) * filters + o;
#pragma GCC unroll 4
              for (int n = 0; n < N; ++n) write(to + n * filters, values(to + n * filters) + sum[n]);
            });
        });
}

}  // namespace keratin::kernels
