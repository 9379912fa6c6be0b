#pragma once
// Sequential: a network as a type. One constexpr pass checks its shapes; the plan and the fused steps follow
// from it.
#include <keratin/core/error.hpp>
#include <keratin/layers/layer.hpp>

#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

namespace keratin {

namespace hana = boost::hana;

/// Text as a template argument.
template <std::size_t N> struct fixed_string {
  char text[N]{};
  constexpr fixed_string(const char (&s)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = s[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

/// A layer with a name of its own: Named<"logits", Dense<10>>. Others are called dense, dense_1, ... as in
/// Keras.
template <fixed_string Name, class Layer> struct Named : Layer {
  static constexpr std::string_view given_name = Name.view();

  auto operator()(const auto& tensor) const { return tensor.then(Layer::spec, given_name); }
};

inline constexpr Rule name_given_twice{"another layer has this name"};

namespace detail {

template <std::size_t I, class L> struct Indexed {
  using type = L;
};
template <class Indices, class... Ls> struct IndexedList;
template <std::size_t... I, class... Ls>
struct IndexedList<std::index_sequence<I...>, Ls...> : Indexed<I, Ls>... {};
template <std::size_t I, class L> Indexed<I, L> find_layer(const Indexed<I, L>*);
// The I-th layer without recursion over those before it.
template <std::size_t I, class List>
using layer_at = typename decltype(find_layer<I>(static_cast<const List*>(nullptr)))::type;

template <class In, class... Ls> struct Shapes {
  static constexpr int depth = sizeof...(Ls);
  struct Checked {
    std::array<Shape, depth + 1> shape{};  // shape[i] comes into layer i
    Verdict verdict{};
  };
  // Goes on behind a layer that does not fit as if it were not there: what follows is checked for its sizes
  // only.
  static constexpr Checked check() {
    constexpr std::array<Fit (*)(Shape), depth> fits{+[](Shape in) -> Fit { return Ls::spec.fit(in); }...};
    constexpr std::array<std::string_view, depth> names{name_of<Ls>()...};
    Checked c;
    const auto refuse = [&c](const Verdict& v) {
      if (!c.verdict.broken) c.verdict = v;
    };
    Shape shape = In::shape;
    if (const Fit fit = accepted(shape); fit.broken) {
      refuse({-1, shape, {}, fit.broken});
      shape = Shape{1};
    }
    c.shape[0] = shape;
    for (std::size_t i = 0; i < depth; ++i) {
      Fit fit = fits[i](shape);
      if (!fit.broken) fit = accepted(fit.out);
      for (std::size_t other = 0; other < i && !names[i].empty(); ++other)
        if (names[other] == names[i]) fit = name_given_twice;
      if (fit.broken)
        refuse({static_cast<int>(i), shape, fit.wants, fit.broken});
      else
        shape = fit.out;
      c.shape[i + 1] = shape;
    }
    return c;
  }
  static constexpr Checked checked = check();
  static constexpr Verdict verdict = checked.verdict;
};

// A group of layers that run as one: the spec that does the work, and the layer behind the group.
template <class Layer, std::size_t End> struct Group {
  static constexpr auto spec = Layer::spec;
  static constexpr std::size_t end = End;
};
template <class A, class B, int Behind, bool Training> struct FusedLayer {
  static constexpr auto answer = ask_rules(A::spec, B::spec, Behind, Training);
  static constexpr auto spec = answer.spec;
};
template <bool Training, std::size_t First, class Head, std::size_t Next, class List, std::size_t Depth>
constexpr auto grow() {
  if constexpr (Next < Depth) {
    using Layer = layer_at<Next, List>;
    if constexpr (Fusable<std::remove_const_t<decltype(Head::spec)>,
                          std::remove_const_t<decltype(Layer::spec)>>) {
      using Together = FusedLayer<Head, Layer, static_cast<int>(Next - First), Training>;
      if constexpr (Together::answer.fused)
        return grow<Training, First, Together, Next + 1, List, Depth>();
      else
        return Group<Head, Next>{};
    } else {
      return Group<Head, Next>{};
    }
  } else {
    return Group<Head, Next>{};
  }
}

}  // namespace detail

/// What a Sequential knows of itself.
template <class In, class... Ls> struct Network {
  using Shapes = detail::Shapes<In, Ls...>;
  using List = detail::IndexedList<std::index_sequence_for<Ls...>, Ls...>;
  static constexpr bool fits = true;
  static constexpr int depth = Shapes::depth;
  static constexpr Shape input_shape = Shapes::checked.shape[0], output_shape = Shapes::checked.shape[depth];
  static constexpr int input_size = input_shape.size(), output_size = output_shape.size();
  static constexpr auto layers = hana::tuple_t<Ls...>;

  /// The shape that comes into layer I.
  template <std::size_t I> static constexpr Shape shape = Shapes::checked.shape[I];
  template <std::size_t I> using Layer = detail::layer_at<I, List>;
  /// The layers that run as one with layer I at their head.
  template <std::size_t I, bool Training>
  using Group = decltype(detail::grow<Training, I, Layer<I>, I + 1, List, sizeof...(Ls)>());
};

// Never defined. Read the arguments: which layer (counted from 0), and what stands there. Or: what stands
// where the Input should.
template <class Where, class NoLayer> struct sequential_takes_layers;
template <class NoInput> struct sequential_starts_with_an_input;

namespace detail {

// Stands in for a network that has an error, which then stays the only one: it has no layers, and the sizes
// that are known.
template <class Message, class In, class... Ls> struct StandIn : Network<In> {
  static_assert(sizeof(Error<Message>) > 0);
  using Instead = Network<In>;
  static constexpr bool fits = false;
  static constexpr Shape output_shape = Shapes<In, Ls...>::checked.shape[sizeof...(Ls)];
  static constexpr int output_size = output_shape.size();
};

template <class L>
concept HasSpec = requires { L::spec; };

template <class In, class... Ls> constexpr auto check_network() {
  if constexpr (!requires { In::shape; }) {
    return std::type_identity<StandIn<sequential_starts_with_an_input<In>, Input<1>>>{};
  } else {
    constexpr int odd = first_of({!HasSpec<Ls>...});
    if constexpr (odd >= 0) {
      return std::type_identity<StandIn<sequential_takes_layers<layer<odd>, nth<odd, Ls...>>, In>>{};
    } else if constexpr (Shapes<In, Ls...>::verdict.broken != nullptr) {
      return std::type_identity<StandIn<typename explain<Shapes<In, Ls...>, In, Ls...>::type, In, Ls...>>{};
    } else {
      return std::type_identity<Network<In, Ls...>>{};
    }
  }
}

}  // namespace detail

/// Keras: Sequential. The first argument is the Input, the others are layers in order. A shape that does not
/// fit is one compile-time error that names the layer, its type, the shape that came in and the rule it
/// breaks.
template <class In, class... Ls> struct Sequential : decltype(detail::check_network<In, Ls...>())::type {};

}  // namespace keratin
