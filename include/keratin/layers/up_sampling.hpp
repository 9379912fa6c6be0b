#pragma once
// UpSampling and RepeatVector: every value several times, side by side; UpSampling2D also with values in
// between.
#include <keratin/layers/resizing.hpp>

#include <algorithm>
#include <type_traits>

namespace keratin {

inline constexpr Rule needs_vector_F{"needs a vector: (features)"};
inline constexpr Rule needs_to_repeat_at_least_once{"needs at least 1 for how often values are repeated"};

namespace detail {

// Every pixel of a volume so many times along each axis. An image is a volume of depth 1, a sequence an image
// of height 1.
struct Repeat {
  struct Axis {
    int extent = 1, times = 1;
  };
  Axis d{}, h{}, w{};
  int channels = 1;

  template <class T> [[gnu::always_inline]] void repeat(int samples, const T* from, T* to) const {
    using S = Scalar<T>;
    each_pixel<T>(samples, scalars(from), scalars(to),
                  [far = is_far<T>()](std::ptrdiff_t n, const S* x, S* y, auto each_copy)
                      __attribute__((always_inline)) {
                        const auto copy = [=](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
                          const auto v = part.load(x + i);
                          each_copy([&](std::ptrdiff_t at)
                                        __attribute__((always_inline)) { part.store(y + at + i, v); });
                        };
                        if (!far) return kernels::for_each_vector<S>(n, copy);
                        each_copy([&](std::ptrdiff_t at) __attribute__((always_inline)) {
                          kernels::for_each_vector<S>(n, [=](std::ptrdiff_t i, auto part) {
                            part.store(y + at + i, kernels::pin(part.load(x + i)));
                          });
                        });
                      });
  }
  /// The sums of what was one value, from the gradients of all its copies.
  template <class T> [[gnu::always_inline]] void sum(int samples, const T* from, T* to) const {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    each_pixel<T>(samples, scalars(to), scalars(from),
                  [far = is_far<T>()](std::ptrdiff_t n, S* dx, const S* dy, auto each_copy)
                      __attribute__((always_inline)) {
                        const auto add_up = [=](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
                          V all{};
                          each_copy([&](std::ptrdiff_t at)
                                        __attribute__((always_inline)) { all += part.load(dy + at + i); });
                          part.store(dx + i, all);
                        };
                        if (!far) return kernels::for_each_vector<S>(n, add_up);
                        std::fill_n(dx, n, S{});
                        each_copy([&](std::ptrdiff_t at) __attribute__((always_inline)) {
                          kernels::for_each_vector<S>(n, [=](std::ptrdiff_t i, auto part) {
                            part.store(dx + i, part.load(dx + i) + part.load(dy + at + i));
                          });
                        });
                      });
  }

 private:
  // Copies of a pixel along the last axis that do not lie near each other: writing one after the other is
  // faster.
  template <class T> bool is_far() const {
    return std::ptrdiff_t{channels} * Unit<T>::samples * w.times > 4096;
  }

  // f(values of a pixel, where it lies, its first copy, what calls a function for each copy with how far
  // behind the first one it lies).
  template <class T>
  [[gnu::always_inline]] void each_pixel(int samples, auto* small, auto* large, auto f) const {
    const std::ptrdiff_t n = std::ptrdiff_t{channels} * Unit<T>::samples, row = n * w.extent * w.times,
                         plane = row * h.extent * h.times;
    const auto each_copy = [=, planes = d.times, rows = h.times, columns = w.times](auto g)
                               __attribute__((always_inline)) {
                                 for (int i = 0; i < planes; ++i)
                                   for (int j = 0; j < rows; ++j)
                                     for (int k = 0; k < columns; ++k) g(i * plane + j * row + k * n);
                               };
    for (std::ptrdiff_t p = 0; p < std::ptrdiff_t{samples} * d.extent; ++p, large += plane * d.times)
      for (int r = 0; r < h.extent; ++r)
        for (int column = 0; column < w.extent; ++column, small += n)
          f(n, small, large + r * h.times * row + column * w.times * n, each_copy);
  }
};

// The shape of a layer that repeats values along its first axes.
template <std::size_t Rank> constexpr Fit repeated(Shape in, const std::array<int, Rank>& times) {
  if (in.rank != Rank + 1) return needs_axes<Rank>();
  Shape out = in;
  for (std::size_t a = 0; a < Rank; ++a) {
    if (times[a] < 1) return needs_to_repeat_at_least_once;
    const std::int64_t extent = std::int64_t{in[static_cast<int>(a)]} * times[a];
    if (extent > INT32_MAX) return more_than_2_31_elements;
    out.extent[a] = static_cast<int>(extent);
  }
  return out;
}
template <std::size_t Rank> constexpr Repeat repeat_of(Shape in, const std::array<int, Rank>& times) {
  Repeat all;
  all.channels = in.last();
  const auto axis = [&](std::size_t a) { return Repeat::Axis{in[static_cast<int>(a)], times[a]}; };
  all.w = axis(Rank - 1);
  if constexpr (Rank > 1) all.h = axis(Rank - 2);
  if constexpr (Rank > 2) all.d = axis(Rank - 3);
  return all;
}

}  // namespace detail

/// Keras: RepeatVector. (features) -> (n, features): n times the same.
struct RepeatVectorSpec {
  int n = 1;

  static constexpr const char* name = "RepeatVector";
  static constexpr const char* arguments = "n";

  constexpr Fit fit(Shape in) const {
    if (in.rank != 1) return needs_vector_F;
    return detail::repeated<1>({1, in[0]}, {n});
  }
  constexpr Traits traits() const { return {.reads_input = false, .reads_output = false}; }

  using Geometry = detail::Repeat;
  constexpr Geometry geometry(Shape in) const { return detail::repeat_of<1>({1, in[0]}, {n}); }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    g.repeat(static_cast<int>(c.count), c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.dx) g.sum(c.count, c.dy, c.dx);
  }
};

/// Keras: UpSampling1D, UpSampling3D. (steps, channels) or (depth, height, width, channels), every value
/// `size` times, 2, along each axis.
template <int Rank> struct UpSamplingSpec {
  static constexpr Sizes<Rank> twice() {
    Sizes<Rank> sizes{};
    for (int& n : sizes) n = 2;
    return sizes;
  }

  Sizes<Rank> size = twice();

  static constexpr const char* name = name_of<Rank>("UpSampling1D", "", "UpSampling3D");
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const { return detail::repeated(in, size); }
  constexpr Traits traits() const { return {.reads_input = false, .reads_output = false}; }

  using Geometry = detail::Repeat;
  constexpr Geometry geometry(Shape in) const { return detail::repeat_of(in, size); }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    g.repeat(static_cast<int>(c.count), c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.dx) g.sum(c.count, c.dy, c.dx);
  }
};

/// Keras: UpSampling2D. (height, width, channels), `size` times as high and wide, 2. nearest repeats the
/// values; bilinear and bicubic put others between them, as Resizing does.
struct UpSampling2DSpec {
  Sizes<2> size{2, 2};
  Interpolation interpolation = Interpolation::nearest;

  static constexpr const char* name = "UpSampling2D";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const { return detail::repeated(in, size); }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .lanes = interpolation != Interpolation::nearest};
  }
  constexpr double flops(Shape in) const {
    return interpolation == Interpolation::nearest ? 0 : resize(in).flops();
  }

  struct Geometry {
    detail::Repeat repeat;
    detail::Resize resize;
  };
  constexpr Geometry geometry(Shape in) const { return {detail::repeat_of(in, size), resize(in)}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const int count = static_cast<int>(c.count);
    g.resize.kind == Interpolation::nearest ? g.repeat.repeat(count, c.x, c.y)
                                            : g.resize.forward(count, c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    g.resize.kind == Interpolation::nearest ? g.repeat.sum(c.count, c.dy, c.dx)
                                            : g.resize.backward<T>(c.count, c.dy, c.dx);
  }

 private:
  constexpr detail::Resize resize(Shape in) const {
    return {{in[0], in[0] * size[0]}, {in[1], in[1] * size[1]}, in.last(), interpolation};
  }
};

using UpSampling1DSpec = UpSamplingSpec<1>;
using UpSampling3DSpec = UpSamplingSpec<3>;

/// Size<2>, Size<2, 3>: how often along all axes, or along each. Keras: size.
template <int... N> struct Size {
  using sets = struct size_option;
  template <class Spec>
    requires(detail::fits_axes<decltype(Spec{}.size), N...>)
  static constexpr void apply(Spec& spec) {
    spec.size = detail::per_axis<std::tuple_size_v<decltype(Spec{}.size)>, N...>();
  }
};

/// RepeatVector<5>.
template <int N> struct RepeatVector : layer_of<RepeatVector<N>, RepeatVectorSpec> {
  static constexpr RepeatVectorSpec spec{N};
};
/// UpSampling1D<Size<3>>; UpSampling1D<> doubles the length.
template <class... Options>
struct UpSampling1D : layer_of<UpSampling1D<Options...>, UpSampling1DSpec, Options...> {
  static constexpr UpSampling1DSpec spec = with_options<Options...>(UpSampling1DSpec{});
};
/// UpSampling2D<Size<2, 3>, Bilinear>; UpSampling2D<> doubles height and width.
template <class... Options>
struct UpSampling2D : layer_of<UpSampling2D<Options...>, UpSampling2DSpec, Options...> {
  static constexpr UpSampling2DSpec spec = with_options<Options...>(UpSampling2DSpec{});
};
/// UpSampling3D<Size<1, 2, 2>>; UpSampling3D<> doubles all three.
template <class... Options>
struct UpSampling3D : layer_of<UpSampling3D<Options...>, UpSampling3DSpec, Options...> {
  static constexpr UpSampling3DSpec spec = with_options<Options...>(UpSampling3DSpec{});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::RepeatVectorSpec, n);
KERATIN_ADAPT_STRUCT(keratin::UpSampling1DSpec, size);
KERATIN_ADAPT_STRUCT(keratin::UpSampling2DSpec, size, interpolation);
KERATIN_ADAPT_STRUCT(keratin::UpSampling3DSpec, size);
