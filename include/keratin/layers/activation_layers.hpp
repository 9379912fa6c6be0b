#pragma once
// Activations with settings as layers: ReLULayer, LeakyReLULayer, ELULayer, PReLU, SoftmaxLayer; and
// Identity. Without settings they are options of other layers, and Activation<ReLU> a layer.
#include <keratin/core/axes.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/layers/operators.hpp>
#include <keratin/layers/reshaping.hpp>

#include <limits>

namespace keratin {

inline constexpr Rule needs_settings_of_at_least_0{
    "its largest value, its slope and its threshold must be at least 0"};

inline constexpr Rule has_weights_for_each_step{"on a stream all steps must share their weights"};

/// As a largest value: there is none. Keras: max_value=None.
inline constexpr double no_maximum = std::numeric_limits<double>::infinity();

namespace detail {

// Of y = f(x), value by value.
inline constexpr Traits value_by_value{
    .reads_output = false, .in_place = true, .pointwise = true, .writes_over_gradient = false};

// y = f(x) for a whole batch; y may be x.
template <class T> void map(std::ptrdiff_t values, const T* x, T* y, auto f) {
  using S = Scalar<T>;
  kernels::for_each_vector<S>(values * Unit<T>::samples,
                              [=, from = scalars(x), to = scalars(y)](std::ptrdiff_t i, auto part) {
                                part.store(to + i, f(part.load(from + i)));
                              });
}
// dx = dy * slope(x); dx may be dy.
template <class T> void map_back(std::ptrdiff_t values, const Backward<T>& c, auto slope) {
  using S = Scalar<T>;
  if (!c.dx) return;
  kernels::for_each_vector<S>(values * Unit<T>::samples, [=, x = scalars(c.x), dy = scalars(c.dy),
                                                          dx = scalars(c.dx)](std::ptrdiff_t i, auto part) {
    part.store(dx + i, part.load(dy + i) * slope(part.load(x + i)));
  });
}

}  // namespace detail

/// Keras: ReLU. y = min(x, max_value) above the threshold, negative_slope * (x - threshold) below it, 0 at
/// it. The derivative at the threshold and at max_value is 0; without a threshold and a largest value, but
/// with a slope, that at 0 is 1.
struct ReLUSpec {
  double max_value = no_maximum, negative_slope = 0, threshold = 0;

  static constexpr const char *name = "ReLU", *type_name = "ReLULayer";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    if (!(max_value >= 0 && negative_slope >= 0 && threshold >= 0)) return needs_settings_of_at_least_0;
    return in;
  }
  constexpr Traits traits() const { return detail::value_by_value; }
  constexpr double flops(Shape in) const { return 2.0 * static_cast<double>(in.elements()); }

  struct Geometry {
    int size;
    double max_value, negative_slope, threshold;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), max_value, negative_slope, threshold}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S most = static_cast<S>(g.max_value), slope = static_cast<S>(g.negative_slope),
            threshold = static_cast<S>(g.threshold);
    detail::map(std::ptrdiff_t{static_cast<int>(c.count)} * g.size, c.x, c.y, [=]<class V>(V x) {
      const V above = kernels::min(kernels::broadcast<V>(most), x), below = (x - threshold) * slope;
      const V y = x > threshold ? above : below;
      return x == threshold ? V{} : y;
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S most = static_cast<S>(g.max_value), slope = static_cast<S>(g.negative_slope),
            threshold = static_cast<S>(g.threshold);
    const S at_threshold = g.max_value == no_maximum && g.threshold == 0 && g.negative_slope > 0 ? 1 : 0;
    detail::map_back(std::ptrdiff_t{c.count} * g.size, c, [=]<class V>(V x) {
      const V below = x < threshold ? V{} + slope : V{} + at_threshold;
      return x > threshold ? (x < most ? V{} + 1 : V{}) : below;
    });
  }
};

/// MaxValue<6.0>: nothing above. Keras: max_value.
template <double Most> struct MaxValue {
  KERATIN_SETS(max_value, Most)
};
/// NegativeSlope<0.1>: of what lies below the threshold. Keras: negative_slope.
template <double Slope> struct NegativeSlope {
  KERATIN_SETS(negative_slope, Slope)
};
/// Threshold<1.0>: what does not lie above is damped, or 0. Keras: threshold.
template <double At> struct Threshold {
  KERATIN_SETS(threshold, At)
};
/// ReLULayer<>, ReLULayer<MaxValue<6.0>, NegativeSlope<0.1>, Threshold<1.0>>. Keras: ReLU.
template <class... Options> struct ReLULayer : layer_of<ReLULayer<Options...>, ReLUSpec, Options...> {
  static constexpr ReLUSpec spec = with_options<Options...>(ReLUSpec{});
};

/// Keras: LeakyReLU. y = x from 0 on, negative_slope * x below.
struct LeakyReLUSpec {
  double negative_slope = 0.3;

  static constexpr const char *name = "LeakyReLU", *type_name = "LeakyReLULayer";
  static constexpr const char* arguments = "negative_slope?";

  constexpr Fit fit(Shape in) const {
    if (!(negative_slope >= 0)) return needs_settings_of_at_least_0;
    return in;
  }
  constexpr Traits traits() const { return detail::value_by_value; }
  constexpr double flops(Shape in) const { return static_cast<double>(in.elements()); }

  struct Geometry {
    int size;
    double negative_slope;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), negative_slope}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const auto slope = static_cast<Scalar<T>>(g.negative_slope);
    detail::map(std::ptrdiff_t{static_cast<int>(c.count)} * g.size, c.x, c.y,
                [=]<class V>(V x) { return x >= 0 ? x : x * slope; });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const auto slope = static_cast<Scalar<T>>(g.negative_slope);
    detail::map_back(std::ptrdiff_t{c.count} * g.size, c,
                     [=]<class V>(V x) { return x >= 0 ? V{} + 1 : V{} + slope; });
  }
};

/// LeakyReLULayer<>, LeakyReLULayer<0.1>. Keras: LeakyReLU. As an activation LeakyReLU has a slope of 0.2.
template <double Slope = LeakyReLUSpec{}.negative_slope>
struct LeakyReLULayer : layer_of<LeakyReLULayer<Slope>, LeakyReLUSpec> {
  static constexpr LeakyReLUSpec spec{Slope};
};

/// Keras: ELU. y = x above 0, alpha (e^x - 1) below; the derivative at 0 is alpha.
struct ELUSpec {
  double alpha = 1;

  static constexpr const char *name = "ELU", *type_name = "ELULayer";
  static constexpr const char* arguments = "alpha?";

  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const { return detail::value_by_value; }
  constexpr double flops(Shape in) const { return static_cast<double>(in.elements()); }

  struct Geometry {
    int size;
    double alpha;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), alpha}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const auto alpha = static_cast<Scalar<T>>(g.alpha);
    detail::map(std::ptrdiff_t{static_cast<int>(c.count)} * g.size, c.x, c.y,
                [=]<class V>(V x) { return x > 0 ? x : kernels::expm1(kernels::min(V{}, x)) * alpha; });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const auto alpha = static_cast<Scalar<T>>(g.alpha);
    detail::map_back(std::ptrdiff_t{c.count} * g.size, c, [=]<class V>(V x) {
      return x > 0 ? V{} + 1 : kernels::exp(kernels::min(V{}, x)) * alpha;
    });
  }
};

/// ELULayer<>, ELULayer<0.5>. Keras: ELU.
template <double Alpha = 1.0> struct ELULayer : layer_of<ELULayer<Alpha>, ELUSpec> {
  static constexpr ELUSpec spec{Alpha};
};

/// Keras: PReLU. y = x above 0, alpha * x below, with an alpha for each value of a sample, or one along all
/// of the shared axes; alpha (the sample's shape, 1 along those). The derivative at 0 is 0. He et al. 2015.
struct PReLUSpec {
  Initializer alpha_initializer{};
  Regularizer alpha_regularizer{};
  Constraint alpha_constraint{};
  Axes shared_axes{};

  static constexpr const char* name = "PReLU";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    if (!shared_axes.are_of(in)) return needs_axes_that_the_input_has;
    return in;
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"alpha", alpha_shape(in), alpha_initializer, alpha_regularizer}).constrain(alpha_constraint);
    return p;
  }
  constexpr Traits traits() const { return detail::value_by_value; }
  constexpr const Rule* stream_rule(Shape in) const {
    return shared_axes.contain(0, in) ? nullptr : &has_weights_for_each_step;
  }
  constexpr double flops(Shape in) const { return 2.0 * static_cast<double>(in.elements()); }

  // Rows of n values side by side, each with an alpha of its own, or all with the same.
  struct Geometry {
    detail::Walk rows;  // beside alpha
    int n;
    bool one_alpha;
  };
  constexpr Geometry geometry(Shape in) const {
    Geometry g{{}, in.last(), shared_axes.contain(in.rank - 1, in)};
    int axis = in.rank - 1;
    while (axis > 0 && shared_axes.contain(axis - 1, in) == g.one_alpha) g.n *= in[--axis];
    g.rows = detail::Walk::beside(
        in, axis, [&](int a) { return !shared_axes.contain(a, in); }, g.one_alpha ? 1 : g.n);
    return g;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    each_vector<T>(geometry, static_cast<int>(c.count), c.parameter(0),
                   [x = scalars(c.x), y = scalars(c.y)](std::ptrdiff_t i, int, auto alpha, auto part) {
                     const auto v = part.load(x + i);
                     part.store(y + i, v > 0 ? v : v * alpha);
                   });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const auto *const x = scalars(c.x), *const dy = scalars(c.dy);
    auto *const dx = scalars(c.dx), *const sums = c.gradient_of(0);
    each_vector<T>(g, c.count, c.parameter(0), [=]<class V>(std::ptrdiff_t i, int a, V alpha, auto part) {
      const V v = part.load(x + i), d = part.load(dy + i);
      const V product = v < 0 ? d * v : V{};
      if (g.one_alpha || Unit<T>::samples > 1)
        sums[a] += kernels::sum(product);
      else
        part.store(sums + a, part.load(sums + a) + product);
      if (dx) part.store(dx + i, v > 0 ? d : (v < 0 ? d * alpha : V{}));
    });
  }

 private:
  constexpr Shape alpha_shape(Shape in) const {
    for (int axis = 0; axis < in.rank; ++axis)
      if (shared_axes.contain(axis, in)) in.extent[axis] = 1;
    return in;
  }
  // f(first scalar, its alpha, a vector of alphas, part) for all vectors: of Lanes each value is one.
  template <class T> static void each_vector(auto geometry, int count, const Scalar<T>* alpha, auto f) {
    using S = Scalar<T>;
    using V = kernels::Vec<S>;
    constexpr int L = Unit<T>::samples;
    const Geometry g = geometry;
    for (std::ptrdiff_t s = 0; s < count; ++s)
      g.rows.each([&](int row, int first) {
        const std::ptrdiff_t from = (s * g.rows.size + row) * g.n * L;
        kernels::for_each_vector<S>(std::ptrdiff_t{g.n} * L, [&](std::ptrdiff_t i, auto part) {
          const int a = first + (g.one_alpha ? 0 : static_cast<int>(i / L));
          if (g.one_alpha || L > 1)
            f(from + i, a, kernels::broadcast<V>(alpha[a]), part);
          else
            f(from + i, a, part.load(alpha + a), part);
        });
      });
  }
};

/// How alpha starts: AlphaInitializer<Ones>. Keras: alpha_initializer.
template <class I> struct AlphaInitializer {
  KERATIN_SETS(alpha_initializer, I::value)
};
/// SharedAxes<1, 2>: one alpha along these axes; axis 0 is that of the samples. Keras: shared_axes.
template <int... Axis> struct SharedAxes {
  KERATIN_SETS(shared_axes, Axes(Axis...))
};
/// PReLU<>, PReLU<SharedAxes<1, 2>>.
template <class... Options> struct PReLU : layer_of<PReLU<Options...>, PReLUSpec, Options...> {
  static constexpr PReLUSpec spec = with_options<Options...>(PReLUSpec{});
};

/// Keras: Softmax. Along one axis or over several together; axis 0 is that of the samples, -1 the last.
struct SoftmaxSpec {
  Axes axis{-1};

  static constexpr const char *name = "Softmax", *type_name = "SoftmaxLayer";
  static constexpr const char* arguments = "axis";
  static constexpr bool masks_change_it() { return true; }

  constexpr Fit fit(Shape in) const {
    if (axis.count == 0 || !axis.are_of(in)) return needs_axes_that_the_input_has;
    return in;
  }
  constexpr Traits traits() const { return {.reads_input = false, .writes_over_gradient = false}; }
  // The values by rows that each sum to 1, and for backward their gradients.
  constexpr std::size_t intermediate(Shape in, bool) const { return static_cast<std::size_t>(in.size()); }
  template <class T> static constexpr std::size_t scratch(const auto& g, int) {
    return 2 * static_cast<std::size_t>(g.by_rows.size) * Unit<T>::samples;
  }

  struct Geometry {
    detail::Walk by_rows;  // over the rows, beside the sample
    int n;
  };
  constexpr Geometry geometry(Shape in) const {
    Geometry g{{.size = in.size()}, 1};
    int to = detail::Walk::axes;
    for (const bool inside : {true, false}) {
      int step = 1;
      for (int a = in.rank - 1; a >= 0; --a) {
        if (axis.contain(a, in) == inside) {
          g.by_rows.extent[--to] = in[a];
          g.by_rows.stride[to] = step;
          if (inside) g.n *= in[a];
        }
        step *= in[a];
      }
    }
    return g;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const int size = g.by_rows.size;
    const T* x = c.x;
    T *y = c.y, *const rows = c.intermediate;
    for (int s = 0; s < static_cast<int>(c.count); ++s, x += size, y += size) {
      g.by_rows.each([&](int i, int at) { rows[i] = x[at]; });
      Softmax::forward(rows, rows, size / g.n, g.n);
      g.by_rows.each([&](int i, int at) { y[at] = rows[i]; });
    }
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const int size = g.by_rows.size;
    if (!c.dx) return;
    const T *y = c.y, *dy = c.dy;
    T *dx = c.dx, *const p = reinterpret_cast<T*>(c.scratch), *const d = p + size;
    for (int s = 0; s < c.count; ++s, y += size, dy += size, dx += size) {
      g.by_rows.each([&](int i, int at) { p[i] = y[at], d[i] = dy[at]; });
      Softmax::backward(p, d, d, size / g.n, g.n);
      g.by_rows.each([&](int i, int at) { dx[at] = d[i]; });
    }
  }
};

/// SoftmaxLayer<1>, SoftmaxLayer<1, 2>: the axes. Along the last one Activation<Softmax> is faster, and what
/// losses look for. Keras: Softmax.
template <int... Axis> struct SoftmaxLayer : layer_of<SoftmaxLayer<Axis...>, SoftmaxSpec> {
  static constexpr SoftmaxSpec spec{Axes(Axis...)};
};

/// Keras: Identity. Nothing at all.
struct IdentitySpec : detail::ViewKernels {
  static constexpr const char* name = "Identity";
  static constexpr const char* arguments = "";
  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .in_place = true, .view = true, .pointwise = true};
  }
};

/// Identity.
struct Identity : layer_of<Identity, IdentitySpec> {
  static constexpr IdentitySpec spec{};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::ReLUSpec, max_value, negative_slope, threshold);
KERATIN_ADAPT_STRUCT(keratin::LeakyReLUSpec, negative_slope);
KERATIN_ADAPT_STRUCT(keratin::ELUSpec, alpha);
KERATIN_ADAPT_STRUCT(keratin::PReLUSpec, alpha_initializer, alpha_regularizer, alpha_constraint, shared_axes);
KERATIN_ADAPT_STRUCT(keratin::SoftmaxSpec, axis);
KERATIN_ADAPT_STRUCT(keratin::IdentitySpec);
