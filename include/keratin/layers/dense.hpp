#pragma once
// Dense: y = activation(x W + b) over the last axis. W is [in][units], so that vectors run along the outputs.
#include <keratin/initializers/variance_scaling.hpp>
#include <keratin/kernels/product.hpp>
#include <keratin/kernels/single.hpp>
#include <keratin/kernels/transpose.hpp>
#include <keratin/layers/activation.hpp>
#include <keratin/layers/batch_normalization.hpp>
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_at_least_1_unit{"needs at least 1 unit"};

namespace detail {

/// What y = x W + b leaves for backward; W and b are the parameters `kernel` and the one behind it.
struct LinearMap {
  int rows, in, units;
  bool use_bias;
  int kernel = 0;

  // Lanes: dy as rows of samples. Otherwise: two vectors of columns of the transposed kernel.
  template <class T> constexpr std::size_t scratch() const {
    const auto size = [](auto... n) { return (static_cast<std::size_t>(n) * ...); };
    if (Unit<T>::samples > 1) return size(rows, units, Unit<T>::samples);
    return size(units, input_columns<Scalar<T>>);
  }

  // dx = dy W^T, or that much more. Lanes broadcast single weights and read W as it lies; vectors along the
  // inputs need W transposed, which is packed a few columns at a time.
  template <bool Adds = false, class T>
  void input_gradient(const Scalar<T>* w, const T* dy, T* dx, Scalar<T>* scratch) const {
    using S = Scalar<T>;
    constexpr detail::Epilogue<Linear, T, false> finish{};
    if constexpr (Unit<T>::samples > 1) {
      kernels::product<T, Adds>({rows, units, dy, dx, in}, {w, 1, units}, nullptr, in, finish);
    } else {
      for (int i = 0; i < in; i += input_columns<S>) {
        const int n = std::min(in - i, input_columns<S>);
        for (int j = 0; j < n; ++j)
          for (int o = 0; o < units; ++o)
            scratch[o * input_columns<S> + j] = w[static_cast<std::ptrdiff_t>(i + j) * units + o];
        kernels::product<T, Adds>({rows, units, dy, dx + i, in}, {scratch, input_columns<S>}, nullptr, n,
                                  finish);
      }
    }
  }

  template <class T>
  void weight_gradients(const T* x, const T* dy, Scalar<T>* scratch, auto gradients) const {
    using S = Scalar<T>;
    constexpr int L = Unit<T>::samples;
    const S* d = scalars(dy);  // [rows * L][units]
    if constexpr (L > 1) {
      kernels::lanes_to_rows(dy, units, rows * L, scratch);
      d = scratch;
    }
    kernels::outer_product(rows, in, x, d, units, HandOn<decltype(gradients)>{gradients, units, kernel});
    if (!use_bias) return;
    kernels::for_each_vector<S>(units, [&](std::ptrdiff_t o, auto part) {
      kernels::Vec<S> sum[1][1] = {};
      for (std::ptrdiff_t r = 0; r < static_cast<std::ptrdiff_t>(rows) * L; ++r)
        sum[0][0] += part.load(d + r * units + o);
      gradients.take_tile(kernel + 1, o, 0, sum, part);
    });
  }

 private:
  template <class S> static constexpr int input_columns = kernels::tile_columns * lanes<S>;

  // Hands a tile of the kernel's gradient on.
  template <class Gradients> struct HandOn {
    Gradients gradients;
    int units, kernel;
    template <int M, int N, class V, class Part>
    [[gnu::always_inline]] void operator()(int k, int column, const V (&tile)[M][N], Part part) const {
      gradients.take_tile(kernel, static_cast<std::ptrdiff_t>(k) * units + column, units, tile, part);
    }
  };
};

}  // namespace detail

/// Keras: Dense. Shape (..., in) -> (..., units); kernel (in, units), bias (units).
struct DenseSpec {
  int units = 0;
  ActivationFunction activation{};
  bool use_bias = true;
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};
  FoldedNormalization norm{};  // that of the layer behind it: set by fusion only

  static constexpr const char* name = "Dense";
  static constexpr const char* arguments = "units, ...";

  constexpr Fit fit(Shape in) const {
    if (units < 1) return needs_at_least_1_unit;
    if (std::int64_t{in.last()} * units > INT32_MAX) return more_than_2_31_elements;
    return in.with_last(units);
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    p.add({"kernel", {in.last(), units}, kernel_initializer, kernel_regularizer})
        .constrain(kernel_constraint);
    if (use_bias) p.add({"bias", {units}, bias_initializer, bias_regularizer}).constrain(bias_constraint);
    return p;
  }
  constexpr Traits traits() const {
    const bool activated = activation != Linear{};
    return {
        .reads_output = activated, .finishes = true, .pointwise = true, .writes_over_gradient = activated};
  }
  constexpr double flops(Shape in) const { return 2.0 * static_cast<double>(in.elements()) * units; }

  // In inference the coefficients of the normalization.
  constexpr std::size_t intermediate(Shape, bool training) const {
    return norm && !training ? 2 * static_cast<std::size_t>(units) : 0;
  }

  struct Geometry {
    int rows, in, units;
    ActivationFunction activation;
    bool use_bias;
    FoldedNormalization norm;
  };
  constexpr Geometry geometry(Shape in) const {
    return {in.size() / in.last(), in.last(), units, activation, use_bias, norm};
  }

  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return map(g, count).template scratch<T>();
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const int rows = static_cast<int>(c.count) * g.rows;
    // The activation runs in the register where it is known at compile time; for a run-time geometry in a
    // pass of its own, so that one kernel serves all activations. The bits are the same.
    if constexpr (is_fixed<decltype(geometry)>) {
      with_activation(geometry, [&]<class A>(A) __attribute__((always_inline)) {
        multiply<std::conditional_t<A::elementwise, A, Linear>,
                 static_cast<bool>(decltype(geometry)::value.norm)>(geometry, c, rows);
        if constexpr (!A::elementwise) A::forward(c.y, c.y, rows, g.units);
      });
    } else {
      g.norm ? multiply<Linear, true>(g, c, rows) : multiply<Linear, false>(g, c, rows);
      with_activation(geometry, [&]<class A>(A) {
        if constexpr (!std::is_same_v<A, Linear>) A::forward(c.y, c.y, rows, g.units);
      });
    }
  }

  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    with_activation(geometry, [&]<class A>(A) { backward_through<A>(Geometry(geometry), c, gradients); });
  }

 private:
  static constexpr detail::LinearMap map(const Geometry& g, int count) {
    return {count * g.rows, g.in, g.units, g.use_bias};
  }

  template <class G> static constexpr auto single_size(G geometry) {
    if constexpr (is_fixed<G>)
      return fixed<kernels::SingleSize{G::value.in, G::value.units}>{};
    else
      return kernels::SingleSize{geometry.in, geometry.units};
  }

  // The geometry as a value: one instantiation for all layers with this activation.
  template <class A, class T>
  static void backward_through(const Geometry& g, const Backward<T>& c, auto gradients) {
    const detail::LinearMap map = DenseSpec::map(g, c.count);
    if constexpr (!std::is_same_v<A, Linear>) A::backward(c.y, c.dy, c.dy, map.rows, g.units);
    if (c.dx) map.input_gradient(c.parameter(0), c.dy, c.dx, c.scratch);
    map.weight_gradients(c.x, c.dy, c.scratch, gradients);
  }

  // y = A(x W + b), perhaps normalized before: one sample along its outputs, or a product of many rows.
  template <class A, bool Norm, class T, class Count>
  [[gnu::always_inline]] static void multiply(auto geometry, const Forward<T, Count>& c, int rows) {
    const Geometry g = geometry;
    const Scalar<T>* const w = c.parameter(0);
    const Scalar<T>* const b = g.use_bias && !Norm ? c.parameter(1) : nullptr;
    const auto finish = detail::epilogue<A, Norm>(g.norm, g.units, g.use_bias, c);
    if constexpr (std::is_same_v<Count, One> && Unit<T>::samples == 1)
      if (g.rows == 1) return kernels::single(single_size(geometry), c.x, w, b, c.y, finish);
    kernels::product<T>({rows, g.in, c.x, c.y, g.units}, {w, g.units}, b, g.units, finish);
  }
};

/// A Dense without an activation takes over that of the layer behind it.
constexpr Fused<DenseSpec> fuse(DenseSpec dense, const ActivationSpec& next) {
  if (dense.activation != Linear{}) return {};
  dense.activation = next.activation;
  return {true, dense};
}

/// In inference a Dense takes over the normalization behind it, and then the activation behind that.
constexpr Fused<DenseSpec> fuse_for_inference(DenseSpec dense, const BatchNormalizationSpec& next,
                                              int behind) {
  if (dense.activation != Linear{} || dense.norm || !can_be_folded(next)) return {};
  dense.norm = folded(next, behind);
  dense.activation = next.activation;
  return {true, dense};
}

/// Dense<32, ReLU, NoBias, KernelInitializer<HeNormal>, L2<1e-4>>: units, then any options in any order.
template <int Units, class... Options>
struct Dense : layer_of<Dense<Units, Options...>, DenseSpec, Options...> {
  static constexpr DenseSpec spec = with_options<Options...>(DenseSpec{.units = Units});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::DenseSpec, units, activation, use_bias, kernel_initializer, bias_initializer,
                     kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint,
                     activity_regularizer, norm);
