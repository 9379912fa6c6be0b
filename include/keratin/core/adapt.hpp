#pragma once
// KERATIN_ADAPT_STRUCT(Spec, its fields in order): makes a spec a Hana struct, which is how text and files
// find its fields. BOOST_HANA_ADAPT_STRUCT would do; but that makes its lists of names wherever a header is
// read, which for all layers took a tenth of the time of compiling a small network. Here they are made where
// somebody looks.
#include <boost/hana/fwd/accessors.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

#include <string_view>
#include <tuple>
#include <utility>

namespace keratin::detail {

// Name I of "a, b, c".
template <class Names, std::size_t I>
inline constexpr std::string_view name_in = [] {
  std::string_view names = Names{}();
  for (std::size_t i = 0; i < I; ++i) names.remove_prefix(names.find(',') + 1);
  while (names.starts_with(' ')) names.remove_prefix(1);
  return names.substr(0, names.find(','));
}();
template <std::string_view const& Name> constexpr auto as_type() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return boost::hana::string_c<Name[I]...>;
  }(std::make_index_sequence<Name.size()>());
}

// What Hana wants to know: pairs of a name and a function from an object to the field.
template <class Names, class Fields, class Spec> constexpr auto accessors() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return boost::hana::make_tuple(
        boost::hana::make_pair(as_type<name_in<Names, I>>(),
                               [](auto&& object) -> auto& { return std::get<I>(Fields{}(object)); })...);
  }(std::make_index_sequence<std::tuple_size_v<decltype(Fields{}(std::declval<Spec&>()))>>());
}

}  // namespace keratin::detail

#define KERATIN_ADAPT_STRUCT(SPEC, ...)                                             \
  template <> struct boost::hana::accessors_impl<SPEC> {                            \
    template <class Spec = SPEC> static constexpr auto apply() {                    \
      constexpr auto names = [] { return std::string_view(#__VA_ARGS__); };         \
      constexpr auto fields = []([[maybe_unused]] auto& object) {                   \
        __VA_OPT__(auto& [__VA_ARGS__] = object;)                                   \
        return std::tie(__VA_ARGS__);                                               \
      };                                                                            \
      return keratin::detail::accessors<decltype(names), decltype(fields), Spec>(); \
    }                                                                               \
  }
