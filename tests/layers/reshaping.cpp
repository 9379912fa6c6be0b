#include "../check.hpp"

using namespace keratin;

TEST_CASE("Flatten and Reshape") {
  check<Flatten, Input<2, 3, 4>>("flatten");
  check<Reshape<-1, 6>, Input<2, 3, 4>>("reshape_minus_one");
  check<Reshape<3, 2, 2>, Input<12>>("reshape_rank3");
}

TEST_CASE("Reshape fills in one extent") {
  static_assert(ReshapeSpec(Shape{-1, 6}).fit(Shape{2, 3, 4}).out == Shape{4, 6});
  static_assert(ReshapeSpec(Shape{3, -1, 2}).fit(Shape{2, 3, 4}).out == Shape{3, 4, 2});
  static_assert(ReshapeSpec(Shape{-1}).fit(Shape{7}).out == Shape{7});
  static_assert(ReshapeSpec(Shape{-1, 5}).fit(Shape{24}).broken == &needs_the_same_number_of_elements);
  static_assert(ReshapeSpec(Shape{-1, 48}).fit(Shape{24}).broken == &needs_the_same_number_of_elements);
  static_assert(ReshapeSpec(Shape{4, 5}).fit(Shape{24}).broken == &needs_the_same_number_of_elements);
  static_assert(ReshapeSpec(Shape{-1, 65536, 65536, 65536, 65536}).fit(Shape{24}).broken ==
                &needs_the_same_number_of_elements);
  static_assert(ReshapeSpec(Shape{-1, -1}).fit(Shape{24}).broken == &has_more_than_one_minus_1);
  static_assert(ReshapeSpec(Shape{0, 24}).fit(Shape{24}).broken == &needs_extents_of_at_least_1);
  static_assert(ReshapeSpec(Shape{-2, 24}).fit(Shape{24}).broken == &needs_extents_of_at_least_1);
}

TEST_CASE("ZeroPadding") {
  check<ZeroPadding1D<1, 2>, Input<5, 3>>("zero_padding1d");
  check<ZeroPadding1D<>, Input<1, 17>>("zero_padding1d_one");
  check<ZeroPadding2D<1, 2, 3, 0>, Input<3, 4, 3>>("zero_padding2d");
  check<ZeroPadding2D<1, 2>, Input<3, 2, 17>>("zero_padding2d_axes");
  check<ZeroPadding2D<0>, Input<1, 2, 1>>();
}

TEST_CASE("ZeroPadding takes one number, one for each axis, or one for each side") {
  static_assert(ZeroPadding2D<3>::spec.padding == ZeroPadding2D<3, 3, 3, 3>::spec.padding);
  static_assert(ZeroPadding2D<1, 2>::spec.padding == ZeroPadding2D<1, 1, 2, 2>::spec.padding);
  static_assert(ZeroPadding2D<>::spec.padding == ZeroPadding2D<1>::spec.padding);
  static_assert(ZeroPadding2D<1, 2, 3, 4>::spec.fit(Shape{5, 6, 7}).out == Shape{8, 13, 7});
  static_assert(ZeroPadding1D<1, 2>::spec.fit(Shape{5, 6}).out == Shape{8, 6});
  static_assert(ZeroPadding1D<1, 2, 3>::spec.fit(Shape{5, 6}).broken == &needs_padding_of_at_least_0);
  static_assert(ZeroPadding2D<1, 2, 3>::spec.fit(Shape{5, 6, 1}).broken == &needs_padding_of_at_least_0);
  static_assert(ZeroPadding1D<-1>::spec.fit(Shape{5, 6}).broken == &needs_padding_of_at_least_0);
  static_assert(ZeroPadding1D<>::spec.fit(Shape{5, 6, 1}).broken == &needs_sequence_TxC);
  static_assert(ZeroPadding2D<>::spec.fit(Shape{5, 6}).broken == &needs_image_HxWxC);
  static_assert(ZeroPadding1D<INT32_MAX>::spec.fit(Shape{5, 6}).broken == &more_than_2_31_elements);
}
