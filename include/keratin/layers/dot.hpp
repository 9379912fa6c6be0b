#pragma once
#include <keratin/layers/merging.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace keratin {

inline constexpr Rule needs_axes_of_one_length{"the axes of the product must have the same length"};

/// Keras: Dot. Sums of products of two inputs along an axis of each; what is left of the first input's axes,
/// then of the second's, are the output's, or a single value. Axes count the samples as axis 0. normalize:
/// the inputs are scaled to length 1 along their axes before, which makes it the cosine of their angle.
struct DotSpec {
  std::array<int, 2> axes{-1, -1};
  bool normalize = false;

  static constexpr const char* name = "Dot";
  static constexpr const char* arguments = "axes?, normalize?";
  static constexpr bool merges = true;

  constexpr Fit fit(const Shapes& in) const {
    if (in.count != 2) return needs_two_inputs;
    Shape out;
    for (int k = 0; k < 2; ++k) {
      const int along = axis(in, k);
      if (along < 0 || along >= in[k].rank) return {needs_an_axis_of_the_sample, {}, k};
      for (int a = 0; a < in[k].rank; ++a)
        if (a != along && out.rank++ < Shape::max_rank) out.extent[out.rank - 1] = in[k][a];
    }
    if (in[0][axis(in, 0)] != in[1][axis(in, 1)]) return {needs_axes_of_one_length, {}, 1};
    return out.rank == 0 ? Shape{1} : out;
  }
  constexpr Traits traits() const { return {.reads_output = false, .writes_over_gradient = false}; }
  constexpr double flops(const Shapes& in) const {
    return 2.0 * static_cast<double>(fit(in).out.elements()) * in[0][axis(in, 0)];
  }
  /// The scaled inputs, and the factor of each of their rows.
  constexpr std::size_t intermediate(const Shapes& in, bool) const {
    if (!normalize) return 0;
    const Geometry g = geometry(in);
    return static_cast<std::size_t>(g.size(0) + g.size(1) + g.rows(0) + g.rows(1));
  }

  /// Each input as [outer][length][inner].
  struct Geometry {
    int length, outer[2], inner[2];
    bool normalize;

    constexpr int rows(int k) const { return outer[k] * inner[k]; }
    constexpr int size(int k) const { return rows(k) * length; }
    // Element 0 of a row of an input, counted from the beginning of a sample.
    constexpr int row(int k, int r) const { return r / inner[k] * length * inner[k] + r % inner[k]; }
  };
  constexpr Geometry geometry(const Shapes& in) const {
    Geometry g{in[0][axis(in, 0)], {1, 1}, {1, 1}, normalize};
    for (int k = 0; k < 2; ++k)
      for (int a = 0; a < in[k].rank; ++a)
        if (a != axis(in, k)) (a < axis(in, k) ? g.outer : g.inner)[k] *= in[k][a];
    return g;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    for (std::ptrdiff_t s = 0; s < static_cast<int>(c.count); ++s) {
      const T* x[2];
      for (int k = 0; k < 2; ++k) {
        x[k] = c.input(k) + s * g.size(k);
        if (g.normalize) x[k] = scaled(g, k, x[k], pieces(g, c.intermediate, s, k));
      }
      T* const y = c.y + s * g.rows(0) * g.rows(1);
      each_pair(g, [&](int i, int a, int b) {
        T sum = T{};
        for (int n = 0; n < g.length; ++n) sum += x[0][a + n * g.inner[0]] * x[1][b + n * g.inner[1]];
        y[i] = sum;
      });
    }
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    for (std::ptrdiff_t s = 0; s < c.count; ++s) {
      const T* const dy = c.dy + s * g.rows(0) * g.rows(1);
      const T* x[2];
      for (int k = 0; k < 2; ++k)
        x[k] = g.normalize ? pieces(g, c.intermediate, s, k) : c.input(k) + s * g.size(k);
      for (int k = 0; k < 2; ++k) {
        if (!c.input_gradient(k)) continue;
        T* const dx = c.input_gradient(k) + s * g.size(k);
        std::fill_n(reinterpret_cast<Scalar<T>*>(dx), std::ptrdiff_t{g.size(k)} * Unit<T>::samples,
                    Scalar<T>{});
        each_pair(g, [&](int i, int a, int b) {
          const int own = k == 0 ? a : b, others = k == 0 ? b : a;
          for (int n = 0; n < g.length; ++n)
            dx[own + n * g.inner[k]] += dy[i] * x[1 - k][others + n * g.inner[1 - k]];
        });
        if (g.normalize) scaled_back(g, k, x[k], dx);
      }
    }
  }

 private:
  constexpr int axis(const Shapes& in, int k) const {
    const int a = axes[static_cast<std::size_t>(k)];
    return a < 0 ? in[k].rank + a : a - 1;
  }
  // Where the k-th scaled input of a sample begins, its rows' factors behind it.
  template <class T> static T* pieces(const Geometry& g, T* intermediate, std::ptrdiff_t sample, int k) {
    const int first = g.size(0) + g.rows(0), all = first + g.size(1) + g.rows(1);
    return intermediate + sample * all + (k == 0 ? 0 : first);
  }
  // f(element of the output, first elements of the rows that it comes of).
  static void each_pair(const Geometry& g, auto f) {
    for (int a = 0; a < g.rows(0); ++a)
      for (int b = 0; b < g.rows(1); ++b) f(a * g.rows(1) + b, g.row(0, a), g.row(1, b));
  }
  // Each row over its length, at least 1e-7, as Keras has it.
  template <class T> static const T* scaled(const Geometry& g, int k, const T* x, T* to) {
    for (int r = 0; r < g.rows(k); ++r) {
      const int first = g.row(k, r), step = g.inner[k];
      T squares = T{};
      for (int n = 0; n < g.length; ++n) squares += x[first + n * step] * x[first + n * step];
      T& factor = to[g.size(k) + r];
      factor = inverse_length(squares);
      for (int n = 0; n < g.length; ++n) to[first + n * step] = x[first + n * step] * factor;
    }
    return to;
  }
  // From the gradient of the scaled rows to that of the rows.
  template <class T> static void scaled_back(const Geometry& g, int k, const T* x, T* dx) {
    for (int r = 0; r < g.rows(k); ++r) {
      const int first = g.row(k, r), step = g.inner[k];
      const T factor = x[g.size(k) + r];
      T along = T{};
      for (int n = 0; n < g.length; ++n) along += dx[first + n * step] * x[first + n * step];
      along = where_long(factor, along);
      for (int n = 0; n < g.length; ++n) {
        T& d = dx[first + n * step];
        d = (d - x[first + n * step] * along) * factor;
      }
    }
  }
  static constexpr double smallest = 1e-14;  // the square of a length
  template <class T> static T inverse_length(const T& squares) {
    if constexpr (Unit<T>::samples > 1)
      return 1 / Lanes(kernels::sqrt(kernels::max(squares.v, Lanes(static_cast<float>(smallest)).v)));
    else
      return 1 / std::sqrt(std::max(squares, static_cast<T>(smallest)));
  }
  // 0 where a row is too short to be scaled to length 1.
  template <class T> static T where_long(const T& factor, const T& along) {
    using S = Scalar<T>;
    const S most = static_cast<S>(0.999'999 / std::sqrt(smallest));
    if constexpr (Unit<T>::samples > 1)
      return factor.v < Lanes(most).v ? along.v : T{}.v;
    else
      return factor < most ? along : T{0};
  }
};

/// Dot<>: along the last axes; Dot<2, 1>: along axis 2 of the first input and axis 1 of the second.
template <int Axis0 = -1, int Axis1 = Axis0, bool Normalize = false>
struct Dot : layer_of<Dot<Axis0, Axis1, Normalize>, DotSpec> {
  static constexpr DotSpec spec{{Axis0, Axis1}, Normalize};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::DotSpec, axes, normalize);
