#pragma once
// Regularizer: a penalty l1 * sum |w| + l2 * sum w^2 that is added to the loss. Keras: L1, L2 (without a half), L1L2.

namespace keratin {

struct Regularizer {
  double l1 = 0, l2 = 0;

  constexpr explicit operator bool() const { return l1 != 0 || l2 != 0; }
  constexpr bool operator==(const Regularizer&) const = default;
};

namespace detail {
struct l1_option;
struct l2_option;
}  // namespace detail

/// l * sum |w| on the kernel. Keras: kernel_regularizer=L1(l), 0.01 by default. May stand beside L2.
template <double L = 0.01>
struct L1 {
  using sets = detail::l1_option;
  template <class Spec>
    requires requires(Spec s) { s.kernel_regularizer; }
  static constexpr void apply(Spec& spec) {
    spec.kernel_regularizer.l1 = L;
  }
};
/// l * sum w^2 on the kernel. Keras: kernel_regularizer=L2(l), 0.01 by default. May stand beside L1.
template <double L = 0.01>
struct L2 {
  using sets = detail::l2_option;
  template <class Spec>
    requires requires(Spec s) { s.kernel_regularizer; }
  static constexpr void apply(Spec& spec) {
    spec.kernel_regularizer.l2 = L;
  }
};

}  // namespace keratin
