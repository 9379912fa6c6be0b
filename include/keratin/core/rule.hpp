#pragma once
// A rule is a named reason why a shape does not fit. The compiler prints its name, the run-time graph its
// text.
#include <keratin/core/shape.hpp>

namespace keratin {

struct Rule {
  const char* text;
};

/// A layer's answer to an incoming shape: the shape it makes of it, or the rule that the shape breaks.
struct Fit {
  Shape out{};
  const Rule* broken = nullptr;
  Shape wants{};  // what would have fitted, where that is one shape
  int input = 0;  // which of several inputs does not fit

  constexpr Fit(Shape s) : out(s) {}
  constexpr Fit(const Rule& rule, Shape wanted = {}, int which = 0)
      : broken(&rule), wants(wanted), input(which) {}
};

// Rules that several layers share, and those that the planner itself checks.
inline constexpr Rule needs_extents_of_at_least_1{"every extent must be at least 1"};
inline constexpr Rule has_more_than_5_axes{"a shape has at most 5 axes"};
inline constexpr Rule more_than_2_31_elements{"has 2^31 elements or more"};

inline constexpr Rule needs_from_1_to_8_branches{"needs from 1 to 8 branches"};
inline constexpr Rule name_given_twice{"another layer has this name"};

/// The checks that hold for every shape, whichever layer made it.
constexpr Fit accepted(Shape s) {
  if (s.rank > Shape::max_rank) return has_more_than_5_axes;
  for (int axis = 0; axis < s.rank; ++axis)
    if (s[axis] < 1) return needs_extents_of_at_least_1;
  if (s.rank == 0) return needs_extents_of_at_least_1;
  if (s.elements() > INT32_MAX) return more_than_2_31_elements;
  return s;
}

}  // namespace keratin
