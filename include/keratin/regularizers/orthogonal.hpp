#pragma once
// A penalty on the angles between the rows, or the columns, of a matrix. Unlike l1 and l2 it has to see all
// weights for the gradient of one: a trainer computes it apart, before the weights change.
#include <keratin/core/shape.hpp>
#include <keratin/regularizers/regularizer.hpp>

#include <algorithm>
#include <cmath>

namespace keratin {

namespace detail {

/// The penalty of a matrix and, where it is wanted, its gradient.
template <class S>
[[gnu::noinline]] double orthogonal_penalty(const Regularizer& penalty, const Shape& shape, const S* w,
                                            S* gradient = nullptr) {
  const bool rows = penalty.mode == OrthogonalMode::rows;
  const std::ptrdiff_t count = shape[rows ? 0 : 1], length = shape[rows ? 1 : 0], next = rows ? shape[1] : 1,
                       stride = rows ? 1 : shape[1];
  if (count < 2) return 0;
  const auto dot = [=](const S* a, const S* b) {
    double sum = 0;
    for (std::ptrdiff_t k = 0; k < length; ++k)
      sum += static_cast<double>(a[k * stride]) * static_cast<double>(b[k * stride]);
    return sum;
  };
  const double pairs = static_cast<double>(count) * static_cast<double>(count - 1) / 2, most = 1e7;
  const auto inverse_norm = [=](const S* v) { return std::min(1 / std::sqrt(dot(v, v)), most); };
  double sum = 0;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const S* const v = w + i * next;
    S* const g = gradient ? gradient + i * next : nullptr;
    if (g)
      for (std::ptrdiff_t k = 0; k < length; ++k) g[k * stride] = S{};
    const double of_v = inverse_norm(v);
    double cosines = 0;  // of v with what the gradient wants of it
    for (std::ptrdiff_t j = 0; j < count; ++j) {
      if (i == j) continue;
      const S* const u = w + j * next;
      const double of_u = inverse_norm(u), cosine = dot(u, v) * of_u * of_v;
      cosines += std::fabs(cosine);
      if (!g || cosine == 0) continue;
      const double by = (cosine > 0 ? 1 : -1) * of_u * of_v * penalty.orthogonal / pairs;
      for (std::ptrdiff_t k = 0; k < length; ++k)
        g[k * stride] += static_cast<S>(by * static_cast<double>(u[k * stride]));
    }
    sum += cosines;
    if (!g || of_v == most) continue;  // a vector of zeros has no direction
    const double back = cosines * of_v * of_v * penalty.orthogonal / pairs;
    for (std::ptrdiff_t k = 0; k < length; ++k)
      g[k * stride] -= static_cast<S>(back * static_cast<double>(v[k * stride]));
  }
  return penalty.orthogonal * 0.5 * sum / pairs;
}

}  // namespace detail
}  // namespace keratin
