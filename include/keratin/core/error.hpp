#pragma once
// The compile-time shape error. The compiler's first error line is the message:
//   incomplete type 'shapes_do_not_fit<layer<4>, Conv2D<16, Kernel<3>>, got<1352>, needs_image_HxWxC>'
#include <keratin/core/rule.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace keratin {

template <int... Path>
struct layer;
template <int... Extents>
struct got;
template <int... Extents>
struct wants;

// Never defined. Read the arguments: which layer (counted from 0, without Input), its type, the shape that came in,
// the rule it broke and, where there is one, the shape that would have fitted. docs/errors.md explains every rule.
template <class Where, class Layer, class Got, const Rule& Broken, class... Wants>
struct shapes_do_not_fit;

/// Where the shapes of a network stop fitting; broken is null when they fit.
struct Verdict {
  int at = 0;
  Shape got{}, wants{};
  const Rule* broken = nullptr;
};

namespace detail {

template <template <int...> class Name, class Holder, auto Member, int... Axis>
Name<(Holder::verdict.*Member)[Axis]...> spell_shape(std::integer_sequence<int, Axis...>);

template <template <int...> class Name, class Holder, auto Member>
using spelled = decltype(spell_shape<Name, Holder, Member>(
    std::make_integer_sequence<int, (Holder::verdict.*Member).rank>()));

// Holder::verdict is the Verdict: g++ 12 cannot take it as a template argument here.
template <class Holder, class... Layers>
struct explain {
  static constexpr Verdict v = Holder::verdict;
  using Layer = std::tuple_element_t<static_cast<std::size_t>(v.at), std::tuple<Layers..., void>>;
  using Got = spelled<got, Holder, &Verdict::got>;
  template <int WantedRank>
  static auto message() {
    if constexpr (WantedRank == 0) return std::type_identity<shapes_do_not_fit<layer<v.at>, Layer, Got, *v.broken>>{};
    else return std::type_identity<
        shapes_do_not_fit<layer<v.at>, Layer, Got, *v.broken, spelled<wants, Holder, &Verdict::wants>>>{};
  }
  using type = typename decltype(message<v.wants.rank>())::type;
};

}  // namespace detail
}  // namespace keratin
