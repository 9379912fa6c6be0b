#include "../check.hpp"

using namespace keratin;

TEST_CASE("ZeroPadding") {
  check<ZeroPadding1D<1, 2>, Input<5, 3>>("zero_padding1d");
  check<ZeroPadding1D<>, Input<1, 17>>("zero_padding1d_one");
  check<ZeroPadding1D<0, 3>, Input<3, 1>>("zero_padding1d_behind");
  check<ZeroPadding1D<0>, Input<4, 2>>("zero_padding1d_none");
  check<ZeroPadding2D<1, 2, 3, 0>, Input<3, 4, 3>>("zero_padding2d");
  check<ZeroPadding2D<1, 2>, Input<3, 2, 17>>("zero_padding2d_axes");
  check<ZeroPadding2D<2, 0, 1, 0>, Input<1, 2, 1>>("zero_padding2d_before");
  check<ZeroPadding2D<0>, Input<1, 2, 1>>("zero_padding2d_none");
  check<ZeroPadding3D<1, 2, 0, 3, 1, 0>, Input<2, 3, 2, 2>>("zero_padding3d");
  check<ZeroPadding3D<>, Input<1, 2, 1, 3>>("zero_padding3d_default");
  check<ZeroPadding3D<1, 0, 2>, Input<2, 2, 2, 1>>("zero_padding3d_axes");
  check<ZeroPadding3D<0, 1, 0, 0, 0, 1>, Input<1, 2, 2, 17>>("zero_padding3d_wide");
}
TEST_CASE("Cropping") {
  check<Cropping1D<1, 2>, Input<8, 3>>("cropping1d");
  check<Cropping1D<>, Input<5, 17>>("cropping1d_default");
  check<Cropping1D<0>, Input<4, 1>>("cropping1d_none");
  check<Cropping1D<0, 4>, Input<5, 3>>("cropping1d_to_one");
  check<Cropping2D<1, 2, 3, 0>, Input<5, 6, 3>>("cropping2d");
  check<Cropping2D<>, Input<2, 3, 1>>("cropping2d_default");
  check<Cropping2D<2, 1>, Input<5, 4, 17>>("cropping2d_axes");
  check<Cropping2D<1>, Input<3, 3, 2>>("cropping2d_to_one");
  check<Cropping3D<1, 2, 0, 3, 1, 0>, Input<4, 5, 3, 2>>("cropping3d");
  check<Cropping3D<>, Input<3, 4, 3, 3>>("cropping3d_default");
  check<Cropping3D<1, 0, 1>, Input<3, 2, 4, 1>>("cropping3d_axes");
  check<Cropping3D<1, 0, 0, 1, 1, 0>, Input<2, 2, 2, 17>>("cropping3d_wide");
}

TEST_CASE("ZeroPadding and Cropping take one number, one for each axis, or one for each side") {
  static_assert(ZeroPadding2D<3>::spec.padding == ZeroPadding2D<3, 3, 3, 3>::spec.padding);
  static_assert(ZeroPadding2D<1, 2>::spec.padding == ZeroPadding2D<1, 1, 2, 2>::spec.padding);
  static_assert(ZeroPadding2D<>::spec.padding == ZeroPadding2D<1>::spec.padding);
  static_assert(ZeroPadding3D<1, 2, 3>::spec.padding == ZeroPadding3D<1, 1, 2, 2, 3, 3>::spec.padding);
  static_assert(Cropping1D<>::spec.cropping == Cropping1D<1, 1>::spec.cropping);
  static_assert(Cropping2D<>::spec.cropping == Cropping2D<0>::spec.cropping);
  static_assert(Cropping3D<>::spec.cropping == Cropping3D<1>::spec.cropping);
  static_assert(ZeroPadding2D<1, 2, 3, 4>::spec.fit(Shape{5, 6, 7}).out == Shape{8, 13, 7});
  static_assert(ZeroPadding1D<1, 2>::spec.fit(Shape{5, 6}).out == Shape{8, 6});
  static_assert(ZeroPadding3D<1, 2, 3, 4, 5, 6>::spec.fit(Shape{5, 6, 7, 8}).out == Shape{8, 13, 18, 8});
  static_assert(Cropping3D<1, 2, 3, 0, 0, 6>::spec.fit(Shape{5, 6, 7, 8}).out == Shape{2, 3, 1, 8});
}
TEST_CASE("what ZeroPadding and Cropping refuse") {
  static_assert(ZeroPadding1D<1, 2, 3>::spec.fit(Shape{5, 6}).broken == &needs_padding_of_at_least_0);
  static_assert(ZeroPadding2D<1, 2, 3>::spec.fit(Shape{5, 6, 1}).broken == &needs_padding_of_at_least_0);
  static_assert(ZeroPadding3D<1, 2>::spec.fit(Shape{5, 6, 7, 1}).broken == &needs_padding_of_at_least_0);
  static_assert(ZeroPadding1D<-1>::spec.fit(Shape{5, 6}).broken == &needs_padding_of_at_least_0);
  static_assert(ZeroPadding1D<>::spec.fit(Shape{5, 6, 1}).broken == &needs_sequence_TxC);
  static_assert(ZeroPadding2D<>::spec.fit(Shape{5, 6}).broken == &needs_image_HxWxC);
  static_assert(ZeroPadding3D<>::spec.fit(Shape{5, 6, 1}).broken == &needs_volume_DxHxWxC);
  static_assert(ZeroPadding1D<INT32_MAX>::spec.fit(Shape{5, 6}).broken == &more_than_2_31_elements);
  static_assert(Cropping1D<-1>::spec.fit(Shape{5, 6}).broken == &needs_cropping_of_at_least_0);
  static_assert(Cropping2D<1, 2, 3>::spec.fit(Shape{5, 6, 1}).broken == &needs_cropping_of_at_least_0);
  static_assert(Cropping1D<2, 3>::spec.fit(Shape{5, 6}).broken == &crops_the_whole_input);
  static_assert(Cropping1D<INT32_MAX>::spec.fit(Shape{5, 6}).broken == &crops_the_whole_input);
  static_assert(Cropping1D<>::spec.fit(Shape{5}).broken == &needs_sequence_TxC);
  static_assert(Cropping2D<>::spec.fit(Shape{5, 6}).broken == &needs_image_HxWxC);
  static_assert(Cropping3D<>::spec.fit(Shape{5, 6, 1}).broken == &needs_volume_DxHxWxC);
}
