#pragma once
// Masking, and what a mask is made by. A mask holds 1 for each step that counts and 0 for the others; it goes
// beside a tensor, through every layer that works step by step, to recurrent layers and the loss.
#include <keratin/layers/elementwise_merging.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/layers/operators.hpp>
#include <keratin/layers/window.hpp>

#include <limits>

namespace keratin {

/// 1 where x is not the value, else 0; nothing is differentiated through it. Keras: ops.not_equal.
struct NotEqualSpec {
  double value = 0;

  static constexpr const char* name = "NotEqual";

  constexpr bool operator==(const NotEqualSpec&) const = default;
  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .pointwise = true, .constant = true};
  }

  struct Geometry {
    int size;
    double value;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), value}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const S value = static_cast<S>(g.value);
    const S* const x = scalars(c.x);
    S* const y = scalars(c.y);
    const std::ptrdiff_t n = std::ptrdiff_t{static_cast<int>(c.count)} * g.size * Unit<T>::samples;
    for (std::ptrdiff_t i = 0; i < n; ++i) y[i] = x[i] != value ? S{1} : S{0};
  }
  template <class T> static void backward(auto, const Backward<T>&) {}
};

/// y = x, and nothing is differentiated through it. Keras: ops.stop_gradient.
struct StopGradientSpec {
  static constexpr const char* name = "StopGradient";

  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const {
    return {
        .reads_input = false, .reads_output = false, .in_place = true, .pointwise = true, .constant = true};
  }

  struct Geometry {
    int size;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size()}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    if (c.x != c.y) std::copy_n(c.x, std::ptrdiff_t{static_cast<int>(c.count)} * g.size, c.y);
  }
  template <class T> static void backward(auto, const Backward<T>&) {}
};

/// Keras: Masking. (steps, features): a step whose features all have the value becomes zeros, and is masked.
struct MaskingSpec {
  double mask_value = 0;

  static constexpr const char* name = "Masking";
  static constexpr const char* arguments = "mask_value?";

  constexpr Fit fit(Shape in) const {
    if (in.rank < 2) return needs_sequence_TxC;
    return in;
  }
  constexpr Traits traits() const { return {.reads_output = false, .pointwise = true}; }
  constexpr bool makes_mask() const { return true; }
  /// 1 for steps with any other value.
  constexpr auto mask_of(const auto& x) const {
    return x.then(NotEqualSpec{mask_value})
        .then(ReduceSpec<Reduction::any>{.axes = 1u << (x.shape().rank - 1)});
  }

  struct Geometry {
    int steps, features;
    double value;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size() / in.last(), in.last(), mask_value}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    keep_steps(g, static_cast<int>(c.count), c.x, c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.dx) keep_steps(g, c.count, c.x, c.dy, c.dx);
  }

 private:
  // to = from, in steps of x with another value than the masked one; zeros elsewhere.
  template <class T> static void keep_steps(const Geometry& g, int count, const T* x, const T* from, T* to) {
    using S = Scalar<T>;
    constexpr int L = Unit<T>::samples;
    const S value = static_cast<S>(g.value);
    const std::ptrdiff_t rows = std::ptrdiff_t{count} * g.steps, features = g.features;
    for (std::ptrdiff_t r = 0; r < rows; ++r)
      for (int l = 0; l < L; ++l) {
        const std::ptrdiff_t first = r * features * L + l;
        bool any = false;
        for (std::ptrdiff_t f = 0; f < features; ++f) any = any || scalars(x)[first + f * L] != value;
        for (std::ptrdiff_t f = 0; f < features; ++f)
          scalars(to)[first + f * L] = any ? scalars(from)[first + f * L] : S{};
      }
  }
};

/// A mask with the first axes of a tensor that masks none of its steps.
constexpr auto nothing_masked(const auto& x, int axes) {
  unsigned others = 0;
  for (int a = axes; a < x.shape().rank; ++a) others |= 1u << a;
  return x
      .then(NotEqualSpec{std::numeric_limits<double>::quiet_NaN()})  // which nothing is equal to
      .then(ReduceSpec<Reduction::any>{.axes = others});
}

/// Masking<>, Masking<-1.0>: the value of steps that do not count.
template <double Value = 0.0> struct Masking : layer_of<Masking<Value>, MaskingSpec> {
  static constexpr MaskingSpec spec{Value};
};

namespace detail {
struct LogicalOrOp : ExtremeOp<true> {
  static constexpr const char* name = "LogicalOr";
  static constexpr bool of_masks = true, only_in_graphs = true, reads_masks = false;
};
}  // namespace detail
/// Of masks. Keras: ops.logical_or.
using LogicalOrSpec = ElementwiseMergeSpec<detail::LogicalOrOp>;

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::NotEqualSpec, value);
KERATIN_ADAPT_STRUCT(keratin::StopGradientSpec);
KERATIN_ADAPT_STRUCT(keratin::MaskingSpec, mask_value);
KERATIN_ADAPT_STRUCT(keratin::LogicalOrSpec);
