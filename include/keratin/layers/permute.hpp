#pragma once
// Permute: the axes of a sample in another order.
#include <keratin/kernels/transpose.hpp>
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_each_axis_once{"dims must name each axis of the input once, counted from 1"};

namespace detail {

// How values move. What stays together moves as a run. The last axis of the output lies `apart` in the input,
// the last one of the input `apart_out` in the output, so these two are a matrix that is transposed; there is
// one for every index of the others. All in runs.
struct Permutation {
  struct Axis {
    int extent = 1, in = 0, out = 0;  // how far apart its values lie
  };
  int size, run = 1;
  Axis row{}, column{}, others[Shape::max_rank]{};  // the matrix has rows along the output's last axis

  constexpr Permutation(Shape shape, Shape dims) : size(shape.size()) {
    Axis axes[Shape::max_rank]{};  // in the order of the output
    int count = 0;
    for (int a = 0; a < shape.rank; ++a) {
      const Axis axis{shape[dims[a] - 1], stride(shape, dims[a] - 1), 0};
      if (axis.extent == 1) continue;
      const bool joins = count > 0 && axes[count - 1].in == axis.in * axis.extent;
      if (joins)
        axes[count - 1] = {axes[count - 1].extent * axis.extent, axis.in, 0};
      else
        axes[count++] = axis;
    }
    if (count > 0 && axes[count - 1].in == 1) run = axes[--count].extent;
    for (int a = count - 1, out = 1; a >= 0; --a) {
      axes[a].in /= run;
      axes[a].out = out;
      out *= axes[a].extent;
    }
    for (int a = 0; a < count; ++a)
      if (a == count - 1)
        row = axes[a];
      else if (axes[a].in == 1)
        column = axes[a];
      else
        others[a] = axes[a];
  }

  template <class T> void apply(int samples, const T* from, T* to) const {
    const auto* x = scalars(from);
    auto* y = scalars(to);
    const std::ptrdiff_t unit = std::ptrdiff_t{run} * Unit<T>::samples;
    for (int s = 0; s < samples; ++s, x += size / run * unit, y += size / run * unit)
      each_matrix([&](std::ptrdiff_t in, std::ptrdiff_t out) {
        if (unit == 1)
          kernels::transpose(x + in, row.in, row.extent, column.extent, y + out, column.out);
        else
          move_runs(x + in * unit, y + out * unit, unit);
      });
  }

 private:
  // A few rows at a time, so that what is written lies together and lines that are read stay in the cache.
  template <class S> void move_runs(const S* x, S* y, std::ptrdiff_t unit) const {
    constexpr int block = 8;
    for (int first = 0; first < row.extent; first += block)
      for (int c = 0; c < column.extent; ++c)
        for (int r = first; r < std::min(first + block, row.extent); ++r) {
          const S* const from = x + (c + std::ptrdiff_t{r} * row.in) * unit;
          S* const to = y + (r + std::ptrdiff_t{c} * column.out) * unit;
          kernels::for_each_vector<S>(
              unit, [=](std::ptrdiff_t i, auto part) { part.store(to + i, part.load(from + i)); });
        }
  }
  static constexpr int stride(const Shape& shape, int axis) {
    int n = 1;
    for (int a = axis + 1; a < shape.rank; ++a) n *= shape[a];
    return n;
  }
  // f(where a matrix begins in the input, in the output). Of the others at most three are more than 1.
  void each_matrix(auto f) const { each_matrix(f, 0, 0, 0); }
  void each_matrix(auto f, int a, std::ptrdiff_t in, std::ptrdiff_t out) const {
    if (a == Shape::max_rank - 1) return f(in, out);
    for (int i = 0; i < others[a].extent; ++i)
      each_matrix(f, a + 1, in + std::ptrdiff_t{i} * others[a].in, out + std::ptrdiff_t{i} * others[a].out);
  }
};

}  // namespace detail

/// Keras: Permute. Axis k of the output is axis dims[k] of the input, counted from 1: Permute<2, 1> makes
/// (features, steps) of (steps, features).
struct PermuteSpec {
  Shape dims{};

  constexpr PermuteSpec() = default;
  constexpr PermuteSpec(Shape order) : dims(order) {}

  static constexpr const char* name = "Permute";
  static constexpr const char* arguments = "dims";

  constexpr Fit fit(Shape in) const {
    if (dims.rank != in.rank) return needs_each_axis_once;
    Shape out = in;
    unsigned seen = 0;
    for (int a = 0; a < in.rank; ++a) {
      if (dims[a] < 1 || dims[a] > in.rank) return needs_each_axis_once;
      seen |= 1u << dims[a];
      out.extent[a] = in[dims[a] - 1];
    }
    if (seen != (2u << in.rank) - 2) return needs_each_axis_once;
    return out;
  }
  constexpr Traits traits() const { return {.reads_input = false, .reads_output = false}; }

  struct Geometry {
    detail::Permutation there, back;
  };
  constexpr Geometry geometry(Shape in) const {
    Shape inverse = dims;
    for (int a = 0; a < dims.rank; ++a) inverse.extent[dims[a] - 1] = a + 1;
    return {{in, dims}, {fit(in).out, inverse}};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    g.there.apply(static_cast<int>(c.count), c.x, c.y);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.dx) g.back.apply<T>(c.count, c.dy, c.dx);
  }
};

/// Permute<2, 1>.
template <int... Dims> struct Permute : layer_of<Permute<Dims...>, PermuteSpec> {
  static constexpr PermuteSpec spec{Shape{Dims...}};
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::PermuteSpec, dims);
