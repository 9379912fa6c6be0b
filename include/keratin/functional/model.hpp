#pragma once
// The run-time front end's Model: of a graph of layers called on symbolic tensors, with sizes, topology and
// names that the program knows when it runs.
#include <keratin/core/array.hpp>
#include <keratin/core/memory.hpp>
#include <keratin/core/names.hpp>
#include <keratin/core/weights.hpp>
#include <keratin/functional/executor.hpp>
#include <keratin/sequential/predict.hpp>

namespace keratin::functional {

/// A model of all that lies between two tensors. predict is const and safe to call from several threads at
/// once. Keras: Model, functional.
class Model {
 public:
  using Scalar = float;

  /// Error: std::invalid_argument if the output does not come from the input, or two layers have one name.
  Model(const Tensor& input, const Tensor& output, std::uint64_t seed = 0)
      : Model(std::vector{input}, std::vector{output}, seed) {}
  /// The same with several inputs and outputs, at most 16 of each.
  Model(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, std::uint64_t seed = 0)
      : graph_(inputs, outputs),
        inference_(graph_, Mode{}),
        layers_(layers_of(graph_, inference_.plan)),
        block_(inference_.plan.block) {
    initialize(seed);
  }

  /// One sample: its outputs one after the other.
  std::vector<float> predict(const Arrays& x) const {
    const auto& ports = inference_.plan.outputs;
    std::vector<float> y(keratin::detail::values_of(ports));
    if (x.size() == 1 && inputs() == 1 && x[0].size() != inference_.plan.inputs[0].size)
      throw std::invalid_argument(Text("predict: one sample of ", x[0].size(), " values came, ",
                                       inference_.plan.inputs[0].size, " wanted")
                                      .c_str());
    std::vector<std::span<float>> parts;
    for (const Port& port : ports) parts.push_back(std::span(y).subspan(port.first, port.size));
    predict_all(x, parts, nullptr);
    return y;
  }
  /// Any number of samples; y takes output_shape().size() values for each. Error: the sizes do not match.
  void predict(const Arrays& x, std::span<float> y) const {
    predict_all(x, std::span<const std::span<float>>(&y, 1), nullptr);
  }
  /// The same for a model of several outputs: predict({a, b}, {y, z}).
  void predict(const Arrays& x, std::initializer_list<std::span<float>> y) const {
    predict_all(x, std::span(std::data(y), y.size()), nullptr);
  }
  void predict(const Arrays& x, std::span<const std::span<float>> y) const { predict_all(x, y, nullptr); }
  /// One batch, whose Stateful layers go on from `states` and leave there where they ended. Error: not as
  /// many samples as there are states.
  void predict(const Arrays& x, std::span<float> y, States<float>& states) const {
    predict_all(x, std::span<const std::span<float>>(&y, 1), &states);
  }

  /// Gives every parameter its initializer's values: the same bits as those of a Sequential of the same
  /// layers.
  void initialize(std::uint64_t seed) { initialize_parameters(layers_, seed, block_.data()); }

  std::span<float> block() { return {block_.data(), block_.size()}; }
  std::span<const float> block() const { return {block_.data(), block_.size()}; }
  std::size_t count_params() const { return inference_.plan.parameters; }
  /// All parameters in Keras's order, without padding. Error: not count_params() values.
  void get_weights(std::span<float> values) const { copy_weights_out(layers(), block_.data(), values); }
  void set_weights(const Array& values) { copy_weights_in(layers(), values, block_.data()); }

  const Plan& plan() const { return inference_.plan; }
  /// Every layer once, inputs among them, in Keras's order.
  const std::vector<LayerPlan>& layers() const { return layers_; }
  std::size_t inputs() const { return graph_.inputs.size(); }
  std::size_t outputs() const { return graph_.outputs.size(); }
  Shape input_shape(std::size_t k = 0) const { return graph_.inputs[k]->shape; }
  Shape output_shape(std::size_t k = 0) const { return graph_.shape(graph_.outputs[k]); }
  ActivationFunction output_activation(std::size_t k = 0) const {
    const int last = graph_.output_layer(k);
    return last < 0 ? ActivationFunction{} : graph_.entry(last).node->activation();
  }
  /// The name of the layer whose first output that is, or of the input. Keras: output_names.
  std::string output_name(std::size_t k) const {
    const int output = graph_.outputs[k], layer = output < 0 ? output : graph_.entry(output).owner;
    const auto at = std::find(graph_.layers.begin(), graph_.layers.end(), layer) - graph_.layers.begin();
    return layer_names(layers_)[static_cast<std::size_t>(at)];
  }
  template <Mode M> Executor executor() const { return Executor(graph_, M); }

 private:
  void predict_all(const Arrays& x, std::span<const std::span<float>> y, auto states) const {
    const std::size_t per_sample = keratin::detail::predict_workspace(inference_.plan),
                      samples = x.size() > 0 ? x[0].size() / inference_.plan.inputs[0].size : 0,
                      chunk = samples == 1 ? 1
                                           : keratin::detail::predict_chunk<float>(
                                                 inference_.plan.lanes, per_sample,
                                                 keratin::detail::heap_chunk_bytes, true);
    thread_local Block<float> workspace;
    if (workspace.size() < chunk * per_sample) workspace = Block<float>(chunk * per_sample);
    keratin::detail::predict_in_chunks(inference_, block_.data(), chunk, x, y, workspace.data(), states);
  }
  static std::vector<LayerPlan> layers_of(const Graph& graph, const Plan& plan) {
    std::vector<LayerPlan> layers;
    for (const int i : graph.layers)
      if (i >= 0)
        layers.push_back(plan.layers[static_cast<std::size_t>(i)]);
      else
        layers.push_back(
            {.type = "InputLayer", .name = graph.name(i), .in = graph.shape(i), .out = graph.shape(i)});
    return layers;
  }

  Graph graph_;
  Executor inference_;
  std::vector<LayerPlan> layers_;
  Block<float> block_;
};

}  // namespace keratin::functional
