#pragma once
// Regularizer: a penalty l1 * sum |w| + l2 * sum w^2 that is added to the loss. Keras: L1, L2 (without a
// half), L1L2.

#include <keratin/core/options.hpp>
#include <keratin/kernels/vector.hpp>

namespace keratin {

/// Which vectors of a matrix an orthogonal penalty looks at.
enum class OrthogonalMode : unsigned char { rows, columns };

struct Regularizer {
  static constexpr int chunk = 1024;

  double l1 = 0, l2 = 0;
  double orthogonal = 0;  // on the angles between vectors, see OrthogonalRegularizer
  OrthogonalMode mode = OrthogonalMode::rows;

  /// Whether there is a penalty on values by themselves.
  constexpr explicit operator bool() const { return l1 != 0 || l2 != 0; }
  constexpr bool operator==(const Regularizer&) const = default;

  /// The penalty of n values by themselves.
  template <class S> [[gnu::noinline]] double penalty(const S* w, std::ptrdiff_t n) const {
    using V = kernels::Vec<S>;
    double sum = 0;
    for (std::ptrdiff_t i = 0; i < n;
         i += chunk) {  // chunks, so that a long sum keeps its precision in float
      V absolute = {}, squares = {};
      kernels::for_each_vector<S>(n - i < chunk ? n - i : chunk, [&](std::ptrdiff_t k, auto part) {
        const V v = part.load(w + i + k);
        absolute += kernels::max(v, -v);
        squares += v * v;
      });
      sum += l1 * kernels::sum(absolute) + l2 * kernels::sum(squares);
    }
    return sum;
  }
};

/// The gradient with a penalty's: g + l1 sign(w) + 2 l2 w.
template <class V> [[gnu::always_inline]] inline V penalized(V g, V w, const Regularizer& penalty) {
  using S = kernels::element<V>;
  const V l1 = kernels::broadcast<V>(static_cast<S>(penalty.l1));
  return g + (w > 0 ? l1 : w < 0 ? -l1 : V{}) + w * static_cast<S>(2 * penalty.l2);
}

namespace detail {
struct l1_option;
struct l2_option;
struct orthogonal_option;
struct activity_l1_option;
struct activity_l2_option;
}  // namespace detail

/// l * sum |w| on the kernel. Keras: kernel_regularizer=L1(l), 0.01 by default. May stand beside L2.
template <double L = 0.01> struct L1 {
  using sets = detail::l1_option;
  template <class Spec>
    requires requires(Spec s) { s.kernel_regularizer; }
  static constexpr void apply(Spec& spec) {
    spec.kernel_regularizer.l1 = L;
  }
};
/// l * sum w^2 on the kernel. Keras: kernel_regularizer=L2(l), 0.01 by default. May stand beside L1.
template <double L = 0.01> struct L2 {
  using sets = detail::l2_option;
  template <class Spec>
    requires requires(Spec s) { s.kernel_regularizer; }
  static constexpr void apply(Spec& spec) {
    spec.kernel_regularizer.l2 = L;
  }
};
/// Both on the kernel. Keras: kernel_regularizer=L1L2(l1, l2), 0 by default.
template <double OfL1 = 0.0, double OfL2 = 0.0> struct L1L2 {
  using sets = detail::l1_option;
  template <class Spec>
    requires requires(Spec s) { s.kernel_regularizer; }
  static constexpr void apply(Spec& spec) {
    spec.kernel_regularizer.l1 = OfL1;
    spec.kernel_regularizer.l2 = OfL2;
  }
};
/// factor times the mean of |cos| of the angles between all pairs of rows, or columns. Keras:
/// kernel_regularizer=OrthogonalRegularizer(factor, mode), of kernels of rank 2. May stand beside L1 and L2.
template <double Factor = 0.01, OrthogonalMode Mode = OrthogonalMode::rows> struct OrthogonalRegularizer {
  using sets = detail::orthogonal_option;
  template <class Spec>
    requires requires(Spec s) { s.kernel_regularizer; }
  static constexpr void apply(Spec& spec) {
    spec.kernel_regularizer.orthogonal = Factor;
    spec.kernel_regularizer.mode = Mode;
  }
};
/// l * sum |y| on what the layer makes, over the number of samples. Keras: activity_regularizer=L1(l). May
/// stand beside ActivityL2.
template <double L = 0.01> struct ActivityL1 {
  using sets = detail::activity_l1_option;
  template <class Spec>
    requires requires(Spec s) { s.activity_regularizer; }
  static constexpr void apply(Spec& spec) {
    spec.activity_regularizer.l1 = L;
  }
};
/// l * sum y^2 on what the layer makes, over the number of samples. Keras: activity_regularizer=L2(l). May
/// stand beside ActivityL1.
template <double L = 0.01> struct ActivityL2 {
  using sets = detail::activity_l2_option;
  template <class Spec>
    requires requires(Spec s) { s.activity_regularizer; }
  static constexpr void apply(Spec& spec) {
    spec.activity_regularizer.l2 = L;
  }
};

namespace detail {

// What options that are written for a kernel say of any weight.
template <class... R> constexpr Regularizer regularizer_of() {
  struct {
    Regularizer kernel_regularizer{};
  } of;
  (R::apply(of), ...);
  return of.kernel_regularizer;
}

}  // namespace detail

/// BiasRegularizer<L2<>>, EmbeddingsRegularizer<L1<0.1>, L2<0.1>>, and so on, where L1 and L2 alone are those
/// of the kernel. Keras: bias_regularizer, ...
template <class... R> struct BiasRegularizer {
  KERATIN_SETS(bias_regularizer, detail::regularizer_of<R...>())
};
template <class... R> struct RecurrentRegularizer {
  KERATIN_SETS(recurrent_regularizer, detail::regularizer_of<R...>())
};
template <class... R> struct EmbeddingsRegularizer {
  KERATIN_SETS(embeddings_regularizer, detail::regularizer_of<R...>())
};
template <class... R> struct DepthwiseRegularizer {
  KERATIN_SETS(depthwise_regularizer, detail::regularizer_of<R...>())
};
template <class... R> struct PointwiseRegularizer {
  KERATIN_SETS(pointwise_regularizer, detail::regularizer_of<R...>())
};
template <class... R> struct AlphaRegularizer {
  KERATIN_SETS(alpha_regularizer, detail::regularizer_of<R...>())
};
template <class... R> struct GammaRegularizer {
  KERATIN_SETS(gamma_regularizer, detail::regularizer_of<R...>())
};
template <class... R> struct BetaRegularizer {
  KERATIN_SETS(beta_regularizer, detail::regularizer_of<R...>())
};

}  // namespace keratin
