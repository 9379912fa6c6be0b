#pragma once
// A node that divides the kernel of another node's layer by its largest singular value.
#include <keratin/functional/node.hpp>
#include <keratin/layers/spectral_normalization.hpp>

namespace keratin::functional {

class SpectralNormalizationNode final : public Node {
  using Base = keratin::detail::SpectrallyNormalized;

 public:
  SpectralNormalizationNode(std::shared_ptr<const Node> inside, int iterations)
      : inside_(std::move(inside)), iterations_(iterations) {}

  const Node& inside() const { return *inside_; }
  int power_iterations() const { return iterations_; }
  const char* type() const override { return Base::name; }
  bool has_backward() const override { return inside_->has_backward(); }
  Fit fit(const Shapes& in) const override {
    if (!inside_->takes(1) || inside_->outputs() > 1 || inside_->states() > 0)
      return needs_a_layer_with_a_kernel;
    const Fit inside = inside_->fit(in);
    if (inside.broken) return inside;
    return Base::fit(inside, inside_->parameters(in), iterations_);
  }
  LayerPlan plan(const Shapes& in, int index, Mode mode) const override {
    return Base::row(inside_->plan(in, index, mode), inside_->parameters(in), mode);
  }
  Parameters parameters(const Shapes& in) const override { return Base::parameters(inside_->parameters(in)); }
  ActivationFunction activation() const override { return {}; }
  std::shared_ptr<const void> geometry(const Shapes& in) const override {
    return std::make_shared<const Inside>(Inside{inside_->parameters(in), {in, inside_->geometry(in)}});
  }
  std::size_t scratch(const Shapes& in, int count, bool lanes) const override {
    return Base::scratch(inside_->parameters(in)) + inside_->scratch(in, count, lanes);
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
    return std::make_shared<SpectralNormalizationNode>(*this);
  }

 private:
  struct Inside {
    Parameters parameters;
    Place place;
  };
  static const Inside& inside(const Place& at) { return *static_cast<const Inside*>(at.geometry.get()); }
  void run(const Place& at, const auto& c) const {
    Base::forward(c, inside(at).parameters, iterations_,
                  [&](const auto& its) { inside_->forward(inside(at).place, its); });
  }
  template <class T> void go_back(const Place& at, const Backward<T>& c, GradientSink<float>& sink) const {
    Base::backward<T>(c, inside(at).parameters, sink, [&](const auto& its, GradientSink<float>& to) {
      inside_->backward(inside(at).place, its, to);
    });
  }

  std::shared_ptr<const Node> inside_;
  int iterations_;
};

}  // namespace keratin::functional
