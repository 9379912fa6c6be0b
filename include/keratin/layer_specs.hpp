#pragma once
// The list of all specs, for what looks a layer up at run time. A header of its own: making the list is a
// sixth of what reading all others takes.
#include <keratin/layers.hpp>

#include <boost/hana/for_each.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

namespace keratin {

namespace detail {
template <class, class... Specs> inline constexpr auto list_of = boost::hana::tuple_t<Specs...>;
}
#define KERATIN_NEXT(SPEC) , SPEC
inline constexpr auto layer_specs = detail::list_of<void KERATIN_EACH_LAYER_SPEC(KERATIN_NEXT)>;
#undef KERATIN_NEXT

}  // namespace keratin
