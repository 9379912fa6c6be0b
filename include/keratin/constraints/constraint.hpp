#pragma once
// Constraint: what a weight has to be after every step, as a structural value. Keras: keras.constraints.
#include <keratin/core/options.hpp>
#include <keratin/core/shape.hpp>
#include <keratin/kernels/vector.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace keratin {

/// norm: all weights that differ only in their places along `axes` are scaled as one vector, to a length
/// from min_value to max_value; a rate below 1 goes only this share of the way.
struct Constraint {
  enum Kind : unsigned char { none, non_negative, norm };

  Kind kind = none;
  std::uint16_t axes = 1;  // bit a: axis a; bit 16 - a: axis -a, as Keras counts from the end; 0: all
  double min_value = 0, max_value = 0, rate = 1;

  static constexpr std::uint16_t bits(auto... axis) {
    return static_cast<std::uint16_t>((0 | ... | (1 << (axis < 0 ? 16 + axis : axis))));
  }
  constexpr explicit operator bool() const { return kind != none; }
  constexpr bool operator==(const Constraint&) const = default;

  /// Whether a tensor of this shape has the axes.
  constexpr bool fits(const Shape& shape) const { return kind != norm || (axes & ~known(shape.rank)) == 0; }

  template <class S> void apply(const Shape& shape, S* w) const {
    if (kind == norm) return scale(shape, w);
    for (std::ptrdiff_t i = 0, n = shape.size(); kind == non_negative && i < n; ++i)
      w[i] = std::max(w[i], S{});
  }

 private:
  static constexpr unsigned known(int rank) {
    const unsigned first = (1u << rank) - 1;
    return first | first << (16 - rank);
  }
  constexpr bool along(int axis, int rank) const {
    return axes == 0 || (axes >> axis & 1) != 0 || (axes >> (16 - rank + axis) & 1) != 0;
  }
  // The places of a tensor that some of its axes count: extents and strides.
  struct Places {
    int rank = 0;
    std::ptrdiff_t extent[Shape::max_rank] = {}, stride[Shape::max_rank] = {}, count = 1;

    std::ptrdiff_t operator[](std::ptrdiff_t i) const {
      std::ptrdiff_t at = 0;
      for (int a = rank; a-- > 0; i /= extent[a]) at += i % extent[a] * stride[a];
      return at;
    }
  };
  constexpr Places places(const Shape& shape, bool reduced) const {
    Places p;
    std::ptrdiff_t stride = shape.size();
    for (int a = 0; a < shape.rank; ++a) {
      stride /= shape[a];
      if (along(a, shape.rank) != reduced) continue;
      p.extent[p.rank] = shape[a];
      p.stride[p.rank++] = stride;
      p.count *= shape[a];
    }
    return p;
  }
  template <class V> [[gnu::always_inline]] V factor(V squares) const {
    using S = kernels::element<V>;
    const V length = kernels::sqrt(squares), low = kernels::broadcast<V>(static_cast<S>(min_value)),
            high = kernels::broadcast<V>(static_cast<S>(max_value));
    const V wanted = kernels::max(kernels::min(length, high), low) * static_cast<S>(rate) +
                     length * static_cast<S>(1 - rate);
    return wanted / (length + static_cast<S>(1e-7));  // Keras's epsilon
  }
  // Vectors along the last axis where that tells vectors of weights apart; otherwise one by one.
  template <class S> void scale(const Shape& shape, S* w) const {
    using V = kernels::Vec<S>;
    const Places inner = places(shape, true);
    if (!along(shape.rank - 1, shape.rank)) {
      Places outer = places(shape, false);
      const std::ptrdiff_t row = shape.last();
      outer.count /= row;
      --outer.rank;
      for (std::ptrdiff_t o = 0; o < outer.count; ++o)
        kernels::for_each_vector<S>(row, [&](std::ptrdiff_t c, auto part) {
          S* const first = w + outer[o] + c;
          V squares = {};
          for (std::ptrdiff_t i = 0; i < inner.count; ++i) {
            const V v = part.load(first + inner[i]);
            squares += v * v;
          }
          const V by = factor(squares);
          for (std::ptrdiff_t i = 0; i < inner.count; ++i)
            part.store(first + inner[i], part.load(first + inner[i]) * by);
        });
      return;
    }
    const Places outer = places(shape, false);
    for (std::ptrdiff_t o = 0; o < outer.count; ++o) {
      S* const first = w + outer[o];
      double squares = 0;
      for (std::ptrdiff_t i = 0; i < inner.count; ++i)
        squares += static_cast<double>(first[inner[i]]) * static_cast<double>(first[inner[i]]);
      const S by = factor(kernels::broadcast<V>(static_cast<S>(squares)))[0];
      for (std::ptrdiff_t i = 0; i < inner.count; ++i) first[inner[i]] *= by;
    }
  }
};

/// At least 0. Keras: NonNeg.
struct NonNeg {
  static constexpr Constraint value{Constraint::non_negative};
};
/// Vectors along the axes, 0 by default, are at most so long: of a Dense's kernel those that come into a
/// unit; MaxNorm<2.0, 0, 1, 2> does so with the filters of a Conv2D. Keras: MaxNorm.
template <double Max = 2.0, int... Axis> struct MaxNorm {
  static constexpr Constraint value{
      Constraint::norm, sizeof...(Axis) > 0 ? Constraint::bits(Axis...) : Constraint::bits(0), 0, Max, 1};
};
/// Their lengths go from Min to Max, by a share of the way that is missing. Keras: MinMaxNorm.
template <double Min = 0.0, double Max = 1.0, double Rate = 1.0, int... Axis> struct MinMaxNorm {
  static constexpr Constraint value{Constraint::norm,
                                    sizeof...(Axis) > 0 ? Constraint::bits(Axis...) : Constraint::bits(0),
                                    Min, Max, Rate};
};
/// They are of length 1. Keras: UnitNorm.
template <int... Axis> struct UnitNorm {
  static constexpr Constraint value = MinMaxNorm<1.0, 1.0, 1.0, Axis...>::value;
};

/// KernelConstraint<MaxNorm<2.0>>, and so on. Keras: kernel_constraint, ...
template <class C> struct KernelConstraint {
  KERATIN_SETS(kernel_constraint, C::value)
};
template <class C> struct BiasConstraint {
  KERATIN_SETS(bias_constraint, C::value)
};
template <class C> struct RecurrentConstraint {
  KERATIN_SETS(recurrent_constraint, C::value)
};
template <class C> struct EmbeddingsConstraint {
  KERATIN_SETS(embeddings_constraint, C::value)
};
template <class C> struct DepthwiseConstraint {
  KERATIN_SETS(depthwise_constraint, C::value)
};
template <class C> struct PointwiseConstraint {
  KERATIN_SETS(pointwise_constraint, C::value)
};
template <class C> struct AlphaConstraint {
  KERATIN_SETS(alpha_constraint, C::value)
};
template <class C> struct GammaConstraint {
  KERATIN_SETS(gamma_constraint, C::value)
};
template <class C> struct BetaConstraint {
  KERATIN_SETS(beta_constraint, C::value)
};

}  // namespace keratin
