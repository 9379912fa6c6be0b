#include <doctest/doctest.h>

#include <keratin/core/rule.hpp>

using namespace keratin;

TEST_CASE("a Shape counts its elements") {
  static_assert(Shape{}.elements() == 0 && Shape{7}.size() == 7 && Shape{2, 3, 4, 5, 6}.size() == 720);
  static_assert(Shape{2, 3, 4}.last() == 4 && Shape{2, 3}.with_last(9) == Shape{2, 9});
  static_assert(Shape{2, 3} != Shape{3, 2} && Shape{6} != Shape{6, 1});
  CHECK(Shape{1 << 30, 1 << 30, 1 << 30}.elements() == INT64_MAX);
}

TEST_CASE("a Shape that no buffer could hold is refused") {
  static_assert(accepted(Shape{3, 4}).out == Shape{3, 4});
  static_assert(accepted(Shape{3, 0}).broken == &needs_extents_of_at_least_1);
  static_assert(accepted(Shape{-1}).broken == &needs_extents_of_at_least_1);
  static_assert(accepted(Shape{1, 2, 3, 4, 5, 6}).broken == &has_more_than_5_axes);
  static_assert(accepted(Shape{}).broken == &needs_extents_of_at_least_1);
  static_assert(accepted(Shape{1 << 16, 1 << 15}).broken == &more_than_2_31_elements);
  static_assert(accepted(Shape{1 << 30, 1 << 30, 1 << 30}).broken == &more_than_2_31_elements);
}
