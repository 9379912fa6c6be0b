#include <doctest/doctest.h>

#include <keratin/kernels/math.hpp>

#include <bit>
#include <cfloat>
#include <cmath>
#include <vector>

using namespace keratin;

namespace {

using V = kernels::Vec<float>;

#if defined NDEBUG && defined __OPTIMIZE__
constexpr unsigned every = 1;  // float
#else
constexpr unsigned every = 61;
#endif

// Between 2^-26 and 2^8, by the exponent's bits. Below the functions are as good as constants or lines, above
// they are constants.
bool of_interest(unsigned exponent) { return exponent > 127 - 26 && exponent < 127 + 8; }

// The largest error in units of the last place where the result is a normal float; floats that are not of
// interest are tried in steps.
template <class F, class G> double worst_ulp(F f, G exact, unsigned step = every) {
  double worst = 0;
  for (unsigned exponent = 1; exponent < 255; ++exponent) {
    for (unsigned sign : {0u, 1u << 31})
      for (unsigned m = 0; m < 1u << 23; m += lanes<float> * (of_interest(exponent) ? step : 10'007)) {
        V x;
        for (unsigned l = 0; l < lanes<float>; ++l)
          x[static_cast<int>(l)] =
              std::bit_cast<float>(sign | exponent << 23 | std::min(m + l, (1u << 23) - 1));
        const V y = f(x);
        for (int l = 0; l < lanes<float>; ++l) {
          const double wanted = exact(static_cast<double>(x[l])), size = std::fabs(wanted);
          if (!(size >= FLT_MIN && size <= FLT_MAX)) continue;
          worst = std::max(worst, std::fabs(y[l] - wanted) / std::ldexp(1.0, std::ilogb(size) - 23));
        }
      }
  }
  return worst;
}

float at(float x, auto f) { return f(kernels::broadcast<V>(x))[0]; }
// NaN comes out as NaN, infinity as the limits.
void check_ends(auto f, float below, float above) {
  CHECK(std::isnan(at(NAN, f)));
  CHECK(at(-INFINITY, f) == below);
  CHECK(at(INFINITY, f) == above);
}

const auto the_exp = [](auto v) { return kernels::exp(v); };
const auto the_tanh = [](auto v) { return kernels::tanh(v); };
const auto the_sigmoid = [](auto v) { return kernels::sigmoid(v); };
double exact_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("exp is within 1.1 ulp where its result is normal") {
  CHECK(worst_ulp(the_exp, [](double x) { return std::exp(x); }) < 1.1);
  check_ends(the_exp, 0, INFINITY);
  CHECK(at(100, the_exp) == INFINITY);
  CHECK(at(-200, the_exp) == 0);
}

TEST_CASE("tanh is within 2 ulp") {
  CHECK(worst_ulp(the_tanh, [](double x) { return std::tanh(x); }) < 2);
  check_ends(the_tanh, -1, 1);
}

TEST_CASE("sigmoid is within 2 ulp") {
  CHECK(worst_ulp(the_sigmoid, exact_sigmoid) < 2);
  CHECK(std::isnan(at(NAN, the_sigmoid)));
  CHECK(at(INFINITY, the_sigmoid) == 1);
  CHECK(at(-INFINITY, the_sigmoid) < 1.01f * FLT_MIN);
}

TEST_CASE("near 0 and far from it exp, tanh and sigmoid are what they should be, to the last bit") {
  constexpr int apart = every == 1 ? 1 : 10'007;
  typedef int Ints __attribute__((vector_size(sizeof(V))));
  constexpr int fractions = 1 << 23;
  const Ints lane = __builtin_convertvector(kernels::iota<V>(), Ints);
  const V inf = kernels::broadcast<V>(INFINITY);
  Ints wrong = {};
  for (int exponent = 0; exponent < 255; ++exponent) {
    if (of_interest(static_cast<unsigned>(exponent))) continue;
    for (int m = 0; m < fractions; m += lanes<float> * apart) {
      const V x = (V)(lane + (exponent * fractions + m));
      if (exponent < 127) {
        for (const V v : {x, -x})
          wrong |= (the_exp(v) != V{} + 1) | (the_tanh(v) != v) | (the_sigmoid(v) != V{} + 0.5f);
      } else {
        wrong |= (the_exp(x) != inf) | (the_tanh(x) != V{} + 1) | (the_sigmoid(x) != V{} + 1);
        wrong |= (the_exp(-x) != V{}) | (the_tanh(-x) != V{} - 1) | (the_sigmoid(-x) > 1.01f * FLT_MIN);
      }
    }
  }
  for (int l = 0; l < lanes<float>; ++l) CHECK(int{wrong[l]} == 0);
}

TEST_CASE("expm1 is within 2 ulp") {
  const auto f = [](auto v) { return kernels::expm1(v); };
  CHECK(worst_ulp(f, [](double x) { return std::expm1(x); }) < 2);
  check_ends(f, -1, INFINITY);
}

TEST_CASE("log is within 1 ulp, log1p from 0 to 1 within 2") {
  const auto size = [](auto v) { return kernels::max(v, -v); };
  CHECK(worst_ulp([&](auto v) { return kernels::log(size(v)); },
                  [](double x) { return std::log(std::fabs(x)); }, 7 * every) < 1);
  const auto up_to_1 = [&](auto v) { return kernels::min(size(v), v * 0 + 1); };
  CHECK(worst_ulp([&](auto v) { return kernels::log1p(up_to_1(v)); },
                  [](double x) { return std::log1p(std::min(std::fabs(x), 1.0)); }, 7 * every) < 2);
  CHECK(at(0, [](auto v) { return kernels::log1p(v); }) == 0);
  CHECK(at(1, [](auto v) { return kernels::log(v); }) == 0);
}

TEST_CASE("the normal distribution is within 5 ulp") {
  const auto f = [](auto v) { return kernels::normal_cdf(v); };
  CHECK(worst_ulp(f, [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }) < 5);
  check_ends(f, 0, 1);
}

TEST_CASE("the fast ones are within a few ulp") {
  CHECK(worst_ulp([](auto v) { return kernels::fast_tanh(v); }, [](double x) { return std::tanh(x); }, 7) <
        7);
  const auto fast_sigmoid = [](auto v) { return kernels::fast_sigmoid(kernels::max(v, v * 0 - 87)); };
  CHECK(worst_ulp(fast_sigmoid, [](double x) { return exact_sigmoid(std::max(x, -87.0)); }, 7) < 5);
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

TEST_CASE("a sigmoid before its division is within 1.2e-7, and its denominator within 1e13") {
  const auto of = [](float x) {
    const kernels::Quotient<V> s = kernels::sigmoid_quotient(kernels::broadcast<V>(x));
    return std::pair{double{s.p[0]}, double{s.q[0]}};
  };
  double worst = 0;
  for (int i = -200'000; i <= 200'000; ++i) {
    const float x = static_cast<float>(i) * 5e-4f;
    const auto [p, q] = of(x);
    worst = std::max(worst, std::fabs(p / q - exact_sigmoid(double{x})));
    CHECK_MESSAGE((q >= 1 && q < 1e13), x);
  }
  CHECK(worst < 1.2e-7);
  for (const float x : {INFINITY, FLT_MAX, 1e5f}) CHECK(of(x).first / of(x).second == 1);
  for (const float x : {-INFINITY, -FLT_MAX, -1e5f}) CHECK(of(x).first / of(x).second < 1e-11);
  CHECK(std::isnan(of(NAN).second));
}
