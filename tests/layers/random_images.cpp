#include <boost/hana/equal.hpp>

#include "../check.hpp"

#include <map>
#include <set>

using namespace keratin;

namespace {

// A function of images against Keras: forward(sample, stride, x, y), and backward likewise. Each sample is
// tried by itself, and as one of several lanes.
template <int Stride> constexpr auto stride = std::integral_constant<int, Stride>{};

void check_images(const std::string& name, Shape in, Shape out, auto forward, auto backward) {
  CAPTURE(name);
  const std::vector<float>&wanted_y = golden("image/" + name + "/y"),
        wanted_dx = golden("image/" + name + "/dx");
  const std::size_t n = static_cast<std::size_t>(in.size()), m = static_cast<std::size_t>(out.size());
  REQUIRE(wanted_dx.size() == 2 * n);
  REQUIRE(wanted_y.size() == 2 * m);
  const std::vector<float> all_x = filled_array(2 * n, 0), all_dy = filled_array(2 * m, 9);
  for (std::size_t s = 0; s < 2; ++s) {
    const auto part = [s](const std::vector<float>& v, std::size_t size) {
      return std::vector<double>(v.begin() + static_cast<std::ptrdiff_t>(s * size),
                                 v.begin() + static_cast<std::ptrdiff_t>((s + 1) * size));
    };
    const std::vector<double> x = part(all_x, n), dy = part(all_dy, m);
    std::vector<double> y(m, 7), dx(n);
    forward(s, stride<1>, x.data(), y.data());
    backward(s, stride<1>, dy.data(), dx.data());
    CHECK(all_near(y, part(wanted_y, m)));
    CHECK(all_near(dx, part(wanted_dx, n)));

    constexpr std::size_t lanes = 4, lane = 2;
    std::vector<double> x4(n * lanes, 100), y4(m * lanes, 100), dy4(m * lanes, 100), dx4(n * lanes);
    for (std::size_t i = 0; i < n; ++i) x4[i * lanes + lane] = x[i];
    for (std::size_t i = 0; i < m; ++i) dy4[i * lanes + lane] = dy[i];
    forward(s, stride<lanes>, x4.data() + lane, y4.data() + lane);
    backward(s, stride<lanes>, dy4.data() + lane, dx4.data() + lane);
    for (std::size_t i = 0; i < m * lanes; ++i) CHECK(y4[i] == (i % lanes == lane ? y[i / lanes] : 100));
    for (std::size_t i = 0; i < n * lanes; ++i) CHECK(dx4[i] == (i % lanes == lane ? dx[i / lanes] : 0));
  }
}

// The number k of the transformation of sample s.
double given(const std::string& name, std::size_t s, std::size_t k) {
  const std::vector<float>& t = golden("image/" + name + "/t");
  return static_cast<double>(t[s * (t.size() / 2) + k]);
}

void check_affine(const std::string& name, Shape in, Fill fill, Interpolation sampling, double value,
                  auto affine) {
  const kernels::View view{{in[0], in[1], in[2], in[1]}, in[0], in[1], fill, sampling, value};
  check_images(
      name, in, in,
      [&](std::size_t s, auto stride, const double* x, double* y) {
        kernels::sample<stride>(view, affine(s), x, y);
      },
      [&](std::size_t s, auto stride, const double* dy, double* dx) {
        kernels::sample_backward<stride>(view, affine(s), dy, dx);
      });
}

constexpr Shape shape{4, 5, 2};
constexpr Words words_of(double a, double b = 0, double c = 0, double d = 0) {
  const auto word = [](double share) { return static_cast<std::uint32_t>(share * 4294967295.0); };
  return {word(a), word(b), word(c), word(d)};
}

// f(words of a sample) for many samples.
void for_many(auto f) {
  const Random random{5, random_dropout, 2, 7};
  for (std::uint32_t sample = 0; sample < 20'000; ++sample) f(random.block(sample));
}
// Numbers between two bounds, as a uniform distribution has them.
struct Uniform {
  double low, high, least = 1e9, most = -1e9, sum = 0, squares = 0;
  int n = 0;

  void add(double v) {
    least = std::min(least, v), most = std::max(most, v), sum += v, squares += v * v, ++n;
  }
  ~Uniform() {
    const double width = high - low, mean = sum / n;
    CHECK(least >= low);
    CHECK(most <= high);
    CHECK(least < low + 0.01 * width);
    CHECK(most > high - 0.01 * width);
    CHECK(std::fabs(mean - (low + high) / 2) < 0.01 * width);
    CHECK(squares / n - mean * mean == doctest::Approx(width * width / 12).epsilon(0.03));
  }
};

// A training pass of a layer on samples that are all alike.
template <class Spec> std::vector<float> trained(const Spec& spec, Shape in, int n, std::uint32_t step) {
  const std::size_t size = static_cast<std::size_t>(in.size()),
                    out = static_cast<std::size_t>(spec.fit(in).out.size()),
                    count = static_cast<std::size_t>(n);
  std::vector<float> x, y(count * out);
  for (std::size_t s = 0; s < count; ++s)
    for (std::size_t i = 0; i < size; ++i) x.push_back(static_cast<float>(i));
  float nothing = 0;
  Forward<float> c{};
  c.count = n, c.x = x.data(), c.y = y.data();
  c.run = {n, &nothing, {5, random_dropout, 2, step}};
  Spec::forward(spec.geometry(in), c);
  return y;
}

}  // namespace

TEST_CASE("random images: what is true of every layer") {
  check<RandomFlip<>, Input<5, 4, 3>>();
  check<RandomFlip<Flip::horizontal>, Input<3, 6, 1>>();
  check<RandomFlip<Flip::vertical>, Input<4, 2, 17>>();
  check<RandomFlip<Flip::horizontal>, Input<1, 1, 1>>();
  check<RandomTranslation<0.3, Range{-0.2, 0.4}>, Input<5, 7, 3>>();
  check<RandomTranslation<1.0, 1.0, FillMode<Fill::wrap>, Nearest>, Input<3, 4, 1>>();
  check<RandomTranslation<0.0, 0.5, FillMode<Fill::constant>, FillValue<0.5>>, Input<2, 40, 17>>();
  check<RandomTranslation<0.2, 0.2, FillMode<Fill::nearest>>, Input<1, 1, 3>>();
  check<RandomRotation<0.1>, Input<6, 5, 1>>();
  check<RandomRotation<Range{0.1, 0.4}, FillMode<Fill::constant>, FillValue<-1.0>>, Input<5, 5, 3>>();
  check<RandomRotation<1.0, FillMode<Fill::nearest>, Nearest>, Input<4, 7, 17>>();
  check<RandomRotation<0.5, FillMode<Fill::wrap>>, Input<1, 1, 1>>();
  check<RandomZoom<0.3>, Input<6, 5, 3>>();
  check<RandomZoom<Range{-0.5, -0.2}, WidthFactor<0.2>, FillMode<Fill::constant>>, Input<5, 5, 1>>();
  check<RandomZoom<1.0, WidthFactor<0.5, 1.0>, FillMode<Fill::wrap>, Nearest>, Input<3, 34, 17>>();
  check<RandomZoom<0.5>, Input<1, 1, 1>>();
  check<RandomShear<0.3, 0.2>, Input<6, 5, 3>>();
  check<RandomShear<Range{0.1, 0.2}, 0.0, FillMode<Fill::constant>>, Input<5, 4, 1>>();
  check<RandomShear<1.0, 1.0, FillMode<Fill::nearest>, Nearest>, Input<4, 4, 17>>();
  check<RandomShear<0.0, 1.0, FillMode<Fill::wrap>>, Input<1, 1, 3>>();
  check<RandomCrop<3, 4>, Input<6, 5, 3>>();
  check<RandomCrop<4, 5>, Input<4, 5, 1>>();
  check<RandomCrop<5, 2>, Input<3, 8, 17>>();
  check<RandomCrop<1, 1>, Input<2, 2, 1>>();
}

TEST_CASE("Keras's pixels for Keras's coordinates") {
  for (const Fill fill : {Fill::constant, Fill::nearest, Fill::wrap, Fill::reflect}) {
    const std::string mode(enum_name(fill));
    for (const Interpolation sampling : {Interpolation::nearest, Interpolation::bilinear}) {
      const std::string name = "rotation_" + mode + "_" + std::string(enum_name(sampling));
      check_affine(name, shape, fill, sampling, 0.25, [&](std::size_t s) {
        return RandomRotationSpec::rotation(given(name, s, 0) / 180 * 3.141592653589793, 4, 5);
      });
    }
    const auto matrix = [](const std::string& name) {
      return [name](std::size_t s) {
        const auto t = [&](std::size_t k) { return given(name, s, k); };
        return Affine{t(0), t(1), t(2), t(3), t(4), t(5)};
      };
    };
    check_affine("far_" + mode, Shape{3, 4, 1}, fill, Interpolation::bilinear, -2, matrix("far_" + mode));
    check_affine("halves", Shape{3, 4, 1}, Fill::reflect, Interpolation::nearest, 0, matrix("halves"));
    check_affine("one_pixel", Shape{1, 1, 3}, Fill::reflect, Interpolation::bilinear, 0, matrix("one_pixel"));
  }
}

TEST_CASE("translation, zoom, shear and flip do what Keras's do") {
  const auto check_one = [](const std::string& name, auto affine) {
    check_affine(name, shape, Fill::reflect, Interpolation::bilinear, 0, affine);
  };
  // The words that lead to what Keras was given.
  check_one("translation", [](std::size_t s) {
    const double right = given("translation", s, 0) / 5, down = given("translation", s, 1) / 4;
    return RandomTranslationSpec{Range{down, down}, Range{right, right}}.draw({}, 4, 5);
  });
  check_one("zoom", [](std::size_t s) {
    const double down = given("zoom", s, 0) - 1, across = given("zoom", s, 1) - 1;
    return RandomZoomSpec{Range{down, down}, Range{across, across}}.draw({}, 4, 5);
  });
  check_one("shear", [](std::size_t s) {
    const double x = given("shear", s, 0), y = given("shear", s, 1);
    return RandomShearSpec{Range{x, x}, Range{y, y}}.draw(words_of(0.2), 4, 5);
  });
  for (const Flip mode : {Flip::horizontal, Flip::vertical, Flip::horizontal_and_vertical}) {
    const std::string name = "flip_" + std::string(enum_name(mode));
    const auto flip = [&](std::size_t s, auto stride, const double* x, double* y) {
      const bool flips = given(name, s, 0) > 0;
      kernels::mirror<stride>(kernels::Raster{4, 5, 2, 5}, flips && mode != Flip::vertical,
                              flips && mode != Flip::horizontal, x, y);
    };
    check_images(name, shape, shape, flip, flip);
  }
}

TEST_CASE("RandomCrop in inference is what Keras calls smart_resize") {
  for (const auto& [height, width] : {std::pair{2, 3}, {3, 3}, {6, 5}, {7, 2}, {1, 1}}) {
    const RandomCropSpec spec{height, width};
    const std::string name = "crop_" + std::to_string(height) + "_" + std::to_string(width);
    CAPTURE(name);
    const auto in = functional::Input(shape);
    const functional::Model model(in, in.then(spec));
    const std::size_t size = static_cast<std::size_t>(2 * height * width * 2);
    std::vector<float> y(size);
    model.predict(filled_array(80, 0), y);
    CHECK(all_near(y, golden("image/" + name + "/y")));
    if (height < 4 && width < 5) continue;
    // In training it does the same, as the image is not larger both ways; so its gradient is that.
    std::vector<float> dy = filled_array(size, 9), dx(80);
    Backward<float> c{};
    c.count = 2, c.dy = dy.data(), c.dx = dx.data();
    RandomCropSpec::backward(spec.geometry(shape), c);
    CHECK(all_near(dx, golden("image/" + name + "/dx")));
  }
}

TEST_CASE("what is drawn has Keras's distribution") {
  int flips = 0, left = 0;
  Uniform down{-2, 3}, right{-1.5, 1.5}, angle{-0.2, 0.1}, out{0.7, 1.1}, across{0.8, 1.2}, shear{0.1, 0.3};
  const RandomTranslationSpec translation{Range{-0.2, 0.3}, 0.1};
  const RandomRotationSpec rotation{Range{-0.2, 0.1}};
  const RandomZoomSpec both{Range{-0.3, 0.1}}, apart{Range{-0.3, 0.1}, 0.2};
  const RandomShearSpec sheared{Range{0.1, 0.3}, Range{0.1, 0.3}};
  std::map<std::pair<int, int>, int> places;
  for_many([&](const Words& words) {
    flips += RandomFlipSpec::draw(words);
    const Affine move = translation.draw(words, 10, 15);
    down.add(-move.y0), right.add(-move.x0);
    CHECK(move == Affine{.x0 = move.x0, .y0 = move.y0});
    const Affine turn = rotation.draw(words, 4, 5);
    angle.add(std::asin(turn.yx) / 6.283185307179586 + (turn.xx < 0 ? 10 : 0));
    const Affine zoom = both.draw(words, 4, 5), zooms = apart.draw(words, 4, 5);
    CHECK(zoom.xx == zoom.yy);
    out.add(zooms.yy), across.add(zooms.xx);
    const Affine s = sheared.draw(words, 4, 5);
    CHECK((s.xy < 0) == (s.yx < 0));
    left += s.xy < 0;
    shear.add(std::fabs(s.xy));
    const auto piece = RandomCropSpec{3, 4}.draw(words, 4, 6);
    CHECK((piece.height == 3 && piece.width == 4));
    ++places[{piece.top, piece.left}];
  });
  CHECK(flips / 20'000.0 == doctest::Approx(0.5).epsilon(0.02));
  CHECK(left / 20'000.0 == doctest::Approx(0.5).epsilon(0.02));
  REQUIRE(places.size() == 6);
  for (const auto& [place, times] : places) {
    CHECK((place.first >= 0 && place.first < 2 && place.second >= 0 && place.second < 3));
    CHECK(times / 20'000.0 == doctest::Approx(1 / 6.0).epsilon(0.05));
  }
}

TEST_CASE("each image has a transformation of its own, each step another one; a crop is one for all") {
  const auto rows = [](const std::vector<float>& y, int n) {
    std::set<std::vector<float>> all;
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(y.size()) / n;
    for (int s = 0; s < n; ++s) all.emplace(y.begin() + s * size, y.begin() + (s + 1) * size);
    return all.size();
  };
  const auto check_spec = [&](const auto& spec, std::size_t different) {
    const Shape in{6, 8, 1};
    const auto first = trained(spec, in, 32, 0);
    CHECK(trained(spec, in, 32, 0) == first);
    CHECK(trained(spec, in, 32, 1) != first);
    CHECK(rows(first, 32) == different);
  };
  check_spec(RandomFlipSpec{}, 2);
  check_spec(RandomTranslationSpec{0.3, 0.3}, 32);
  check_spec(RandomRotationSpec{0.3}, 32);
  check_spec(RandomZoomSpec{0.3}, 32);
  check_spec(RandomShearSpec{0.3, 0.3}, 32);
  check_spec(RandomCropSpec{3, 3}, 1);
}

TEST_CASE("random images cost nothing in inference") {
  using Net = Sequential<Input<4, 5, 2>, RandomFlip<>, RandomTranslation<0.1, 0.1>, RandomRotation<0.1>,
                         RandomZoom<0.1>, RandomShear<0.1, 0.1>>;
  static_assert(plan<Net>().steps.size() == 0);
  CHECK(std::ranges::equal(Model<Net>().predict(filled_array(40, 0)), filled_array(40, 0)));
}

TEST_CASE("random images: options and rules") {
  static_assert(RandomFlip<>::spec.mode == Flip::horizontal_and_vertical);
  static_assert(RandomRotation<0.2>::spec.factor == Range{-0.2, 0.2});
  static_assert(RandomRotation<Range{0.3, -0.1}>::spec.factor == Range{-0.1, 0.3});
  static_assert(Fraction(0.2) == Fraction{0, 0.2} && Range(-0.2) == Range{-0.2, 0.2});
  static_assert(RandomZoom<0.2, WidthFactor<0.1>>::spec.width_factor == Range{-0.1, 0.1});
  static_assert(RandomZoom<0.2>::spec.width_factor == Range::none());
  static_assert(hana::equal(RandomZoom<0.2, FillValue<1.0>, FillMode<Fill::wrap>>::spec,
                            RandomZoom<0.2, FillMode<Fill::wrap>, FillValue<1.0>>::spec));
  static_assert(RandomCropSpec{3, 4}.fit(Shape{6, 5, 3}).out == Shape{3, 4, 3});
  static_assert(RandomCropSpec{0, 4}.fit(Shape{6, 5, 3}).broken == &needs_sizes_of_at_least_1);
  static_assert(RandomCropSpec{3, 4}.fit(Shape{6, 5}).broken == &needs_image_HxWxC);
  static_assert(RandomFlipSpec{}.fit(Shape{6}).broken == &needs_image_HxWxC);
  static_assert(RandomRotationSpec{1.5}.fit(Shape{6, 5, 3}).broken == &needs_factors_from_minus_1_to_1);
  static_assert(RandomTranslationSpec{0.1, Range{-1.1, 0}}.fit(Shape{6, 5, 3}).broken ==
                &needs_factors_from_minus_1_to_1);
  static_assert(RandomZoomSpec{0.1, 2}.fit(Shape{6, 5, 3}).broken == &needs_factors_from_minus_1_to_1);
  static_assert(RandomShearSpec{0.1, 2}.fit(Shape{6, 5, 3}).broken == &needs_factors_from_minus_1_to_1);
  static_assert(RandomZoomSpec{}.fit(Shape{6, 5}).broken == &needs_image_HxWxC);
}
