#pragma once
// A range of numbers, from which one is drawn at random.
#include <limits>

namespace keratin {

/// From low to high, whichever comes first. One number f means -f to f, cut off at Lowest. Keras: factor=f,
/// factor=(low, high).
template <int Lowest> struct RangeFrom {
  double low = 0, high = 0;

  constexpr RangeFrom() = default;
  constexpr RangeFrom(double f) : high(f < 0 ? -f : f) { low = -high < Lowest ? Lowest : -high; }
  constexpr RangeFrom(double a, double b) : low(a < b ? a : b), high(a < b ? b : a) {}

  /// No range. Keras: None.
  static constexpr RangeFrom none() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {infinity, infinity};
  }
  constexpr bool operator==(const RangeFrom&) const = default;

  constexpr bool within(double lowest, double highest) const { return low >= lowest && high <= highest; }
  /// The number that a share of the way from 0 to 1 leads to.
  constexpr double at(double share) const { return low + (high - low) * share; }
};

/// Range{-0.1, 0.2}; 0.2 for -0.2 to 0.2.
using Range = RangeFrom<-1>;
/// Fraction{0.1, 0.2}; 0.2 for 0 to 0.2.
using Fraction = RangeFrom<0>;

}  // namespace keratin
