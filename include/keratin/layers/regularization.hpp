#pragma once
// Layers that work in training only: Dropout and its relatives, and noise. What a value meets depends on the
// seed, the step, the layer and the value's place in the batch; backward draws it again instead of storing
// it.
#include <keratin/kernels/random.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/layers/operators.hpp>
#include <keratin/layers/window.hpp>

#include <cmath>

namespace keratin {

inline constexpr Rule needs_a_rate_from_0_to_1{"the rate must be from 0 to 1"};
inline constexpr Rule needs_a_rate_below_1{"the rate must be at least 0 and below 1"};
inline constexpr Rule needs_a_deviation_from_0_to_1{"the standard deviation must be from 0 to 1"};
inline constexpr Rule needs_a_noise_shape_of_the_batch{
    "a noise shape has an extent for the samples and one for each axis: 1, or 0 for all that there are"};

/// Values that share their random number lie along the axes that have 1 here, the samples first; 0: all along
/// an axis have their own. NoiseShape<0, 1, 0>. Keras: noise_shape, None for 0.
template <int... Extents> struct NoiseShape {
  KERATIN_SETS(noise_shape, Numbers{Extents...})
};

namespace detail {

// What a value is multiplied by that a random word drops or keeps.
template <class S> struct Kept {
  std::uint64_t below;
  S scale;

  explicit Kept(double rate)
      : below(static_cast<std::uint64_t>(rate * 4294967296.0)),
        scale(rate < 1 ? static_cast<S>(1 / (1 - rate)) : S{0}) {}
  S operator()(std::uint32_t word) const { return word >= below ? scale : S{0}; }
};

// Which values of a sample share a random number: along the axes where the noise has one value.
struct Noise {
  int size, numbers;    // of a sample: its values, its random numbers
  bool shared = false;  // by all samples
  // Where values share: over the rows along the last axis, beside the first number of each; a row has n
  // values, and each its own number, or all the same.
  Walk rows{};
  int n = 0;
  bool along = true;

  constexpr explicit Noise(int values) : size(values), numbers(values) {}
  // extents: of the noise; empty: each value has its own.
  constexpr Noise(Shape in, const Numbers& extents) : Noise(in.size()) {
    if (extents.count == 0) return;
    const auto one = [&](int axis) { return extents[axis + 1] == 1; };
    shared = extents[0] == 1;
    along = !one(in.rank - 1);
    n = in.last();
    numbers = along ? n : 1;
    rows = Walk::beside(in, in.rank - 1, [&](int a) { return !one(a); }, numbers);
    for (int a = 0; a < in.rank - 1; ++a) numbers *= one(a) ? 1 : in[a];
  }
  constexpr bool each_its_own() const { return numbers == size && !shared; }
};

constexpr bool is_noise_shape(Shape in, const Numbers& extents) {
  if (extents.count == 0) return true;
  if (extents.count != in.rank + 1 || (extents[0] != 0 && extents[0] != 1)) return false;
  for (int a = 0; a < in.rank; ++a)
    if (const int e = extents[a + 1]; e != 0 && e != 1 && e != in[a]) return false;
  return true;
}

// y = f(x, number) for every value.
template <class T>
void with_noise(int size, int count, const Random& random, const T* x, T* y, auto draw, auto f) {
  kernels::for_each_random<T>(
      count, size, false, random, draw,
      [=, x = scalars(x), y = scalars(y)](std::ptrdiff_t at, auto part, auto number)
          __attribute__((always_inline)) { part.store(y + at, f(part.load(x + at), number)); });
}

// What drops values: y = f(x, whether the value stays). Numbers that several values share are kept for
// backward.
struct Dropping {
  struct Geometry {
    Noise noise;
    double rate;
  };
  static constexpr Traits traits{.reads_input = false,
                                 .reads_output = false,
                                 .in_place = true,
                                 .only_in_training = true,
                                 .pointwise = true,
                                 .writes_over_gradient = false,
                                 .knows_samples = true,
                                 .by_sample = true};

  static constexpr std::size_t intermediate(const Noise& noise, bool training) {
    return training && !noise.each_its_own() ? static_cast<std::size_t>(noise.numbers) : 0;
  }
  template <class T> static void forward(const Geometry& g, const auto& c, auto f) {
    const int count = static_cast<int>(c.count);
    if (g.noise.each_its_own()) return drop(g, count, c.x, c.y, c.run.random, f);
    using S = Scalar<T>;
    kernels::for_each_random<T>(count, g.noise.numbers, g.noise.shared, c.run.random,
                                kernels::Chance<S>(g.rate),
                                [kept = scalars(c.intermediate)](std::ptrdiff_t at, auto part, auto stays) {
                                  part.store(kept + at, stays ? kernels::Vec<S>{} + 1 : kernels::Vec<S>{});
                                });
    drop_shared(g.noise, count, c.intermediate, c.x, c.y, f);
  }
  template <class T> static void backward(const Geometry& g, const Backward<T>& c, auto f) {
    if (!c.dx) return;
    if (g.noise.each_its_own())
      drop(g, c.count, c.dy, c.dx, c.run.random, f);
    else
      drop_shared(g.noise, c.count, c.intermediate, c.dy, c.dx, f);
  }

 private:
  template <class T>
  static void drop(const Geometry& g, int count, const T* x, T* y, const Random& random, auto f) {
    with_noise(g.noise.size, count, random, x, y, kernels::Chance<Scalar<T>>(g.rate), f);
  }
  template <class T>
  static void drop_shared(const Noise& noise, int count, const T* kept, const T* x, T* y, auto f) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    constexpr int L = Unit<T>::samples;
    const auto row = [&](const T* numbers, std::ptrdiff_t first) {
      const S *const in = scalars(x + first), *const k = scalars(numbers);
      S* const out = scalars(y + first);
      kernels::for_each_vector<S>(std::ptrdiff_t{noise.n} * L, [&](std::ptrdiff_t i, auto part) {
        V number;
        if (noise.along)
          number = part.load(k + i);
        else if constexpr (L > 1)
          number = kernels::load(k);
        else
          number = kernels::broadcast<V>(*k);
        part.store(out + i, f(part.load(in + i), number > V{}));
      });
    };
    for (std::ptrdiff_t s = 0; s < count; ++s)
      noise.rows.each([&](int r, int number) {
        row(kept + s * noise.numbers + number, s * noise.size + std::ptrdiff_t{r} * noise.n);
      });
  }
};

// Of Dropout: what stays is scaled up.
template <class S> auto scaled_up(double rate) {
  const S scale = rate < 1 ? static_cast<S>(1 / (1 - rate)) : S{0};
  return [scale](auto x, auto stays)
             __attribute__((always_inline)) { return stays ? x * scale : decltype(x){}; };
}

}  // namespace detail

/// Keras: Dropout. Keeps a value with probability 1 - rate, times 1 / (1 - rate); rate 1 gives zeros. Along
/// axes where the noise shape has 1, values stay or go together.
struct DropoutSpec {
  double rate = 0;
  Numbers noise_shape{};

  using Geometry = detail::Dropping::Geometry;
  static constexpr const char* name = "Dropout";
  static constexpr const char* arguments = "rate, ...";

  constexpr Fit fit(Shape in) const {
    if (!(rate >= 0 && rate <= 1)) return needs_a_rate_from_0_to_1;
    if (!detail::is_noise_shape(in, noise_shape)) return needs_a_noise_shape_of_the_batch;
    return in;
  }
  constexpr Traits traits() const { return detail::Dropping::traits; }
  constexpr Geometry geometry(Shape in) const { return {{in, noise_shape}, rate}; }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return detail::Dropping::intermediate({in, noise_shape}, training);
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    detail::Dropping::forward<T>(g, c, detail::scaled_up<Scalar<T>>(g.rate));
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    detail::Dropping::backward(g, c, detail::scaled_up<Scalar<T>>(g.rate));
  }
};

/// Keras: SpatialDropout1D/2D/3D. Dropout of whole channels of a sample: (steps, channels), (height, width,
/// channels) or (depth, height, width, channels).
template <int Rank> struct SpatialDropoutSpec {
  double rate = 0;

  using Geometry = detail::Dropping::Geometry;
  static constexpr const char* name = Rank == 1   ? "SpatialDropout1D"
                                      : Rank == 2 ? "SpatialDropout2D"
                                                  : "SpatialDropout3D";
  static constexpr const char* arguments = "rate";

  constexpr Fit fit(Shape in) const {
    if (in.rank != Rank + 1)
      return Rank == 1 ? needs_sequence_TxC : Rank == 2 ? needs_image_HxWxC : needs_volume_DxHxWxC;
    if (!(rate >= 0 && rate <= 1)) return needs_a_rate_from_0_to_1;
    return in;
  }
  constexpr Traits traits() const { return detail::Dropping::traits; }
  constexpr Geometry geometry(Shape in) const { return {noise(in), rate}; }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return detail::Dropping::intermediate(noise(in), training);
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    DropoutSpec::forward(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    DropoutSpec::backward(geometry, c);
  }

 private:
  static constexpr detail::Noise noise(Shape in) {
    Numbers extents;
    extents.count = in.rank + 1;
    for (int a = 1; a < in.rank; ++a) extents.item[a] = 1;
    return {in, extents};
  }
};

/// Keras: AlphaDropout. For SELU: a value that goes becomes alpha' = -1.758, and a x + b of all has the mean
/// and the variance that x had.
struct AlphaDropoutSpec {
  double rate = 0;
  Numbers noise_shape{};

  using Geometry = detail::Dropping::Geometry;
  static constexpr const char* name = "AlphaDropout";
  static constexpr const char* arguments = "rate, ...";

  constexpr Fit fit(Shape in) const {
    if (!(rate >= 0 && rate < 1)) return needs_a_rate_below_1;
    return DropoutSpec{rate, noise_shape}.fit(in);
  }
  constexpr Traits traits() const { return detail::Dropping::traits; }
  constexpr Geometry geometry(Shape in) const { return {{in, noise_shape}, rate}; }
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return detail::Dropping::intermediate({in, noise_shape}, training);
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const double a = factor(g.rate);
    const S scale = static_cast<S>(a), offset = static_cast<S>(-a * gone * g.rate),
            dropped = static_cast<S>(a * gone * (1 - g.rate));
    detail::Dropping::forward<T>(g, c, [=](auto x, auto stays) __attribute__((always_inline)) {
      return stays ? x * scale + offset : kernels::broadcast<decltype(x)>(dropped);
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const auto scale = static_cast<Scalar<T>>(factor(g.rate));
    detail::Dropping::backward(g, c, [=](auto dy, auto stays) __attribute__((always_inline)) {
      return stays ? dy * scale : decltype(dy){};
    });
  }

 private:
  static constexpr double gone = -1.6732632423543772 * 1.0507009873554805;  // SELU's limit
  static double factor(double rate) { return 1 / std::sqrt((1 - rate) * (1 + rate * gone * gone)); }
};

/// Keras: GaussianNoise. x plus noise of this standard deviation; the gradient passes as it is.
struct GaussianNoiseSpec {
  double stddev = 0;

  static constexpr const char* name = "GaussianNoise";
  static constexpr const char* arguments = "stddev";

  constexpr Fit fit(Shape in) const {
    if (!(stddev >= 0 && stddev <= 1)) return needs_a_deviation_from_0_to_1;
    return in;
  }
  constexpr Traits traits() const {
    Traits t = detail::Dropping::traits;
    t.passes_gradient = true;
    return t;
  }

  struct Geometry {
    int size;
    double stddev;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), stddev}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S stddev = static_cast<S>(g.stddev);
    detail::with_noise(g.size, static_cast<int>(c.count), c.run.random, c.x, c.y, kernels::Normal<S>{},
                       [=](auto x, auto n) __attribute__((always_inline)) { return x + n * stddev; });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.dx && c.dx != c.dy) std::copy_n(c.dy, std::ptrdiff_t{c.count} * g.size, c.dx);
  }
};

/// Keras: GaussianDropout. x times noise of mean 1 and variance rate / (1 - rate).
struct GaussianDropoutSpec {
  double rate = 0;

  static constexpr const char* name = "GaussianDropout";
  static constexpr const char* arguments = "rate";

  constexpr Fit fit(Shape in) const {
    if (!(rate >= 0 && rate < 1)) return needs_a_rate_below_1;
    return in;
  }
  constexpr Traits traits() const { return detail::Dropping::traits; }

  struct Geometry {
    int size;
    double rate;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), rate}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    multiply(geometry, static_cast<int>(c.count), c.run.random, c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    if (c.dx) multiply<T>(geometry, c.count, c.run.random, c.dy, c.dx);
  }

 private:
  template <class T>
  static void multiply(const Geometry& g, int count, const Random& random, const T* x, T* y) {
    using S = Scalar<T>;
    const S stddev = static_cast<S>(std::sqrt(g.rate / (1 - g.rate)));
    detail::with_noise(g.size, count, random, x, y, kernels::Normal<S>{},
                       [=](auto v, auto n)
                           __attribute__((always_inline)) { return v * (n * stddev + S{1}); });
  }
};

/// Keras: ActivityRegularization. y = x; l1 sum |x| + l2 sum x^2 over the samples' number is added to the
/// loss, in training and when a loss is evaluated.
struct ActivityRegularizationSpec {
  double l1 = 0, l2 = 0;

  static constexpr const char* name = "ActivityRegularization";
  static constexpr const char* arguments = "l1?, l2?";

  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const {  // y is x, and may lie over it
    return {.reads_input = false,
            .in_place = true,
            .pointwise = true,
            .writes_over_gradient = false,
            .knows_samples = true};
  }

  struct Geometry {
    int size;
    Regularizer regularizer;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), {l1, l2}}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    if (c.x != c.y) std::copy_n(c.x, std::ptrdiff_t{static_cast<int>(c.count)} * g.size, c.y);
    if (c.run.penalty) detail::add_activity(g.regularizer, c.x, g.size, c.run);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    if (c.dx != c.dy) std::copy_n(c.dy, std::ptrdiff_t{c.count} * g.size, c.dx);
    detail::add_activity_gradient(g.regularizer, c.y, g.size, c.run.samples, c.dx);
  }
};

/// Dropout<0.5>, Dropout<0.5, NoiseShape<0, 1, 0>>.
template <double Rate, class... Options>
struct Dropout : layer_of<Dropout<Rate, Options...>, DropoutSpec, Options...> {
  static constexpr DropoutSpec spec = with_options<Options...>(DropoutSpec{Rate});
  KERATIN_SETS(dropout, Rate)
};
template <double Rate> struct SpatialDropout1D : layer_of<SpatialDropout1D<Rate>, SpatialDropoutSpec<1>> {
  static constexpr SpatialDropoutSpec<1> spec{Rate};
};
template <double Rate> struct SpatialDropout2D : layer_of<SpatialDropout2D<Rate>, SpatialDropoutSpec<2>> {
  static constexpr SpatialDropoutSpec<2> spec{Rate};
};
template <double Rate> struct SpatialDropout3D : layer_of<SpatialDropout3D<Rate>, SpatialDropoutSpec<3>> {
  static constexpr SpatialDropoutSpec<3> spec{Rate};
};
/// AlphaDropout<0.1>, AlphaDropout<0.1, NoiseShape<0, 1>>.
template <double Rate, class... Options>
struct AlphaDropout : layer_of<AlphaDropout<Rate, Options...>, AlphaDropoutSpec, Options...> {
  static constexpr AlphaDropoutSpec spec = with_options<Options...>(AlphaDropoutSpec{Rate});
};
template <double Deviation> struct GaussianNoise : layer_of<GaussianNoise<Deviation>, GaussianNoiseSpec> {
  static constexpr GaussianNoiseSpec spec{Deviation};
};
/// ActivityRegularization<1e-5>: L1; ActivityRegularization<0.0, 1e-5>: L2.
template <double L1 = 0.0, double L2 = 0.0>
struct ActivityRegularization : layer_of<ActivityRegularization<L1, L2>, ActivityRegularizationSpec> {
  static constexpr ActivityRegularizationSpec spec{L1, L2};
};
template <double Rate> struct GaussianDropout : layer_of<GaussianDropout<Rate>, GaussianDropoutSpec> {
  static constexpr GaussianDropoutSpec spec{Rate};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::DropoutSpec, rate, noise_shape);
KERATIN_ADAPT_STRUCT(keratin::SpatialDropoutSpec<1>, rate);
KERATIN_ADAPT_STRUCT(keratin::SpatialDropoutSpec<2>, rate);
KERATIN_ADAPT_STRUCT(keratin::SpatialDropoutSpec<3>, rate);
KERATIN_ADAPT_STRUCT(keratin::AlphaDropoutSpec, rate, noise_shape);
KERATIN_ADAPT_STRUCT(keratin::GaussianNoiseSpec, stddev);
KERATIN_ADAPT_STRUCT(keratin::GaussianDropoutSpec, rate);
KERATIN_ADAPT_STRUCT(keratin::ActivityRegularizationSpec, l1, l2);
