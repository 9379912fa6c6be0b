#pragma once
// TimeDistributed: a layer on every step of a sequence by itself. Steps are samples to the layer inside; to
// one that wants statistics of the batch each step is, in training, a batch of its own, as in Keras.
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule needs_steps_of_samples{"needs a sequence of what the layer inside takes: (steps, ...)"};
inline constexpr Rule needs_a_layer_for_any_sample{
    "the layer inside may look at its sample only, or be BatchNormalization: it has random numbers, or "
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
    if (!alike && !row.traits.batch_statistics) return needs_a_layer_for_any_sample;
    return of_steps(in[0], inside.out);
  }
  static constexpr LayerPlan row(LayerPlan inside, const Shape& in) {
    inside.type = "TimeDistributed";
    inside.activity = {};  // as in Keras, which calls the layer inside past it
    inside.in = in;
    inside.out = of_steps(in[0], inside.out);
    inside.traits.pointwise = true;
    inside.intermediate = inside.intermediate * static_cast<std::size_t>(in[0]) + step_apart(inside);
    inside.kept *= static_cast<std::size_t>(in[0]);
    inside.flops *= in[0];
    return inside;
  }
  // Room for one step of a sample, where steps are batches of their own.
  static constexpr std::size_t step_apart(const LayerPlan& row) {
    return row.traits.batch_statistics ? static_cast<std::size_t>(step(row.in).size()) : 0;
  }
  static LayerPlan one_step(LayerPlan row, int steps) {
    row.intermediate = (row.intermediate - step_apart(row)) / static_cast<std::size_t>(steps);
    row.kept /= static_cast<std::size_t>(steps);
    row.in = step(row.in);
    row.out = step(row.out);
    return row;
  }
  // f(what the layer inside is given), for all steps or one after the other. Apart: it may want the latter.
  template <bool Apart, class T, class Count>
  [[gnu::always_inline]] static void forward(const Forward<T, Count>& c, int steps, auto f) {
    const LayerPlan row = one_step(*c.layer, steps);
    if constexpr (Apart)
      if (row.traits.batch_statistics && c.keeps()) {
        const Rows of{static_cast<int>(c.count), steps, row.in.size()};
        const std::ptrdiff_t kept = static_cast<std::ptrdiff_t>(row.intermediate) * of.count;
        T* const step = c.intermediate + kept * steps;
        for (int t = 0; t < steps; ++t) {
          of.take(c.x, t, step);
          f(Forward<T>{of.count, step, step, c.block, &row, c.intermediate + kept * t, c.run});
          of.put(step, t, c.y);
        }
        return;
      }
    Run<Scalar<T>> run = c.run;
    run.samples *= steps;
    f(Forward<T>{c.count * steps, c.x, c.y, c.block, &row, c.intermediate, run});
  }
  // The same, and where its gradients go.
  template <bool Apart, class T> static void backward(const Backward<T>& c, int steps, auto& sink, auto f) {
    using S = Scalar<T>;
    const LayerPlan row = one_step(*c.layer, steps);
    Backward<T> inside = c;
    inside.layer = &row;
    if constexpr (Apart)
      if (row.traits.batch_statistics) {
        const Rows of{c.count, steps, row.in.size()};
        const std::ptrdiff_t kept = static_cast<std::ptrdiff_t>(row.intermediate) * of.count;
        const std::size_t values = c.tensors->end - c.tensors->start;
        T *const x = reinterpret_cast<T*>(c.scratch), *const dy = x + of.values();
        S* const sums = c.scratch + room<T>(of.size, of.count);
        std::fill_n(sums, values, S{});
        SharedGradients<S> all(*c.tensors, sums);
        inside.x = x;
        inside.dy = dy;
        inside.dx = c.dx ? dy : nullptr;
        inside.scratch = sums + aligned(values);
        for (int t = 0; t < steps; ++t) {
          of.take(c.x, t, x);
          of.take(c.dy, t, dy);
          inside.intermediate = c.intermediate + kept * t;
          f(inside, all);
          if (c.dx) of.put(dy, t, c.dx);
        }
        const Gradients<S, std::remove_reference_t<decltype(sink)>> gradients{c.tensors, &sink};
        for (int i = 0; i < c.tensors->count(); ++i)
          if (const Parameter& p = (*c.tensors)[i]; p.trainable)
            gradients.take(i, 0, p.shape.size(), sums + (c.tensors->offset(i) - c.tensors->start));
        return;
      }
    inside.count *= steps;
    inside.run.samples *= steps;
    f(inside, sink);
  }
  // Scratch memory in front of that of the layer inside, where a step is a batch: its size, and that of the
  // weights.
  template <class T> static constexpr std::size_t scratch(int step, std::size_t learnt, int count) {
    return step == 0 ? 0 : room<T>(step, count) + aligned(learnt);
  }

 private:
  template <class T> static constexpr std::size_t room(int step, int count) {
    return aligned(2 * static_cast<std::size_t>(step) * static_cast<std::size_t>(count) * Unit<T>::samples);
  }
  // Of each sample of a batch one step, and where it is.
  struct Rows {
    int count, steps, size;

    constexpr std::ptrdiff_t values() const { return std::ptrdiff_t{count} * size; }
    template <class T> void take(const T* from, int step, T* to) const {
      for (std::ptrdiff_t s = 0; s < count; ++s)
        std::copy_n(from + (s * steps + step) * size, size, to + s * size);
    }
    template <class T> void put(const T* from, int step, T* to) const {
      for (std::ptrdiff_t s = 0; s < count; ++s)
        std::copy_n(from + s * size, size, to + (s * steps + step) * size);
    }
  };
};

}  // namespace detail

/// Keras: TimeDistributed. (steps, ...) -> (steps, what the layer inside makes of the rest). A mask goes on
/// as it came. To a BatchNormalization each step is a batch in training, one after the other. Not for what is
/// random, or Stateful.
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
    int steps, apart;  // apart: the size of a step that is a batch of its own, else 0
    std::size_t learnt;
  };
  constexpr Geometry geometry(Shape in) const {
    const Shape step = Base::step(in);
    if (!may_go_apart || !traits_of(layer, step).batch_statistics) return {layer.geometry(step), in[0], 0, 0};
    const Parameters learnt = parameters_of(layer, step);
    return {layer.geometry(step), in[0], step.size(), Tensors(learnt, 0, 0).end};
  }
  template <class T>
  static constexpr std::size_t scratch(const Geometry& g, int count)
    requires requires { Inner::template scratch<T>(g.inside, count); }
  {
    return Base::scratch<T>(g.apart, g.learnt, count) + Inner::template scratch<T>(g.inside, count * g.steps);
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    Base::forward<may_go_apart>(c, g.steps, [&](const auto& its) __attribute__((always_inline)) {
      run_forward<Inner>(inside(geometry), its);
    });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const Geometry g = geometry;
    Base::backward<may_go_apart>(c, g.steps, *gradients.sink, [&](const auto& its, auto& sink) {
      run_backward<Inner>(inside(geometry), its, sink);
    });
  }

 private:
  static constexpr bool may_go_apart = traits_of(Inner{}).batch_statistics;
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
