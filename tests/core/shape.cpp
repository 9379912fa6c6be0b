#include <doctest/doctest.h>

#include <keratin/core/rule.hpp>
#include <keratin/core/text.hpp>

#include <string>
#include <vector>

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

TEST_CASE("of a name that is not there errors say those that are, of many the nearest") {
  static_assert(edit_distance("kitten", "sitting") == 3 && edit_distance("", "abc") == 3);
  static_assert(edit_distance("dense", "dense") == 0 && edit_distance("dense_1", "dense") == 2);
  const auto names = [](int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back("conv2d_" + std::to_string(i));
    return all;
  };
  CHECK(candidates("conv", names(0)).view() == "there is none");
  CHECK(candidates("conv", names(1)).view() == "there is conv2d_0");
  CHECK(candidates("conv2d_7", names(3)).view() == "there are conv2d_0, conv2d_1, conv2d_2");
  CHECK(candidates("conv2d_42", names(40)).view() == "the nearest of 40 are conv2d_2, conv2d_4, conv2d_12");
  CHECK(candidates("x", std::vector(13, std::string(500, 'y'))).view().size() == 400);
  // A file may have a million names: each is compared once.
  int asked = 0;
  const auto name_of = [&](std::size_t i) { return ++asked, "conv2d_" + std::to_string(i); };
  CHECK(candidates("conv2d_42", 40, name_of).view() == "the nearest of 40 are conv2d_2, conv2d_4, conv2d_12");
  CHECK(asked <= 40 + 3);
}
