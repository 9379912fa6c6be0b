#pragma once
// Images recoloured at random in training: contrast, brightness, a patch erased, gray, inverted, saturation,
// hue. Each sample of a batch draws for itself, from the seed, the step, the layer and its place in the
// batch; backward draws again. In inference they pass their input on. What is clipped to the value range has
// no gradient, and half of it exactly at its ends, as JAX has it.
#include <keratin/layers/random_images.hpp>

#include <cmath>

namespace keratin {

inline constexpr Rule needs_factors_from_0_to_1{"its factors must be from 0 to 1"};
inline constexpr Rule needs_a_range_of_values{"the value range must go from one value to a higher one"};
inline constexpr Rule needs_red_green_and_blue{"needs 3 channels: red, green and blue"};

namespace detail {

// What a unit T's samples draw: a number in rows, a vector of them in Lanes.
template <class T>
using OfUnit = std::conditional_t<Unit<T>::samples == 1, Scalar<T>, kernels::Vec<Scalar<T>>>;
template <class T> OfUnit<T> drawn_for(int unit, auto draw) {
  constexpr int L = Unit<T>::samples;
  Scalar<T> values[L];
  for (int l = 0; l < L; ++l)
    values[l] = static_cast<Scalar<T>>(draw(static_cast<std::uint32_t>(unit * L + l)));
  if constexpr (L == 1)
    return values[0];
  else
    return kernels::load(values);
}
// What a sample draws.
template <class Spec> auto draws_of(const OnImages<Spec>& g, const Random& random) {
  return [=](std::uint32_t sample) { return g.spec.draw(random.block(random.first + sample)); };
}
// f(i, part, what is drawn there) for all values of a batch.
template <class T> void for_each_value(int count, int size, auto draw, auto f) {
  using S = Scalar<T>;
  const std::ptrdiff_t values = std::ptrdiff_t{size} * Unit<T>::samples;
  for (int u = 0; u < count; ++u) {
    const OfUnit<T> drawn = drawn_for<T>(u, draw);
    kernels::for_each_vector<S>(values, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
      f(u * values + i, part, drawn);
    });
  }
}
// f(i, part) for the values of a pixel, those of all lanes.
template <class T> [[gnu::always_inline]] inline void for_each_in_pixel(int channels, auto f) {
  if constexpr (Unit<T>::samples == 1)
    kernels::detail::for_each_channel<Scalar<T>, 1>(channels, f);
  else
    kernels::for_each_vector<Scalar<T>>(std::ptrdiff_t{channels} * Unit<T>::samples, f);
}

// The ends of a value range, for plain values and for vectors.
template <class S> struct Limits {
  S low, high;

  explicit Limits(const Range& range) : low(static_cast<S>(range.low)), high(static_cast<S>(range.high)) {}
  template <class V> [[gnu::always_inline]] static V all(S s) {
    if constexpr (std::is_same_v<V, S>)
      return s;
    else
      return kernels::broadcast<V>(s);
  }
  template <class V> [[gnu::always_inline]] V clip(V v) const {
    const V a = all<V>(low), b = all<V>(high);
    const V c = v < a ? a : v;
    return c > b ? b : c;
  }
  /// The part of d that gets through the clipping of v.
  template <class V> [[gnu::always_inline]] V through(V v, V d) const {
    const V a = all<V>(low), b = all<V>(high), none = all<V>(0);
    const V inside = v >= a ? d : none, at_the_end = v == a ? d * S{0.5} : inside;
    return v > b ? none : v == b ? d * S{0.5} : at_the_end;
  }
};

// A number and its derivatives with respect to red, green and blue.
template <class S> struct ColorDual {
  S value, slope[3] = {};

  ColorDual(S v = 0) : value(v) {}
  static ColorDual along(S v, int axis) {
    ColorDual d(v);
    d.slope[axis] = 1;
    return d;
  }
  // A function of a and b, by its value and its derivatives with respect to both.
  static ColorDual of(S v, S by_a, const ColorDual& a, S by_b, const ColorDual& b) {
    ColorDual d(v);
    for (int k = 0; k < 3; ++k) {  // to zero: of two products compilers may round either
      d.slope[k] += by_a * a.slope[k];
      d.slope[k] += by_b * b.slope[k];
    }
    return d;
  }
  friend ColorDual operator+(const ColorDual& a, const ColorDual& b) {
    return of(a.value + b.value, 1, a, 1, b);
  }
  friend ColorDual operator-(const ColorDual& a, const ColorDual& b) {
    return of(a.value - b.value, 1, a, -1, b);
  }
  friend ColorDual operator*(const ColorDual& a, const ColorDual& b) {
    return of(a.value * b.value, b.value, a, a.value, b);
  }
  friend ColorDual operator/(const ColorDual& a, const ColorDual& b) {
    return of(a.value / b.value, 1 / b.value, a, -a.value / (b.value * b.value), b);
  }
};
// Below N is S or ColorDual<S>.
template <class S> S value_of(S v) { return v; }
template <class S> S value_of(const ColorDual<S>& d) { return d.value; }
template <class N> using ValueOf = decltype(value_of(N{}));

// Equal ones share the gradient, as JAX has it.
template <class N> N larger_of(const N& a, const N& b) {
  if (value_of(a) != value_of(b)) return value_of(a) > value_of(b) ? a : b;
  return (a + b) * ValueOf<N>{0.5};
}
template <class N> N smaller_of(const N& a, const N& b) {
  if (value_of(a) != value_of(b)) return value_of(a) < value_of(b) ? a : b;
  return (a + b) * ValueOf<N>{0.5};
}
template <class N> N clipped(const N& v, ValueOf<N> low, ValueOf<N> high) {
  return smaller_of(larger_of(v, N(low)), N(high));
}

// Red, green, blue; or hue, saturation, value.
template <class N> using Color = std::array<N, 3>;

template <class N> Color<N> hsv_of(Color<N> rgb) {
  using S = ValueOf<N>;
  for (N& v : rgb)
    if (std::abs(value_of(v)) < S{std::numeric_limits<float>::epsilon()}) v = N(0);
  const auto& [r, g, b] = rgb;
  const N value = larger_of(larger_of(r, g), b), range = value - smaller_of(smaller_of(r, g), b);
  const N saturation = value_of(value) > 0 ? range / value : N(0);
  if (!(value_of(range) > 0)) return {N(0), saturation, value};
  const auto is = [&](const N& v) { return value_of(value) == value_of(v); };
  const N sixths = is(r) ? (g - b) / range : is(g) ? (b - r) / range + S{2} : (r - g) / range + S{4};
  const N hue = sixths * (S{1} / 6);
  return {value_of(hue) < 0 ? hue + S{1} : hue, saturation, value};
}
template <class N> Color<N> rgb_of(const Color<N>& hsv) {
  using S = ValueOf<N>;
  const auto& [hue, saturation, value] = hsv;
  const N turn = (hue - std::floor(value_of(hue))) * S{6};
  const auto away_from = [&](S v) {
    const N d = turn - v;
    return value_of(d) < 0 ? N(0) - d : value_of(d) > 0 ? d : N(0);
  };
  const auto mixed = [&](const N& share) {
    return value * (N(1) - saturation + saturation * clipped(share, 0, 1));
  };
  return {mixed(away_from(3) - S{1}), mixed(S{2} - away_from(2)), mixed(S{2} - away_from(4))};
}

// The kernels of specs that give a color for a color: `recolored(color, what was drawn)`. Not inlined: both
// front ends then round alike.
template <class T, class Count, class Spec>
[[gnu::noinline]] void recolor(const OnImages<Spec>& g, const Forward<T, Count>& c) {
  constexpr int L = Unit<T>::samples;
  using S = Scalar<T>;
  for_each_sample<T>(static_cast<int>(c.count), g.size(), c.run.random.first,
                     [&](std::uint32_t sample, std::ptrdiff_t at) {
                       const S drawn = static_cast<S>(g.spec.draw(c.run.random.block(sample)));
                       for (std::ptrdiff_t p = 0; p < std::ptrdiff_t{g.height} * g.width; ++p) {
                         const S* const x = scalars(c.x) + at + p * 3 * L;
                         const Color<S> made = g.spec.recolored(Color<S>{x[0], x[L], x[2 * L]}, drawn);
                         for (std::size_t k = 0; k < 3; ++k)
                           scalars(c.y)[at + (p * 3 + static_cast<int>(k)) * L] = made[k];
                       }
                     });
}
template <class T, class Spec>
[[gnu::noinline]] void recolor_backward(const OnImages<Spec>& g, const Backward<T>& c) {
  constexpr int L = Unit<T>::samples;
  using S = Scalar<T>;
  using N = ColorDual<S>;
  if (!c.dx) return;
  for_each_sample<T>(c.count, g.size(), c.run.random.first, [&](std::uint32_t sample, std::ptrdiff_t at) {
    const S drawn = static_cast<S>(g.spec.draw(c.run.random.block(sample)));
    for (std::ptrdiff_t p = 0; p < std::ptrdiff_t{g.height} * g.width; ++p) {
      const std::ptrdiff_t first = at + p * 3 * L;
      const S *const x = scalars(c.x) + first, *const dy = scalars(c.dy) + first;
      const Color<N> made =
          g.spec.recolored(Color<N>{N::along(x[0], 0), N::along(x[L], 1), N::along(x[2 * L], 2)}, drawn);
      S dx[3] = {};
      for (int k = 0; k < 3; ++k)
        for (int from = 0; from < 3; ++from)
          dx[k] += dy[from * L] * made[static_cast<std::size_t>(from)].slope[k];
      for (int k = 0; k < 3; ++k) scalars(c.dx)[first + k * L] = dx[k];
    }
  });
}

// Those that read x in their backward pass, and work in place otherwise.
constexpr Traits of_random_colors{
    .reads_output = false, .in_place = true, .only_in_training = true, .writes_over_gradient = false};
constexpr Fit fit_colors(Shape in, bool factors_fit, const Rule& rule, const Range& values) {
  if (in.rank != 3) return needs_image_HxWxC;
  if (!factors_fit) return rule;
  if (!(values.low < values.high)) return needs_a_range_of_values;
  return in;
}

}  // namespace detail

/// Keras: RandomBrightness. Adds a factor times the width of the value range to all values of an image, and
/// clips.
struct RandomBrightnessSpec {
  Range factor{}, value_range{0, 255};

  static constexpr const char* name = "RandomBrightness";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "factor, ...";

  constexpr Fit fit(Shape in) const {
    return detail::fit_colors(in, factor.within(-1, 1), needs_factors_from_minus_1_to_1, value_range);
  }
  constexpr Traits traits() const { return detail::of_random_colors; }

  using Geometry = detail::OnImages<RandomBrightnessSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  constexpr double draw(const Words& words) const {
    return factor.at(uniform(words[0])) * (value_range.high - value_range.low);
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const detail::Limits<Scalar<T>> limits(g.spec.value_range);
    detail::for_each_value<T>(
        static_cast<int>(c.count), g.size(), detail::draws_of(g, c.run.random),
        [=, x = scalars(c.x), y = scalars(c.y)](std::ptrdiff_t i, auto part, auto delta) {
          part.store(y + i, limits.clip(part.load(x + i) + delta));
        });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    const detail::Limits<Scalar<T>> limits(g.spec.value_range);
    detail::for_each_value<T>(c.count, g.size(), detail::draws_of(g, c.run.random),
                              [=, x = scalars(c.x), dy = scalars(c.dy), dx = scalars(c.dx)](
                                  std::ptrdiff_t i, auto part, auto delta) {
                                part.store(dx + i,
                                           limits.through(part.load(x + i) + delta, part.load(dy + i)));
                              });
  }
};

/// Keras: RandomContrast. Moves the values of each channel away from their mean by a factor of 1 - low to
/// 1 + high, and clips.
struct RandomContrastSpec {
  Fraction factor{};
  Range value_range{0, 255};

  static constexpr const char* name = "RandomContrast";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "factor, ...";

  constexpr Fit fit(Shape in) const {
    return detail::fit_colors(in, factor.within(0, 1), needs_factors_from_0_to_1, value_range);
  }
  constexpr Traits traits() const { return detail::of_random_colors; }

  using Geometry = detail::OnImages<RandomContrastSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }
  /// The means of the channels; backward has sums there.
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return training ? static_cast<std::size_t>(in[2]) : 0;
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return static_cast<std::size_t>(g.channels) * Unit<T>::samples;
  }

  constexpr double draw(const Words& words) const {
    return Range{1 - factor.low, 1 + factor.high}.at(uniform(words[0]));
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    for_each_unit<T>(
        g, static_cast<int>(c.count), c.run.random, [&](int u, std::ptrdiff_t first, auto factor) {
          adjust<T>(g, factor, scalars(c.x) + first, scalars(c.intermediate + std::ptrdiff_t{u} * g.channels),
                    scalars(c.y) + first);
        });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    for_each_unit<T>(g, c.count, c.run.random, [&](int u, std::ptrdiff_t first, auto factor) {
      adjust_backward<T>(g, factor, scalars(c.x) + first,
                         scalars(c.intermediate + std::ptrdiff_t{u} * g.channels), scalars(c.dy) + first,
                         c.scratch, scalars(c.dx) + first);
    });
  }

  /// The images of a unit by their factors; leaves the channels' means.
  template <class T, class S = Scalar<T>>
  static void adjust(const Geometry& g, detail::OfUnit<T> factor, const S* x, S* mean, S* y) {
    const detail::Limits<S> limits(g.spec.value_range);
    const S share = S{1} / static_cast<S>(g.height * g.width);
    std::fill_n(mean, g.channels * Unit<T>::samples, S{});
    each<T>(g, [=](std::ptrdiff_t i, std::ptrdiff_t channel, auto part) {
      part.store(mean + channel, part.load(mean + channel) + part.load(x + i));
    });
    detail::for_each_in_pixel<T>(g.channels, [=](std::ptrdiff_t channel, auto part) {
      part.store(mean + channel, part.load(mean + channel) * share);
    });
    each<T>(g, [=](std::ptrdiff_t i, std::ptrdiff_t channel, auto part) {
      const auto m = part.load(mean + channel);
      part.store(y + i, limits.clip((part.load(x + i) - m) * factor + m));
    });
  }
  /// sum: room for a value of each channel.
  template <class T, class S = Scalar<T>>
  static void adjust_backward(const Geometry& g, detail::OfUnit<T> factor, const S* x, const S* mean,
                              const S* dy, S* sum, S* dx) {
    const detail::Limits<S> limits(g.spec.value_range);
    const S share = S{1} / static_cast<S>(g.height * g.width);
    std::fill_n(sum, g.channels * Unit<T>::samples, S{});
    each<T>(g, [=](std::ptrdiff_t i, std::ptrdiff_t channel, auto part) {
      const auto m = part.load(mean + channel);
      const auto d = limits.through((part.load(x + i) - m) * factor + m, part.load(dy + i));
      part.store(dx + i, d);
      part.store(sum + channel, part.load(sum + channel) + d);
    });
    const auto rest = (S{1} - factor) * share;
    detail::for_each_in_pixel<T>(g.channels, [=](std::ptrdiff_t channel, auto part) {
      part.store(sum + channel, part.load(sum + channel) * rest);
    });
    each<T>(g, [=](std::ptrdiff_t i, std::ptrdiff_t channel, auto part) {
      part.store(dx + i, part.load(dx + i) * factor + part.load(sum + channel));
    });
  }

 private:
  template <class T> static void for_each_unit(const Geometry& g, int count, const Random& random, auto f) {
    for (int u = 0; u < count; ++u)
      f(u, std::ptrdiff_t{u} * g.size() * Unit<T>::samples,
        detail::drawn_for<T>(u, detail::draws_of(g, random)));
  }
  // f(i, the place of its channel, part) for all values of a unit.
  template <class T> [[gnu::always_inline]] static void each(const Geometry& g, auto f) {
    const std::ptrdiff_t pixel = std::ptrdiff_t{g.channels} * Unit<T>::samples;
    for (std::ptrdiff_t p = 0; p < std::ptrdiff_t{g.height} * g.width; ++p)
      detail::for_each_in_pixel<T>(
          g.channels, [&](std::ptrdiff_t channel, auto part)
                          __attribute__((always_inline)) { f(p * pixel + channel, channel, part); });
  }
};

/// Keras: RandomErasing. Fills a patch of an image: of its width the root of a number from `scale`, of its
/// height that of another one; with a probability from `factor`, so that by default it happens to half of
/// them. A fill_value of `noise`, the default (Keras: None), is normal noise as wide as the upper end of the
/// value range; both are clipped to that range.
struct RandomErasingSpec {
  static constexpr double noise = std::numeric_limits<double>::infinity();

  Fraction factor{1}, scale{0.02, 0.33};
  double fill_value = noise;
  Range value_range{0, 255};

  static constexpr const char* name = "RandomErasing";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    return detail::fit_colors(in, factor.within(0, 1) && scale.within(0, 1), needs_factors_from_0_to_1,
                              value_range);
  }
  constexpr Traits traits() const {
    Traits t = detail::of_random_colors;
    t.reads_input = false;
    return t;
  }

  using Geometry = detail::OnImages<RandomErasingSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  /// Rows and columns from the first to before the end; empty by default.
  struct Patch {
    int top = 0, bottom = 0, left = 0, right = 0;
    constexpr bool operator==(const Patch&) const = default;
  };
  /// With shares of the height and the width, and shares of the way that they may be moved. Not
  /// inlined: it is rounded alike everywhere.
  [[gnu::noinline]] static Patch patch(int height, int width, double tall, double wide, double down,
                                       double across) {
    Patch patch;
    const auto cut = [](double size, double share, double moved, int& first, int& end) {
      const double length = size * share, start = moved * (size - length);
      first = static_cast<int>(std::ceil(start));
      end = static_cast<int>(std::ceil(start + length));
    };
    cut(height, tall, down, patch.top, patch.bottom);
    cut(width, wide, across, patch.left, patch.right);
    return patch;
  }
  Patch draw(const Random& random, std::uint32_t sample, int height, int width) const {
    const Words sizes = random.block(2 * sample), rest = random.block(2 * sample + 1);
    if (uniform(rest[0]) >= factor.at(uniform(rest[1]))) return {};
    const auto share = [&](std::uint32_t word) { return std::sqrt(scale.at(uniform(word))); };
    return patch(height, width, share(sizes[0]), share(sizes[1]), uniform(sizes[2]), uniform(sizes[3]));
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    using S = Scalar<T>;
    const detail::Limits<S> limits(g.spec.value_range);
    const S value = limits.clip(static_cast<S>(g.spec.fill_value));
    Random random = c.run.random;
    random.purpose = random_noise;
    const auto fill = [&](std::uint32_t i) {
      if (g.spec.fill_value != noise) return value;
      const Words words = random.block(i);
      return limits.clip(static_cast<S>(normal(words[0], words[1]) * g.spec.value_range.high));
    };
    erase<T>(g, static_cast<int>(c.count), c.run.random, c.x, c.y, fill);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    if (c.dx)
      erase<T>(geometry, c.count, c.run.random, c.dy, c.dx, [](std::uint32_t) { return Scalar<T>{}; });
  }

 private:
  // y is x, and fill(number of the value in the batch) in the patches.
  template <class T>
  static void erase(const Geometry& g, int count, const Random& random, const T* x, T* y, auto fill) {
    constexpr int L = Unit<T>::samples;
    if (x != y) std::copy_n(scalars(x), std::ptrdiff_t{count} * g.size() * L, scalars(y));
    detail::for_each_sample<T>(count, g.size(), random.first, [&](std::uint32_t sample, std::ptrdiff_t at) {
      const Patch patch = g.spec.draw(random, sample, g.height, g.width);
      for (int row = patch.top; row < patch.bottom; ++row)
        for (int i = patch.left * g.channels; i < patch.right * g.channels; ++i) {
          const int value = row * g.width * g.channels + i;
          scalars(y)[at + std::ptrdiff_t{value} * L] =
              fill(sample * static_cast<std::uint32_t>(g.size()) + static_cast<std::uint32_t>(value));
        }
    });
  }
};

/// Keras: RandomInvert. y = upper end of the value range - x, with a probability from `factor`.
struct RandomInvertSpec {
  Fraction factor{1};
  Range value_range{0, 255};

  static constexpr const char* name = "RandomInvert";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    return detail::fit_colors(in, factor.within(0, 1), needs_factors_from_0_to_1, value_range);
  }
  constexpr Traits traits() const {
    Traits t = detail::of_random_colors;
    t.reads_input = false;
    return t;
  }

  using Geometry = detail::OnImages<RandomInvertSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  constexpr bool draw(const Words& words) const { return uniform(words[1]) < factor.at(uniform(words[0])); }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const auto high = static_cast<Scalar<T>>(g.spec.value_range.high);
    invert<T>(g, static_cast<int>(c.count), c.run.random, high, c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    if (c.dx) invert<T>(geometry, c.count, c.run.random, 0, c.dy, c.dx);
  }

 private:
  // y = high - x, or x.
  template <class T>
  static void invert(const Geometry& g, int count, const Random& random, Scalar<T> high, const T* x, T* y) {
    detail::for_each_value<T>(
        count, g.size(), detail::draws_of(g, random),
        [=, x = scalars(x), y = scalars(y)](std::ptrdiff_t i, auto part, auto inverts) {
          part.store(y + i, part.load(x + i) * (Scalar<T>{1} - inverts - inverts) + inverts * high);
        });
  }
};

/// Keras: RandomGrayscale. With the probability `factor` all channels of a pixel become 0.2989 red + 0.587
/// green + 0.114 blue; images of 1 channel stay as they are.
struct RandomGrayscaleSpec {
  double factor = 0.5;

  static constexpr const char* name = "RandomGrayscale";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "factor?";

  constexpr Fit fit(Shape in) const {
    if (in.rank != 3) return needs_image_HxWxC;
    if (!(factor >= 0 && factor <= 1)) return needs_factors_from_0_to_1;
    if (in[2] != 1 && in[2] != 3) return needs_red_green_and_blue;
    return in;
  }
  constexpr Traits traits() const {
    Traits t = detail::of_random_colors;
    t.reads_input = false;
    return t;
  }

  using Geometry = detail::OnImages<RandomGrayscaleSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  constexpr bool draw(const Words& words) const { return uniform(words[0]) < factor; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    mix<T>(geometry, static_cast<int>(c.count), c.run.random, c.x, c.y, [](auto& r, auto& g, auto& b) {
      Scalar<T> sum = 0;  // to zero: of two products compilers may round either
      sum += gray(r, 0), sum += gray(g, 1), sum += gray(b, 2);
      r = g = b = sum;
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    if (!c.dx) return;
    mix<T>(geometry, c.count, c.run.random, c.dy, c.dx, [](auto& r, auto& g, auto& b) {
      const auto sum = r + g + b;
      r = gray(sum, 0), g = gray(sum, 1), b = gray(sum, 2);
    });
  }

 private:
  template <class S> static S gray(S v, int channel) {
    constexpr S weight[] = {S(0.2989), S(0.587), S(0.114)};
    return v * weight[channel];
  }
  // y is x, after f(red, green, blue) of all pixels of the images that are drawn.
  template <class T>
  static void mix(const Geometry& g, int count, const Random& random, const T* x, T* y, auto f) {
    constexpr int L = Unit<T>::samples;
    if (x != y) std::copy_n(scalars(x), std::ptrdiff_t{count} * g.size() * L, scalars(y));
    if (g.channels == 1) return;
    detail::for_each_sample<T>(count, g.size(), random.first, [&](std::uint32_t sample, std::ptrdiff_t at) {
      if (!g.spec.draw(random.block(sample))) return;
      for (std::ptrdiff_t p = 0; p < std::ptrdiff_t{g.height} * g.width; ++p) {
        Scalar<T>* const v = scalars(y) + at + p * 3 * L;
        f(v[0], v[L], v[2 * L]);
      }
    });
  }
};

/// Keras: RandomSaturation. Multiplies the saturation by f / (1 - f), f from `factor`: 0 is gray, 0.5 leaves
/// it, and clips it to the value range. Equal channels share the gradient of an extreme.
struct RandomSaturationSpec {
  Range factor{}, value_range{0, 255};

  static constexpr const char* name = "RandomSaturation";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "factor, ...";

  constexpr Fit fit(Shape in) const {
    if (in.rank == 3 && in[2] != 3) return needs_red_green_and_blue;
    return detail::fit_colors(in, factor.within(-1, 1), needs_factors_from_minus_1_to_1, value_range);
  }
  constexpr Traits traits() const { return detail::of_random_colors; }

  using Geometry = detail::OnImages<RandomSaturationSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  constexpr double draw(const Words& words) const {
    const double f = factor.at(uniform(words[0]));
    return f / (1 - f + 1e-7);
  }
  template <class N, class S> detail::Color<N> recolored(const detail::Color<N>& rgb, S times) const {
    auto [hue, saturation, value] = detail::hsv_of(rgb);
    saturation = detail::clipped(saturation * times, static_cast<S>(value_range.low),
                                 static_cast<S>(value_range.high));
    return detail::rgb_of<N>({hue, saturation, value});
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    detail::recolor<T>(Geometry(geometry), c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    detail::recolor_backward<T>(Geometry(geometry), c);
  }
};

/// Keras: RandomHue. Turns the hue by half a factor of a full turn, either way, and clips. Equal channels
/// share the gradient of an extreme.
struct RandomHueSpec {
  Fraction factor{};
  Range value_range{0, 255};

  static constexpr const char* name = "RandomHue";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "factor, ...";

  constexpr Fit fit(Shape in) const {
    if (in.rank == 3 && in[2] != 3) return needs_red_green_and_blue;
    return detail::fit_colors(in, factor.within(0, 1), needs_factors_from_0_to_1, value_range);
  }
  constexpr Traits traits() const { return detail::of_random_colors; }

  using Geometry = detail::OnImages<RandomHueSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  constexpr double draw(const Words& words) const {
    return (uniform(words[0]) > 0.5 ? -0.5 : 0.5) * factor.at(uniform(words[1]));
  }
  template <class N, class S> detail::Color<N> recolored(detail::Color<N> rgb, S turn) const {
    const S low = static_cast<S>(value_range.low), width = static_cast<S>(value_range.high) - low;
    for (N& v : rgb) v = (v - low) / width;
    auto [hue, saturation, value] = detail::hsv_of(rgb);
    rgb = detail::rgb_of<N>({hue + turn, saturation, value});
    for (N& v : rgb) v = detail::clipped(v, 0, 1) * width + low;
    return rgb;
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    detail::recolor<T>(Geometry(geometry), c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    detail::recolor_backward<T>(Geometry(geometry), c);
  }
};

/// Factor<0.5>, Factor<0.2, 0.5>. Keras: factor.
template <double... Values> struct Factor {
  KERATIN_SETS(factor, {Values...})
};
/// Scale<0.1, 0.2>. Keras: scale.
template <double... Values> struct Scale {
  using sets = struct scale_option;
  template <class Spec>
    requires requires(Spec s) { s.scale.low; }
  static constexpr void apply(Spec& spec) {
    spec.scale = {Values...};
  }
};
/// ValueRange<0.0, 1.0>. Keras: value_range.
template <double Low, double High> struct ValueRange {
  KERATIN_SETS(value_range, {Low, High})
};

/// RandomBrightness<0.2>, RandomBrightness<Range{-0.1, 0.3}, ValueRange<0.0, 1.0>>.
template <Range By, class... Options>
struct RandomBrightness : layer_of<RandomBrightness<By, Options...>, RandomBrightnessSpec, Options...> {
  static constexpr RandomBrightnessSpec spec = with_options<Options...>(RandomBrightnessSpec{By});
};
/// RandomContrast<0.2>: by 1 to 1.2; RandomContrast<Fraction{0.2, 0.3}>: by 0.8 to 1.3.
template <Fraction By, class... Options>
struct RandomContrast : layer_of<RandomContrast<By, Options...>, RandomContrastSpec, Options...> {
  static constexpr RandomContrastSpec spec = with_options<Options...>(RandomContrastSpec{By});
};
/// RandomErasing<>, RandomErasing<Factor<0.5, 0.5>, Scale<0.1, 0.2>, FillValue<0.0>>.
template <class... Options>
struct RandomErasing : layer_of<RandomErasing<Options...>, RandomErasingSpec, Options...> {
  static constexpr RandomErasingSpec spec = with_options<Options...>(RandomErasingSpec{});
};
/// RandomInvert<>, RandomInvert<Factor<0.2, 0.2>, ValueRange<0.0, 1.0>>.
template <class... Options>
struct RandomInvert : layer_of<RandomInvert<Options...>, RandomInvertSpec, Options...> {
  static constexpr RandomInvertSpec spec = with_options<Options...>(RandomInvertSpec{});
};
/// RandomGrayscale<0.2>.
template <double Rate = 0.5> struct RandomGrayscale : layer_of<RandomGrayscale<Rate>, RandomGrayscaleSpec> {
  static constexpr RandomGrayscaleSpec spec{Rate};
};
/// RandomSaturation<Range{0.4, 0.6}>.
template <Range By, class... Options>
struct RandomSaturation : layer_of<RandomSaturation<By, Options...>, RandomSaturationSpec, Options...> {
  static constexpr RandomSaturationSpec spec = with_options<Options...>(RandomSaturationSpec{By});
};
/// RandomHue<0.1>, RandomHue<Fraction{0.1, 0.3}, ValueRange<0.0, 1.0>>.
template <Fraction By, class... Options>
struct RandomHue : layer_of<RandomHue<By, Options...>, RandomHueSpec, Options...> {
  static constexpr RandomHueSpec spec = with_options<Options...>(RandomHueSpec{By});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::RandomBrightnessSpec, factor, value_range);
KERATIN_ADAPT_STRUCT(keratin::RandomContrastSpec, factor, value_range);
KERATIN_ADAPT_STRUCT(keratin::RandomErasingSpec, factor, scale, fill_value, value_range);
KERATIN_ADAPT_STRUCT(keratin::RandomInvertSpec, factor, value_range);
KERATIN_ADAPT_STRUCT(keratin::RandomGrayscaleSpec, factor);
KERATIN_ADAPT_STRUCT(keratin::RandomSaturationSpec, factor, value_range);
KERATIN_ADAPT_STRUCT(keratin::RandomHueSpec, factor, value_range);
