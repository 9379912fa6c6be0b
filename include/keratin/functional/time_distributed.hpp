#pragma once
// A node that does at every step of a sequence what another node does with a sample.
#include <keratin/functional/spectral_normalization.hpp>
#include <keratin/layers/time_distributed.hpp>

namespace keratin::functional {

class TimeDistributedNode final : public Node {
  using Base = keratin::detail::Distributed;

 public:
  explicit TimeDistributedNode(std::shared_ptr<const Node> inside) : inside_(std::move(inside)) {}

  const Node& inside() const { return *inside_; }
  const char* type() const override { return "TimeDistributed"; }
  bool passes_mask() const override { return true; }
  bool masks_change_it() const override {
    return inside_->states() > 0 || inside_->reads_mask() || inside_->masks_change_it();
  }
  bool has_backward() const override { return inside_->has_backward(); }
  Fit fit(const Shapes& all) const override {
    const Shape& in = all;
    if (in.rank < 2) return needs_steps_of_samples;
    if (!inside_->takes(1) || inside_->outputs() > 1 || inside_->extras().return_more)
      return needs_a_layer_for_any_sample;
    const Shapes step(Base::step(in));
    const Fit fit = inside_->fit(step);
    if (fit.broken) return Base::fit(in, fit, {}, {});
    return Base::fit(in, fit, inside_->plan(step, 0, {.training = true}), inside_->parameters(step));
  }
  LayerPlan plan(const Shapes& in, int index, Mode mode) const override {
    return Base::row(inside_->plan(Base::step(in), index, mode), in);
  }
  Parameters parameters(const Shapes& in) const override { return inside_->parameters(Base::step(in)); }
  ActivationFunction activation() const override { return inside_->activation(); }
  std::shared_ptr<const void> geometry(const Shapes& all) const override {
    const Shape& in = all;
    const Shapes step(Base::step(in));
    return std::make_shared<const Steps>(Steps{in[0], {step, inside_->geometry(step)}});
  }
  std::size_t scratch(const Shapes& all, int count, bool lanes) const override {
    const Shape& in = all;
    const Shapes step(Base::step(in));
    const std::size_t inside = inside_->scratch(step, count * in[0], lanes);
    if (!inside_->plan(step, 0, {.training = true}).traits.batch_statistics) return inside;
    const Parameters learnt = inside_->parameters(step);
    const int size = step[0].size();
    const std::size_t weights = Tensors(learnt, 0, 0).end;
    return inside +
           (lanes ? Base::scratch<Lanes>(size, weights, count) : Base::scratch<float>(size, weights, count));
  }
  void forward(const Place& at, const Forward<float>& c) const override { run(at, c); }
  void forward(const Place& at, const Forward<float, One>& c) const override { run(at, c); }
  void forward(const Place& at, const Forward<Lanes>& c) const override { run(at, c); }
  void backward(const Place& at, const Backward<float>& c, GradientSink<float>& sink) const override {
    go_back(at, c, sink);
  }
  void backward(const Place& at, const Backward<Lanes>& c, GradientSink<float>& sink) const override {
    go_back(at, c, sink);
  }
  std::shared_ptr<const Node> fused_with(const Node&, int, bool) const override { return nullptr; }
  std::shared_ptr<const Node> without_activation() const override {
    return std::make_shared<TimeDistributedNode>(inside_->without_activation());
  }

 private:
  struct Steps {
    int count;
    Place place;
  };
  static const Steps& steps(const Place& at) { return *static_cast<const Steps*>(at.geometry.get()); }
  void run(const Place& at, const auto& c) const {
    Base::forward<true>(c, steps(at).count, [&](const auto& its) { inside_->forward(steps(at).place, its); });
  }
  void go_back(const Place& at, const auto& c, GradientSink<float>& sink) const {
    Base::backward<true>(c, steps(at).count, sink, [&](const auto& its, GradientSink<float>& to) {
      inside_->backward(steps(at).place, its, to);
    });
  }

  std::shared_ptr<const Node> inside_;
};

/// The node of a layer with this spec.
template <LayerSpec S> std::shared_ptr<const Node> node_of(const S& spec) {
  if constexpr (requires { S::distributes; })
    return std::make_shared<TimeDistributedNode>(node_of(spec.layer));
  else if constexpr (requires { S::normalizes_spectrum; })
    return std::make_shared<SpectralNormalizationNode>(node_of(spec.layer), spec.power_iterations);
  else
    return std::make_shared<NodeOf<S>>(spec);
}

}  // namespace keratin::functional
