#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("Resizing computes what Keras computes") {
  check<Resizing<5, 7>, Input<3, 4, 3>>("resizing_up");
  check<Resizing<3, 4>, Input<7, 9, 2>>("resizing_down");
  check<Resizing<5, 3>, Input<2, 6, 17>>("resizing_mixed");
  check<Resizing<3, 5>, Input<1, 5, 1>>("resizing_one");
  check<Resizing<3, 7, Nearest>, Input<5, 4, 3>>("resizing_nearest");
  check<Resizing<2, 3, Nearest>, Input<7, 8, 1>>("resizing_nearest_down");
  check<Resizing<6, 8, Bicubic>, Input<4, 3, 3>>("resizing_bicubic_up");
  check<Resizing<4, 3, Bicubic>, Input<9, 7, 2>>("resizing_bicubic_down");
}
TEST_CASE("Resizing crops or pads to the proportions wanted") {
  check<Resizing<4, 4, CropToAspectRatio>, Input<5, 8, 3>>("resizing_crop");
  check<Resizing<3, 5, CropToAspectRatio, Bicubic>, Input<9, 4, 2>>("resizing_crop_rows");
  check<Resizing<5, 5, PadToAspectRatio>, Input<4, 8, 3>>("resizing_pad");
  check<Resizing<4, 6, PadToAspectRatio, FillValue<0.75>>, Input<7, 3, 2>>("resizing_pad_value");
  check<Resizing<7, 6, Bicubic, PadToAspectRatio, FillValue<-1.5>>, Input<3, 8, 1>>("resizing_pad_bicubic");
  check<Resizing<7, 6, Nearest, PadToAspectRatio, FillValue<2.0>>, Input<3, 8, 1>>("resizing_pad_nearest");
}
TEST_CASE("CenterCrop crops, or resizes what is too small") {
  check<CenterCrop<3, 4>, Input<6, 7, 3>>("center_crop");
  check<CenterCrop<4, 3>, Input<4, 3, 17>>("center_crop_same");
  check<CenterCrop<5, 4>, Input<3, 8, 2>>("center_crop_small");
  check<CenterCrop<6, 5>, Input<3, 2, 1>>("center_crop_large");
}

TEST_CASE("a resized image keeps what it should") {
  for (const Interpolation kind : {Interpolation::nearest, Interpolation::bilinear, Interpolation::bicubic}) {
    CAPTURE(static_cast<int>(kind));
    const auto in = functional::Input({5, 7, 3});
    const functional::Model same(in, in.then(ResizingSpec{5, 7, kind})),
        other(in, in.then(ResizingSpec{11, 4, kind}));
    const std::vector<float> x = filled_array(5 * 7 * 3, 0), equal(x.size(), 0.625f);
    CHECK(all_near(same.predict(x), x));
    CHECK(all_near(other.predict(equal), std::vector<float>(11 * 4 * 3, 0.625f)));
    const std::vector<float> huge(x.size(), 1e30f);
    for (const float v : other.predict(huge)) CHECK(near(v / 1e30f, 1));
  }
}
TEST_CASE("padding gives the fill value to what lies outside") {
  const auto in = functional::Input({2, 6, 1});
  const functional::Model model(in, in.then(ResizingSpec{.height = 6,
                                                         .width = 6,
                                                         .interpolation = Interpolation::nearest,
                                                         .pad_to_aspect_ratio = true,
                                                         .fill_value = -3}));
  const std::vector<float> y = model.predict(std::vector<float>(12, 1.f));
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == (i / 6 == 2 || i / 6 == 3 ? 1.f : -3.f));
}

TEST_CASE("their options and rules") {
  static_assert(hana::equal(Resizing<3, 4>::spec, Resizing<3, 4, Bilinear>::spec));
  static_assert(hana::equal(Resizing<3, 4, Bicubic, CropToAspectRatio>::spec,
                            Resizing<3, 4, CropToAspectRatio, Bicubic>::spec));
  static_assert(ResizingSpec{3, 4}.fit(Shape{5, 6, 7}).out == Shape{3, 4, 7});
  static_assert(ResizingSpec{3, 4}.fit(Shape{5, 6}).broken == &needs_image_HxWxC);
  static_assert(ResizingSpec{3, 0}.fit(Shape{5, 6, 7}).broken == &needs_a_height_and_a_width);
  static_assert(Resizing<3, 4, CropToAspectRatio, PadToAspectRatio>::spec.fit(Shape{5, 6, 7}).broken ==
                &crops_and_pads);
  static_assert(CenterCropSpec{9, 4}.fit(Shape{5, 6, 7}).out == Shape{9, 4, 7});
  static_assert(CenterCropSpec{9, -1}.fit(Shape{5, 6, 7}).broken == &needs_a_height_and_a_width);
  static_assert(CenterCropSpec{9, 4}.fit(Shape{5}).broken == &needs_image_HxWxC);
}
