#pragma once
// Masks of a Sequential, by Keras's rules: where a layer makes one, the layers behind it that read masks get
// it as a further input. A rewrite of the flat list of layers: what makes a mask stands in it before its
// first reader.
#include <keratin/layers/masking.hpp>
#include <keratin/sequential/branches.hpp>

#include <tuple>

namespace keratin {

inline constexpr Rule would_be_changed_by_a_mask{
    "a mask came with the input and would change what it computes, which is not implemented"};

namespace detail {

// What a layer makes its mask of, layer by layer: a symbolic tensor for mask_of.
template <class... Specs> struct Recorded {
  Shape made;
  std::tuple<Specs...> specs{};

  constexpr const Shape& shape() const { return made; }
  template <class S> constexpr Recorded<Specs..., S> then(const S& spec) const {
    return {spec.fit(made).out, std::tuple_cat(specs, std::tuple<S>(spec))};
  }
};

// The layers that make the mask of L, whose input has this shape.
template <class L, Shape In> inline constexpr auto mask_recipe = L::spec.mask_of(Recorded<>{In});
template <class L, Shape In> constexpr int mask_parts() {
  if constexpr (mask_traits_of(L::spec).makes)
    return std::tuple_size_v<decltype(mask_recipe<L, In>.specs)>;
  else
    return 0;
}
template <class L, Shape In> constexpr Shape mask_shape() {
  if constexpr (mask_traits_of(L::spec).makes)
    return mask_recipe<L, In>.made;
  else
    return {};
}

// What makes a mask with so many axes of what has none.
template <int Axes> struct NothingMasked {
  static constexpr struct {
    constexpr auto mask_of(const auto& x) const { return nothing_masked(x, Axes); }
  } spec{};
};

// Layers of the rewritten list: one of the parts that make a mask, the mask of several, several one behind
// the other, and a layer that reads masks.
template <class L, Shape In, std::size_t Part> struct MaskPart {
  static constexpr auto spec = std::get<Part>(mask_recipe<L, In>.specs);
  using Spec = std::remove_const_t<decltype(spec)>;
};
struct MaskOfSeveral {
  using Spec = LogicalOrSpec;
  static constexpr Spec spec{};
};
template <int Axis> struct MasksInARow {
  using Spec = ConcatenateSpec;
  static constexpr Spec spec{Axis + 1};
};
template <class L, unsigned Masks> struct ReadsMasks : L {
  static constexpr auto spec = [] {
    auto spec = L::spec;
    if constexpr (requires { spec.masks; })
      spec.masks = {Masks};
    else
      spec.masked = true;
    return spec;
  }();
};
template <class L, unsigned Masks> struct Written<ReadsMasks<L, Masks>> : Written<L> {};
template <class L, Shape In, std::size_t Part> struct Written<MaskPart<L, In, Part>> : Written<L> {};

// Which masks there are in a network of so many layers, that read so many values, and who reads them.
template <int Depth, int Reads> struct MaskFlow {
  static constexpr int none = -1;
  enum Kind { made, of_both, in_a_row, of_nothing };
  struct Mask {
    Kind kind = made;
    PerInput<int> of{};  // the layer that makes it, the other masks, or the value that has none
    Shape shape{};
    int axis = none;  // of masks in a row
  };
  std::array<Mask, Depth + Reads> masks{};
  int count = 0;
  std::array<int, Depth + 1> with{};  // which one goes with the input, and with what each layer makes
  std::array<PerInput<int>, Depth> read{};
  std::array<unsigned, Depth> bits{};  // of MasksRead
  int refused_by = none;               // a layer that they would change

  constexpr int add(const Mask& mask) {
    masks[static_cast<std::size_t>(count)] = mask;
    return count++;
  }
  constexpr int of(int value) const { return with[static_cast<std::size_t>(value + 1)]; }

  constexpr void pass(std::size_t i, const PerInput<int>& inputs, const MaskTraits& traits, int axis,
                      const Shape& out, const Shape& mask_made) {
    int& behind = with[i + 1] = none;
    for (int k = 0; k < inputs.count; ++k) {
      const int mask = of(inputs[k]);
      if (mask == none) continue;
      if (traits.changed) refused_by = static_cast<int>(i);
      if (!traits.reads_all && !(traits.reads && k == 0)) continue;
      read[i].add(mask);
      bits[i] |= 1u << k;
    }
    if (inputs.count + read[i].count > max_inputs) refused_by = static_cast<int>(i);
    if (traits.makes) {
      behind = add({.kind = made, .of = static_cast<int>(i), .shape = mask_made});
    } else if (const int axes = traits.passes && inputs.count > 1 ? mask_axes(inputs) : 0; axis < axes) {
      Mask row{.kind = in_a_row, .shape = out, .axis = axis};
      row.shape.rank = axes;
      for (const int value : inputs)
        row.of.add(of(value) != none ? of(value)
                                     : add({.kind = of_nothing, .of = value, .shape = row.shape}));
      behind = add(row);
    } else if (traits.passes) {
      behind = of(inputs[0]);
      for (int k = 1; k < inputs.count && behind != none && !traits.of_first; ++k) {
        const int other = of(inputs[k]);
        if (other == none)
          behind = none;
        else if (other != behind)
          behind = either(behind, other);
      }
    }
    if (behind != none && !shape(behind).begins(out)) behind = none;
  }

 private:
  constexpr const Shape& shape(int mask) const { return masks[static_cast<std::size_t>(mask)].shape; }
  // Of the first mask that there is.
  constexpr int mask_axes(const PerInput<int>& inputs) const {
    for (const int value : inputs)
      if (of(value) != none) return shape(of(value)).rank;
    return 0;
  }
  constexpr int either(int one, int other) {
    PerInput<int> both(one);
    both.add(other);
    Shapes shapes(shape(one));
    shapes.add(shape(other));
    return add({.kind = of_both, .of = both, .shape = broadcast(shapes).out});
  }
};

// One layer of the rewritten list.
struct MaskedPlace {
  int layer = 0;  // of the list before; of a mask's part its maker, -1 where no layer makes it
  int mask = -1, part = 0;
  PerInput<int> inputs{};
};

// The rewritten list, in the order in which the graph of these layers runs.
template <class Flow, int Depth, int Most> struct MaskedList {
  std::array<MaskedPlace, static_cast<std::size_t>(Most)> places{};
  int count = 0;
  int output = 0, output_mask = -1;  // the layer that makes the network's output, and the one of its mask
  int needed = 0;                    // layers for the output; those behind them only make its mask

  std::array<int, Depth + 1> place_of{};  // of the input, and of the layers before
  std::array<int, static_cast<std::size_t>(Most)> place_of_mask{};

  constexpr MaskedList(const Flow& flow, const std::array<PerInput<int>, Depth>& inputs,
                       const std::array<int, Depth>& parts) {
    for (int& place : place_of_mask) place = -1;
    place_of[0] = -1;
    for (std::size_t i = 0; i < Depth; ++i) {
      PerInput<int> reads = inputs[i];
      for (int k = 0; k < reads.count; ++k) reads.item[k] = place_of[static_cast<std::size_t>(reads[k] + 1)];
      for (const int mask : flow.read[i]) reads.add(make(mask, flow, inputs, parts));
      place_of[i + 1] = add({.layer = static_cast<int>(i), .inputs = reads});
    }
    output = count - 1;
    needed = count;
    if (const int mask = flow.of(Depth - 1); mask >= 0) output_mask = make(mask, flow, inputs, parts);
  }

 private:
  constexpr int add(const MaskedPlace& place) {
    places[static_cast<std::size_t>(count)] = place;
    return count++;
  }
  // Where a mask is made, from now on.
  constexpr int make(int m, const Flow& flow, const auto& inputs, const auto& parts) {
    int place = place_of_mask[static_cast<std::size_t>(m)];
    if (place >= 0) return place;
    const auto& mask = flow.masks[static_cast<std::size_t>(m)];
    if (mask.kind == Flow::made || mask.kind == Flow::of_nothing) {
      const bool is_made = mask.kind == Flow::made;
      const auto maker = static_cast<std::size_t>(is_made ? mask.of[0] : 0);
      const int value = is_made ? inputs[maker][0] : mask.of[0];
      place = place_of[static_cast<std::size_t>(value + 1)];
      for (int part = 0; part < (is_made ? parts[maker] : 2); ++part)
        place = add({.layer = is_made ? mask.of[0] : -1, .mask = m, .part = part, .inputs = place});
    } else {
      MaskedPlace all{.layer = -1, .mask = m};
      for (const int one : mask.of) all.inputs.add(make(one, flow, inputs, parts));
      place = add(all);
    }
    return place_of_mask[static_cast<std::size_t>(m)] = place;
  }
};

template <class Flat, class Check, class Types> struct MaskedFlat;
template <class Flat_, class Check, class... Ls> struct MaskedFlat<Flat_, Check, types<Ls...>> {
  using Flat = Flat_;
  using Flow = MaskFlow<Flat::depth, Flat::reads>;
  static constexpr const Shape& value(int i) { return Check::checked.shape[static_cast<std::size_t>(i + 1)]; }
  static constexpr const Shape& in(std::size_t i) { return value(Flat::inputs[i][0]); }

  template <class Indices> struct Parts;
  template <std::size_t... I> struct Parts<std::index_sequence<I...>> {
    static constexpr std::array<int, Flat::depth> count{mask_parts<Ls, in(I)>()...};
    static constexpr std::array<Shape, Flat::depth> shape{mask_shape<Ls, in(I)>()...};
  };
  using Made = Parts<std::index_sequence_for<Ls...>>;

  static constexpr Flow flow = [] {
    constexpr std::array<MaskTraits, Flat::depth> traits{mask_traits_of(Ls::spec)...};
    constexpr std::array<int, Flat::depth> axes = [] {
      std::size_t i = 0;
      return std::array<int, Flat::depth>{mask_axis_of(Ls::spec, Check::checked.shape[++i])...};
    }();
    Flow flow;
    flow.with[0] = Flow::none;
    for (std::size_t i = 0; i < traits.size(); ++i)
      flow.pass(i, Flat::inputs[i], traits[i], axes[i], Check::checked.shape[i + 1], Made::shape[i]);
    return flow;
  }();

  static constexpr int most = [] {
    int n = Flat::depth + 2 * Flat::reads;
    for (const int parts : Made::count) n += parts;
    return n;
  }();
  static constexpr MaskedList<Flow, Flat::depth, most> list{flow, Flat::inputs, Made::count};

  template <std::size_t I> static constexpr auto layer() {
    constexpr MaskedPlace place = list.places[I];
    constexpr auto part = static_cast<std::size_t>(place.part);
    if constexpr (place.layer < 0) {
      constexpr auto mask = flow.masks[static_cast<std::size_t>(place.mask)];
      if constexpr (mask.kind == Flow::of_both)
        return std::type_identity<MaskOfSeveral>{};
      else if constexpr (mask.kind == Flow::in_a_row)
        return std::type_identity<MasksInARow<mask.axis>>{};
      else
        return std::type_identity<MaskPart<NothingMasked<mask.shape.rank>, value(mask.of[0]), part>>{};
    } else {
      constexpr auto i = static_cast<std::size_t>(place.layer);
      using L = std::tuple_element_t<i, std::tuple<Ls...>>;
      if constexpr (place.mask >= 0)
        return std::type_identity<MaskPart<L, in(i), part>>{};
      else if constexpr (flow.bits[i] != 0)
        return std::type_identity<ReadsMasks<L, flow.bits[i]>>{};
      else
        return std::type_identity<L>{};
    }
  }
  template <class Indices> struct Rewritten;
  template <std::size_t... I> struct Rewritten<std::index_sequence<I...>> {
    using type = types<typename decltype(layer<I>())::type...>;
  };

  static constexpr int depth = list.count, output = list.output, output_mask = list.output_mask,
                       needed = list.needed;
  using Types = typename Rewritten<std::make_index_sequence<static_cast<std::size_t>(depth)>>::type;
  static constexpr auto inputs = [] {
    std::array<PerInput<int>, static_cast<std::size_t>(depth)> inputs{};
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = list.places[i].inputs;
    return inputs;
  }();
  static constexpr auto follows = follows_of(inputs);
  static constexpr int reads = reads_of(inputs);
  /// Where a layer stood in the list before.
  static constexpr int written(int i) { return list.places[static_cast<std::size_t>(i)].layer; }
};

// A flat list with the masks that its layers make and read.
template <class Flat, class Check> constexpr auto with_masks() {
  return []<class... Ls>(types<Ls...> of) {
    if constexpr (first_of({mask_traits_of(Ls::spec).makes...}) < 0)
      return std::type_identity<Flat>{};
    else
      return std::type_identity<MaskedFlat<Flat, Check, decltype(of)>>{};
  }(typename Flat::Types{});
}

// Which layer a mask would change, -1 if none.
template <class Flat> inline constexpr int changed_by_a_mask = -1;
template <class Flat>
  requires requires { Flat::flow; }
inline constexpr int changed_by_a_mask<Flat> = Flat::flow.refused_by;

// The verdict on it, for an error.
template <class Flat, class Check> struct MaskRefused {
  static constexpr int at = changed_by_a_mask<Flat>;
  static constexpr Verdict verdict{
      at, Flat::in(static_cast<std::size_t>(at)), {}, &would_be_changed_by_a_mask};
};

}  // namespace detail
}  // namespace keratin
