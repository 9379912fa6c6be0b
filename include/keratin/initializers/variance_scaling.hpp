#pragma once
// Kernels that keep the variance of what flows through them. Keras: the VarianceScaling family.
#include <keratin/initializers/initializer.hpp>

namespace keratin {

/// U(-l, l), l = sqrt(6 / (fan_in + fan_out)). Glorot and Bengio 2010. Keras: glorot_uniform, the default of
/// kernels.
struct GlorotUniform {
  static constexpr Initializer value{Distribution::uniform, Fan::average, 0, 1};
};
/// Normal cut at two standard deviations, variance 2 / (fan_in + fan_out). Keras: glorot_normal.
struct GlorotNormal {
  static constexpr Initializer value{Distribution::truncated_normal, Fan::average, 0, 1};
};
/// U(-l, l), l = sqrt(6 / fan_in). He et al. 2015. Keras: he_uniform.
struct HeUniform {
  static constexpr Initializer value{Distribution::uniform, Fan::in, 0, 2};
};
/// Normal cut at two standard deviations, variance 2 / fan_in. Keras: he_normal.
struct HeNormal {
  static constexpr Initializer value{Distribution::truncated_normal, Fan::in, 0, 2};
};
/// U(-l, l), l = sqrt(3 / fan_in). LeCun et al. 1998. Keras: lecun_uniform.
struct LecunUniform {
  static constexpr Initializer value{Distribution::uniform, Fan::in, 0, 1};
};
/// Normal cut at two standard deviations, variance 1 / fan_in. Keras: lecun_normal.
struct LecunNormal {
  static constexpr Initializer value{Distribution::truncated_normal, Fan::in, 0, 1};
};
/// Variance Scale / fan. Keras: VarianceScaling(scale 1, mode fan_in, distribution truncated_normal);
/// Distribution::normal is its untruncated_normal.
template <double Scale = 1.0, Fan Mode = Fan::in, Distribution Of = Distribution::truncated_normal>
struct VarianceScaling {
  static constexpr Initializer value{Of, Mode, 0, Scale};
};

}  // namespace keratin
