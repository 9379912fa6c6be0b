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
