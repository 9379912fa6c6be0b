#pragma once
// Activation: an activation function as a layer of its own.
#include <keratin/layers/layer.hpp>

namespace keratin {

/// Keras: Activation. Any shape, unchanged; softmax, log_softmax and sparsemax work along the last axis.
struct ActivationSpec {
  ActivationFunction activation{};

  static constexpr const char* name = "Activation";
  static constexpr const char* arguments = "activation";
  static constexpr bool knows_every_activation = true;

  constexpr Fit fit(Shape in) const { return in; }
  constexpr Traits traits() const {
    return {.reads_input = input_needed_by(activation),
            .reads_output = activation != Linear{},
            .in_place = true,
            .view = activation == Linear{},
            .pointwise = true,
            .writes_over_gradient = false};
  }
  constexpr double flops(Shape in) const {
    return activation == Linear{} ? 0 : static_cast<double>(in.elements());
  }

  struct Geometry {
    int rows, n;
    ActivationFunction activation;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size() / in.last(), in.last(), activation}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    activate(geometry, c.x, c.y, static_cast<std::ptrdiff_t>(c.count) * g.rows, g.n);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (!c.dx) return;
    go_back_through_activation(geometry, c.x, c.y, c.dy, c.dx, static_cast<std::ptrdiff_t>(c.count) * g.rows,
                               g.n);
  }
};

/// Activation<ReLU>.
template <class A> struct Activation : layer_of<Activation<A>, ActivationSpec, A> {
  static constexpr ActivationSpec spec = with_options<A>(ActivationSpec{});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::ActivationSpec, activation);
