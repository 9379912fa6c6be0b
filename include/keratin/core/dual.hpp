#pragma once
// Dual<V>: a vector of values, and beside each its derivative with respect to something: what is computed
// with them gives its derivatives as it goes (forward mode).
#include <keratin/kernels/math.hpp>

#include <limits>

namespace keratin {

template <class V> struct Dual {
  using Element = kernels::element<V>;
  using Mask = decltype(V{} < V{});

  V value{}, slope{};

  Dual() = default;
  Dual(V v, V s) : value(v), slope(s) {}
  Dual(double constant) : value(kernels::broadcast<V>(static_cast<Element>(constant))) {}

  friend Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.slope + b.slope}; }
  friend Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.slope - b.slope}; }
  friend Dual operator-(Dual a) { return {-a.value, -a.slope}; }
  friend Dual operator*(Dual a, Dual b) { return {a.value * b.value, a.slope * b.value + b.slope * a.value}; }
  friend Dual operator/(Dual a, Dual b) {
    const V quotient = a.value / b.value;
    return {quotient, (a.slope - quotient * b.slope) / b.value};
  }
  Dual& operator+=(Dual b) { return *this = *this + b; }
  Dual& operator-=(Dual b) { return *this = *this - b; }
  Dual& operator*=(Dual b) { return *this = *this * b; }
  Dual& operator/=(Dual b) { return *this = *this / b; }

  friend Mask operator<(Dual a, Dual b) { return a.value < b.value; }
  friend Mask operator>(Dual a, Dual b) { return a.value > b.value; }
  friend Mask operator<=(Dual a, Dual b) { return a.value <= b.value; }
  friend Mask operator>=(Dual a, Dual b) { return a.value >= b.value; }
  /// a where the condition holds, else b: where(x > 0, x, 0).
  friend Dual where(Mask condition, Dual a, Dual b) {
    return {condition ? a.value : b.value, condition ? a.slope : b.slope};
  }
  friend Dual max(Dual a, Dual b) { return where(b > a, b, a); }  // of equal ones the first
  friend Dual min(Dual a, Dual b) { return where(b < a, b, a); }
  friend Dual abs(Dual a) { return where(a < Dual(0), -a, a); }

  friend Dual exp(Dual a) {
    const V e = kernels::exp(a.value);
    return {e, a.slope * e};
  }
  /// Minus infinity of what is below the smallest normal number, NaN of what is below 0.
  friend Dual log(Dual a) {
    using Limits = std::numeric_limits<Element>;
    const V x = a.value, of_least = x < 0 ? V{} + Limits::quiet_NaN() : V{} - Limits::infinity();
    const V y = x < Limits::infinity() ? kernels::log(x) : x;
    return {x < Limits::min() ? of_least : y, a.slope / x};
  }
  friend Dual sqrt(Dual a) {
    const V root = kernels::sqrt(a.value);
    return {root, a.slope / (root * 2)};
  }
  friend Dual tanh(Dual a) {
    const V t = kernels::tanh(a.value);
    return {t, a.slope * (1 - t * t)};
  }
  friend Dual sigmoid(Dual a) {
    const V s = kernels::sigmoid(a.value);
    return {s, a.slope * (s * (1 - s))};
  }
  /// Whole powers up to 16 by multiplication, others of positive numbers as exp(power * log a).
  friend Dual pow(Dual a, double power) {
    if (power < 0) return Dual(1) / pow(a, -power);
    const int whole = power <= 16 ? static_cast<int>(power) : -1;
    if (whole != power) return exp(log(a) * Dual(power));
    Dual product(1);
    for (int i = 0; i < whole; ++i) product *= a;
    return product;
  }
};

}  // namespace keratin
