#pragma once
// Symbolic tensors, and layers called on them: the run-time front end's way to write a network down. A graph
// cannot have a cycle, for a tensor exists only once the layer that makes it was called.
#include <keratin/core/text.hpp>
#include <keratin/functional/node.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace keratin::functional {

inline constexpr Rule takes_one_input{"takes one input"};
inline constexpr Rule needs_from_1_to_8_inputs{"needs from 1 to 8 inputs"};
inline constexpr Rule has_weights_of_another_shape{"its weights were made for another shape"};

struct Call;
class Graph;

/// What flows between layers: a shape, and how it came about.
class Tensor {
 public:
  const Shape& shape() const;
  /// The output of a layer with this spec called on the tensor, and on others for one that merges. Error:
  /// std::invalid_argument with the rule that their shapes break.
  template <LayerSpec S, std::same_as<Tensor>... More> Tensor then(const S& spec, const More&... more) const {
    return then(spec, std::string_view(), more...);
  }
  template <LayerSpec S, std::same_as<Tensor>... More>
  Tensor then(const S& spec, std::string_view name, const More&... more) const;

 private:
  friend class Layer;
  friend struct Call;
  friend class Graph;
  friend Tensor Input(Shape shape, std::string name);
  explicit Tensor(std::shared_ptr<const Call> call) : call_(std::move(call)) {}
  std::shared_ptr<const Call> call_;
};

/// A layer with its name, once, however often it is called.
struct SharedLayer {
  std::shared_ptr<const Node> node;
  std::string name;
  std::shared_ptr<const Parameters> parameters{};  // as the first call made them
  std::vector<float> values{};  // its piece of the block to begin with, of a model that was called
};

/// One call of a layer, or an input.
struct Call {
  std::shared_ptr<SharedLayer> layer;  // null: an input
  std::string name;                    // of an input
  std::vector<Tensor> inputs;
  Shape shape{};
  int index = 0;  // layers on the longest way here, without this one; -1: an input

  Call(std::shared_ptr<SharedLayer> l, std::string n, std::vector<Tensor> in, Shape out, int i)
      : layer(std::move(l)), name(std::move(n)), inputs(std::move(in)), shape(out), index(i) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call();
};

// One after the other: each freeing those before it, a deep graph would overflow the stack.
inline Call::~Call() {
  std::vector<Tensor> last = std::move(inputs);
  while (!last.empty()) {
    const std::shared_ptr<const Call> call = std::move(last.back().call_);
    last.pop_back();
    if (call.use_count() == 1)
      for (Tensor& t : const_cast<Call&>(*call).inputs) last.push_back(std::move(t));
  }
}

inline const Shape& Tensor::shape() const { return call_->shape; }

inline Shapes shapes_of(const std::vector<Tensor>& tensors) {
  Shapes shapes;
  for (const Tensor& t : tensors) shapes.add(t.shape());
  return shapes;
}

/// The input of a graph: the shape of one sample. Keras: Input.
inline Tensor Input(Shape shape, std::string name = "") {
  const Fit fit = accepted(shape);
  if (fit.broken) throw std::invalid_argument(Text("Input, got ", shape, ": ", fit.broken->text).c_str());
  return Tensor(std::make_shared<Call>(nullptr, std::move(name), std::vector<Tensor>(), shape, -1));
}

/// A layer to be called on tensors: Layer(DenseSpec{.units = n}), or Layer(Dense<64, ReLU>{}) of a static
/// one. Within a model every call, and every call of a copy, has the same weights; two models never share
/// memory, see Model::set_weights_from.
class Layer {
 public:
  template <LayerSpec S>
  explicit Layer(const S& spec, std::string_view name = "")
      : layer_(std::make_shared<SharedLayer>(std::make_shared<NodeOf<S>>(spec), std::string(name))) {}
  /// The layer that a model has, see Model::layer.
  explicit Layer(std::shared_ptr<SharedLayer> layer) : layer_(std::move(layer)) {}
  template <class L>
    requires LayerSpec<typename L::Spec>
  explicit Layer(const L&, std::string_view name = keratin::detail::name_of<L>()) : Layer(L::spec, name) {}

  /// Error: std::invalid_argument that names the layer, the shapes that came and the rule they break.
  template <std::same_as<Tensor>... More> Tensor operator()(const Tensor& x, const More&... more) const {
    return (*this)(std::vector<Tensor>{x, more...});
  }
  Tensor operator()(std::vector<Tensor> inputs) const {
    int index = 0;
    for (const Tensor& x : inputs)
      if (!x.call_) throw std::invalid_argument("a Tensor that was moved from came");
    for (const Tensor& x : inputs) index = std::max(index, x.call_->index + 1);
    const Shapes in = shapes_of(inputs);
    Fit fit = check(in);
    if (!fit.broken) fit = accepted(fit.out);
    if (!fit.broken && !built(in)) fit = has_weights_of_another_shape;
    if (fit.broken) throw std::invalid_argument(refusal(index, in, fit).c_str());
    return Tensor(std::make_shared<Call>(layer_, "", std::move(inputs), fit.out, index));
  }

 private:
  Fit check(const Shapes& in) const {
    if (in.count < 1 || in.count > max_inputs) return needs_from_1_to_8_inputs;
    if (in.count > 1 && !layer_->node->merges()) return takes_one_input;
    return layer_->node->fit(in);
  }
  // Gives the layer its weights, or has them already, of the same shapes.
  bool built(const Shapes& in) const {
    const Parameters p = layer_->node->parameters(in);
    if (!layer_->parameters) layer_->parameters = std::make_shared<const Parameters>(p);
    return std::equal(p.begin(), p.end(), layer_->parameters->begin(), layer_->parameters->end(),
                      [](const Parameter& a, const Parameter& b) { return a.shape == b.shape; });
  }
  Text refusal(int index, const Shapes& in, const Fit& fit) const {
    const Text named = layer_->name.empty() ? Text() : Text(" '", layer_->name, "'");
    const Text which = in.count > 1 ? Text(", as input ", fit.input) : Text();
    const Shape got = in.count > 0 ? in[fit.input] : Shape{};
    const Text wants = fit.wants.rank > 0 ? Text("; wants ", fit.wants) : Text();
    return Text("layer ", index, ", ", layer_->node->type(), named.view(), ", got ", got, which.view(), ": ",
                fit.broken->text, wants.view());
  }

  std::shared_ptr<SharedLayer> layer_;
};

/// What a static layer called on a vector of tensors looks for.
template <LayerSpec S>
Tensor call_layer(const S& spec, std::string_view name, const std::vector<Tensor>& tensors) {
  return Layer(spec, name)(tensors);
}

template <LayerSpec S, std::same_as<Tensor>... More>
Tensor Tensor::then(const S& spec, std::string_view name, const More&... more) const {
  return Layer(spec, name)(*this, more...);
}

}  // namespace keratin::functional
