#pragma once
// The run-time front end: layers called on symbolic tensors, and a Model of what came of it. So far the
// topology is a chain; sizes, specs and names are run-time values. Shape errors are thrown when a layer is
// called.
#include <keratin/core/array.hpp>
#include <keratin/core/memory.hpp>
#include <keratin/core/names.hpp>
#include <keratin/core/text.hpp>
#include <keratin/core/weights.hpp>
#include <keratin/functional/node.hpp>
#include <keratin/sequential/predict.hpp>

#include <stdexcept>

namespace keratin::functional {

/// What flows between layers: a shape, and how it came about.
class Tensor {
 public:
  struct Call;

  const Shape& shape() const;
  /// The output of a layer with this spec called on the tensor. Error: std::invalid_argument with the rule
  /// that its shape breaks.
  template <LayerSpec S> Tensor then(const S& spec, std::string_view name = "") const;

 private:
  friend class Layer;
  friend class Model;
  friend Tensor Input(Shape shape);
  explicit Tensor(std::shared_ptr<const Call> call) : call_(std::move(call)) {}
  std::shared_ptr<const Call> call_;
};

struct Tensor::Call {
  std::shared_ptr<const Node> node;  // null: the input
  std::string name;
  std::shared_ptr<const Call> input;
  Shape shape{};
  int index = 0;  // of the layer in its chain
  Parameters parameters{};
};

inline const Shape& Tensor::shape() const { return call_->shape; }

/// The input of a graph: the shape of one sample. Keras: Input.
inline Tensor Input(Shape shape) {
  const Fit fit = accepted(shape);
  if (fit.broken) throw std::invalid_argument(Text("Input, got ", shape, ": ", fit.broken->text).c_str());
  return Tensor(std::make_shared<Tensor::Call>(Tensor::Call{nullptr, "", nullptr, shape, -1, {}}));
}

/// A layer to be called on tensors: Layer(DenseSpec{.units = n}), or Layer(Dense<64, ReLU>{}) of a static
/// one.
class Layer {
 public:
  template <LayerSpec S>
  explicit Layer(const S& spec, std::string name = "")
      : node_(std::make_shared<NodeOf<S>>(spec)), name_(std::move(name)) {}
  template <class L>
    requires LayerSpec<typename L::Spec>
  explicit Layer(const L&) : Layer(L::spec, std::string(keratin::detail::name_of<L>())) {}

  /// Error: std::invalid_argument that names the layer, the shape that came and the rule it breaks.
  Tensor operator()(const Tensor& x) const {
    const int index = x.call_->index + 1;
    Fit fit = node_->fit(x.shape());
    if (!fit.broken) fit = accepted(fit.out);
    if (fit.broken) {
      const Text named = name_.empty() ? Text() : Text(" '", name_, "'");
      const Text wants = fit.wants.rank > 0 ? Text("; wants ", fit.wants) : Text();
      throw std::invalid_argument(Text("layer ", index, ", ", node_->type(), named.view(), ", got ",
                                       x.shape(), ": ", fit.broken->text, wants.view())
                                      .c_str());
    }
    return Tensor(std::make_shared<Tensor::Call>(
        Tensor::Call{node_, name_, x.call_, fit.out, index, node_->parameters(x.shape())}));
  }

 private:
  std::shared_ptr<const Node> node_;
  std::string name_;
};

template <LayerSpec S> Tensor Tensor::then(const S& spec, std::string_view name) const {
  return Layer(spec, std::string(name))(*this);
}

template <class T> using Vector = std::vector<T>;
using Plan = BasicPlan<Vector>;

/// A chain's nodes, planned for a mode; what a trainer runs.
class Executor {
 public:
  Plan plan;

  Executor(const std::vector<std::shared_ptr<const Tensor::Call>>& calls, Shape in, Mode mode)
      : calls_(calls) {
    plan.mode = mode;
    nodes_.resize(calls.size());
    std::vector<int> heads(calls.size());
    std::size_t output = 0;  // the head of the last group that computes something
    for (std::size_t i = 0; i < calls.size(); ++i) {
      std::shared_ptr<const Node> fused;
      if (i > 0) {
        const int head = heads[i - 1];
        fused = nodes_[static_cast<std::size_t>(head)]->fused_with(*calls[i]->node,
                                                                   static_cast<int>(i) - head, mode.training);
      }
      heads[i] = fused ? heads[i - 1] : static_cast<int>(i);
      nodes_[i] = calls[i]->node;
      if (fused) nodes_[static_cast<std::size_t>(heads[i])] = fused;
      shapes_.emplace_back(calls[i]->input->shape);
      const Traits traits = calls[i]->node->plan(calls[i]->input->shape, 0, mode).traits;
      if (!traits.view || calls[i]->input->shape.last() != calls[i]->shape.last())
        output = static_cast<std::size_t>(heads[i]);
    }
    if (!calls.empty()) activation_ = nodes_[output]->activation();
    if (mode.logits && !calls.empty()) nodes_[output] = nodes_[output]->without_activation();
    for (std::size_t i = 0; i < calls.size(); ++i) {
      LayerPlan row = nodes_[i]->plan(shapes_[i], static_cast<int>(i), mode);
      row.type = calls[i]->node->type();
      row.name = calls[i]->name;
      row.head = heads[i];
      row.out = calls[i]->shape;
      plan.add(row, calls[i]->parameters);
    }
    plan.plan_steps(static_cast<std::size_t>(in.size()));
    output_size_ = calls.empty() ? in.size() : calls.back()->shape.size();
  }

  ActivationFunction output_activation() const { return activation_; }

  template <class T, class Count>
  void forward(Count count, const float* block, const T* x, T* y, T* workspace, const Run<float>& run) const {
    const Memory<T> memory{count, x, y, workspace};
    for (const Step& step : plan.steps)
      node(step).forward(shapes(step), forward_context(plan, step, count, memory, block, run));
    if (!plan.mode.training && plan.output == 0)
      std::copy_n(x, std::ptrdiff_t{static_cast<int>(count)} * output_size_, y);
  }
  template <class T>
  void backward(int count, const float* block, T* workspace, float* scratch, float* gradient,
                GradientSink<float>& sink, const Run<float>& run) const {
    const Memory<T> memory{count, nullptr, nullptr, workspace};
    for (std::size_t s = plan.steps.size(); s-- > 0;) {
      const Step& step = plan.steps[s];
      if (step.output_gradient == Step::none) continue;
      node(step).backward(shapes(step), backward_context(plan, step, memory, block, gradient, scratch, run),
                          sink);
      sum_gradients(plan, step, memory);
    }
  }
  template <class T> std::size_t scratch(int count) const {
    std::size_t most = 0;
    for (const Step& step : plan.steps)
      most = std::max(most, node(step).scratch(shapes(step), count, Unit<T>::samples > 1));
    return most;
  }

 private:
  const Node& node(const Step& step) const { return *nodes_[static_cast<std::size_t>(step.layer)]; }
  const Shapes& shapes(const Step& step) const { return shapes_[static_cast<std::size_t>(step.layer)]; }

  std::vector<std::shared_ptr<const Tensor::Call>> calls_;  // the plan refers to their names and parameters
  std::vector<std::shared_ptr<const Node>> nodes_;  // at each head the node that does its group's work
  std::vector<Shapes> shapes_;                      // that come into each layer
  ActivationFunction activation_{};
  int output_size_ = 0;
};

/// A model of the layers between two tensors. predict is const and safe to call from several threads at once.
class Model {
 public:
  using Scalar = float;

  /// Error: std::invalid_argument if the output does not come from the input, or two layers have one name.
  Model(const Tensor& input, const Tensor& output, std::uint64_t seed = 0)
      : calls_(chain(input, output)),
        in_(input.shape()),
        out_(output.shape()),
        inference_(calls_, in_, Mode{}),
        block_(inference_.plan.block) {
    initialize(seed);
  }

  /// One sample.
  std::vector<float> predict(const Array& x) const {
    std::vector<float> y(static_cast<std::size_t>(out_.size()));
    const auto in = static_cast<std::size_t>(in_.size());
    if (x.size() != in)
      throw std::invalid_argument(
          Text("predict: one sample of ", x.size(), " values came, ", in, " wanted").c_str());
    thread_local Block<float> workspace;
    if (workspace.size() < inference_.plan.workspace + in)
      workspace = Block<float>(inference_.plan.workspace + in);
    const float* values = x.as<float>();
    float* const converted = workspace.data() + inference_.plan.workspace;
    if (!values) copy_values(x, 0, in, converted);
    inference_.forward(One{}, block_.data(), values ? values : converted, y.data(), workspace.data(), {1});
    return y;
  }
  /// Any number of samples; y takes output_shape().size() values for each. Error: the sizes do not match.
  void predict(const Array& x, std::span<float> y) const { predict_all(x, y, nullptr); }
  /// One batch, whose Stateful layers go on from `states` and leave there where they ended. Error: not as
  /// many samples as there are states.
  void predict(const Array& x, std::span<float> y, States<float>& states) const {
    predict_all(x, y, &states);
  }

  /// Gives every parameter its initializer's values: the same bits as those of a Sequential of the same
  /// layers.
  void initialize(std::uint64_t seed) { initialize_parameters(inference_.plan.layers, seed, block_.data()); }

  std::span<float> block() { return {block_.data(), block_.size()}; }
  std::span<const float> block() const { return {block_.data(), block_.size()}; }
  std::size_t count_params() const { return inference_.plan.parameters; }
  /// All parameters in Keras's order, without padding. Error: not count_params() values.
  void get_weights(std::span<float> values) const { copy_weights_out(layers(), block_.data(), values); }
  void set_weights(const Array& values) { copy_weights_in(layers(), values, block_.data()); }

  const Plan& plan() const { return inference_.plan; }
  const std::vector<LayerPlan>& layers() const { return inference_.plan.layers; }
  Shape input_shape() const { return in_; }
  Shape output_shape() const { return out_; }
  ActivationFunction output_activation() const { return inference_.output_activation(); }
  template <Mode M> Executor executor() const { return Executor(calls_, in_, M); }

 private:
  void predict_all(const Array& x, std::span<float> y, auto states) const {
    const auto in = static_cast<std::size_t>(in_.size()), out = static_cast<std::size_t>(out_.size());
    const std::size_t per_sample = keratin::detail::predict_workspace(inference_.plan, in, out),
                      chunk = keratin::detail::predict_chunk<float>(inference_.plan.lanes, per_sample,
                                                                    keratin::detail::heap_chunk_bytes, true);
    thread_local Block<float> workspace;
    if (workspace.size() < chunk * per_sample) workspace = Block<float>(chunk * per_sample);
    keratin::detail::predict_in_chunks(inference_, block_.data(), in, out, chunk, x, y, workspace.data(),
                                       states);
  }
  static std::vector<std::shared_ptr<const Tensor::Call>> chain(const Tensor& input, const Tensor& output) {
    std::vector<std::shared_ptr<const Tensor::Call>> calls;
    std::shared_ptr<const Tensor::Call> at = output.call_;
    for (; at && at != input.call_; at = at->input) calls.push_back(at);
    if (!at) throw std::invalid_argument("Model: the output does not come from the input");
    std::reverse(calls.begin(), calls.end());
    for (std::size_t i = 0; i < calls.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (!calls[i]->name.empty() && calls[i]->name == calls[j]->name)
          throw std::invalid_argument(Text("layer ", i, ", ", calls[i]->node->type(), " '", calls[i]->name,
                                           "': ", name_given_twice.text)
                                          .c_str());
    return calls;
  }

  std::vector<std::shared_ptr<const Tensor::Call>> calls_;
  Shape in_, out_;
  Executor inference_;
  Block<float> block_;
};

}  // namespace keratin::functional
