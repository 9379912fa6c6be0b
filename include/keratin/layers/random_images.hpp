#pragma once
// Images moved at random in training: flipped, shifted, turned, zoomed, sheared, cropped. Each sample of a
// batch draws its own transformation, from the seed, the step, the layer and its place in the batch, so that
// rows and Lanes agree; backward draws it again. In inference all but RandomCrop pass their input on.
#include <keratin/core/range.hpp>
#include <keratin/kernels/images.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/layers/resizing.hpp>
#include <keratin/layers/window.hpp>

#include <algorithm>
#include <cmath>

namespace keratin {

inline constexpr Rule needs_factors_from_minus_1_to_1{"its factors must be from -1 to 1"};
inline constexpr Rule needs_nearest_or_bilinear{"it interpolates by the nearest pixel or bilinearly"};

namespace detail {

// A spec at work on images of one size.
template <class Spec> struct OnImages {
  Spec spec;
  int height, width, channels;

  constexpr OnImages(const Spec& s, Shape in) : spec(s), height(in[0]), width(in[1]), channels(in[2]) {}
  constexpr int size() const { return height * width * channels; }
  constexpr kernels::Raster raster() const { return {height, width, channels, width}; }
};

/// What passes images on in inference, and needs no values for its backward pass.
constexpr Traits of_random_image{
    .reads_input = false, .reads_output = false, .only_in_training = true, .writes_over_gradient = false};

// f(number of the sample, where its first value lies) for a batch of T's that begins with sample `first`.
template <class T>
[[gnu::always_inline]] inline void for_each_sample(int count, std::ptrdiff_t size, std::uint32_t first,
                                                   auto f) {
  constexpr int L = Unit<T>::samples;
  for (int u = 0; u < count; ++u)
    for (int l = 0; l < L; ++l) f(first + static_cast<std::uint32_t>(u * L + l), u * size * L + l);
}

// The kernels of specs whose `draw(words, height, width)` gives an Affine.
template <class Spec> kernels::View view_of(const OnImages<Spec>& g) {
  return {g.raster(), g.height, g.width, g.spec.fill_mode, g.spec.interpolation, g.spec.fill_value};
}
template <class T, class Count, class Spec>
void transform(const OnImages<Spec>& g, const Forward<T, Count>& c) {
  for_each_sample<T>(
      static_cast<int>(c.count), g.size(), c.run.random.first, [&](std::uint32_t sample, std::ptrdiff_t at) {
        const Affine drawn = g.spec.draw(c.run.random.block(sample), g.height, g.width);
        kernels::sample<Unit<T>::samples>(view_of(g), drawn, scalars(c.x) + at, scalars(c.y) + at);
      });
}
template <class T, class Spec> void transform_backward(const OnImages<Spec>& g, const Backward<T>& c) {
  if (!c.dx) return;
  std::fill_n(scalars(c.dx), std::ptrdiff_t{c.count} * g.size() * Unit<T>::samples, Scalar<T>{});
  for_each_sample<T>(c.count, g.size(), c.run.random.first, [&](std::uint32_t sample, std::ptrdiff_t at) {
    const Affine drawn = g.spec.draw(c.run.random.block(sample), g.height, g.width);
    kernels::sample_backward<Unit<T>::samples>(view_of(g), drawn, scalars(c.dy) + at, scalars(c.dx) + at);
  });
}

}  // namespace detail

enum class Flip : unsigned char { horizontal, vertical, horizontal_and_vertical };
constexpr std::array<std::string_view, 3> names_of(Flip) {
  return {"horizontal", "vertical", "horizontal_and_vertical"};
}

/// Keras: RandomFlip. Half of the images become their mirror image; with horizontal_and_vertical, the
/// default, one toss decides for both: such an image is turned by 180 degrees.
struct RandomFlipSpec {
  Flip mode = Flip::horizontal_and_vertical;

  static constexpr const char* name = "RandomFlip";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "mode?";

  constexpr Fit fit(Shape in) const { return in.rank == 3 ? Fit(in) : Fit(needs_image_HxWxC); }
  constexpr Traits traits() const { return detail::of_random_image; }

  using Geometry = detail::OnImages<RandomFlipSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  static bool draw(const Words& words) { return uniform(words[0]) <= 0.5; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    flip<T>(geometry, static_cast<int>(c.count), c.run.random, c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    if (c.dx) flip<T>(geometry, c.count, c.run.random, c.dy, c.dx);
  }

 private:
  template <class T> static void flip(const Geometry& g, int count, const Random& random, const T* x, T* y) {
    detail::for_each_sample<T>(count, g.size(), random.first, [&](std::uint32_t sample, std::ptrdiff_t at) {
      const bool flips = draw(random.block(sample));
      kernels::mirror<Unit<T>::samples>(g.raster(), flips && g.spec.mode != Flip::vertical,
                                        flips && g.spec.mode != Flip::horizontal, scalars(x) + at,
                                        scalars(y) + at);
    });
  }
};

/// Keras: RandomTranslation. Moves images down and to the right by factors of their height and width.
struct RandomTranslationSpec {
  Range height_factor{}, width_factor{};
  Fill fill_mode = Fill::reflect;
  Interpolation interpolation = Interpolation::bilinear;
  double fill_value = 0;

  static constexpr const char* name = "RandomTranslation";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "height_factor, width_factor, ...";

  constexpr Fit fit(Shape in) const {
    if (in.rank != 3) return needs_image_HxWxC;
    if (interpolation == Interpolation::bicubic) return needs_nearest_or_bilinear;
    if (!height_factor.within(-1, 1) || !width_factor.within(-1, 1)) return needs_factors_from_minus_1_to_1;
    return in;
  }
  constexpr Traits traits() const { return detail::of_random_image; }

  using Geometry = detail::OnImages<RandomTranslationSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  constexpr Affine draw(const Words& words, int height, int width) const {
    return {.x0 = -width_factor.at(uniform(words[1])) * width,
            .y0 = -height_factor.at(uniform(words[0])) * height};
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    detail::transform<T>(Geometry(geometry), c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    detail::transform_backward<T>(Geometry(geometry), c);
  }
};

/// Keras: RandomRotation. Turns images about their centre, counter-clockwise by factors of a full turn.
struct RandomRotationSpec {
  Range factor{};
  Fill fill_mode = Fill::reflect;
  Interpolation interpolation = Interpolation::bilinear;
  double fill_value = 0;

  static constexpr const char* name = "RandomRotation";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "factor, ...";

  constexpr Fit fit(Shape in) const {
    if (in.rank != 3) return needs_image_HxWxC;
    if (interpolation == Interpolation::bicubic) return needs_nearest_or_bilinear;
    if (!factor.within(-1, 1)) return needs_factors_from_minus_1_to_1;
    return in;
  }
  constexpr Traits traits() const { return detail::of_random_image; }

  using Geometry = detail::OnImages<RandomRotationSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  Affine draw(const Words& words, int height, int width) const {
    return rotation(factor.at(uniform(words[0])) * 6.283185307179586, height, width);
  }
  /// About the centre of an image.
  static Affine rotation(double angle, int height, int width) {
    const double sine = std::sin(angle), cosine = std::cos(angle), x = (width - 1) / 2.0,
                 y = (height - 1) / 2.0;
    return {cosine, -sine, x - x * cosine + y * sine, sine, cosine, y - x * sine - y * cosine};
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    detail::transform<T>(Geometry(geometry), c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    detail::transform_backward<T>(Geometry(geometry), c);
  }
};

/// Keras: RandomZoom. Positive factors show more than the image, so that it gets smaller, negative ones less.
/// Without a width_factor the proportions stay.
struct RandomZoomSpec {
  Range height_factor{}, width_factor = Range::none();
  Fill fill_mode = Fill::reflect;
  Interpolation interpolation = Interpolation::bilinear;
  double fill_value = 0;

  static constexpr const char* name = "RandomZoom";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "height_factor, ...";

  constexpr Fit fit(Shape in) const {
    if (in.rank != 3) return needs_image_HxWxC;
    if (interpolation == Interpolation::bicubic) return needs_nearest_or_bilinear;
    if (!height_factor.within(-1, 1) || !(width_factor == Range::none() || width_factor.within(-1, 1)))
      return needs_factors_from_minus_1_to_1;
    return in;
  }
  constexpr Traits traits() const { return detail::of_random_image; }

  using Geometry = detail::OnImages<RandomZoomSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  constexpr Affine draw(const Words& words, int height, int width) const {
    const double down = 1 + height_factor.at(uniform(words[0]));
    const double across = width_factor == Range::none() ? down : 1 + width_factor.at(uniform(words[1]));
    return zoom(down, across, height, width);
  }
  /// About the centre of an image.
  static constexpr Affine zoom(double down, double across, int height, int width) {
    return {.xx = across,
            .x0 = (width - 1) / 2.0 * (1 - across),
            .yy = down,
            .y0 = (height - 1) / 2.0 * (1 - down)};
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    detail::transform<T>(Geometry(geometry), c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    detail::transform_backward<T>(Geometry(geometry), c);
  }
};

/// Keras: RandomShear. Moves rows to the left by x_factor times their number, or to the right, and columns up
/// by y_factor times theirs, or down; one toss decides for both.
struct RandomShearSpec {
  Range x_factor{}, y_factor{};
  Fill fill_mode = Fill::reflect;
  Interpolation interpolation = Interpolation::bilinear;
  double fill_value = 0;

  static constexpr const char* name = "RandomShear";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "x_factor, y_factor, ...";

  constexpr Fit fit(Shape in) const {
    if (in.rank != 3) return needs_image_HxWxC;
    if (interpolation == Interpolation::bicubic) return needs_nearest_or_bilinear;
    if (!x_factor.within(-1, 1) || !y_factor.within(-1, 1)) return needs_factors_from_minus_1_to_1;
    return in;
  }
  constexpr Traits traits() const { return detail::of_random_image; }

  using Geometry = detail::OnImages<RandomShearSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  constexpr Affine draw(const Words& words, int, int) const {
    const double sign = uniform(words[0]) > 0.5 ? -1 : 1;
    return {.xy = sign * x_factor.at(uniform(words[2])), .yx = sign * y_factor.at(uniform(words[1]))};
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    detail::transform<T>(Geometry(geometry), c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    detail::transform_backward<T>(Geometry(geometry), c);
  }
};

/// Keras: RandomCrop. (height, width, channels) -> (its height, its width, channels): in training a piece of
/// that size, from the same place of all images of a batch. In inference, and where the input is not larger
/// both ways, the largest piece of these proportions from the middle, resized. That is what Keras describes;
/// Keras 3.15 leaves images as they are in inference, and resizes other pieces of small ones.
struct RandomCropSpec {
  int height = 1, width = 1;

  static constexpr const char* name = "RandomCrop";
  static constexpr bool called_with_training = true;
  static constexpr const char* arguments = "height, width";

  constexpr Fit fit(Shape in) const {
    if (in.rank != 3) return needs_image_HxWxC;
    if (height < 1 || width < 1) return needs_sizes_of_at_least_1;
    return Shape{height, width, in[2]};
  }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .writes_over_gradient = false};
  }

  using Geometry = detail::OnImages<RandomCropSpec>;
  constexpr Geometry geometry(Shape in) const { return {*this, in}; }

  /// The piece that is cut out.
  struct Piece {
    int top, left, height, width;
    constexpr bool operator==(const Piece&) const = default;
  };
  constexpr Piece draw(const Words& words, int of_height, int of_width) const {
    if (of_height <= height || of_width <= width) return middle(of_height, of_width);
    const auto place = [](std::uint32_t word, int places) {
      return static_cast<int>(uniform(word) * places);
    };
    return {place(words[0], of_height - height + 1), place(words[1], of_width - width + 1), height, width};
  }
  constexpr Piece middle(int of_height, int of_width) const {
    const auto fitting = [](std::int64_t most, std::int64_t other, int size, int other_size) {
      return static_cast<int>(std::clamp(other * size / other_size, std::int64_t{1}, most));
    };
    const int h = fitting(of_height, of_width, height, width),
              w = fitting(of_width, of_height, width, height);
    return {(of_height - h) / 2, (of_width - w) / 2, h, w};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const Piece piece =
        c.keeps() ? g.spec.draw(c.run.random.block(0), g.height, g.width) : g.spec.middle(g.height, g.width);
    for_each_piece<T>(
        g, piece, static_cast<int>(c.count), scalars(c.x), scalars(c.y),
        [](std::ptrdiff_t n, const Scalar<T>* x, Scalar<T>* y) { std::copy_n(x, n, y); },
        [](const kernels::View& view, const Affine& t, const Scalar<T>* x, Scalar<T>* y) {
          kernels::sample<1>(view, t, x, y);
        });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    std::fill_n(scalars(c.dx), std::ptrdiff_t{c.count} * g.size() * Unit<T>::samples, Scalar<T>{});
    for_each_piece<T>(
        g, g.spec.draw(c.run.random.block(0), g.height, g.width), c.count, scalars(c.dx), scalars(c.dy),
        [](std::ptrdiff_t n, Scalar<T>* dx, const Scalar<T>* dy) { std::copy_n(dy, n, dx); },
        [](const kernels::View& view, const Affine& t, Scalar<T>* dx, const Scalar<T>* dy) {
          kernels::sample_backward<1>(view, t, dy, dx);
        });
  }

 private:
  // copy(n, in, out) for every row of pieces that have their size already, or else resize(view, t, in, out).
  // All lanes have the same piece: they are so many more channels.
  template <class T>
  static void for_each_piece(const Geometry& g, const Piece& piece, int count, auto* in, auto* out, auto copy,
                             auto resize) {
    const RandomCropSpec& to = g.spec;
    const int channels = g.channels * Unit<T>::samples;
    const std::ptrdiff_t from = (std::ptrdiff_t{piece.top} * g.width + piece.left) * channels;
    const kernels::View view{{piece.height, piece.width, channels, g.width},
                             to.height,
                             to.width,
                             Fill::nearest,
                             Interpolation::bilinear,
                             0};
    const double across = double{1} * piece.width / to.width, down = double{1} * piece.height / to.height;
    const Affine t{.xx = across, .x0 = (across - 1) / 2, .yy = down, .y0 = (down - 1) / 2};
    for (int u = 0; u < count; ++u) {
      if (piece.height == to.height && piece.width == to.width)
        for (std::ptrdiff_t row = 0; row < to.height; ++row)
          copy(std::ptrdiff_t{to.width} * channels, in + from + row * g.width * channels,
               out + row * to.width * channels);
      else
        resize(view, t, in + from, out);
      in += std::ptrdiff_t{g.height} * g.width * channels;
      out += std::ptrdiff_t{to.height} * to.width * channels;
    }
  }
};

/// What lies outside the image: FillMode<Fill::wrap>. Keras: fill_mode.
template <Fill Mode> struct FillMode {
  KERATIN_SETS(fill_mode, Mode)
};
/// WidthFactor<0.2>, WidthFactor<-0.1, 0.2>. Keras: width_factor.
template <double... Values> struct WidthFactor {
  KERATIN_SETS(width_factor, {Values...})
};

/// RandomFlip<>, RandomFlip<Flip::horizontal>.
template <Flip Mode = Flip::horizontal_and_vertical>
struct RandomFlip : layer_of<RandomFlip<Mode>, RandomFlipSpec> {
  static constexpr RandomFlipSpec spec{Mode};
};
/// RandomTranslation<0.1, 0.2>, RandomTranslation<0.1, Range{-0.2, 0.1}, FillMode<Fill::constant>>.
template <Range Height, Range Width, class... Options>
struct RandomTranslation
    : layer_of<RandomTranslation<Height, Width, Options...>, RandomTranslationSpec, Options...> {
  static constexpr RandomTranslationSpec spec =
      with_options<Options...>(RandomTranslationSpec{Height, Width});
};
/// RandomRotation<0.1>, RandomRotation<Range{-0.1, 0.2}, Nearest>.
template <Range Factor, class... Options>
struct RandomRotation : layer_of<RandomRotation<Factor, Options...>, RandomRotationSpec, Options...> {
  static constexpr RandomRotationSpec spec = with_options<Options...>(RandomRotationSpec{Factor});
};
/// RandomZoom<0.2>, RandomZoom<Range{-0.3, 0.1}, WidthFactor<0.2>>.
template <Range Height, class... Options>
struct RandomZoom : layer_of<RandomZoom<Height, Options...>, RandomZoomSpec, Options...> {
  static constexpr RandomZoomSpec spec = with_options<Options...>(RandomZoomSpec{Height});
};
/// RandomShear<0.2, 0.0>, RandomShear<Range{0.0, 0.2}, 0.1, FillMode<Fill::constant>>.
template <Range X, Range Y, class... Options>
struct RandomShear : layer_of<RandomShear<X, Y, Options...>, RandomShearSpec, Options...> {
  static constexpr RandomShearSpec spec = with_options<Options...>(RandomShearSpec{X, Y});
};
/// RandomCrop<24, 24>.
template <int Height, int Width> struct RandomCrop : layer_of<RandomCrop<Height, Width>, RandomCropSpec> {
  static constexpr RandomCropSpec spec{Height, Width};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::RandomFlipSpec, mode);
KERATIN_ADAPT_STRUCT(keratin::RandomTranslationSpec, height_factor, width_factor, fill_mode, interpolation,
                     fill_value);
KERATIN_ADAPT_STRUCT(keratin::RandomRotationSpec, factor, fill_mode, interpolation, fill_value);
KERATIN_ADAPT_STRUCT(keratin::RandomZoomSpec, height_factor, width_factor, fill_mode, interpolation,
                     fill_value);
KERATIN_ADAPT_STRUCT(keratin::RandomShearSpec, x_factor, y_factor, fill_mode, interpolation, fill_value);
KERATIN_ADAPT_STRUCT(keratin::RandomCropSpec, height, width);
