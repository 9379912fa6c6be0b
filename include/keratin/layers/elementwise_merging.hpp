#pragma once
// Merging layers that work value by value: Subtract, Multiply, Average, Maximum, Minimum, and what Add does
// with inputs of different shapes. Along an axis where an input has one value, that serves for all (NumPy's
// broadcasting, as in Keras); a shape of lower rank gets ones in front.
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_inputs_of_one_shape{
    "the inputs must be alike, or have one value, along every axis"};
inline constexpr Rule needs_two_inputs{"needs two inputs"};

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

  int inputs = 0, size = 0;  // values of the output
  bool alike = true;         // all inputs have the output's shape
  int extent[axes] = {};     // of the output, ones in front
  int input_size[max_inputs] = {};
  int stride[max_inputs][axes] = {};

  constexpr Broadcast() = default;
  constexpr explicit Broadcast(const Shapes& in) : inputs(in.count) {
    const Shape out = broadcast(in).out;
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

/// An Op's `value(x, n)` of n values x(k) and `gradients(x, n, dy, dx)` over a whole batch.
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
            part.store(y + i, Op::value(x, g.inputs));
          });
    g.each(count, [&](std::ptrdiff_t i, const std::ptrdiff_t* at) {
      const auto x = [&](int k) { return load(scalars(c.input(k)) + at[k] * L); };
      store(y + i * L, Op::value(x, g.inputs));
    });
  }
  static void backward(const Broadcast& g, const Backward<T>& c) {
    const S* const dy = scalars(c.dy);
    if (g.alike)
      return kernels::for_each_vector<S>(
          std::ptrdiff_t{c.count} * g.size * L, [&](std::ptrdiff_t i, auto part) {
            const auto x = [&](int k) { return part.load(scalars(c.input(k)) + i); };
            V dx[max_inputs] = {};
            Op::gradients(x, g.inputs, part.load(dy + i), dx);
            for (int k = 0; k < g.inputs; ++k)
              if (T* const to = c.input_gradient(k)) part.store(scalars(to) + i, dx[k]);
          });
    for (int k = 0; k < g.inputs; ++k)
      if (T* const to = c.input_gradient(k))
        std::fill_n(scalars(to), std::ptrdiff_t{c.count} * g.input_size[k] * L, S{});
    g.each(c.count, [&](std::ptrdiff_t i, const std::ptrdiff_t* at) {
      const auto x = [&](int k) { return load(scalars(c.input(k)) + at[k] * L); };
      Element dx[max_inputs] = {};
      Op::gradients(x, g.inputs, load(dy + i * L), dx);
      for (int k = 0; k < g.inputs; ++k)
        if (T* const to = c.input_gradient(k)) {
          S* const sum = scalars(to) + at[k] * L;
          store(sum, load(sum) + dx[k]);
        }
    });
  }
};

struct AddOp {
  static constexpr const char* name = "Add";
  static constexpr bool reads_input = false;
  static constexpr bool takes_two = false;
  static auto value(auto x, int n) {
    auto sum = x(0);
    for (int k = 1; k < n; ++k) sum += x(k);
    return sum;
  }
  template <class V> static void gradients(auto, int n, V dy, V* dx) {
    for (int k = 0; k < n; ++k) dx[k] = dy;
  }
};
struct SubtractOp {
  static constexpr const char* name = "Subtract";
  static constexpr bool reads_input = false;
  static constexpr bool takes_two = true;
  static auto value(auto x, int) { return x(0) - x(1); }
  template <class V> static void gradients(auto, int, V dy, V* dx) {
    dx[0] = dy;
    dx[1] = -dy;
  }
};
struct MultiplyOp {
  static constexpr const char* name = "Multiply";
  static constexpr bool reads_input = true;
  static constexpr bool takes_two = false;
  static auto value(auto x, int n) {
    auto product = x(0);
    for (int k = 1; k < n; ++k) product *= x(k);
    return product;
  }
  template <class V> static void gradients(auto x, int n, V dy, V* dx) {
    for (int k = 0; k < n; ++k) {
      dx[k] = dy;
      for (int other = 0; other < n; ++other)
        if (other != k) dx[k] *= x(other);
    }
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
  static constexpr bool takes_two = false;
  static auto value(auto x, int n) { return AddOp::value(x, n) / how_many<decltype(x(0))>(n); }
  template <class V> static void gradients(auto, int n, V dy, V* dx) {
    for (int k = 0; k < n; ++k) dx[k] = dy / how_many<V>(n);
  }
};
struct DivideOp {
  static constexpr const char* name = "TrueDivide";
  static constexpr bool only_in_graphs = true;
  static constexpr bool reads_input = true;
  static constexpr bool takes_two = true;
  static auto value(auto x, int) { return x(0) / x(1); }
  template <class V> static void gradients(auto x, int, V dy, V* dx) {
    dx[0] = dy / x(1);
    dx[1] = -dx[0] * (x(0) / x(1));
  }
};
// The first two, the winner and the third, and so on; equal ones share the gradient.
template <bool Largest> struct ExtremeOp {
  static constexpr const char* name = Largest ? "Maximum" : "Minimum";
  static constexpr bool reads_input = true;
  static constexpr bool takes_two = false;
  template <class V> static auto wins(V a, V b) {
    if constexpr (Largest)
      return a > b;
    else
      return a < b;
  }
  static auto value(auto x, int n) {
    auto best = x(0);
    for (int k = 1; k < n; ++k) {
      const auto v = x(k);
      best = wins(v, best) ? v : (v == v ? best : v);  // NaN stays
    }
    return best;
  }
  template <class V> static void gradients(auto x, int n, V dy, V* dx) {
    for (int k = n - 1; k > 0; --k) {
      const V before = value(x, k);
      dx[k] = wins(x(k), before) ? dy : wins(before, x(k)) ? V{} : dy / 2;
      dy -= dx[k];
    }
    dx[0] = dy;
  }
};

}  // namespace detail

/// A merging layer that works value by value; the shapes broadcast. Op says what it is called and computes.
template <class Op> struct ElementwiseMergeSpec {
  static constexpr const char* name = Op::name;
  static constexpr const char* arguments = requires { Op::only_in_graphs; } ? nullptr : "";
  static constexpr bool merges = true;
  static constexpr bool masks_change_it() { return Op::reads_input && !is_of_masks; }
  constexpr bool operator==(const ElementwiseMergeSpec&) const = default;

  constexpr Fit fit(const Shapes& in) const {
    if (Op::takes_two && in.count != 2) return needs_two_inputs;
    return broadcast(in);
  }
  constexpr Traits traits() const {
    return {.reads_input = Op::reads_input,
            .reads_output = false,
            .in_place = true,
            .pointwise = true,
            .writes_over_gradient = false,
            .constant = is_of_masks};
  }
  constexpr double flops(const Shapes& in) const {
    return (in.count - 1) * static_cast<double>(broadcast(in).out.elements());
  }

  static constexpr bool is_of_masks = requires { Op::of_masks; };

  using Geometry = detail::Broadcast;
  constexpr Geometry geometry(const Shapes& in) const { return Geometry(in); }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    detail::ElementwiseMerge<Op, T>::forward(g, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    detail::ElementwiseMerge<Op, T>::backward(g, c);
  }
};

using SubtractSpec = ElementwiseMergeSpec<detail::SubtractOp>;
using MultiplySpec = ElementwiseMergeSpec<detail::MultiplyOp>;
using DivideSpec = ElementwiseMergeSpec<detail::DivideOp>;
using AverageSpec = ElementwiseMergeSpec<detail::AverageOp>;
using MaximumSpec = ElementwiseMergeSpec<detail::ExtremeOp<true>>;
using MinimumSpec = ElementwiseMergeSpec<detail::ExtremeOp<false>>;

/// The first input less the second. Keras: Subtract.
struct Subtract : layer_of<Subtract, SubtractSpec> {
  static constexpr SubtractSpec spec{};
};
/// Keras: Multiply.
struct Multiply : layer_of<Multiply, MultiplySpec> {
  static constexpr MultiplySpec spec{};
};
/// Keras: Average.
struct Average : layer_of<Average, AverageSpec> {
  static constexpr AverageSpec spec{};
};
/// Keras: Maximum.
struct Maximum : layer_of<Maximum, MaximumSpec> {
  static constexpr MaximumSpec spec{};
};
/// Keras: Minimum.
struct Minimum : layer_of<Minimum, MinimumSpec> {
  static constexpr MinimumSpec spec{};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::SubtractSpec);
KERATIN_ADAPT_STRUCT(keratin::MultiplySpec);
KERATIN_ADAPT_STRUCT(keratin::DivideSpec);
KERATIN_ADAPT_STRUCT(keratin::AverageSpec);
KERATIN_ADAPT_STRUCT(keratin::MaximumSpec);
KERATIN_ADAPT_STRUCT(keratin::MinimumSpec);
