#pragma once
// Sequential: a network as a type. One constexpr pass checks its shapes; the plan and the fused steps follow
// from it.
#include <keratin/core/error.hpp>
#include <keratin/core/fixed_string.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/sequential/branches.hpp>
#include <keratin/sequential/masks.hpp>

#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

namespace keratin {

namespace hana = boost::hana;

/// A layer with a name of its own: Named<"logits", Dense<10>>. Others are called dense, dense_1, ... as in
/// Keras.
template <fixed_string Name, class Layer> struct Named : Layer {
  static constexpr std::string_view given_name = Name.view();

  auto operator()(const auto& tensor, const auto&... more) const {
    if constexpr (detail::Composite<Layer>)
      return detail::call_branches<Named>(tensor);
    else if constexpr (requires { tensor.then(Layer::spec, given_name, more...); })
      return tensor.then(Layer::spec, given_name, more...);
    else
      return call_layer(Layer::spec, given_name, tensor);
  }
};

namespace detail {

template <std::size_t I, class L> struct Indexed {
  using type = L;
};
template <class Indices, class... Ls> struct IndexedList;
template <std::size_t... I, class... Ls>
struct IndexedList<std::index_sequence<I...>, Ls...> : Indexed<I, Ls>... {};
template <class Types> struct IndexedTypes;
template <class... Ls> struct IndexedTypes<types<Ls...>> {
  using type = IndexedList<std::index_sequence_for<Ls...>, Ls...>;
};
template <std::size_t I, class L> Indexed<I, L> find_layer(const Indexed<I, L>*);
// The I-th layer without recursion over those before it.
template <std::size_t I, class List>
using layer_at = typename decltype(find_layer<I>(static_cast<const List*>(nullptr)))::type;

template <class In, class Flat, class Types> struct ShapeCheck;
template <class In, class Flat, class... Ls> struct ShapeCheck<In, Flat, types<Ls...>> {
  static constexpr int depth = sizeof...(Ls);
  struct Checked {
    std::array<Shape, depth + 1> shape{};  // shape[0] is the input's, shape[i + 1] is made by layer i
    Verdict verdict{};

    constexpr Shapes into(const PerInput<int>& inputs) const {
      Shapes in(shape[static_cast<std::size_t>(
          inputs[0] + 1)]);  // of a merging layer without inputs: what they would get
      for (int i = 1; i < inputs.count && i < max_inputs; ++i)
        in.add(shape[static_cast<std::size_t>(inputs[i] + 1)]);
      return in;
    }
  };
  // Goes on behind a layer that does not fit as if it were not there: what follows is checked for its sizes
  // only.
  static constexpr Checked check() {
    constexpr std::array<Fit (*)(const Shapes&), depth> fits{
        +[](const Shapes& in) -> Fit { return Ls::spec.fit(in); }...};
    constexpr std::array<std::string_view, depth> names{name_of<Ls>()...};
    constexpr std::array<const Rule*, depth> rules{rule_of<Ls>...};
    Checked c;
    const auto refuse = [&c](const Verdict& v) {
      if (!c.verdict.broken) c.verdict = v;
    };
    c.shape[0] = In::shape;
    if (const Fit fit = accepted(In::shape); fit.broken) {
      refuse({-1, In::shape, {}, fit.broken});
      c.shape[0] = Shape{1};
    }
    for (std::size_t i = 0; i < depth; ++i) {
      const Shapes in = c.into(Flat::inputs[i]);
      const bool wired = Flat::inputs[i].count == in.count;
      Fit fit = wired ? fits[i](in) : Fit(needs_from_1_to_8_branches);
      if (wired && rules[i]) {  // one that is stricter than that of the merging layer
        if (fit.broken) fit.broken = rules[i];
        for (int k = 1; k < in.count && !fit.broken; ++k)
          if (in[k] != in[0]) fit = Fit(*rules[i], in[0], k);
      }
      if (!fit.broken) fit = accepted(fit.out);
      for (std::size_t other = 0; other < i && !names[i].empty(); ++other)
        if (names[other] == names[i]) fit = name_given_twice;
      const Shape& got = in[fit.input];
      if (fit.broken) refuse({static_cast<int>(i), got, fit.wants, fit.broken});
      c.shape[i + 1] = fit.broken ? in[0] : fit.out;
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
template <bool Training, std::size_t First, class Head, std::size_t Next, class Flat, class List>
constexpr auto grow() {
  if constexpr (Next < Flat::follows.size()) {
    using Layer = layer_at<Next, List>;
    if constexpr (Flat::follows[Next] && Fusable<std::remove_const_t<decltype(Head::spec)>,
                                                 std::remove_const_t<decltype(Layer::spec)>>) {
      using Together = FusedLayer<Head, Layer, static_cast<int>(Next - First), Training>;
      if constexpr (Together::answer.fused)
        return grow<Training, First, Together, Next + 1, Flat, List>();
      else
        return Group<Head, Next>{};
    } else {
      return Group<Head, Next>{};
    }
  } else {
    return Group<Head, Next>{};
  }
}

// The flat list of layers, with their masks.
template <class Flat, class Check> using MaskedBy = typename decltype(with_masks<Flat, Check>())::type;
template <class In, class... Ls>
using Masked = MaskedBy<Flat<Ls...>, ShapeCheck<In, Flat<Ls...>, typename Flat<Ls...>::Types>>;

}  // namespace detail

/// What a Sequential knows of itself. Its layers are those of the flat list in which they run: the layers of
/// the branches of a Residual or a Parallel, and behind them the one that merges them; before the first layer
/// that reads a mask those that make it.
template <class In, class... Ls> struct Network {
  using Flat = detail::Masked<In, Ls...>;
  using Check = detail::ShapeCheck<In, Flat, typename Flat::Types>;
  using List = typename detail::IndexedTypes<typename Flat::Types>::type;
  static constexpr bool fits = true;
  static constexpr int depth = Flat::depth;
  static constexpr Shape input_shape = Check::checked.shape[0],
                         output_shape = Check::checked.shape[Flat::output + 1];
  static constexpr int input_size = input_shape.size(), output_size = output_shape.size();
  static constexpr auto layers = hana::tuple_t<Ls...>;  // as they are written

  /// The shape that layer I makes, and the one that comes into it: Shapes where it has several inputs.
  template <std::size_t I> static constexpr Shape output = Check::checked.shape[I + 1];
  template <std::size_t I>
  static constexpr auto shape = [] {
    if constexpr (Flat::inputs[I].count == 1)
      return Check::checked.shape[static_cast<std::size_t>(Flat::inputs[I][0] + 1)];
    else
      return Check::checked.into(Flat::inputs[I]);
  }();
  template <std::size_t I> using Layer = detail::layer_at<I, List>;
  /// Where a layer stands in the list as it is written, as layer<...>.
  template <int I> using Place = typename decltype(detail::spell_path<Flat::written(I), 0, Ls...>())::type;
  /// The layers that run as one with layer I at their head.
  template <std::size_t I, bool Training>
  using Group = decltype(detail::grow<Training, I, Layer<I>, I + 1, Flat, List>());
};

// Never defined. Read the arguments: which layer (counted from 0), and what stands there. Or: what stands
// where the Input should.
template <class Where, class NoLayer> struct sequential_takes_layers;
template <class NoInput> struct sequential_starts_with_an_input;

namespace detail {

// Stands in for a network that has an error, which then stays the only one: it has no layers, and the sizes
// that are known.
template <class Message, class In> struct StandIn : Network<In> {
  static_assert(sizeof(Error<Message>) > 0);
  using Instead = Network<In>;
  static constexpr bool fits = false;
};
template <class Message, class In, class Check> struct StandInOfShape : StandIn<Message, In> {
  static constexpr Shape output_shape = Check::checked.shape[Check::depth];
  static constexpr int output_size = output_shape.size();
};

// The message for what is no layer.
template <class L> struct NoLayer {
  static constexpr int less = 0;
  template <class Where> using message = sequential_takes_layers<Where, L>;
};
template <class C> struct NoLayer<MergeOf<C>> {
  static constexpr int less = 0;
  template <class Where> using message = parallel_starts_with_a_merging_layer<Where, typename C::Merge>;
};
template <class B> struct NoLayer<NoBranch<B>> {
  static constexpr int less = 1;
  template <class Where> using message = parallel_takes_branches<Where, B>;
};

template <int At, int Less, class... Ls> using place = typename decltype(spell_path<At, Less, Ls...>())::type;

template <class In, class... Ls> constexpr auto check_network() {
  if constexpr (!requires { In::shape; })
    return std::type_identity<StandIn<sequential_starts_with_an_input<In>, Input<1>>>{};
  else
    return []<class... Flats>(types<Flats...>) {
      using Check = ShapeCheck<In, Flat<Ls...>, types<Flats...>>;
      constexpr int odd = first_of({!HasSpec<Flats>...});
      if constexpr (odd >= 0) {
        using No = NoLayer<nth<odd, Flats...>>;
        return std::type_identity<StandIn<typename No::template message<place<odd, No::less, Ls...>>, In>>{};
      } else if constexpr (Check::verdict.broken != nullptr) {
        constexpr int at = Check::verdict.at;
        using Layer = typename Written<nth<at + 1, In, Flats...>>::type;
        using Message = typename explain<Check, place<at, 0, Ls...>, Layer>::type;
        return std::type_identity<StandInOfShape<Message, In, Check>>{};
      } else if constexpr (changed_by_a_mask<MaskedBy<Flat<Ls...>, Check>> >= 0) {
        using Refused = MaskRefused<MaskedBy<Flat<Ls...>, Check>, Check>;
        using Layer = typename Written<nth<Refused::at, Flats...>>::type;
        using Message = typename explain<Refused, place<Refused::at, 0, Ls...>, Layer>::type;
        return std::type_identity<StandInOfShape<Message, In, Check>>{};
      } else {
        return std::type_identity<Network<In, Ls...>>{};
      }
    }(typename Flat<Ls...>::Types{});
}

}  // namespace detail

/// Keras: Sequential. The first argument is the Input, the others are layers in order, and Residual and
/// Parallel of layers. A shape that does not
/// fit is one compile-time error that names the layer, its type, the shape that came in and the rule it
/// breaks.
template <class In, class... Ls> struct Sequential : decltype(detail::check_network<In, Ls...>())::type {};

}  // namespace keratin
