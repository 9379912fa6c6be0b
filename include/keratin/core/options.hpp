#pragma once
// Options: types that set one field of a spec, in any order: Dense<32, ReLU, NoBias, L2<1e-4>>.
#include <keratin/core/error.hpp>

#include <type_traits>

namespace keratin {

// Never defined. Read the arguments: the layer, and the option that it does not have or was given twice.
template <class Layer, class Option> struct layer_has_no_such_option;
template <class Layer, class Option> struct option_given_twice;

/// A number that a layer chooses itself where none, which is 0, is given. Keras: None.
struct Automatic {
  int value = 0;

  constexpr Automatic() = default;
  constexpr Automatic(int given) : value(given) {}
  constexpr operator int() const { return value; }
};

/// What an option says of itself: `using sets = <tag>;`, one tag per field, and
/// `static constexpr void apply(auto& spec)`, constrained to the specs that have the field. KERATIN_SETS says
/// both of one that gives a field a value.
template <class Option, class Spec>
concept OptionOf = requires(Spec& spec) {
  typename Option::sets;
  Option::apply(spec);
};

namespace detail {

struct options_fit {};

template <class Option, class... Others>
inline constexpr int times_set =
    (int{std::is_same_v<typename Option::sets, typename Others::sets>} + ... + 0);

// The error of the first option that is wrong; options_fit when none is.
template <class Layer, class Spec, class... Options> constexpr auto check_options() {
  constexpr int unknown = first_of({!OptionOf<Options, Spec>...});
  if constexpr (unknown >= 0) {
    return std::type_identity<Error<layer_has_no_such_option<Layer, nth<unknown, Options...>>>>{};
  } else {
    constexpr int twice = first_of({(times_set<Options, Options...> > 1)...});
    if constexpr (twice >= 0)
      return std::type_identity<Error<option_given_twice<Layer, nth<twice, Options...>>>>{};
    else
      return std::type_identity<options_fit>{};
  }
}

}  // namespace detail

#define KERATIN_SETS(FIELD, ...)            \
  using sets = struct FIELD##_option;       \
  template <class Spec>                     \
    requires requires(Spec s) { s.FIELD; }  \
  static constexpr void apply(Spec& spec) { \
    spec.FIELD = __VA_ARGS__;               \
  }

/// The spec with the options applied; one that it does not have is left to layer_of to report.
template <class... Options, class Spec> constexpr Spec with_options(Spec spec) {
  [[maybe_unused]] const auto apply = [&]<class Option>(std::type_identity<Option>) {
    if constexpr (OptionOf<Option, Spec>) Option::apply(spec);
  };
  (apply(std::type_identity<Options>{}), ...);
  return spec;
}

}  // namespace keratin
