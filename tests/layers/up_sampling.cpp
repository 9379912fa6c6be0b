#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("RepeatVector") {
  check<RepeatVector<3>, Input<17>>("repeat_vector");
  check<RepeatVector<5>, Input<1>>("repeat_vector_one");
  check<RepeatVector<1>, Input<3>>("repeat_vector_once");
  check<RepeatVector<4>, Input<5>>("repeat_vector_short");
  check<RepeatVector<300>, Input<17>>();  // copies that do not lie near each other
}
TEST_CASE("UpSampling repeats values") {
  check<UpSampling1D<>, Input<4, 3>>("up_sampling1d");
  check<UpSampling1D<Size<3>>, Input<3, 17>>("up_sampling1d_wide");
  check<UpSampling1D<Size<5>>, Input<1, 1>>("up_sampling1d_one");
  check<UpSampling1D<Size<1>>, Input<5, 2>>("up_sampling1d_once");
  check<UpSampling2D<>, Input<3, 4, 3>>("up_sampling2d");
  check<UpSampling2D<Size<3, 1>>, Input<2, 3, 17>>("up_sampling2d_axes");
  check<UpSampling2D<Size<1, 3>>, Input<3, 2, 1>>("up_sampling2d_columns");
  check<UpSampling2D<Size<4>>, Input<1, 1, 5>>("up_sampling2d_one");
  check<UpSampling2D<Size<2, 250>>, Input<2, 1, 17>>();
  check<UpSampling3D<>, Input<2, 3, 2, 3>>("up_sampling3d");
  check<UpSampling3D<Size<3, 1, 2>>, Input<1, 2, 2, 17>>("up_sampling3d_axes");
  check<UpSampling3D<Size<2, 1, 1>>, Input<2, 2, 1, 1>>("up_sampling3d_depth");
  check<UpSampling3D<Size<1, 3, 1>>, Input<2, 1, 3, 2>>("up_sampling3d_rows");
}
TEST_CASE("UpSampling2D puts values between") {
  check<UpSampling2D<Bilinear>, Input<3, 4, 3>>("up_sampling2d_bilinear");
  check<UpSampling2D<Size<3, 1>, Bilinear>, Input<2, 3, 17>>("up_sampling2d_bilinear_axes");
  check<UpSampling2D<Bilinear, Size<3>>, Input<1, 1, 2>>("up_sampling2d_bilinear_one");
  check<UpSampling2D<Size<2, 3>, Bicubic>, Input<3, 5, 1>>("up_sampling2d_bicubic");
  check<UpSampling2D<Bicubic>, Input<2, 1, 3>>("up_sampling2d_bicubic_small");
}

TEST_CASE("their options and rules") {
  static_assert(hana::equal(UpSampling2D<Bilinear, Size<3>>::spec, UpSampling2D<Size<3, 3>, Bilinear>::spec));
  static_assert(hana::equal(UpSampling2D<>::spec, UpSampling2D<Size<2>, Nearest>::spec));
  static_assert(UpSampling3D<>::spec.size == Sizes<3>{2, 2, 2} && UpSampling1D<>::spec.size == Sizes<1>{2});
  static_assert(RepeatVectorSpec{7}.fit(Shape{3}).out == Shape{7, 3});
  static_assert(RepeatVectorSpec{7}.fit(Shape{3, 1}).broken == &needs_vector_F);
  static_assert(RepeatVectorSpec{0}.fit(Shape{3}).broken == &needs_to_repeat_at_least_once);
  static_assert(UpSampling1DSpec{{3}}.fit(Shape{4, 5}).out == Shape{12, 5});
  static_assert(UpSampling2DSpec{{3, 2}}.fit(Shape{4, 5, 6}).out == Shape{12, 10, 6});
  static_assert(UpSampling3DSpec{{3, 2, 1}}.fit(Shape{4, 5, 6, 7}).out == Shape{12, 10, 6, 7});
  static_assert(UpSampling2DSpec{{3, -1}}.fit(Shape{4, 5, 6}).broken == &needs_to_repeat_at_least_once);
  static_assert(UpSampling1DSpec{{1 << 30}}.fit(Shape{4, 5}).broken == &more_than_2_31_elements);
  static_assert(UpSampling1DSpec{}.fit(Shape{4}).broken == &needs_sequence_TxC);
  static_assert(UpSampling2DSpec{}.fit(Shape{4, 5}).broken == &needs_image_HxWxC);
  static_assert(UpSampling3DSpec{}.fit(Shape{4, 5, 6}).broken == &needs_volume_DxHxWxC);
}
