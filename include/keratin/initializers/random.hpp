#pragma once
#include <keratin/initializers/initializer.hpp>

namespace keratin {

/// Normal. Keras: RandomNormal(mean 0, stddev 0.05).
template <double Mean = 0.0, double Stddev = 0.05> struct RandomNormal {
  static constexpr Initializer value{Distribution::normal, Fan::none, Mean, Stddev};
};
/// U(min, max). Keras: RandomUniform(-0.05, 0.05).
template <double Min = -0.05, double Max = 0.05> struct RandomUniform {
  static constexpr Initializer value{Distribution::uniform, Fan::none, (Min + Max) / 2, (Max - Min) / 2};
};
/// Normal, cut at two standard deviations. Keras: TruncatedNormal(mean 0, stddev 0.05).
template <double Mean = 0.0, double Stddev = 0.05> struct TruncatedNormal {
  static constexpr Initializer value{Distribution::truncated_normal, Fan::none, Mean, Stddev};
};

}  // namespace keratin
