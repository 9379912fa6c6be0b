#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

namespace {

constexpr Shape shape{4, 5, 2}, colors{2, 3, 3};
constexpr Random stream{5, random_dropout, 2, 7};

std::vector<double> doubles(const std::vector<float>& v, std::size_t first, std::size_t n) {
  const auto begin = v.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(n)};
}
// Sample s of an array, of which there are two.
std::vector<double> sample(const std::vector<float>& v, std::size_t s) {
  return doubles(v, s * v.size() / 2, v.size() / 2);
}
double given(const std::string& name, std::size_t s) {
  return static_cast<double>(golden("image/" + name + "/t")[s]);
}
std::vector<float> picture(std::size_t n) {
  std::vector<float> x = filled_array(n, 0, 200);
  for (float& v : x) v += 128;
  return x;
}

// made(sample, x, dy, y, dx) against Keras.
void check_images(const std::string& name, const std::vector<float>& x, auto made) {
  CAPTURE(name);
  const std::vector<float>&y = golden("image/" + name + "/y"), &dx = golden("image/" + name + "/dx");
  REQUIRE(x.size() == dx.size());
  for (std::size_t s = 0; s < 2; ++s) {
    const std::vector<double> x1 = sample(x, s), wanted = sample(y, s),
                              dy = sample(filled_array(y.size(), 9), s);
    std::vector<double> y1(wanted.size()), dx1(x1.size());
    made(s, x1.data(), dy.data(), y1.data(), dx1.data());
    CHECK(all_near(y1, wanted));
    CHECK(all_near(dx1, sample(dx, s), 2e-5));
  }
}

// A pass over one sample by the layer's own kernels.
template <class Spec>
void pass(const Spec& spec, Shape in, const double* x, const double* dy, double* y, double* dx) {
  std::vector<double> gradient(dy, dy + in.size()), scratch(8);
  Forward<double> f{};
  f.count = 1, f.x = x, f.y = y, f.run.random = stream;
  Spec::forward(spec.geometry(in), f);
  Backward<double> b{};
  b.count = 1, b.x = x, b.dy = gradient.data(), b.dx = dx, b.scratch = scratch.data(), b.run.random = stream;
  Spec::backward(spec.geometry(in), b);
}
// The same of what a spec makes of one color, for what was drawn.
template <class Spec>
void recolor(const Spec& spec, double drawn, const double* x, const double* dy, double* y, double* dx) {
  using N = detail::ColorDual<double>;
  for (int p = 0; p < colors.size(); p += 3) {
    const auto made = spec.recolored(
        detail::Color<N>{N::along(x[p], 0), N::along(x[p + 1], 1), N::along(x[p + 2], 2)}, drawn);
    for (int k = 0; k < 3; ++k) {
      y[p + k] = made[static_cast<std::size_t>(k)].value;
      dx[p + k] = 0;
      for (int o = 0; o < 3; ++o) dx[p + k] += dy[p + o] * made[static_cast<std::size_t>(o)].slope[k];
    }
    const auto plain = spec.recolored(detail::Color<double>{x[p], x[p + 1], x[p + 2]}, drawn);
    for (int k = 0; k < 3; ++k) CHECK(near(plain[static_cast<std::size_t>(k)], y[p + k]));
  }
}

struct Statistics {
  double least = 1e9, most = -1e9, sum = 0, squares = 0;
  int n = 0;

  void add(double v) {
    least = std::min(least, v), most = std::max(most, v), sum += v, squares += v * v, ++n;
  }
  double mean() const { return sum / n; }
  double variance() const { return squares / n - mean() * mean(); }
  void check_uniform(double low, double high) const {
    const double width = high - low;
    CHECK(least >= low);
    CHECK(most <= high);
    CHECK(std::fabs(mean() - (low + high) / 2) < 0.01 * width);
    CHECK(variance() == doctest::Approx(width * width / 12).epsilon(0.03));
  }
};
void for_many(auto f) {
  for (std::uint32_t s = 0; s < 20'000; ++s) f(s);
}

}  // namespace

TEST_CASE("random colors: what is true of every layer") {
  check<RandomBrightness<0.5>, Input<5, 4, 3>>();
  check<RandomBrightness<Range{-0.1, 0.3}, ValueRange<-0.25, 0.25>>, Input<3, 3, 17>>();
  check<RandomBrightness<0.5, ValueRange<-0.5, 0.5>>, Input<1, 1, 1>>();
  check<RandomBrightness<0.0, ValueRange<-1.0, 1.0>>, Input<2, 5, 1>>();
  check<RandomContrast<0.5, ValueRange<-0.25, 0.25>>, Input<5, 4, 3>>();
  check<RandomContrast<Fraction{0.5, 1.0}, ValueRange<-1.0, 1.0>>, Input<3, 3, 17>>();
  check<RandomContrast<1.0>, Input<1, 1, 1>>();
  check<RandomContrast<Fraction{0.9, 0.0}, ValueRange<-1.0, 0.25>>, Input<2, 5, 1>>();
  check<RandomErasing<>, Input<5, 4, 3>>();
  check<RandomErasing<Factor<1.0, 1.0>, FillValue<0.25>, ValueRange<-0.5, 0.5>>, Input<9, 7, 1>>();
  check<RandomErasing<Factor<1.0, 1.0>, Scale<1.0, 1.0>>, Input<2, 3, 17>>();
  check<RandomErasing<Factor<0.0>>, Input<1, 1, 1>>();
  check<RandomInvert<>, Input<5, 4, 3>>();
  check<RandomInvert<ValueRange<-0.5, 0.5>, Factor<0.5, 0.5>>, Input<3, 3, 17>>();
  check<RandomInvert<Factor<1.0, 1.0>>, Input<1, 1, 1>>();
  check<RandomInvert<Factor<0.0>>, Input<2, 5, 1>>();
  check<RandomGrayscale<>, Input<5, 4, 3>>();
  check<RandomGrayscale<1.0>, Input<1, 1, 3>>();
  check<RandomGrayscale<0.25>, Input<2, 17, 1>>();
  check<RandomGrayscale<0.0>, Input<3, 2, 3>>();
  check<RandomSaturation<0.5>, Input<5, 4, 3>>();
  check<RandomSaturation<Range{0.5, 1.0}, ValueRange<0.0, 0.75>>, Input<3, 2, 3>>();
  check<RandomSaturation<Range{-0.5, 0.0}>, Input<1, 1, 3>>();
  check<RandomSaturation<0.25, ValueRange<0.0, 1.0>>, Input<2, 17, 3>>();
  check<RandomHue<0.5>, Input<5, 4, 3>>();
  check<RandomHue<Fraction{0.5, 1.0}, ValueRange<-0.25, 0.5>>, Input<3, 2, 3>>();
  check<RandomHue<1.0, ValueRange<-1.0, 1.0>>, Input<1, 1, 3>>();
  check<RandomHue<0.0, ValueRange<-1.0, 1.0>>, Input<2, 17, 3>>();
}

TEST_CASE("contrast, brightness, inversion and gray are Keras's") {
  check_images("contrast", picture(80), [](std::size_t s, auto* x, auto* dy, double* y, double* dx) {
    const RandomContrastSpec spec{.value_range = {60, 200}};
    double mean[2], sum[2];
    RandomContrastSpec::adjust<double>(spec.geometry(shape), given("contrast", s), x, mean, y);
    RandomContrastSpec::adjust_backward<double>(spec.geometry(shape), given("contrast", s), x, mean, dy, sum,
                                                dx);
  });
  check_images("brightness", picture(80), [](std::size_t s, auto... pointers) {
    const double factor = given("brightness", s);
    pass(RandomBrightnessSpec{.factor = {factor, factor}, .value_range = {40, 240}}, shape, pointers...);
  });
  check_images("invert", picture(80), [](std::size_t, auto... pointers) {
    pass(RandomInvertSpec{.factor = {1, 1}}, shape, pointers...);
  });
  check_images("grayscale", picture(36),
               [](std::size_t, auto... pointers) { pass(RandomGrayscaleSpec{1}, colors, pointers...); });
}

TEST_CASE("saturation and hue are Keras's, also where channels are equal") {
  for (const std::string k : {"0", "1"})
    for (const std::string ties : {"", "_ties"}) {
      const auto x = [&](const std::string& name) {
        return ties.empty() ? picture(36) : golden("image/" + name + ties + "/x");
      };
      check_images("saturation" + k + ties, x("saturation" + k), [&](std::size_t s, auto... pointers) {
        recolor(RandomSaturationSpec{}, given("saturation" + k, s), pointers...);
      });
      check_images("hue" + k + ties, x("hue" + k), [&](std::size_t s, auto... pointers) {
        recolor(RandomHueSpec{}, given("hue" + k, s), pointers...);
      });
    }
}

TEST_CASE("a patch is where Keras has it") {
  const std::vector<float>&t = golden("image/patches/t"), &wanted = golden("image/patches/y");
  for (std::size_t s = 0; s < 4; ++s) {
    const std::vector<double> p = doubles(t, 4 * s, 4);
    const auto patch = RandomErasingSpec::patch(6, 8, p[0], p[1], p[2], p[3]);
    std::vector<double> mask;
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 8; ++x)
        mask.push_back(y >= patch.top && y < patch.bottom && x >= patch.left && x < patch.right);
    CHECK(mask == doubles(wanted, s * 48, 48));
  }
}

TEST_CASE("a patch is filled, and the rest stays") {
  constexpr Shape in{12, 10, 1};
  const std::vector<double> x(120, 0.5), dy(120, 1);
  std::vector<double> y(120), dx(120);
  const RandomErasingSpec spec{.factor = {1, 1}, .fill_value = 3, .value_range = {0, 2}};
  pass(spec, in, x.data(), dy.data(), y.data(), dx.data());
  const auto patch = spec.draw(stream, 0, 12, 10);
  REQUIRE((patch.bottom > patch.top && patch.right > patch.left));
  for (int i = 0; i < 120; ++i) {
    const bool erased =
        i / 10 >= patch.top && i / 10 < patch.bottom && i % 10 >= patch.left && i % 10 < patch.right;
    CHECK(y[static_cast<std::size_t>(i)] == (erased ? 2 : 0.5));
    CHECK(dx[static_cast<std::size_t>(i)] == (erased ? 0 : 1));
  }
}

TEST_CASE("noise is normal, and clipped") {
  constexpr int n = 100;
  constexpr Shape in{n, n, 3};
  const std::vector<double> x(static_cast<std::size_t>(in.size())), dy(x);
  std::vector<double> y(x), dx(x);
  const auto noise = [&](const Range& values) {
    const RandomErasingSpec spec{.factor = {1, 1}, .scale = {1, 1}, .value_range = values};
    pass(spec, in, x.data(), dy.data(), y.data(), dx.data());
    Statistics all;
    for (const double v : y) all.add(v);
    return all;
  };
  const Statistics wide = noise({-1000, 10});
  CHECK(wide.most == 10);  // one deviation above the mean
  int above = 0, below = 0;
  for (const double v : y) above += v == 10, below += v < -20;
  CHECK(above / 30'000.0 == doctest::Approx(0.1587).epsilon(0.04));
  CHECK(below / 30'000.0 == doctest::Approx(0.0228).epsilon(0.1));
  const Statistics narrow = noise({0, 255});
  CHECK(narrow.least == 0);
  CHECK(narrow.most == 255);
}

TEST_CASE("what is drawn for colors has Keras's distribution") {
  Statistics brightness, contrast, by_default, saturation, hue, tall, down;
  int erased = 0, inverted = 0, gray = 0, left = 0;
  const RandomErasingSpec erasing{.scale = {0.2, 0.3}}, always{.factor = {1, 1}, .scale = {0.25, 0.25}};
  for_many([&](std::uint32_t s) {
    const Words words = stream.block(s);
    brightness.add(RandomBrightnessSpec{.factor = {-0.1, 0.3}, .value_range = {-1, 1}}.draw(words));
    contrast.add(RandomContrastSpec{.factor = {0.1, 0.3}}.draw(words));
    by_default.add(RandomContrastSpec{.factor = 0.2}.draw(words));
    const double f = RandomSaturationSpec{.factor = {0.25, 0.75}}.draw(words);
    saturation.add(f / (1 + f));
    const double turn = RandomHueSpec{.factor = {0.2, 0.6}}.draw(words);
    hue.add(std::fabs(turn));
    left += turn < 0;
    inverted += RandomInvertSpec{.factor = {0.1, 0.3}}.draw(words);
    gray += RandomGrayscaleSpec{0.3}.draw(words);
    if (erasing.draw(stream, s, 100, 200) != RandomErasingSpec::Patch{}) ++erased;
    const auto patch = always.draw(stream, s, 1000, 2000);
    CHECK(std::abs(patch.bottom - patch.top - 500) <= 1);
    CHECK(std::abs(patch.right - patch.left - 1000) <= 1);
    down.add(patch.top);
    const auto other = RandomErasingSpec{.factor = {1, 1}, .scale = {0.1, 0.5}}.draw(stream, s, 1000, 2000);
    const double height = (other.bottom - other.top) / 1000.0;
    tall.add(height * height);
  });
  brightness.check_uniform(-0.2, 0.6);
  contrast.check_uniform(0.9, 1.3);
  by_default.check_uniform(1, 1.2);
  saturation.check_uniform(0.25 - 1e-6, 0.75 + 1e-6);
  hue.check_uniform(0.1, 0.3);
  down.check_uniform(0, 500);
  tall.check_uniform(0.098, 0.502);
  CHECK(left / 20'000.0 == doctest::Approx(0.5).epsilon(0.02));
  CHECK(erased / 20'000.0 == doctest::Approx(0.5).epsilon(0.02));
  CHECK(inverted / 20'000.0 == doctest::Approx(0.2).epsilon(0.04));
  CHECK(gray / 20'000.0 == doctest::Approx(0.3).epsilon(0.03));
}

TEST_CASE("random colors cost nothing in inference") {
  using Net = Sequential<Input<2, 3, 3>, RandomBrightness<0.1>, RandomContrast<0.1>, RandomErasing<>,
                         RandomInvert<>, RandomGrayscale<>, RandomSaturation<0.1>, RandomHue<0.1>>;
  static_assert(plan<Net>().steps.size() == 0);
  CHECK(std::ranges::equal(Model<Net>().predict(filled_array(18, 0)), filled_array(18, 0)));
}

TEST_CASE("random colors: options and rules") {
  constexpr Shape image{6, 5, 3};
  static_assert(RandomContrast<0.2>::spec.factor == Fraction{0, 0.2});
  static_assert(RandomBrightness<0.2>::spec.factor == Range{-0.2, 0.2});
  static_assert(RandomErasing<>::spec.factor == Fraction{0, 1});
  static_assert(RandomErasing<FillValue<0.5>, Scale<0.1>>::spec.scale == Fraction{0, 0.1});
  static_assert(hana::equal(RandomErasing<FillValue<0.5>, Factor<0.5>>::spec,
                            RandomErasing<Factor<0.5>, FillValue<0.5>>::spec));
  static_assert(RandomContrastSpec{1.5}.fit(image).broken == &needs_factors_from_0_to_1);
  static_assert(RandomContrastSpec{Fraction{-0.1, 0.2}}.fit(image).broken == &needs_factors_from_0_to_1);
  static_assert(RandomContrastSpec{0.5, Range{1, 1}}.fit(image).broken == &needs_a_range_of_values);
  static_assert(RandomBrightnessSpec{1.5}.fit(image).broken == &needs_factors_from_minus_1_to_1);
  static_assert(RandomErasingSpec{.scale = {0.5, 1.5}}.fit(image).broken == &needs_factors_from_0_to_1);
  static_assert(RandomGrayscaleSpec{1.5}.fit(image).broken == &needs_factors_from_0_to_1);
  static_assert(RandomGrayscaleSpec{}.fit(Shape{4, 4, 2}).broken == &needs_red_green_and_blue);
  static_assert(RandomHueSpec{}.fit(Shape{4, 4, 1}).broken == &needs_red_green_and_blue);
  static_assert(RandomSaturationSpec{}.fit(Shape{4, 4, 4}).broken == &needs_red_green_and_blue);
  static_assert(RandomSaturationSpec{}.fit(Shape{4, 4}).broken == &needs_image_HxWxC);
  static_assert(RandomInvertSpec{}.fit(Shape{4}).broken == &needs_image_HxWxC);
}
