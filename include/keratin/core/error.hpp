#pragma once
// Compile-time errors. A message is a type that is never defined; its arguments are the message, and the
// compiler's first error line shows them:
//   incomplete type 'shapes_do_not_fit<layer<4>, Conv2D<16, Kernel<3>>, got<1352>, needs_image_HxWxC>'
#include <keratin/core/rule.hpp>

#include <initializer_list>
#include <tuple>
#include <type_traits>
#include <utility>

namespace keratin {

template <int... Path> struct layer;
template <int... Extents> struct got;
template <int... Extents> struct wants;

// Never defined. Read the arguments: which layer (counted from 0; layer<> is the Input, layer<2, 1> is layer
// 1 inside layer 2, layer<2, 0, 1> that of its branch 0), its type, the shape that came in, the rule it broke
// and, where there is one, the shape that would have fitted. docs/errors.md explains every rule.
template <class Where, class Layer, class Got, const Rule& Broken, class... Wants> struct shapes_do_not_fit;

/// Where the shapes of a network stop fitting; broken is null when they fit.
struct Verdict {
  int at = 0;  // -1: at the Input
  Shape got{}, wants{};
  const Rule* broken = nullptr;
};

namespace detail {

// The error, raised where sizeof asks for this class. A class of its own: clang leaves out what stands behind
// a failed static_assert, and reports every later use of it.
template <class Message> struct Error {
  static_assert(sizeof(Message) > 0);
};

// Converts to whatever a program expects instead of a T that nobody knows, so that no second error follows.
template <class T> struct Anything : T {
  template <class U> operator U() const;
};

/// The index of the first that holds, -1 if none does.
constexpr int first_of(std::initializer_list<bool> conditions) {
  int i = 0;
  for (bool holds : conditions) {
    if (holds) return i;
    ++i;
  }
  return -1;
}

template <int I, class... Ts>
using nth = std::tuple_element_t<static_cast<std::size_t>(I), std::tuple<Ts...>>;

template <template <int...> class Name, class Holder, auto Member, int... Axis>
Name<(Holder::verdict.*Member)[Axis]...> spell_shape(std::integer_sequence<int, Axis...>);

template <template <int...> class Name, class Holder, auto Member>
using spelled = decltype(spell_shape<Name, Holder, Member>(
    std::make_integer_sequence<int, (Holder::verdict.*Member).rank>()));

// The message of a Verdict about the layer of this type at this place. Holder::verdict is the Verdict: g++ 12
// cannot take it as a template argument here.
template <class Holder, class Where, class Layer> struct explain {
  static constexpr Verdict v = Holder::verdict;
  using Got = spelled<got, Holder, &Verdict::got>;
  template <int WantedRank> static auto message() {
    if constexpr (WantedRank == 0)
      return std::type_identity<shapes_do_not_fit<Where, Layer, Got, *v.broken>>{};
    else
      return std::type_identity<
          shapes_do_not_fit<Where, Layer, Got, *v.broken, spelled<wants, Holder, &Verdict::wants>>>{};
  }
  using type = typename decltype(message<v.wants.rank>())::type;
};

}  // namespace detail
}  // namespace keratin
