#pragma once
// TimeDistributed: a layer on every step of a sequence by itself. Steps are samples to the layer inside.
#include <keratin/layers/layer.hpp>

namespace keratin {

inline constexpr Rule needs_steps_of_samples{"needs a sequence of what the layer inside takes: (steps, ...)"};
inline constexpr Rule needs_a_layer_for_any_sample{
    "the layer inside may look at its sample only: it has random numbers, statistics of the batch, or "
    "states"};

namespace detail {

// What is the same for a layer that is known at compile time and for a node of a graph.
struct Distributed {
  static constexpr Shape step(const Shape& in) {
    Shape one;
    for (int a = 1; a < in.rank && a < Shape::max_rank; ++a) one.extent[one.rank++] = in[a];
    return one;
  }
  static constexpr Shape of_steps(int steps, const Shape& one) {
    Shape all(steps);
    for (int a = 0; a < one.rank; ++a)
      if (all.rank++ < Shape::max_rank) all.extent[a + 1] = one[a];
    return all;
  }
  // fit: of the layer inside, `row` its row in a plan.
  static constexpr Fit fit(const Shape& in, const Fit& inside, const LayerPlan& row,
                           const Parameters& learnt) {
    if (inside.broken) {
      const Shape wants = inside.wants.rank > 0 ? of_steps(in[0], inside.wants) : Shape{};
      return {*inside.broken, wants};
    }
    bool alike = !row.traits.knows_samples && !row.traits.only_in_training && row.state == 0;
    for (const Parameter& p : learnt) alike = alike && p.trainable;
    if (!alike) return needs_a_layer_for_any_sample;
    return of_steps(in[0], inside.out);
  }
  static constexpr LayerPlan row(LayerPlan inside, const Shape& in) {
    inside.type = "TimeDistributed";
    inside.activity = {};  // as in Keras, which calls the layer inside past it
    inside.in = in;
    inside.out = of_steps(in[0], inside.out);
    inside.traits.pointwise = true;
    inside.intermediate *= static_cast<std::size_t>(in[0]);
    inside.kept *= static_cast<std::size_t>(in[0]);
    inside.flops *= in[0];
    return inside;
  }
  static LayerPlan one_step(LayerPlan row, int steps) {
    row.intermediate /= static_cast<std::size_t>(steps);
    row.kept /= static_cast<std::size_t>(steps);
    row.in = step(row.in);
    row.out = step(row.out);
    return row;
  }
  // What the layer inside is given; row: see one_step.
  template <class T, class Count>
  static Forward<T> inside(const Forward<T, Count>& c, int steps, const LayerPlan& row) {
    Run<Scalar<T>> run = c.run;
    run.samples *= steps;
    return {c.count * steps, c.x, c.y, c.block, &row, c.intermediate, run};
  }
  template <class T> static Backward<T> inside(Backward<T> c, int steps, const LayerPlan& row) {
    c.count *= steps;
    c.run.samples *= steps;
    c.layer = &row;
    return c;
  }
};

}  // namespace detail

/// Keras: TimeDistributed. (steps, ...) -> (steps, what the layer inside makes of the rest). A mask goes on
/// as it came. Not for layers that see more than one sample: BatchNormalization, whatever is random,
/// Stateful.
template <LayerSpec Inner> struct TimeDistributedSpec {
  Inner layer{};

  using Base = detail::Distributed;
  static constexpr const char* name = "TimeDistributed";
  static constexpr bool distributes = true;

  constexpr Fit fit(Shape in) const {
    if (in.rank < 2) return needs_steps_of_samples;
    const Shape step = Base::step(in);
    const Fit inside = layer.fit(step);
    if (inside.broken) return Base::fit(in, inside, {}, {});
    return Base::fit(in, inside, layer_plan(layer, step, 0, {.training = true}), parameters_of(layer, step));
  }
  constexpr bool masks_change_it() const {
    const MaskTraits inside = mask_traits_of(layer);
    return inside.changed || inside.reads;
  }
  constexpr Parameters parameters(Shape in) const { return parameters_of(layer, Base::step(in)); }
  constexpr Traits traits(Shape in) const { return at_each_step(traits_of(layer, Base::step(in))); }
  constexpr Traits traits() const { return at_each_step(traits_of(layer)); }
  constexpr double flops(Shape in) const { return in[0] * flops_of(layer, Base::step(in)); }
  constexpr LayerPlan plan(Shape in, int index, Mode mode) const {
    return Base::row(layer_plan(layer, Base::step(in), index, mode), in);
  }

  struct Geometry {
    typename Inner::Geometry inside;
    int steps;
  };
  constexpr Geometry geometry(Shape in) const { return {layer.geometry(Base::step(in)), in[0]}; }
  template <class T>
  static constexpr std::size_t scratch(const Geometry& g, int count)
    requires requires { Inner::template scratch<T>(g.inside, count); }
  {
    return Inner::template scratch<T>(g.inside, count * g.steps);
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const LayerPlan row = Base::one_step(*c.layer, g.steps);
    run_forward<Inner>(inside(geometry), Base::inside(c, g.steps, row));
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const Geometry g = geometry;
    const LayerPlan row = Base::one_step(*c.layer, g.steps);
    run_backward<Inner>(inside(geometry), Base::inside(c, g.steps, row), *gradients.sink);
  }

 private:
  static constexpr Traits at_each_step(Traits traits) {
    traits.pointwise = true;
    return traits;
  }
  template <class G> static constexpr auto inside(G geometry) {
    if constexpr (is_fixed<G>)
      return fixed<G::value.inside>{};
    else
      return geometry.inside;
  }
};

/// TimeDistributed<Dense<8, ReLU>>: the layer inside, with its options.
template <class Layer>
struct TimeDistributed : layer_of<TimeDistributed<Layer>, TimeDistributedSpec<typename Layer::Spec>> {
  static constexpr TimeDistributedSpec<typename Layer::Spec> spec{Layer::spec};
};

}  // namespace keratin
