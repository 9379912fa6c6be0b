#include <doctest/doctest.h>

#include <keratin/kernels/math.hpp>
#include <vector>

using namespace keratin;

namespace {

// The largest error in units of the last place over every `step`-th float between the bounds.
template <class F, class G> double worst_ulp(float low, float high, F f, G exact) {
  double worst = 0;
  const double step = (static_cast<double>(high) - low) / 400'000;
  for (double v = low; v < high; v += step) {
    const float x = static_cast<float>(v);
    const float y = f(kernels::broadcast<kernels::Vec<float>>(x))[0];
    const double wanted = exact(static_cast<double>(x));
    const float rounded = static_cast<float>(wanted);
    const double ulp = std::nextafter(std::fabs(rounded), INFINITY) - std::fabs(rounded);
    worst = std::max(worst, std::fabs(y - wanted) / ulp);
  }
  return worst;
}

}  // namespace

TEST_CASE("exp is within 2 ulp where its result is normal") {
  const auto f = [](auto v) { return kernels::exp(v); };
  CHECK(worst_ulp(-87, 88, f, [](double x) { return std::exp(x); }) < 2);
  CHECK(worst_ulp(-1, 1, f, [](double x) { return std::exp(x); }) < 2);
  CHECK(f(kernels::broadcast<kernels::Vec<float>>(100.f))[0] == INFINITY);
  CHECK(f(kernels::broadcast<kernels::Vec<float>>(-200.f))[0] == 0);
}

TEST_CASE("tanh and sigmoid are within a few ulp") {
  CHECK(worst_ulp(-9, 9, [](auto v) { return kernels::tanh(v); }, [](double x) { return std::tanh(x); }) < 6);
  CHECK(worst_ulp(
            -15, 15, [](auto v) { return kernels::sigmoid(v); },
            [](double x) { return 1 / (1 + std::exp(-x)); }) < 4);
}

TEST_CASE("a rest of a vector touches nothing beyond it") {
  for (int n = 1; n <= lanes<float>; ++n) {
    std::vector<float> from(static_cast<std::size_t>(n)), to(static_cast<std::size_t>(n) + 1, 7.f);
    for (int i = 0; i < n; ++i) from[static_cast<std::size_t>(i)] = static_cast<float>(i + 1);
    const kernels::Rest rest{n};
    const kernels::Vec<float> v = rest.load(from.data());
    rest.store(to.data(), v);
    CHECK(std::equal(from.begin(), from.end(), to.begin()));
    CHECK(to.back() == 7.f);
    CHECK(kernels::sum(v) == static_cast<float>(n * (n + 1) / 2));
    CHECK(kernels::largest(v) == static_cast<float>(n));
  }
}
