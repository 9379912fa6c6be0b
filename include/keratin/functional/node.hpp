#pragma once
// Node: a layer's spec behind a virtual interface. It runs the same kernels as a static layer, with the
// geometry as a value instead of a type.
#include <keratin/layers.hpp>

#include <memory>
#include <string>

namespace keratin::functional {

class Node {
 public:
  virtual ~Node() = default;
  virtual const char* type() const = 0;
  virtual bool merges() const = 0;  // takes several inputs
  virtual bool has_backward() const { return true; }
  virtual Fit fit(const Shapes& in) const = 0;
  virtual LayerPlan plan(const Shapes& in, int index, Mode mode) const = 0;
  virtual Parameters parameters(const Shapes& in) const = 0;
  virtual ActivationFunction activation() const = 0;
  virtual std::size_t scratch(const Shapes& in, int count, bool lanes) const = 0;
  virtual void forward(const Shapes& in, const Forward<float>&) const = 0;
  virtual void forward(const Shapes& in, const Forward<float, One>&) const = 0;
  virtual void forward(const Shapes& in, const Forward<Lanes>&) const = 0;
  virtual void backward(const Shapes& in, const Backward<float>&, GradientSink<float>&) const = 0;
  virtual void backward(const Shapes& in, const Backward<Lanes>&, GradientSink<float>&) const = 0;
  /// A node that does the work of this one and of the next, `behind` layers on, where a fusion rule allows
  /// it; otherwise null.
  virtual std::shared_ptr<const Node> fused_with(const Node& next, int behind, bool training) const = 0;
  /// The same layer with a linear output, for losses on logits.
  virtual std::shared_ptr<const Node> without_activation() const = 0;
};

template <LayerSpec S> class NodeOf final : public Node {
 public:
  explicit NodeOf(const S& spec) : spec_(spec) {}

  const S& spec() const { return spec_; }
  const char* type() const override { return S::name; }
  bool merges() const override { return MergingSpec<S>; }
  Fit fit(const Shapes& in) const override { return spec_.fit(in); }
  LayerPlan plan(const Shapes& in, int index, Mode mode) const override {
    return layer_plan(spec_, in, index, mode);
  }
  Parameters parameters(const Shapes& in) const override { return parameters_of(spec_, in); }
  ActivationFunction activation() const override { return activation_of(spec_); }
  std::size_t scratch(const Shapes& in, int count, bool lanes) const override {
    return lanes ? scratch_of<Lanes>(spec_, in, count) : scratch_of<float>(spec_, in, count);
  }
  void forward(const Shapes& in, const Forward<float>& c) const override {
    S::forward(spec_.geometry(in), c);
  }
  void forward(const Shapes& in, const Forward<float, One>& c) const override {
    S::forward(spec_.geometry(in), c);
  }
  void forward(const Shapes& in, const Forward<Lanes>& c) const override {
    S::forward(spec_.geometry(in), c);
  }
  void backward(const Shapes& in, const Backward<float>& c, GradientSink<float>& sink) const override {
    run_backward<S>(spec_.geometry(in), c, sink);
  }
  void backward(const Shapes& in, const Backward<Lanes>& c, GradientSink<float>& sink) const override {
    run_backward<S>(spec_.geometry(in), c, sink);
  }
  std::shared_ptr<const Node> fused_with(const Node& next, int behind, bool training) const override {
    std::shared_ptr<const Node> fused;
    hana::for_each(layer_specs, [&](auto type) {
      using Next = typename decltype(type)::type;
      if constexpr (Fusable<S, Next>)
        if (const auto* node = dynamic_cast<const NodeOf<Next>*>(&next))
          if (const auto answer = ask_rules(spec_, node->spec(), behind, training); answer.fused)
            fused = std::make_shared<NodeOf<S>>(answer.spec);
    });
    return fused;
  }
  std::shared_ptr<const Node> without_activation() const override {
    S spec = spec_;
    if constexpr (ActivatesItsOutput<S>) spec.activation = {};
    return std::make_shared<NodeOf>(spec);
  }

 private:
  S spec_;
};

}  // namespace keratin::functional
