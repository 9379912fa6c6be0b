#pragma once
// EinsumDense: a Dense that contracts the axes that an equation says.
#include <keratin/layers/dense.hpp>

#include <string_view>

namespace keratin {

inline constexpr Rule needs_an_equation{
    "needs an equation as ab,bc->ac, ...ab,bc->...ac or ab...,bc->ac..., whose letters all have a meaning"};
inline constexpr Rule needs_axes_as_in_its_equation{
    "input and output shape must have the axes that the equation names, and of equal length those of both"};

/// A text that a spec can hold: EinsumDense<"abc,cd->abd">.
struct Equation {
  static constexpr std::size_t most = 39;
  char text[most + 1] = {};

  constexpr Equation() = default;
  template <std::size_t N>
    requires(N <= most + 1)
  constexpr Equation(const char (&letters)[N]) : Equation(std::string_view(letters, N - 1)) {}
  constexpr explicit Equation(std::string_view letters) {
    for (std::size_t i = 0; i < letters.size() && i < most; ++i) text[i] = letters[i];
  }
  constexpr std::string_view view() const { return text; }
  constexpr bool operator==(const Equation&) const = default;
};
/// A shape of which some extents, those that are -1, are the input's. Keras: None.
struct OpenShape {
  Shape shape{};

  constexpr OpenShape() = default;
  template <std::same_as<int>... Extents>
    requires(sizeof...(Extents) > 0)
  constexpr OpenShape(Extents... extents) : shape(extents...) {}
  constexpr bool operator==(const OpenShape&) const = default;
};

/// The axes of the output that have a bias: BiasAxes<"d">. Keras: bias_axes.
template <Equation Letters> struct BiasAxes {
  KERATIN_SETS(bias_axes, Letters)
};

namespace detail {

/// What an equation makes of a sample: one loop for each axis of the output, then for each that is summed
/// over; and how far its steps are apart in every operand.
struct Einsum {
  static constexpr int most = 2 * Shape::max_rank;
  struct Axis {
    int size = 0, in = 0, kernel = 0, out = 0, bias = 0;
  };
  const Rule* broken = nullptr;
  int axes = 0, outputs = 0;
  Axis axis[most] = {};
  Shape in{}, out{}, kernel{}, bias{};
  int inner = 1;         // values of a sample that each output sums over
  bool product = false;  // x W + b of rows, as a Dense's

  constexpr Einsum(std::string_view equation, const Shape& open, std::string_view bias_axes,
                   const Shape& shape)
      : in(shape) {
    analyze(equation, open, bias_axes);
  }
  /// f(output, input, element of the kernel) for every product of a sample.
  void each(auto f) const {
    int index[most] = {};
    for (std::ptrdiff_t o = 0, i = 0, k = 0;;) {
      f(o, i, k);
      int a = axes - 1;
      for (; a >= 0; --a) {
        const Axis& s = axis[a];
        const std::ptrdiff_t steps = ++index[a] == s.size ? 1 - s.size : 1;
        o += s.out * steps, i += s.in * steps, k += s.kernel * steps;
        if (steps == 1 && index[a] < s.size) break;
        index[a] = 0;
      }
      if (a < 0) return;
    }
  }
  /// f(output, element of the bias).
  void each_bias(auto f) const {
    for (std::ptrdiff_t o = 0; o < out.size(); ++o) {
      std::ptrdiff_t b = 0;
      for (int a = 0; a < outputs; ++a) b += o / axis[a].out % axis[a].size * axis[a].bias;
      f(o, b);
    }
  }

 private:
  constexpr void analyze(std::string_view equation, const Shape& open, std::string_view bias_axes) {
    const std::size_t comma = equation.find(','), arrow = equation.find("->");
    if (comma == equation.npos || arrow == equation.npos || arrow < comma) return refuse(needs_an_equation);
    std::string_view x = equation.substr(0, comma), z = equation.substr(arrow + 2);
    const std::string_view w = equation.substr(comma + 1, arrow - comma - 1), dots = "...";
    const bool left = x.starts_with(dots), right = x.ends_with(dots);
    if (left != z.starts_with(dots) || right != z.ends_with(dots) || (left && right))
      return refuse(needs_an_equation);
    for (std::string_view* const part : {&x, &z}) {
      if (left) part->remove_prefix(3);
      if (right) part->remove_suffix(3);
    }
    if (!are_letters(x) || !are_letters(w) || !are_letters(z)) return refuse(needs_an_equation);
    if (!left) {  // the samples' letter
      if (x[0] != z[0] || w.find(x[0]) != w.npos) return refuse(needs_an_equation);
      x.remove_prefix(1);
      z.remove_prefix(1);
    }
    const int named = static_cast<int>(x.size()), elided = in.rank - named;
    if (elided < 0 || (elided > 0 && !left && !right) || open.rank != static_cast<int>(z.size()) ||
        open.rank + elided > Shape::max_rank || open.rank + elided < 1)
      return refuse(needs_axes_as_in_its_equation);
    // The axes of the output.
    const int first = left ? elided : 0;  // where the named ones begin, in the input too
    const auto extent = [&](char letter) {
      const std::size_t i = x.find(letter), o = z.find(letter);
      const int of_in = i == x.npos ? -1 : in[first + static_cast<int>(i)];
      const int of_out = o == z.npos ? -1 : open[static_cast<int>(o)];
      return of_in >= 0 && of_out >= 0 && of_in != of_out ? 0 : of_in >= 0 ? of_in : of_out;
    };
    out.rank = open.rank + elided;
    for (int a = 0; a < out.rank; ++a) {
      const int name = a - first;
      const bool is_named = name >= 0 && name < open.rank;
      out.extent[a] =
          is_named ? extent(z[static_cast<std::size_t>(name)]) : in[left ? a : named + (a - open.rank)];
      if (is_named && x.find(z[static_cast<std::size_t>(name)]) == x.npos &&
          w.find(z[static_cast<std::size_t>(name)]) == w.npos)
        return refuse(needs_an_equation);
      if (out[a] < 1) return refuse(needs_axes_as_in_its_equation);
    }
    kernel.rank = static_cast<int>(w.size());
    if (kernel.rank > Shape::max_rank) return refuse(needs_axes_as_in_its_equation);
    for (int a = 0; a < kernel.rank; ++a) {
      const char letter = w[static_cast<std::size_t>(a)];
      if (x.find(letter) == x.npos && z.find(letter) == z.npos) return refuse(needs_an_equation);
      kernel.extent[a] = extent(letter);
    }
    int last = -1;
    if (!bias_axes.empty()) {
      for (std::size_t o = 0; o < z.size(); ++o) {
        const bool has = bias_axes.find(z[o]) != bias_axes.npos;
        if (has && last < 0) last = static_cast<int>(o);
        if (last >= 0) bias.extent[bias.rank++] = has ? out[first + static_cast<int>(o)] : 1;
      }
      if (last < 0) return refuse(needs_an_equation);
      for (int e = 0; e < elided && !left; ++e) bias.extent[bias.rank++] = 1;
    }
    for (const Shape& s : {in, out, kernel})
      if (s.elements() > INT32_MAX) return refuse(more_than_2_31_elements);
    // The loops.
    const auto place = [](std::string_view letters, char letter, const Shape& s, int from) {
      const std::size_t at = letters.find(letter);
      return at == letters.npos ? 0 : stride(s, from + static_cast<int>(at));
    };
    for (int a = 0; a < out.rank; ++a) {
      const int name = a - first;
      Axis& to = axis[axes++];
      to.size = out[a];
      to.out = stride(out, a);
      const int of_bias = bias.rank - (out.rank - a);
      if (of_bias >= 0 && bias.rank > 0 && bias[of_bias] > 1) to.bias = stride(bias, of_bias);
      if (name >= 0 && name < open.rank) {
        to.in = place(x, z[static_cast<std::size_t>(name)], in, first);
        to.kernel = place(w, z[static_cast<std::size_t>(name)], kernel, 0);
      } else {
        to.in = stride(in, left ? a : named + (a - open.rank));
      }
    }
    outputs = axes;
    for (int a = 0; a < named; ++a) {
      const char letter = x[static_cast<std::size_t>(a)];
      if (z.find(letter) != z.npos) continue;
      axis[axes++] = {in[first + a], stride(in, first + a), place(w, letter, kernel, 0), 0, 0};
      inner *= in[first + a];
    }
    product = is_product();
  }
  constexpr void refuse(const Rule& rule) { broken = &rule; }
  static constexpr bool are_letters(std::string_view letters) {
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const char c = letters[i];
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) || letters.find(c) != i) return false;
    }
    return !letters.empty();
  }
  static constexpr int stride(const Shape& s, int a) {
    int step = 1;
    for (int b = a + 1; b < s.rank; ++b) step *= s[b];
    return step;
  }
  // Whether rows of the input, side by side, meet a kernel [inner][units].
  constexpr bool is_product() const {
    const int units = kernel.size() / inner;
    int step = 1;
    for (int a = axes - 1; a >= outputs; --a) {
      if (axis[a].in != step || axis[a].kernel != step * units) return false;
      step *= axis[a].size;
    }
    bool rows = false;
    for (int a = outputs - 1, unit = 1; a >= 0; --a) {
      const Axis& s = axis[a];
      rows = rows || s.kernel == 0;
      if (rows ? s.in != step || s.kernel != 0 || s.bias != 0
               : s.in != 0 || s.kernel != unit || (bias.rank > 0 && s.bias != unit))
        return false;
      (rows ? step : unit) *= s.size;
    }
    return true;
  }
};

}  // namespace detail

/// Keras: EinsumDense. activation(einsum(equation, x, kernel) + bias), with the forms ab,bc->ac, where a
/// stands for the samples, ...ab,bc->...ac and ab...,bc->ac.... output_shape: the extents of the output's
/// letters, but for the samples; -1 is the input's. The kernel has the axes of its letters, the bias those of
/// bias_axes, and 1 for others behind the first. Equations that are a product of rows run as a Dense.
struct EinsumDenseSpec {
  Equation equation{};
  OpenShape output_shape{};
  ActivationFunction activation{};
  Equation bias_axes{};
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, bias_constraint{};
  Regularizer activity_regularizer{};

  static constexpr const char* name = "EinsumDense";
  static constexpr const char* arguments = "equation, ...";

  constexpr Fit fit(Shape in) const {
    const detail::Einsum e = einsum(in);
    if (e.broken) return *e.broken;
    if (e.kernel.elements() > INT32_MAX) return more_than_2_31_elements;
    return e.out;
  }
  constexpr Parameters parameters(Shape in) const {
    const detail::Einsum e = einsum(in);
    Parameters p;
    if (e.broken) return p;
    const int outputs = e.kernel.size() / inputs(e);
    p.add({.name = "kernel",
           .shape = e.kernel,
           .initializer = kernel_initializer,
           .regularizer = kernel_regularizer,
           .matrix = {inputs(e), outputs},
           .constraint = kernel_constraint});
    if (e.bias.rank > 0)
      p.add({"bias", e.bias, bias_initializer, bias_regularizer}).constrain(bias_constraint);
    return p;
  }
  constexpr Traits traits() const {
    const bool activated = activation != Linear{};
    return {.reads_output = activated, .finishes = true, .writes_over_gradient = activated};
  }
  constexpr double flops(Shape in) const {
    const detail::Einsum e = einsum(in);
    return 2.0 * static_cast<double>(e.out.elements()) * e.inner;
  }

  struct Geometry {
    detail::Einsum einsum;
    ActivationFunction activation;
  };
  constexpr Geometry geometry(Shape in) const { return {einsum(in), activation}; }

  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    const detail::Einsum& e = g.einsum;
    if (e.product) return map(e, count).scratch<T>();
    return static_cast<std::size_t>(e.kernel.size() + (e.bias.rank > 0 ? e.bias.size() : 0));
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const detail::Einsum& e = g.einsum;
    const int count = static_cast<int>(c.count);
    const auto* const w = c.parameter(0);
    const auto* const b = e.bias.rank > 0 ? c.parameter(1) : nullptr;
    if (e.product) {
      const detail::LinearMap m = map(e, count);
      kernels::product<T>({m.rows, m.in, c.x, c.y, m.units}, {w, m.units}, b, m.units,
                          detail::Epilogue<Linear, T, false>{});
    } else {
      const T* x = c.x;
      T* y = c.y;
      std::fill_n(scalars(y), std::ptrdiff_t{count} * e.out.size() * Unit<T>::samples, Scalar<T>{});
      for (int s = 0; s < count; ++s, x += e.in.size(), y += e.out.size()) {
        e.each([&](std::ptrdiff_t o, std::ptrdiff_t i, std::ptrdiff_t k) { y[o] += x[i] * w[k]; });
        if (b) e.each_bias([&](std::ptrdiff_t o, std::ptrdiff_t at) { y[o] += b[at]; });
      }
    }
    const std::ptrdiff_t rows = std::ptrdiff_t{count} * e.out.size() / e.out.last();
    with_activation(geometry, [&]<class A>(A) {
      if constexpr (!std::is_same_v<A, Linear>) A::forward(c.y, c.y, rows, e.out.last());
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const Geometry g = geometry;
    const detail::Einsum& e = g.einsum;
    const std::ptrdiff_t rows = std::ptrdiff_t{c.count} * e.out.size() / e.out.last();
    with_activation(geometry, [&]<class A>(A) {
      if constexpr (!std::is_same_v<A, Linear>) A::backward(c.y, c.dy, c.dy, rows, e.out.last());
    });
    const auto* const w = c.parameter(0);
    if (e.product) {
      const detail::LinearMap m = map(e, c.count);
      if (c.dx) m.input_gradient(w, c.dy, c.dx, c.scratch);
      return m.weight_gradients(c.x, c.dy, c.scratch, gradients);
    }
    auto *const dw = c.scratch, *const db = dw + e.kernel.size();
    std::fill_n(dw, e.kernel.size() + (e.bias.rank > 0 ? e.bias.size() : 0), Scalar<T>{});
    if (c.dx)
      std::fill_n(scalars(c.dx), std::ptrdiff_t{c.count} * e.in.size() * Unit<T>::samples, Scalar<T>{});
    for (std::ptrdiff_t s = 0; s < c.count; ++s) {
      const T *const x = c.x + s * e.in.size(), *const dy = c.dy + s * e.out.size();
      T* const dx = c.dx ? c.dx + s * e.in.size() : nullptr;
      e.each([&](std::ptrdiff_t o, std::ptrdiff_t i, std::ptrdiff_t k) {
        const T product = dy[o] * x[i];
        dw[k] += over_samples(product);
        if (dx) dx[i] += dy[o] * w[k];
      });
      if (e.bias.rank > 0)
        e.each_bias([&](std::ptrdiff_t o, std::ptrdiff_t b) { db[b] += over_samples(dy[o]); });
    }
    gradients.take(0, 0, e.kernel.size(), dw);
    if (e.bias.rank > 0) gradients.take(1, 0, e.bias.size(), db);
  }

 private:
  constexpr detail::Einsum einsum(const Shape& in) const {
    return {equation.view(), output_shape.shape, bias_axes.view(), in};
  }
  // The axes of the kernel that are no outputs: what Keras counts as its inputs.
  static constexpr int inputs(const detail::Einsum& e) {
    int n = 1;
    for (int a = e.outputs; a < e.axes; ++a)
      if (e.axis[a].kernel > 0) n *= e.axis[a].size;
    return n;
  }
  static constexpr detail::LinearMap map(const detail::Einsum& e, int count) {
    const int units = e.kernel.size() / e.inner;
    return {count * (e.out.size() / units), e.inner, units, e.bias.rank > 0};
  }
};

/// EinsumDense<"abc,cd->abd", OutputShape<-1, 64>, BiasAxes<"d">, ReLU>: an equation, then any options in any
/// order.
template <Equation E, class... Options>
struct EinsumDense : layer_of<EinsumDense<E, Options...>, EinsumDenseSpec, Options...> {
  static constexpr EinsumDenseSpec spec = with_options<Options...>(EinsumDenseSpec{.equation = E});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::EinsumDenseSpec, equation, output_shape, activation, bias_axes,
                     kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer,
                     kernel_constraint, bias_constraint, activity_regularizer);
