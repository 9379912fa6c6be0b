#pragma once
// Merging layers: one output of several inputs, which come from the branches of a Parallel or a Residual.
#include <keratin/layers/activation.hpp>
#include <keratin/layers/elementwise_merging.hpp>
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_inputs_that_differ_along_its_axis_only{
    "the inputs must be alike but for the axis of concatenation"};
inline constexpr Rule needs_an_axis_of_the_sample{
    "the axis must be from 1 to the number of axes, or from -1 backwards"};

/// Keras: Add. The sum of the inputs, from the first to the last; their shapes broadcast.
struct AddSpec {
  ActivationFunction activation{};  // that of the layer behind it: set by fusion only

  static constexpr const char* name = "Add";
  static constexpr const char* arguments = "...";
  static constexpr bool merges = true, associative = true;

  constexpr Fit fit(const Shapes& in) const { return broadcast(in); }
  constexpr bool takes_an_axis_in_front() const { return true; }
  constexpr Traits traits(const Shapes& in = {}) const {
    const bool activated = activation != Linear{};
    return {.reads_input = false,
            .reads_output = activated,
            .in_place = true,
            .pointwise = true,
            .writes_over_gradient = activated,
            .passes_gradient = detail::Broadcast(in).alike};
  }
  constexpr double flops(const Shapes& in) const {
    return (in.count - 1) * static_cast<double>(broadcast(in).out.elements());
  }

  struct Geometry {
    int rows, n, inputs;
    ActivationFunction activation;
    detail::Broadcast broadcast;  // of inputs that are not alike
  };
  constexpr Geometry geometry(const Shapes& in) const {
    const Shape out = keratin::broadcast(in).out;
    const detail::Broadcast shapes(in);
    return {out.size() / out.last(), out.last(), in.count, activation,
            shapes.alike ? detail::Broadcast() : shapes};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const std::ptrdiff_t rows = std::ptrdiff_t{static_cast<int>(c.count)} * g.rows;
    if (!g.broadcast.alike) {
      detail::ElementwiseMerge<detail::AddOp, T>::forward(g.broadcast, c);
      return with_activation(geometry, [&]<class A>(A) {
        if constexpr (!std::is_same_v<A, Linear>) A::forward(c.y, c.y, rows, g.n);
      });
    }
    with_activation(geometry, [&]<class A>(A) {
      using InRegister = std::conditional_t<A::elementwise, A, Linear>;
      const auto input = [&](int k) { return reinterpret_cast<const S*>(c.input(k)); };
      S* const y = reinterpret_cast<S*>(c.y);
      kernels::for_each_vector<S>(rows * g.n * Unit<T>::samples, [&](std::ptrdiff_t i, auto part) {
        kernels::Vec<S> sum = part.load(input(0) + i);
        for (int k = 1; k < g.inputs; ++k) sum += part.load(input(k) + i);
        part.store(y + i, InRegister::value(sum));
      });
      if constexpr (!A::elementwise) A::forward(c.y, c.y, rows, g.n);
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const std::ptrdiff_t rows = std::ptrdiff_t{c.count} * g.rows;
    with_activation(geometry, [&]<class A>(A) {
      if constexpr (!std::is_same_v<A, Linear>) A::backward(c.y, c.dy, c.dy, rows, g.n);
    });
    if (!g.broadcast.alike) return detail::ElementwiseMerge<detail::AddOp, T>::backward(g.broadcast, c);
    for (int k = 0; k < g.inputs; ++k)
      if (T* const dx = c.input_gradient(k); dx != nullptr && dx != c.dy) std::copy_n(c.dy, rows * g.n, dx);
  }
};

/// An Add takes over the activation behind it.
constexpr Fused<AddSpec> fuse(AddSpec add, const ActivationSpec& next) {
  if (add.activation != Linear{}) return {};
  add.activation = next.activation;
  return {true, add};
}

/// Keras: Concatenate. Inputs that are alike but for the axis, one behind the other along it. The axis counts
/// the samples as axis 0; -1 is the last. Along the steps their masks too; an input without one has all of
/// its steps.
struct ConcatenateSpec {
  int axis = -1;

  static constexpr const char* name = "Concatenate";
  static constexpr const char* arguments = "axis?";
  static constexpr bool merges = true, associative = true;

  constexpr Fit fit(const Shapes& in) const {
    const int along = axis_of(in[0]);
    if (along < 0 || along >= std::min(in[0].rank, Shape::max_rank)) return needs_an_axis_of_the_sample;
    Shape out = in[0];
    for (int i = 1; i < in.count; ++i) {
      Shape wanted = in[0];
      if (in[i].rank == in[0].rank) wanted.extent[along] = in[i][along];
      if (in[i] != wanted) return {needs_inputs_that_differ_along_its_axis_only, wanted, i};
      if (out[along] > INT32_MAX - in[i][along]) return more_than_2_31_elements;
      out.extent[along] += in[i][along];
    }
    return out;
  }
  constexpr bool takes_an_axis_in_front() const { return axis == -1; }
  constexpr bool passes_mask() const { return true; }
  /// Masks that have this axis are put one behind the other too.
  constexpr int mask_axis(const Shape& in) const { return axis_of(in); }
  constexpr Traits traits() const {
    return {.reads_input = false,
            .reads_output = false,
            .pointwise = axis == -1 || axis > 1,  // not along the steps
            .writes_over_gradient = false};
  }

  // Rows of `width` values of each input make a row of the output.
  struct Geometry {
    int rows, inputs;
    int width[max_inputs];
  };
  constexpr Geometry geometry(const Shapes& in) const {
    Geometry g{1, in.count, {}};
    for (int a = 0; a < axis_of(in[0]); ++a) g.rows *= in[0][a];
    for (int i = 0; i < in.count; ++i) g.width[i] = in[i].size() / g.rows;
    return g;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    for_each_row<T>(
        geometry, static_cast<int>(c.count), c.y,
        [&](int k) __attribute__((always_inline)) { return c.input(k); },
        [](auto* y, const auto* x, auto part)
            __attribute__((always_inline)) { part.store(y, part.load(x)); });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    for_each_row<T>(
        geometry, c.count, c.dy, [&](int k) __attribute__((always_inline)) { return c.input_gradient(k); },
        [](const auto* dy, auto* dx, auto part)
            __attribute__((always_inline)) { part.store(dx, part.load(dy)); });
  }

 private:
  constexpr int axis_of(const Shape& in) const { return axis < 0 ? in.rank + axis : axis - 1; }

  // copy(in the whole, in the k-th piece, part) for every vector; the pieces may be null.
  template <class T>
  [[gnu::always_inline]] static void for_each_row(auto geometry, int count, T* whole, auto piece, auto copy) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    constexpr int L = Unit<T>::samples;
    S* at = scalars(whole);
    for (std::ptrdiff_t row = 0; row < std::ptrdiff_t{count} * g.rows; ++row)
      for (int k = 0; k < g.inputs; ++k) {
        const std::ptrdiff_t width = std::ptrdiff_t{g.width[k]} * L;
        if (auto* const p = scalars(piece(k)))
          kernels::for_each_vector<S>(width, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
            copy(at + i, p + row * width + i, part);
          });
        at += width;
      }
  }
};

/// Add<>, Add<ReLU>.
template <class... Options> struct Add : layer_of<Add<Options...>, AddSpec, Options...> {
  static constexpr AddSpec spec = with_options<Options...>(AddSpec{});
};
/// Concatenate<>, along the last axis; Concatenate<1>, along the first of a sample.
template <int Axis = -1> struct Concatenate : layer_of<Concatenate<Axis>, ConcatenateSpec> {
  static constexpr ConcatenateSpec spec{Axis};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::AddSpec, activation);
KERATIN_ADAPT_STRUCT(keratin::ConcatenateSpec, axis);
