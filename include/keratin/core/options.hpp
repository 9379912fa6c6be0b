#pragma once
// Options: types that set one field of a spec, in any order: Dense<32, ReLU, NoBias, L2<1e-4>>.
#include <type_traits>

namespace keratin {

// Never defined. Read the arguments: the layer, and the option that it does not have or was given twice.
template <class Layer, class Option>
struct layer_has_no_such_option;
template <class Layer, class Option>
struct option_given_twice;

/// What an option says of itself: `using sets = <tag>;`, one tag per field, and
/// `static constexpr void apply(auto& spec)`, constrained to the specs that have the field.
template <class Option, class Spec>
concept OptionOf = requires(Spec& spec) {
  typename Option::sets;
  Option::apply(spec);
};

namespace detail {

struct options_fit {};

template <class Option, class... Others>
inline constexpr int times_set = (int{std::is_same_v<typename Option::sets, typename Others::sets>} + ... + 0);

// The first option that is wrong, as the type that says so; options_fit when none is.
template <class Layer, class Spec, class... Options>
constexpr auto check_options() {
  if constexpr ((OptionOf<Options, Spec> && ...)) {
    if constexpr (((times_set<Options, Options...> == 1) && ...)) {
      return std::type_identity<options_fit>{};
    } else {
      return (std::type_identity<void>{} | ... |
              std::type_identity<std::conditional_t<times_set<Options, Options...> == 1, void,
                                                    option_given_twice<Layer, Options>>>{});
    }
  } else {
    return (std::type_identity<void>{} | ... |
            std::type_identity<std::conditional_t<OptionOf<Options, Spec>, void,
                                                  layer_has_no_such_option<Layer, Options>>>{});
  }
}
template <class A, class B>
constexpr auto operator|(std::type_identity<A> a, std::type_identity<B> b) {
  if constexpr (std::is_void_v<A>) return b;
  else return a;
}

}  // namespace detail

/// The spec with the options applied; one that it does not have is left to layer_of to report.
template <class... Options, class Spec>
constexpr Spec with_options(Spec spec) {
  [[maybe_unused]] const auto apply = [&]<class Option>(std::type_identity<Option>) {
    if constexpr (OptionOf<Option, Spec>) Option::apply(spec);
  };
  (apply(std::type_identity<Options>{}), ...);
  return spec;
}

}  // namespace keratin
