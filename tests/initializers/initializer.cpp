#include "../golden.hpp"

#include <doctest/doctest.h>

#include <keratin/initializers.hpp>

#include <cmath>
#include <vector>

using namespace keratin;

namespace {

struct Moments {
  double mean, stddev, low, high;
};
Moments moments(const Initializer& init, Shape shape) {
  std::vector<float> w(static_cast<std::size_t>(shape.size()));
  initialize(init, shape, {11, random_initializer, 0, 0}, w.data());
  Moments m{0, 0, 1e9, -1e9};
  for (float v : w) m = {m.mean + v, m.stddev + double{v} * v, std::fmin(m.low, v), std::fmax(m.high, v)};
  const double n = static_cast<double>(w.size());
  m.mean /= n;
  m.stddev = std::sqrt(m.stddev / n - m.mean * m.mean);
  return m;
}

}  // namespace

TEST_CASE("initializers have Keras's spread") {
  const Shape shape{300, 200};
  const double glorot = std::sqrt(2.0 / 500), he = std::sqrt(2.0 / 300);
  const auto check = [&](const Initializer& init, double stddev, double bound) {
    const Moments m = moments(init, shape);
    CHECK(m.mean == doctest::Approx(0).scale(stddev).epsilon(0.02));
    CHECK(m.stddev == doctest::Approx(stddev).epsilon(0.02));
    CHECK(std::fmax(-m.low, m.high) <= bound);
    CHECK(std::fmax(-m.low, m.high) > 0.97 * bound);
  };
  check(GlorotUniform::value, glorot, glorot * std::sqrt(3.0));
  check(HeUniform::value, he, he * std::sqrt(3.0));
  check(GlorotNormal::value, glorot, 2 * glorot / 0.87962566103423978);
  check(HeNormal::value, he, 2 * he / 0.87962566103423978);
  check(RandomUniform<>::value, 0.05 / std::sqrt(3.0), 0.05);
  check(LecunUniform::value, std::sqrt(1.0 / 300), std::sqrt(3.0 / 300));
  check(LecunNormal::value, std::sqrt(1.0 / 300), 2 * std::sqrt(1.0 / 300) / 0.87962566103423978);
  // Cut, a deviation of 0.05 becomes a smaller one.
  check(TruncatedNormal<>::value, 0.05 * 0.87962566103423978, 0.1);
  using OfOutputs = VarianceScaling<3.0, Fan::out, Distribution::uniform>;
  check(OfOutputs::value, std::sqrt(3.0 / 200), 3 * std::sqrt(1.0 / 200));
  check(VarianceScaling<>::value, std::sqrt(1.0 / 300), 2 * std::sqrt(1.0 / 300) / 0.87962566103423978);
  const Moments uncut = moments(VarianceScaling<2.0, Fan::average, Distribution::normal>::value, shape);
  CHECK(uncut.stddev == doctest::Approx(std::sqrt(2.0 / 250)).epsilon(0.02));
  CHECK(uncut.high > 3 * std::sqrt(2.0 / 250));
  const Moments constant = moments(Constant<0.25>::value, shape);
  CHECK(constant.low == 0.25);
  CHECK(constant.high == 0.25);
  const Moments normal = moments(RandomNormal<1.0, 0.2>::value, shape);
  CHECK(normal.mean == doctest::Approx(1).epsilon(0.01));
  CHECK(normal.stddev == doctest::Approx(0.2).epsilon(0.02));
  CHECK(moments(Zeros::value, shape).high == 0);
  CHECK(moments(Ones::value, shape).low == 1);
}

TEST_CASE("the identity is a matrix with the gain on its diagonal") {
  std::vector<float> w(12);
  initialize(IdentityMatrix<0.5>::value, Shape{3, 4}, {}, w.data());
  CHECK(w == std::vector<float>{0.5f, 0, 0, 0, 0, 0.5f, 0, 0, 0, 0, 0.5f, 0});
}

TEST_CASE("the kernels of a Fourier transform are Keras's") {
  const auto check = [](const Initializer& init, Shape shape, const std::string& name) {
    CAPTURE(name);
    std::vector<float> w(static_cast<std::size_t>(shape.size()));
    initialize(init, shape, {}, w.data());
    const std::vector<float>& wanted = golden("stft/" + name);
    REQUIRE(w.size() == wanted.size());
    for (std::size_t i = 0; i < w.size(); ++i) CHECK(std::fabs(w[i] - wanted[i]) < 1e-6f);
  };
  check(STFT<>::value, {6, 1, 4}, "default");
  check(STFT<STFTSide::imag, STFTWindow::hamming, STFTScaling::spectrum, true>::value, {7, 1, 5},
        "imaginary");
  check(STFT<STFTSide::real, STFTWindow::none>::value, {5, 1, 3}, "plain");
  check(STFT<STFTSide::real, STFTWindow::blackmanharris, STFTScaling::none>::value, {6, 1, 4}, "unscaled");
  check(STFT<STFTSide::real, STFTWindow::flattop, STFTScaling::density, true>::value, {1, 1, 3}, "one_step");
  for (const STFTWindow window :
       {STFTWindow::boxcar, STFTWindow::blackman, STFTWindow::nuttall, STFTWindow::flattop}) {
    Initializer init = STFT<>::value;
    init.stft = {STFTSide::real, window, STFTScaling::spectrum, false};
    check(init, {8, 1, 2}, std::string(enum_name(window)));
  }
  std::vector<float> w(12);
  CHECK_THROWS_WITH(initialize(STFT<>::value, Shape{3, 4}, {}, w.data()),
                    "STFT got a weight of (3, 4), (steps, 1, bins) wanted, with two bins or more");
}

TEST_CASE("fans of a convolution kernel count its receptive field") {
  CHECK(detail::fans(Shape{3, 3, 8, 16}).in == 72);
  CHECK(detail::fans(Shape{3, 3, 8, 16}).out == 144);
  CHECK(detail::fans(Shape{7}).in == 7);
}

TEST_CASE("orthogonal kernels: Q^T Q = 1 along the shorter side") {
  const auto check = [](Shape shape, double gain, const Initializer& init) {
    std::vector<float> w(static_cast<std::size_t>(shape.size()));
    initialize(init, shape, {11, random_initializer, 0, 0}, w.data());
    const std::size_t columns = static_cast<std::size_t>(shape.last()), rows = w.size() / columns;
    const bool by_rows = rows <= columns;
    const std::size_t count = by_rows ? rows : columns, length = by_rows ? columns : rows;
    const auto at = [&](std::size_t i, std::size_t k) {
      return double{by_rows ? w[i * columns + k] : w[k * columns + i]};
    };
    double worst = 0;
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        double dot = 0;
        for (std::size_t k = 0; k < length; ++k) dot += at(i, k) * at(j, k);
        worst = std::fmax(worst, std::fabs(dot - (i == j ? gain * gain : 0)));
      }
    CHECK(worst < 1e-6 * gain * gain);
  };
  check({64, 256}, 1, Orthogonal<>::value);
  check({24, 24}, 1, Orthogonal<>::value);
  check({3, 3, 5, 7}, 2, Orthogonal<2.0>::value);
  check({1, 1}, 1, Orthogonal<>::value);
  check({5}, 1, Orthogonal<>::value);
}

TEST_CASE("an LSTM's bias starts with forget gates of 1") {
  Initializer init = Zeros::value;
  init.unit_forget = true;
  std::vector<float> b(8, 7.f);
  initialize(init, Shape{8}, {}, b.data());
  CHECK(b == std::vector<float>{0, 0, 1, 1, 0, 0, 0, 0});
}
