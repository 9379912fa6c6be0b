#pragma once
// Merging layers that work value by value: Subtract, Multiply, Average, Maximum, Minimum, and what Add does
// with inputs of different shapes. Along an axis where an input has one value, that serves for all (NumPy's
// broadcasting, as in Keras); a shape of lower rank gets ones in front. Multiply, Maximum and Minimum read
// masks, each of which stands behind the inputs as one more.
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_inputs_of_one_shape{
    "the inputs must be alike, or have one value, along every axis"};
inline constexpr Rule needs_two_inputs{"needs two inputs"};
namespace functional {
inline constexpr Rule needs_all_axes_of_a_masked_input{"a masked input needs as many axes as what is made"};
}  // namespace functional

/// What merging value by value makes of several shapes. Error: which of them does not go with those before.
constexpr Fit broadcast(const Shapes& in) {
  Shape out = in[0];
  for (int k = 1; k < in.count; ++k) {
    const Shape& s = in[k];
    if (s.rank > out.rank) {
      Shape wide = s;
      for (int axis = 0; axis < out.rank; ++axis) wide.extent[s.rank - out.rank + axis] = out[axis];
      for (int axis = 0; axis < s.rank - out.rank; ++axis) wide.extent[axis] = 1;
      out = wide;
    }
    for (int axis = 0; axis < s.rank; ++axis) {
      int& extent = out.extent[out.rank - s.rank + axis];
      if (extent != s[axis] && extent != 1 && s[axis] != 1) return {needs_inputs_of_one_shape, in[0], k};
      extent = std::max(extent, s[axis]);
    }
  }
  return out;
}

namespace detail {

// The inputs of such a layer. Element by element of the output; with a stride of 0 an input stays where it
// is.
struct Broadcast {
  static constexpr int axes = Shape::max_rank;

  int inputs = 0, size = 0;      // values of the output
  int data = 0;                  // inputs that are no masks
  int mask_of[max_inputs] = {};  // of these: which input is its mask, -1: it has none
  bool alike = true;             // all inputs have the output's shape, and no masks
  int extent[axes] = {};         // of the output, ones in front
  int input_size[max_inputs] = {};
  int stride[max_inputs][axes] = {};

  constexpr Broadcast() = default;
  constexpr explicit Broadcast(Shapes in, const MasksRead& masks = {})
      : inputs(in.count), data(data_inputs(in, masks)) {
    for (int k = 0; k < data; ++k) {
      mask_of[k] = masks.place(inputs, 1u << k);
      if (mask_of[k] < 0) continue;
      Shape& mask = in.item[mask_of[k]];  // the same for what lies in the axes that it does not have
      while (mask.rank < in[k].rank) mask.extent[mask.rank++] = 1;
    }
    const Shape out = broadcast(in).out;
    alike = inputs == data;
    size = out.size();
    for (int axis = 0; axis < axes; ++axis) {
      const int a = axis - (axes - out.rank);
      extent[axis] = a < 0 ? 1 : out[a];
    }
    for (int k = 0; k < inputs; ++k) {
      alike = alike && in[k] == out;
      input_size[k] = in[k].size();
      int step = 1;
      for (int axis = axes - 1, a = in[k].rank - 1; a >= 0; --axis, --a) {
        stride[k][axis] = in[k][a] == 1 ? 0 : step;
        step *= in[k][a];
      }
    }
  }

  // f(element of the output, element of each input) for `count` samples.
  void each(int count, auto f) const {
    std::ptrdiff_t at[max_inputs];
    for (std::ptrdiff_t s = 0; s < count; ++s) {
      for (int k = 0; k < inputs; ++k) at[k] = s * input_size[k];
      int index[axes] = {};
      for (std::ptrdiff_t i = 0; i < size; ++i) {
        f(s * size + i, at);
        for (int axis = axes - 1; axis >= 0; --axis) {
          const bool carry = ++index[axis] == extent[axis];
          for (int k = 0; k < inputs; ++k)
            at[k] += carry ? -std::ptrdiff_t{stride[k][axis]} * (extent[axis] - 1) : stride[k][axis];
          if (!carry) break;
          index[axis] = 0;
        }
      }
    }
  }
};

// What stands for a mask that there is not: all counts.
struct Counts {};
template <class V> V where(Counts, V a, V) { return a; }
template <class V> V where(V mask, V a, V b) { return mask != V{} ? a : b; }
inline Counts where(Counts, Counts, Counts) { return {}; }

/// An Op's `value(x, n, mask)` of n values x(k), with masks mask(k), and `gradients(x, n, mask, dy, dx)`
/// over a whole batch.
template <class Op, class T> struct ElementwiseMerge {
  using S = Scalar<T>;
  static constexpr int L = Unit<T>::samples;
  using V = kernels::Vec<S>;
  using Element = std::conditional_t<(L > 1), V, S>;  // of one value of the output

  static Element load(const S* p) {
    if constexpr (L > 1)
      return kernels::load(p);
    else
      return *p;
  }
  static void store(S* p, Element v) {
    if constexpr (L > 1)
      kernels::store(p, v);
    else
      *p = v;
  }

  template <class Count> static void forward(const Broadcast& g, const Forward<T, Count>& c) {
    S* const y = scalars(c.y);
    const int count = static_cast<int>(c.count);
    if (g.alike)
      return kernels::for_each_vector<S>(
          std::ptrdiff_t{count} * g.size * L, [&](std::ptrdiff_t i, auto part) {
            const auto x = [&](int k) { return part.load(scalars(c.input(k)) + i); };
            part.store(y + i, Op::value(x, g.inputs, all_count));
          });
    with_masks(g, [&](auto masks) {
      g.each(count, [&](std::ptrdiff_t i, const std::ptrdiff_t* at) {
        const auto x = [&](int k) { return load(scalars(c.input(k)) + at[k] * L); };
        store(y + i * L, Op::value(x, g.data, masks(g, x)));
      });
    });
  }
  static void backward(const Broadcast& g, const Backward<T>& c) {
    const S* const dy = scalars(c.dy);
    if (g.alike)
      return kernels::for_each_vector<S>(
          std::ptrdiff_t{c.count} * g.size * L, [&](std::ptrdiff_t i, auto part) {
            const auto x = [&](int k) { return part.load(scalars(c.input(k)) + i); };
            V dx[max_inputs] = {};
            Op::gradients(x, g.inputs, all_count, part.load(dy + i), dx);
            for (int k = 0; k < g.inputs; ++k)
              if (T* const to = c.input_gradient(k)) part.store(scalars(to) + i, dx[k]);
          });
    for (int k = 0; k < g.inputs; ++k)
      if (T* const to = c.input_gradient(k))
        std::fill_n(scalars(to), std::ptrdiff_t{c.count} * g.input_size[k] * L, S{});
    with_masks(g, [&](auto masks) {
      g.each(c.count, [&](std::ptrdiff_t i, const std::ptrdiff_t* at) {
        const auto x = [&](int k) { return load(scalars(c.input(k)) + at[k] * L); };
        Element dx[max_inputs] = {};
        Op::gradients(x, g.data, masks(g, x), load(dy + i * L), dx);
        for (int k = 0; k < g.data; ++k)
          if (T* const to = c.input_gradient(k)) {
            S* const sum = scalars(to) + at[k] * L;
            store(sum, load(sum) + dx[k]);
          }
      });
    });
  }

 private:
  static Counts all_count(int) { return {}; }
  // f(masks), where masks(g, x) gives an element's mask(k).
  static void with_masks(const Broadcast& g, auto f) {
    if constexpr (Op::reads_masks)
      if (g.data < g.inputs)
        return f([](const Broadcast& at, auto x) {
          return [&at, x](int k) { return at.mask_of[k] < 0 ? Element{} + 1 : x(at.mask_of[k]); };
        });
    f([](const Broadcast&, auto) { return all_count; });
  }
};

struct AddOp {
  static constexpr const char* name = "Add";
  static constexpr bool reads_input = false;
  static constexpr bool reads_masks = false;
  static constexpr bool takes_two = false;
  static auto value(auto x, int n, auto) {
    auto sum = x(0);
    for (int k = 1; k < n; ++k) sum += x(k);
    return sum;
  }
  template <class V> static void gradients(auto, int n, auto, V dy, V* dx) {
    for (int k = 0; k < n; ++k) dx[k] = dy;
  }
};
struct SubtractOp {
  static constexpr const char* name = "Subtract";
  static constexpr bool reads_input = false;
  static constexpr bool reads_masks = false;
  static constexpr bool takes_two = true;
  static auto value(auto x, int, auto) { return x(0) - x(1); }
  template <class V> static void gradients(auto, int, auto, V dy, V* dx) {
    dx[0] = dy;
    dx[1] = -dy;
  }
};
// A masked factor counts as 1; where all are masked the product is 0.
struct MultiplyOp {
  static constexpr const char* name = "Multiply";
  static constexpr bool associative = true;
  static constexpr bool reads_input = true;
  static constexpr bool reads_masks = true;
  static constexpr bool takes_two = false;
  static auto value(auto x, int n, auto mask) {
    auto product = factor(x, mask, 0);
    for (int k = 1; k < n; ++k) product *= factor(x, mask, k);
    return where(any(mask, n), product, decltype(product){});
  }
  template <class V> static void gradients(auto x, int n, auto mask, V dy, V* dx) {
    for (int k = 0; k < n; ++k) {
      dx[k] = dy;
      for (int other = 0; other < n; ++other)
        if (other != k) dx[k] *= factor(x, mask, other);
      dx[k] = where(mask(k), dx[k], V{});
    }
  }

 private:
  static auto factor(auto x, auto mask, int k) {
    const auto v = x(k);
    return where(mask(k), v, decltype(x(k)){} + 1);
  }
  static auto any(auto mask, int n) {
    auto any = mask(0);
    for (int k = 1; k < n; ++k) any = where(any, any, mask(k));
    return any;
  }
};
template <class V> auto how_many(int n) {
  if constexpr (std::is_arithmetic_v<V>)
    return static_cast<V>(n);
  else
    return static_cast<kernels::element<V>>(n);
}
struct AverageOp {
  static constexpr const char* name = "Average";
  static constexpr bool reads_input = false;
  static constexpr bool reads_masks = false;
  static constexpr bool takes_two = false;
  static auto value(auto x, int n, auto mask) {
    return AddOp::value(x, n, mask) / how_many<decltype(x(0))>(n);
  }
  template <class V> static void gradients(auto, int n, auto, V dy, V* dx) {
    for (int k = 0; k < n; ++k) dx[k] = dy / how_many<V>(n);
  }
};
struct DivideOp {
  static constexpr const char* name = "TrueDivide";
  static constexpr bool only_in_graphs = true;
  static constexpr bool reads_input = true;
  static constexpr bool reads_masks = false;
  static constexpr bool takes_two = true;
  static auto value(auto x, int, auto) { return x(0) / x(1); }
  template <class V> static void gradients(auto x, int, auto, V dy, V* dx) {
    dx[0] = dy / x(1);
    dx[1] = -dx[0] * (x(0) / x(1));
  }
};
// The first two, the winner and the third, and so on; equal ones share the gradient. Of two the one that is
// not masked is taken, of two masked ones the first.
template <bool Largest> struct ExtremeOp {
  static constexpr const char* name = Largest ? "Maximum" : "Minimum";
  static constexpr bool associative = true;
  static constexpr bool reads_input = true;
  static constexpr bool reads_masks = true;
  static constexpr bool takes_two = false;
  static auto value(auto x, int n, auto mask) { return first(x, n, mask).best; }
  template <class V> static void gradients(auto x, int n, auto mask, V dy, V* dx) {
    for (int k = n - 1; k > 0; --k) {
      const auto [before, counts] = first(x, k, mask);
      const V of_both = wins(x(k), before) ? dy : wins(before, x(k)) ? V{} : dy / 2;
      dx[k] = where(mask(k), where(counts, of_both, dy), V{});
      dy -= dx[k];
    }
    dx[0] = dy;
  }

 private:
  template <class V> static auto wins(V a, V b) {
    if constexpr (Largest)
      return a > b;
    else
      return a < b;
  }
  // The winner of the first n, and whether one of them counts.
  static auto first(auto x, int n, auto mask) {
    struct {
      decltype(x(0)) best;
      decltype(mask(0)) counts;
    } all{x(0), mask(0)};
    for (int k = 1; k < n; ++k) {
      const auto v = x(k), of_both = wins(v, all.best) ? v : (v == v ? all.best : v);  // NaN stays
      all.best = where(mask(k), where(all.counts, of_both, v), all.best);
      all.counts = where(all.counts, all.counts, mask(k));
    }
    return all;
  }
};

// The field of a spec that reads masks.
template <bool> struct MasksField {
  constexpr bool operator==(const MasksField&) const = default;
};
template <> struct MasksField<true> {
  MasksRead masks{};
  constexpr bool operator==(const MasksField&) const = default;
};

}  // namespace detail

/// A merging layer that works value by value; the shapes broadcast. Op says what it is called and computes.
template <class Op> struct ElementwiseMergeSpec : detail::MasksField<Op::reads_masks> {
  static constexpr const char* name = Op::name;
  static constexpr const char* arguments = requires { Op::only_in_graphs; } ? nullptr : "";
  static constexpr bool merges = true, associative = requires { Op::associative; };
  constexpr bool operator==(const ElementwiseMergeSpec&) const = default;

  constexpr Fit fit(const Shapes& in) const {
    if (Op::takes_two && in.count != 2) return needs_two_inputs;
    if constexpr (Op::reads_masks) return fit_masked(in);
    return broadcast(in);
  }
  constexpr bool takes_an_axis_in_front() const { return true; }
  constexpr Traits traits() const {
    return {.reads_input = Op::reads_input,
            .reads_output = false,
            .in_place = true,
            .pointwise = true,
            .writes_over_gradient = false,
            .constant = is_of_masks};
  }
  constexpr double flops(const Shapes& in) const {
    const Geometry g = geometry(in);
    return (g.data - 1) * static_cast<double>(g.size);
  }

  static constexpr bool is_of_masks = requires { Op::of_masks; };

  using Geometry = detail::Broadcast;
  constexpr Geometry geometry(const Shapes& in) const {
    if constexpr (Op::reads_masks)
      return Geometry(in, this->masks);
    else
      return Geometry(in);
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    detail::ElementwiseMerge<Op, T>::forward(g, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    detail::ElementwiseMerge<Op, T>::backward(g, c);
  }

 private:
  constexpr Fit fit_masked(const Shapes& in) const {
    Shapes data = in;
    data.count = detail::data_inputs(in, this->masks);
    const Fit fit = broadcast(data);
    for (int k = 0; k < data.count && !fit.broken; ++k) {
      const int mask = this->masks.place(in.count, 1u << k);
      if (mask < 0) continue;
      if (in[k].rank != fit.out.rank) return {functional::needs_all_axes_of_a_masked_input, {}, k};
      if (!in[mask].begins(in[k])) return {functional::needs_a_mask_of_its_steps, {}, mask};
    }
    return fit;
  }
};

using SubtractSpec = ElementwiseMergeSpec<detail::SubtractOp>;
using MultiplySpec = ElementwiseMergeSpec<detail::MultiplyOp>;
using DivideSpec = ElementwiseMergeSpec<detail::DivideOp>;
using AverageSpec = ElementwiseMergeSpec<detail::AverageOp>;
using MaximumSpec = ElementwiseMergeSpec<detail::ExtremeOp<true>>;
using MinimumSpec = ElementwiseMergeSpec<detail::ExtremeOp<false>>;

/// Keras: Subtract. The first input less the second.
struct Subtract : layer_of<Subtract, SubtractSpec> {
  static constexpr SubtractSpec spec{};
};
/// Keras: Multiply. A masked factor counts as 1; where all are masked the product is 0.
struct Multiply : layer_of<Multiply, MultiplySpec> {
  static constexpr MultiplySpec spec{};
};
/// Keras: Average.
struct Average : layer_of<Average, AverageSpec> {
  static constexpr AverageSpec spec{};
};
/// Keras: Maximum. Of two values the one that is not masked, of two masked ones the first.
struct Maximum : layer_of<Maximum, MaximumSpec> {
  static constexpr MaximumSpec spec{};
};
/// Keras: Minimum. Of two values the one that is not masked, of two masked ones the first.
struct Minimum : layer_of<Minimum, MinimumSpec> {
  static constexpr MinimumSpec spec{};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::SubtractSpec);
KERATIN_ADAPT_STRUCT(keratin::MultiplySpec, masks);
KERATIN_ADAPT_STRUCT(keratin::DivideSpec);
KERATIN_ADAPT_STRUCT(keratin::AverageSpec);
KERATIN_ADAPT_STRUCT(keratin::MaximumSpec, masks);
KERATIN_ADAPT_STRUCT(keratin::MinimumSpec, masks);
