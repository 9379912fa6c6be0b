#pragma once
#include <keratin/core/array.hpp>
#include <keratin/core/fixed.hpp>
#include <keratin/core/text.hpp>

#include <algorithm>
#include <limits>
#include <span>

namespace keratin::detail {

/// Predicts any number of samples, `chunk` at a time, with a workspace of chunk * (plan.workspace + in)
/// values. Error: the sizes do not match.
template <class S>
void predict_in_chunks(const auto& executor, const S* block, std::size_t in, std::size_t out,
                       std::size_t chunk, const Array& x, std::span<S> y, S* workspace) {
  const std::size_t n = x.size() / in;
  if (x.size() % in != 0 || y.size() != n * out) {
    std::fill(y.begin(), y.end(), std::numeric_limits<S>::quiet_NaN());
    return report(Text("predict: ", x.size(), " input and ", y.size(), " output values came, n * ", in,
                       " and n * ", out, " wanted"));
  }
  const S* const values = x.as<S>();
  S* const converted = workspace + chunk * executor.plan.workspace;
  if (n == 1) {  // the latency path
    if (!values) copy_values(x, 0, in, converted);
    return executor.forward(One{}, block, values ? values : converted, y.data(), workspace);
  }
  for (std::size_t i = 0; i < n; i += chunk) {
    const std::size_t count = std::min(chunk, n - i);
    if (!values) copy_values(x, i * in, count * in, converted);
    executor.forward(static_cast<int>(count), block, values ? values + i * in : converted, y.data() + i * out,
                     workspace);
  }
}

}  // namespace keratin::detail
