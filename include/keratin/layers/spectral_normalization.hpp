#pragma once
// SpectralNormalization: a layer whose kernel is divided by its largest singular value. Miyato, Kataoka,
// Koyama, Yoshida 2018.
#include <keratin/layers/layer.hpp>

#include <cmath>
#include <cstdint>
#include <string_view>

namespace keratin {

inline constexpr Rule needs_a_layer_with_a_kernel{
    "the layer inside needs a kernel, and no weights that it keeps up to date itself"};
inline constexpr Rule needs_a_power_iteration{"needs at least 1 power iteration"};

/// How often the power method goes on in a training step: PowerIterations<2>. Keras: power_iterations.
template <int N> struct PowerIterations {
  KERATIN_SETS(power_iterations, N)
};

namespace detail {

// What is the same for a layer that is known at compile time and for a node of a graph. The weights are the
// inner layer's with vector_u behind the kernel; training works with a copy of them, laid out from 0, whose
// kernel is divided, and keeps behind that copy what backward needs.
struct SpectrallyNormalized {
  static constexpr const char* name = "SpectralNormalization";

  static constexpr Fit fit(const Fit& inside, const Parameters& inner, int iterations) {
    if (inside.broken) return inside;
    if (iterations < 1) return needs_a_power_iteration;
    const std::string_view first = inner.count > 0 ? inner[0].name : "";
    bool fits = (first == "kernel" || first == "embeddings") && inner.count < Parameters::capacity;
    for (const Parameter& p : inner) fits = fits && p.trainable;
    if (!fits) return needs_a_layer_with_a_kernel;
    return inside;
  }
  static constexpr Parameters parameters(const Parameters& inner) {
    Parameters all;
    for (int i = 0; i < inner.count; ++i) {
      all.add(inner[i]);
      if (i == 0)
        all.add({.name = "vector_u",
                 .shape = {1, inner[0].shape.last()},
                 .initializer = {Distribution::truncated_normal, Fan::none, 0, 0.02},
                 .trainable = false});
    }
    return all;
  }
  static constexpr LayerPlan row(LayerPlan inside, const Parameters& inner, Mode mode) {
    inside.type = name;
    inside.traits.finishes = true;
    inside.traits.knows_samples = true;  // the direction that it keeps is the batch's
    inside.traits.by_sample = false;
    if (mode.training) inside.intermediate += values(inner);
    return inside;
  }

  // What a training pass keeps, in S's: the inner layer's block, v, u, the kernel's share in its normalized
  // one.
  template <class S> struct Kept {
    S *block, *v, *u, *scale;
    std::ptrdiff_t rows, columns;
  };
  static constexpr std::size_t line = 16;  // room to begin on a 64-byte line
  static constexpr std::size_t values(const Parameters& inner) {
    const Shape& kernel = inner[0].shape;
    return Tensors(inner, 0, 0).end +
           static_cast<std::size_t>(kernel.size() / kernel.last() + kernel.last()) + 1 + line;
  }
  template <class T>
  static Kept<Scalar<T>> kept(const LayerPlan& layer, const Parameters& inner, T* intermediate, int count) {
    using S = Scalar<T>;
    const std::size_t before = (layer.intermediate - values(inner)) * static_cast<std::size_t>(count);
    const auto at = reinterpret_cast<std::uintptr_t>(intermediate + before);
    S* const block = reinterpret_cast<S*>((at + 63) / 64 * 64);
    const Shape& kernel = inner[0].shape;
    const std::ptrdiff_t columns = kernel.last(), rows = kernel.size() / columns;
    S* const v = block + Tensors(inner, 0, 0).end;
    return {block, v, v + rows, v + rows + columns, rows, columns};
  }
  // The row of the layer inside; trained: it works on the copy of the weights.
  static LayerPlan inner_row(const LayerPlan& layer, const Parameters& inner, bool keeps, bool trained) {
    LayerPlan row = layer;
    if (keeps) row.intermediate -= values(inner);
    row.tensors = trained ? Tensors(inner, 0, 0) : tensors(layer.tensors, inner);
    return row;
  }
  // The weights where they lie in the network's block, without vector_u.
  static Tensors tensors(const Tensors& all, const Parameters& inner) {
    Tensors own = all.without(1);
    own.parameters = &inner;
    return own;
  }

  // x / |x|, as Keras does it.
  template <class S> static void normalize(S* x, std::ptrdiff_t n) {
    S squares{};
    for (std::ptrdiff_t i = 0; i < n; ++i) squares += x[i] * x[i];
    const S scale = std::min(S{1} / std::sqrt(squares), static_cast<S>(1e12));
    for (std::ptrdiff_t i = 0; i < n; ++i) x[i] *= scale;
  }
  // Goes on with the power method and fills the copy of the weights; a kernel of zeros stays.
  template <class T, class Count>
  static Kept<Scalar<T>> divide(const Forward<T, Count>& c, const Parameters& inner, int iterations) {
    using S = Scalar<T>;
    const Kept<S> kept =
        SpectrallyNormalized::kept(*c.layer, inner, c.intermediate, static_cast<int>(c.count));
    const S* const w = c.parameter(0);
    const std::ptrdiff_t rows = kept.rows, columns = kept.columns, all = rows * columns;
    std::copy_n(c.parameter(1), columns, kept.u);
    std::fill_n(kept.v, rows, S{});
    S sigma{1};
    if (std::any_of(w, w + all, [](S value) { return value != 0; })) {
      for (int i = 0; i < iterations; ++i) {
        for (std::ptrdiff_t r = 0; r < rows; ++r) kept.v[r] = product(w + r * columns, kept.u, columns);
        normalize(kept.v, rows);
        std::fill_n(kept.u, columns, S{});
        for (std::ptrdiff_t r = 0; r < rows; ++r)
          for (std::ptrdiff_t k = 0; k < columns; ++k) kept.u[k] += kept.v[r] * w[r * columns + k];
        normalize(kept.u, columns);
      }
      sigma = S{};
      for (std::ptrdiff_t r = 0; r < rows; ++r)
        sigma += kept.v[r] * product(w + r * columns, kept.u, columns);
      std::copy_n(kept.u, columns, c.updated_parameter(1));
    }
    *kept.scale = S{1} / sigma;
    const Tensors copy(inner, 0, 0);
    for (std::ptrdiff_t i = 0; i < all; ++i) kept.block[i] = w[i] / sigma;
    for (int i = 1; i < inner.count; ++i)
      std::copy_n(c.parameter(i + 1), inner[i].shape.size(), kept.block + copy.offset(i));
    return kept;
  }
  // Of the kernel, from that of the normalized one: sigma depends on the kernel, u and v do not.
  template <class S> static void go_back(const Kept<S>& kept, S* gradient) {
    S along{};
    for (std::ptrdiff_t i = 0; i < kept.rows * kept.columns; ++i) along += gradient[i] * kept.block[i];
    for (std::ptrdiff_t r = 0; r < kept.rows; ++r)
      for (std::ptrdiff_t k = 0; k < kept.columns; ++k) {
        S& g = gradient[r * kept.columns + k];
        g = (g - along * kept.v[r] * kept.u[k]) * *kept.scale;
      }
  }
  // Keeps gradients until all of a layer are there.
  template <class S> class Collect final : public GradientSink<S> {
   public:
    explicit Collect(S* gradient) : gradient_(gradient) {}
    void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const S* g,
                   std::ptrdiff_t apart, const Regularizer&) override {
      for (S* to = gradient_ + offset; rows > 0; --rows, to += stride, g += apart) std::copy_n(g, n, to);
    }

   private:
    S* gradient_;
  };
  static constexpr std::size_t scratch(const Parameters& inner) {
    const Parameters all = parameters(inner);
    return 2 * Tensors(all, 0, 0).end;
  }

  // inside(context): the forward pass of the layer inside.
  template <class T, class Count>
  static void forward(const Forward<T, Count>& c, const Parameters& inner, int iterations, auto inside) {
    const LayerPlan row = inner_row(*c.layer, inner, c.keeps(), c.training());
    Forward<T, Count> its = c;
    its.layer = &row;
    if (c.training()) {
      its.block = divide(c, inner, iterations).block;
      its.run.training = const_cast<Scalar<T>*>(its.block);
    }
    inside(its);
  }
  // inside(context, sink): its backward pass. sink: where the gradients go.
  template <class T>
  static void backward(const Backward<T>& c, const Parameters& inner, GradientSink<Scalar<T>>& sink,
                       auto inside) {
    using S = Scalar<T>;
    const bool trained = c.run.training != nullptr;
    const LayerPlan row = inner_row(*c.layer, inner, c.run.keeps(), trained);
    Backward<T> its = c;
    its.layer = &row;
    its.tensors = &row.tensors;
    const auto room = static_cast<std::ptrdiff_t>(c.tensors->end - c.tensors->start);
    S* const gradient = c.scratch + room;
    its.gradient = c.scratch;
    its.scratch = gradient + room;
    if (!trained) return inside(its, sink);
    const Kept<S> kept = SpectrallyNormalized::kept(*c.layer, inner, const_cast<T*>(c.intermediate), c.count);
    its.block = kept.block;
    its.run.training = kept.block;
    Collect<S> collected(gradient);
    inside(its, static_cast<GradientSink<S>&>(collected));
    go_back(kept, gradient);
    for (int i = 0; i < inner.count; ++i) {
      const int own = i == 0 ? 0 : i + 1;
      sink.take(c.tensors->offset(own), inner[i].shape.size(), gradient + row.tensors.offset(i),
                (*c.tensors)[own].regularizer);
    }
  }

 private:
  template <class S> static S product(const S* a, const S* b, std::ptrdiff_t n) {
    S sum{};
    for (std::ptrdiff_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
  }
};

}  // namespace detail

/// Keras: SpectralNormalization. What the layer inside makes; in training with its kernel over the largest
/// singular value that power_iterations steps of the power method find, 1 by default, going on from vector_u.
/// As with Keras's JAX back end the kernel itself stays, so that inference takes it as it is, and what is
/// trained is the undivided one; the gradient takes the singular value along, not its vectors. Of a layer
/// with a kernel or embeddings.
template <LayerSpec Inner> struct SpectralNormalizationSpec {
  Inner layer{};
  int power_iterations = 1;

  using Base = detail::SpectrallyNormalized;
  static constexpr const char* name = Base::name;
  static constexpr bool normalizes_spectrum = true;

  constexpr Fit fit(Shape in) const {
    const Fit inside = layer.fit(in);
    if (inside.broken) return inside;
    return Base::fit(inside, parameters_of(layer, in), power_iterations);
  }
  constexpr Parameters parameters(Shape in) const { return Base::parameters(parameters_of(layer, in)); }
  constexpr Traits traits(Shape in) const { return traits_of(layer, in); }
  constexpr Traits traits() const { return traits_of(layer); }
  constexpr double flops(Shape in) const { return flops_of(layer, in); }
  constexpr LayerPlan plan(Shape in, int index, Mode mode) const {
    return Base::row(layer_plan(layer, in, index, mode), parameters_of(layer, in), mode);
  }

  struct Geometry {
    Inner layer;
    Shape in;
    int iterations;
  };
  constexpr Geometry geometry(Shape in) const { return {layer, in, power_iterations}; }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Base::scratch(parameters_of(g.layer, g.in)) + scratch_of<T>(g.layer, g.in, count);
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    Base::forward(c, parameters_of(g.layer, g.in), g.iterations,
                  [&](const auto& its) { run_forward<Inner>(inside(geometry), its); });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const Geometry g = geometry;
    Base::backward<T>(c, parameters_of(g.layer, g.in), *gradients.sink,
                      [&](const Backward<T>& its, GradientSink<Scalar<T>>& sink) {
                        run_backward<Inner>(inside(geometry), its, sink);
                      });
  }

 private:
  template <class G> static constexpr auto inside(G geometry) {
    if constexpr (is_fixed<G>)
      return fixed<G::value.layer.geometry(G::value.in)>{};
    else
      return geometry.layer.geometry(geometry.in);
  }
};

/// SpectralNormalization<Dense<8, ReLU>>, SpectralNormalization<Conv2D<8>, PowerIterations<2>>.
template <class Layer, class... Options>
struct SpectralNormalization : layer_of<SpectralNormalization<Layer, Options...>,
                                        SpectralNormalizationSpec<typename Layer::Spec>, Options...> {
  static constexpr auto spec =
      with_options<Options...>(SpectralNormalizationSpec<typename Layer::Spec>{Layer::spec});
};

}  // namespace keratin
