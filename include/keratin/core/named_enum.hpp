#pragma once
// Enumerations whose values have Keras's names: names_of(E), found beside E, lists them in order.
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace keratin {

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) { names_of(e)[0]; };

template <NamedEnum E> constexpr std::string_view enum_name(E e) {
  return names_of(e)[static_cast<std::size_t>(e)];
}

}  // namespace keratin
