#pragma once
// The run-time front end's Model: of a graph of layers called on symbolic tensors, with sizes, topology and
// names that the program knows when it runs.
#include <keratin/core/array.hpp>
#include <keratin/core/memory.hpp>
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
      : graph_(std::make_shared<const Graph>(std::vector{input}, std::vector{output})),
        in_(input.shape()),
        out_(output.shape()),
        inference_(graph_, Mode{}),
        layers_(layers_of(*graph_, inference_.plan)),
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
  Shape input_shape() const { return in_; }
  Shape output_shape() const { return out_; }
  ActivationFunction output_activation() const { return inference_.output_activation(); }
  template <Mode M> Executor executor() const { return Executor(graph_, M); }

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

  std::shared_ptr<const Graph> graph_;
  Shape in_, out_;
  Executor inference_;
  std::vector<LayerPlan> layers_;
  Block<float> block_;
};

}  // namespace keratin::functional
