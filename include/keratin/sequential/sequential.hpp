#pragma once
// Sequential: a network as a type. One constexpr pass checks its shapes; the plan and the fused steps follow from it.
#include <keratin/core/error.hpp>
#include <keratin/layers/layer.hpp>

#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

namespace keratin {

namespace hana = boost::hana;

/// Text as a template argument.
template <std::size_t N>
struct fixed_string {
  char text[N]{};
  constexpr fixed_string(const char (&s)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = s[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

/// A layer with a name of its own: Named<"logits", Dense<10>>. Others are called dense, dense_1, ... as in Keras.
template <fixed_string Name, class Layer>
struct Named : Layer {
  static constexpr std::string_view given_name = Name.view();
};

inline constexpr Rule name_given_twice{"another layer has this name"};

namespace detail {

template <class Layer>
constexpr std::string_view name_of() {
  if constexpr (requires { Layer::given_name; }) return Layer::given_name;
  else return "";
}

template <std::size_t I, class L>
struct Indexed {
  using type = L;
};
template <class Indices, class... Ls>
struct IndexedList;
template <std::size_t... I, class... Ls>
struct IndexedList<std::index_sequence<I...>, Ls...> : Indexed<I, Ls>... {};
template <std::size_t I, class L>
Indexed<I, L> find_layer(const Indexed<I, L>*);
// The I-th layer without recursion over those before it.
template <std::size_t I, class List>
using layer_at = typename decltype(find_layer<I>(static_cast<const List*>(nullptr)))::type;

template <class In, class... Ls>
struct Shapes {
  static constexpr int depth = sizeof...(Ls);
  struct Checked {
    std::array<Shape, depth + 1> shape{};  // shape[i] comes into layer i
    Verdict verdict{};
  };
  static constexpr Checked check() {
    constexpr std::array<Fit (*)(Shape), depth> fits{+[](Shape in) -> Fit { return Ls::spec.fit(in); }...};
    constexpr std::array<std::string_view, depth> names{name_of<Ls>()...};
    Checked c;
    c.shape[0] = In::shape;
    for (int i = 0; i < depth; ++i) {
      const std::size_t at = static_cast<std::size_t>(i);
      Fit fit = accepted(c.shape[at]);
      if (!fit.broken) fit = fits[at](c.shape[at]);
      if (!fit.broken) fit = accepted(fit.out);
      for (std::size_t other = 0; other < at && !names[at].empty(); ++other)
        if (names[other] == names[at]) fit = name_given_twice;
      if (fit.broken) {
        c.verdict = {i, c.shape[at], fit.wants, fit.broken};
        return c;
      }
      c.shape[at + 1] = fit.out;
    }
    return c;
  }
  static constexpr Checked checked = check();
  static constexpr Verdict verdict = checked.verdict;
};

// A group of layers that run as one: the spec that does the work, and the layer behind the group.
template <class Layer, std::size_t End>
struct Group {
  static constexpr auto spec = Layer::spec;
  static constexpr std::size_t end = End;
};
template <class A, class B>
struct FusedLayer {
  static constexpr auto answer = fuse(A::spec, B::spec);
  static constexpr auto spec = answer.spec;
};
template <class Head, std::size_t Next, class List, std::size_t Depth>
constexpr auto grow() {
  if constexpr (Next < Depth) {
    using Layer = layer_at<Next, List>;
    if constexpr (requires { fuse(Head::spec, Layer::spec); }) {
      if constexpr (FusedLayer<Head, Layer>::answer.fused) return grow<FusedLayer<Head, Layer>, Next + 1, List, Depth>();
      else return Group<Head, Next>{};
    } else {
      return Group<Head, Next>{};
    }
  } else {
    return Group<Head, Next>{};
  }
}

}  // namespace detail

/// What a Sequential knows of itself.
template <class In, class... Ls>
struct Network {
  using Shapes = detail::Shapes<In, Ls...>;
  using List = detail::IndexedList<std::index_sequence_for<Ls...>, Ls...>;
  static constexpr bool fits = true;
  static constexpr int depth = Shapes::depth;
  static constexpr Shape input_shape = In::shape, output_shape = Shapes::checked.shape[depth];
  static constexpr int input_size = input_shape.size(), output_size = output_shape.size();
  static constexpr auto layers = hana::tuple_t<Ls...>;

  /// The shape that comes into layer I.
  template <std::size_t I>
  static constexpr Shape shape = Shapes::checked.shape[I];
  template <std::size_t I>
  using Layer = detail::layer_at<I, List>;
  template <std::size_t I>
  using Group = decltype(detail::grow<Layer<I>, I + 1, List, sizeof...(Ls)>());
};

namespace detail {

// Converts to whatever a use of a broken network expects, so that its shape error stays the only one.
struct Anything {
  template <class T>
  operator T() const;
  float& operator[](std::size_t) const;
  float* begin() const;
  float* end() const;
};

// Stands in for a network whose shapes do not fit. sizeof in a static_assert, not a base class: after a failed base
// clang drops the class and reports every later use.
template <class Message>
struct StandIn {
  static_assert(sizeof(Message) > 0);
  static constexpr bool fits = false;
  static constexpr int depth = 0, input_size = 1, output_size = 1;
  static constexpr Shape input_shape{1}, output_shape{1};
  static constexpr auto layers = hana::tuple_t<>;
};

template <bool Fits, class In, class... Ls>
struct NetworkOrError {
  using type = Network<In, Ls...>;
};
template <class In, class... Ls>
struct NetworkOrError<false, In, Ls...> {
  using type = StandIn<typename explain<Shapes<In, Ls...>, Ls...>::type>;
};

}  // namespace detail

/// Keras: Sequential. The first argument is the Input, the others are layers in order. A shape that does not fit is one
/// compile-time error that names the layer, its type, the shape that came in and the rule it breaks.
template <class In, class... Ls>
struct Sequential : detail::NetworkOrError<detail::Shapes<In, Ls...>::verdict.broken == nullptr, In, Ls...>::type {};

}  // namespace keratin
