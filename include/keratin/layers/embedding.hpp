#pragma once
// Embedding: a vector of numbers for every class, looked up in a table that is learnt.
#include <keratin/initializers/random.hpp>
#include <keratin/kernels/transpose.hpp>
#include <keratin/layers/masking.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_at_least_1_class_and_1_output{
    "input_dim and output_dim must be at least 1: the number of classes, and of values for each"};

/// Keras: Embedding. Any shape of class numbers -> the same with a last axis of output_dim; embeddings
/// (input_dim, output_dim). A class number is rounded towards zero; below 0, or NaN, it is taken for 0, from
/// input_dim on for the last class. Inputs have no gradient: zeros.
struct EmbeddingSpec {
  int input_dim = 0, output_dim = 0;
  Initializer embeddings_initializer = RandomUniform<>::value;
  Regularizer embeddings_regularizer{};
  Constraint embeddings_constraint{};
  Regularizer activity_regularizer{};
  bool mask_zero = false;

  static constexpr const char* name = "Embedding";
  static constexpr const char* arguments = "input_dim, output_dim, ...";

  constexpr Fit fit(Shape in) const {
    if (input_dim < 1 || output_dim < 1) return needs_at_least_1_class_and_1_output;
    if (in.rank == Shape::max_rank) return has_more_than_5_axes;
    if (std::int64_t{input_dim} * output_dim > INT32_MAX) return more_than_2_31_elements;
    Shape out = in;
    out.extent[out.rank++] = output_dim;
    return out;
  }
  constexpr Parameters parameters(Shape) const {
    Parameters p;
    p.add({"embeddings", {input_dim, output_dim}, embeddings_initializer, embeddings_regularizer})
        .constrain(embeddings_constraint);
    return p;
  }
  constexpr Traits traits() const { return {.reads_output = false}; }
  constexpr bool makes_mask() const { return mask_zero; }
  constexpr auto mask_of(const auto& x) const { return x.then(NotEqualSpec{}); }

  struct Geometry {
    int in, input_dim, output_dim;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), input_dim, output_dim}; }

  // Lanes: a row of dy for every lane.
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    return Unit<T>::samples > 1 ? static_cast<std::size_t>(g.output_dim) * Unit<T>::samples : 0;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    T* y = c.y;
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(c.count) * g.in; ++i, y += g.output_dim) {
      if constexpr (Unit<T>::samples == 1) {
        const S* const from = c.parameter(0) + row(g, c.x[i]);
        kernels::for_each_vector<S>(
            g.output_dim, [=](std::ptrdiff_t o, auto part) { part.store(y + o, part.load(from + o)); });
      } else {
        for (int l = 0; l < Unit<T>::samples; ++l) {
          const S* const from = c.parameter(0) + row(g, c.x[i][l]);
          for (int o = 0; o < g.output_dim; ++o) y[o][l] = from[o];
        }
      }
    }
  }

  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    using S = Scalar<T>;
    constexpr int L = Unit<T>::samples;
    const Geometry g = geometry;
    const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(c.count) * g.in;
    const T* dy = c.dy;
    const auto add = [&](S class_number, const S* d) {
      S* const to = c.gradient_of(0) + row(g, class_number);
      kernels::for_each_vector<S>(g.output_dim, [=](std::ptrdiff_t o, auto part) {
        part.store(to + o, part.load(to + o) + part.load(d + o));
      });
    };
    for (std::ptrdiff_t i = 0; i < n; ++i, dy += g.output_dim) {
      if constexpr (L == 1) {
        add(c.x[i], dy);
      } else {
        kernels::lanes_to_rows(dy, g.output_dim, L, c.scratch);
        for (int l = 0; l < L; ++l) add(c.x[i][l], c.scratch + l * g.output_dim);
      }
    }
    if (c.dx) std::fill_n(reinterpret_cast<S*>(c.dx), n * L, S{});
  }

 private:
  // Where the row of a class begins. Compared before it is converted: NaN is not above 0.
  template <class S> static std::ptrdiff_t row(const Geometry& g, S class_number) {
    const S last = static_cast<S>(g.input_dim - 1);
    const int id = !(class_number > 0)   ? 0
                   : class_number < last ? static_cast<int>(class_number)
                                         : g.input_dim - 1;
    return static_cast<std::ptrdiff_t>(id) * g.output_dim;
  }
};

/// How the rows start: EmbeddingsInitializer<RandomNormal<>>. Keras: embeddings_initializer.
template <class I> struct EmbeddingsInitializer {
  KERATIN_SETS(embeddings_initializer, I::value)
};

/// Class 0 is padding: a mask goes with the output, to the layers behind it that read masks, and to the loss.
/// Keras: mask_zero=True.
struct MaskZero {
  KERATIN_SETS(mask_zero, true)
};

/// Embedding<10'000, 64>: the number of classes, and of values for each; then options.
template <int InputDim, int OutputDim, class... Options>
struct Embedding : layer_of<Embedding<InputDim, OutputDim, Options...>, EmbeddingSpec, Options...> {
  static constexpr EmbeddingSpec spec = with_options<Options...>(EmbeddingSpec{InputDim, OutputDim});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::EmbeddingSpec, input_dim, output_dim, embeddings_initializer,
                     embeddings_regularizer, embeddings_constraint, activity_regularizer, mask_zero);
