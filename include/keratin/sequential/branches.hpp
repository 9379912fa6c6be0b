#pragma once
// Residual and Parallel: layers side by side. They stand in a Sequential like layers, and in one another; a
// network runs the flat list that is made of them here.
#include <keratin/core/error.hpp>
#include <keratin/layers/merging.hpp>

#include <array>
#include <string_view>

namespace keratin {

inline constexpr Rule needs_layers_that_keep_the_shape{
    "the layers of a Residual must make the shape that comes in"};

namespace detail {
template <class... Ls> struct types {
  static constexpr int count = sizeof...(Ls);
};
template <class Composite> auto call_branches(const auto& tensor);
}  // namespace detail

/// One way through a Parallel: layers in order. Branch<> passes its input on.
template <class... Ls> struct Branch {
  using Layers = detail::types<Ls...>;
};

/// Several branches from one input, merged into one output by the layer Merge:
/// Parallel<Concatenate<>, Branch<Conv2D<8>>, Branch<Conv2D<4>, Conv2D<8, Kernel<3>, Same>>>.
template <class MergingLayer, class... Bs> struct Parallel {
  using Merge = MergingLayer;
  using Branches = detail::types<Bs...>;
  static constexpr bool numbers_branches = true;  // in the path of an error

  /// Called on a symbolic tensor of the run-time front end: each of its layers.
  auto operator()(const auto& tensor) const { return detail::call_branches<Parallel>(tensor); }
};

/// y = x + f(x), where f is the layers in order; they must keep the shape. He, Zhang, Ren, Sun 2015. Keras:
/// Add()([x, f(x)]).
template <class... Ls> struct Residual {
  using Merge = Add<>;
  using Branches = detail::types<Branch<>, Branch<Ls...>>;
  static constexpr bool numbers_branches = false;
  static constexpr const Rule* rule = &needs_layers_that_keep_the_shape;

  auto operator()(const auto& tensor) const { return detail::call_branches<Residual>(tensor); }
};

// Never defined. Read the arguments: which layer, and what stands where its merging layer or a branch should.
template <class Where, class NoMerge> struct parallel_starts_with_a_merging_layer;
template <class Where, class NoBranch> struct parallel_takes_branches;

namespace detail {

template <class L>
concept HasSpec = requires { L::spec; };
template <class L>
concept Composite = requires {
  typename L::Merge;
  typename L::Branches;
};

// The merging layer of a composite, in the flat list; without a spec where it is none. A name given to the
// composite is its name.
template <class C> struct MergeOf {};
template <class C>
  requires requires { requires C::Merge::spec.merges; }
struct MergeOf<C> : C::Merge {
  static constexpr std::string_view given_name =
      name_of<C>().empty() ? name_of<typename C::Merge>() : name_of<C>();
};
template <class B> struct NoBranch {};

template <class B> struct LayersOf {
  using type = types<NoBranch<B>>;
};
template <class... Ls> struct LayersOf<Branch<Ls...>> {
  using type = types<Ls...>;
};

template <class C> auto call_branches(const auto& tensor) {
  const auto in_order = []<class... Ls>(auto t, types<Ls...>) {
    ((t = Ls{}(t)), ...);
    return t;
  };
  return [&]<class... Bs>(types<Bs...>) {
    return [](const auto& first, const auto&... more) {
      return first.then(C::Merge::spec, MergeOf<C>::given_name, more...);
    }(in_order(tensor, typename LayersOf<Bs>::type{})...);
  }(typename C::Branches{});
}

// One list of several.
template <class... Lists> struct Join {
  using type = types<>;
};
template <class... A> struct Join<types<A...>> {
  using type = types<A...>;
};
template <class... A, class... B, class... Lists>
struct Join<types<A...>, types<B...>, Lists...> : Join<types<A..., B...>, Lists...> {};

template <class... Ls> inline constexpr bool is_chain = first_of({Composite<Ls>...}) < 0;

// The flat list of nested layers.
template <class L> struct FlatLayer {
  using type = types<L>;
};
template <class... Ls> constexpr auto flatten(types<Ls...>) {
  if constexpr (is_chain<Ls...>)
    return types<Ls...>{};
  else
    return typename Join<typename FlatLayer<Ls>::type...>::type{};
}
template <class Branches> struct FlatBranches;
template <class... Bs> struct FlatBranches<types<Bs...>> {
  using type = typename Join<decltype(flatten(typename LayersOf<Bs>::type{}))...>::type;
};
template <Composite C> struct FlatLayer<C> {
  using type = typename Join<typename FlatBranches<typename C::Branches>::type, types<MergeOf<C>>>::type;
};

// What each layer of a flat list reads.
template <int Depth> struct Wires {
  int count = 0;
  std::array<PerInput<int>, Depth> of{};

  template <class... Ls> constexpr int chain(int from, types<Ls...>) {
    [[maybe_unused]] const int in_order[] = {0, (from = layer<Ls>(from))...};
    return from;
  }
  template <class L> constexpr int layer(int from) {
    PerInput<int> inputs(from);
    if constexpr (Composite<L>) {
      inputs.count = 0;  // remembers `from`, for an error
      [&]<class... Bs>(types<Bs...>) {
        (inputs.add(chain(from, typename LayersOf<Bs>::type{})), ...);
      }(typename L::Branches{});
    }
    of[static_cast<std::size_t>(count)] = inputs;
    return count++;
  }
};

// Whether a layer reads the one before it alone, and nobody else reads that: then they may be fused.
template <std::size_t Depth> constexpr auto follows_of(const std::array<PerInput<int>, Depth>& inputs) {
  std::array<int, Depth + 1> readers{};
  std::array<bool, Depth> follows{};
  for (const PerInput<int>& from : inputs)
    for (const int i : from) ++readers[static_cast<std::size_t>(i + 1)];
  for (std::size_t i = 1; i < Depth; ++i)
    follows[i] = inputs[i].count == 1 && inputs[i][0] + 1 == static_cast<int>(i) && readers[i] == 1;
  return follows;
}
// All inputs of all layers.
constexpr int reads_of(const auto& inputs) {
  int n = 0;
  for (const PerInput<int>& from : inputs) n += from.count;
  return n;
}

/// A nested list of layers as the flat list in which they run.
template <class... Ls> struct Flat {
  using Types = decltype(flatten(types<Ls...>{}));
  static constexpr int depth = Types::count;

  // The layers that each one reads; -1: the network's input.
  static constexpr auto inputs = [] {
    Wires<depth> wires{};
    if constexpr (is_chain<Ls...>)
      for (int i = 0; i < depth; ++i) wires.of[static_cast<std::size_t>(i)] = i - 1;
    else
      wires.chain(-1, types<Ls...>{});
    return wires.of;
  }();
  static constexpr auto follows = follows_of(inputs);
  static constexpr int reads = reads_of(inputs);
  // Of the network's output: its layer, the one that makes its mask, -1 if it has none, and how many layers
  // it needs.
  static constexpr int output = depth - 1, output_mask = -1, needed = depth;
  // Where a layer stands in the list that its user wrote, flattened.
  static constexpr int written(int i) { return i; }
};

// Where a layer of the flat list stands in the nested one: for error messages only.
struct Path {
  int depth = 0;
  int index[64] = {};
};
struct PathTo {
  int left;  // flat layers before the wanted one
  bool found = false;
  Path path{};

  template <class... Ls> constexpr void chain(types<Ls...>) {
    int i = 0;
    [[maybe_unused]] const int in_order[] = {0, (layer<Ls>(i++), 0)...};
  }
  template <class L> constexpr void layer(int i) {
    if (found) return;
    path.index[path.depth++] = i;
    if constexpr (Composite<L>)
      [&]<class... Bs>(types<Bs...>) {
        int b = 0;
        (branch<Bs, L::numbers_branches>(b++), ...);
      }(typename L::Branches{});
    if (!found && left-- == 0) found = true;
    if (!found) --path.depth;
  }
  template <class B, bool Numbered> constexpr void branch(int b) {
    if (found) return;
    if (Numbered) path.index[path.depth++] = b;
    chain(typename LayersOf<B>::type{});
    if (Numbered && !found) --path.depth;
  }
};
template <int At, class... Ls>
inline constexpr Path path_to = [] {
  PathTo search{At};
  search.chain(types<Ls...>{});
  return search.path;
}();
// layer<...> of it, without the last `Less` numbers.
template <int At, int Less, class... Ls> constexpr auto spell_path() {
  if constexpr (At < 0)
    return std::type_identity<layer<>>{};
  else
    return []<int... I>(std::integer_sequence<int, I...>) {
      return std::type_identity<layer<path_to<At, Ls...>.index[I]...>>{};
    }(std::make_integer_sequence<int, path_to<At, Ls...>.depth - Less>());
}

// A layer as its user wrote it, and the message where something else stands in its place. Sequential adds the
// one for a type that is no layer at all.
template <class L> struct Written {
  using type = L;
};
template <class C> struct Written<MergeOf<C>> {
  using type = C;
};
// The rule that a composite's merging layer breaks, where it is not the merging layer's own.
template <class L> inline constexpr const Rule* rule_of = nullptr;
template <class C>
  requires requires { C::rule; }
inline constexpr const Rule* rule_of<MergeOf<C>> = C::rule;

}  // namespace detail
}  // namespace keratin
