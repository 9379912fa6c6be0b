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
  Model(const std::vector<Tensor>& inputs, const Tensor& output, std::uint64_t seed = 0)
      : Model(inputs, std::vector{output}, seed) {}
  Model(const Tensor& input, const std::vector<Tensor>& outputs, std::uint64_t seed = 0)
      : Model(std::vector{input}, outputs, seed) {}
  /// The same with several inputs and outputs, at most 16 of each.
  Model(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, std::uint64_t seed = 0)
      : graph_(inputs, outputs),
        inference_(graph_, Mode{}),
        layers_(layers_of(graph_, inference_.plan)),
        block_(inference_.plan.block) {
    initialize(seed);
    each_layer([&](const Graph::Entry& entry, const LayerPlan& row) {  // of a model that was called
      const std::vector<float>& values = entry.layer->values;
      std::copy(values.begin(), values.end(), block_.data() + row.tensors.start);
    });
  }

  /// One sample: its outputs one after the other.
  std::vector<float> predict(const Arrays& x) const {
    const auto& ports = inference_.plan.outputs;
    std::vector<float> y(values_of(ports));
    for (std::size_t k = 0; k < x.size() && x.size() == inputs(); ++k)
      if (const std::size_t wanted = inference_.plan.inputs[k].size; x[k].size() != wanted)
        throw std::invalid_argument(
            Text("predict: one sample of ", x[k].size(), " values came, ", wanted, " wanted").c_str());
    std::vector<std::span<float>> parts;
    for (const Port& port : ports) parts.push_back(std::span(y).subspan(port.first, port.size));
    predict_all(x, parts, nullptr);
    return y;
  }
  /// Any number of samples; y takes output_shape().size() values for each and does not overlap x. Error: the
  /// sizes do not match.
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

  /// The model as a layer: all of its layers, called on other tensors. They share their weights' beginnings,
  /// not their memory: the model that is made of it begins with the values that this one has now. Error:
  /// other shapes than the layers were made for, where that changes a weight's.
  template <std::same_as<Tensor>... More> Tensor operator()(const Tensor& x, const More&... more) const {
    const std::vector<Tensor> made = call({x, more...});
    if (made.size() != 1)
      throw std::invalid_argument("Model: it has several outputs, which call({...}) returns");
    return made[0];
  }
  std::vector<Tensor> call(const std::vector<Tensor>& tensors) const {
    if (tensors.size() != inputs())
      throw std::invalid_argument(
          Text("Model: called on ", tensors.size(), " tensors, ", inputs(), " wanted").c_str());
    each_layer([&](const Graph::Entry& entry, const LayerPlan& row) {
      entry.layer->values.assign(block_.data() + row.tensors.start, block_.data() + row.tensors.end);
    });
    return call_all(tensors, [](const Graph::Entry& entry, std::vector<Tensor> reads) {
      return Layer(entry.layer)(std::move(reads));
    });
  }
  /// The model with another layer in the place of one: the others are the same layers and keep their weights,
  /// as well as whether they are trained. Error: there is no such layer, or shapes no longer fit. Keras:
  /// clone_model with a clone_function.
  Model with_layer(std::string_view name, const Layer& layer, std::uint64_t seed = 0) const {
    return changed(name, seed, [&](std::vector<Tensor> reads) { return layer(std::move(reads)); });
  }
  /// The model without a layer: who read what it made reads its input. Error: there is no such layer, it has
  /// several inputs, or shapes no longer fit.
  Model without_layer(std::string_view name) const {
    return changed(name, 0, [&](const std::vector<Tensor>& reads) {
      if (reads.size() > 1)
        throw std::invalid_argument(
            Text("Model: layer '", name, "' has ", reads.size(), " inputs, one wanted to leave it out")
                .c_str());
      return reads[0];
    });
  }

  /// The tensors that the model was made of: its inputs, its outputs, and what a layer made when it was
  /// called for the n-th time; a part of the model is Model(model.input(), model.tensor("conv2d")). Error:
  /// there is no such layer or call.
  Tensor input(std::size_t k = 0) const {
    if (k >= inputs()) throw std::invalid_argument(Text("Model: there is no input ", k).c_str());
    return graph_.tensor(-1 - static_cast<int>(k));
  }
  Tensor output(std::size_t k = 0) const { return graph_.tensor(graph_.outputs.at(k)); }
  Tensor tensor(std::string_view layer, int n = 0) const {
    const int owner = find(layer);
    if (owner < 0 && n == 0) return graph_.tensor(owner);
    for (int i = std::max(owner, 0); i < static_cast<int>(graph_.entries.size()); ++i)
      if (graph_.entry(i).owner == owner && graph_.call_number(i) == n) return graph_.tensor(i);
    throw std::invalid_argument(Text("Model: layer '", layer, "' has no call ", n).c_str());
  }
  /// A layer by its name, to be called again. Error: there is none. Keras: get_layer.
  Layer layer(std::string_view name) const {
    const int owner = find(name);
    if (owner < 0) throw std::invalid_argument(Text("Model: '", name, "' is an input").c_str());
    return Layer(graph_.entry(owner).layer);
  }
  /// Takes the weights of every layer that the other model has too: of a model that this one is a part of, or
  /// was made from.
  void set_weights_from(const Model& other) {
    each_layer([&](const Graph::Entry& entry, const LayerPlan& row) {
      other.each_layer([&](const Graph::Entry& same, const LayerPlan& from) {
        if (same.layer == entry.layer)
          std::copy_n(other.block_.data() + from.tensors.start, from.tensors.end - from.tensors.start,
                      block_.data() + row.tensors.start);
      });
    });
  }
  /// Whether a layer, or every layer, is trained by trainers that are made from now on. Error: there is no
  /// such layer. Keras: trainable.
  void set_trainable(std::string_view layer, bool trainable) {
    const int owner = find(layer);
    if (owner >= 0) graph_.set_trainable(owner, trainable);
    plan_again();
  }
  void set_trainable(bool trainable) {
    for (const int i : graph_.layers)
      if (i >= 0) graph_.set_trainable(i, trainable);
    plan_again();
  }

  std::span<float> block() { return {block_.data(), block_.size()}; }
  std::span<const float> block() const { return {block_.data(), block_.size()}; }
  std::size_t count_params() const { return inference_.plan.parameters; }
  /// All parameters in Keras's order, without padding. Error: not count_params() values.
  void get_weights(std::span<float> values) const { copy_weights_out(layers(), block_.data(), values); }
  void set_weights(const Array& values) { copy_weights_in(layers(), values, block_.data()); }

  const Plan& plan() const { return inference_.plan; }
  const Graph& graph() const { return graph_; }
  /// Every layer once, inputs among them, in Keras's order.
  const std::vector<LayerPlan>& layers() const { return layers_; }
  std::size_t inputs() const { return graph_.inputs.size(); }
  std::size_t outputs() const { return graph_.outputs.size(); }
  Shape input_shape(std::size_t k = 0) const { return graph_.inputs.at(k)->shape; }
  Shape output_shape(std::size_t k = 0) const { return graph_.shape(graph_.outputs.at(k)); }
  ActivationFunction output_activation(std::size_t k = 0) const {
    const int last = graph_.output_layer(k);
    return last < 0 ? ActivationFunction{} : graph_.entry(last).node->activation();
  }
  /// The name of the layer that makes an output, or of the input that it is; "dense[1]" of the layer's second
  /// call. Keras: output_names.
  std::string output_name(std::size_t k) const {
    const int output = graph_.outputs.at(k);
    const std::string name = layer_names(layers_)[graph_.layer_index(output)];
    const int call = graph_.call_number(output);
    return call == 0 ? name : name + "[" + std::to_string(call) + "]";
  }
  /// What the calls of each of layers() read, as Keras writes it: "dense[1][0]" is what the second call of
  /// dense made. Nothing for a chain.
  std::vector<std::string> connections() const {
    std::vector<std::string> text;
    if (graph_.is_chain()) return text;
    const std::vector<std::string> names = layer_names(layers_);
    const auto name_of = [&](int i) {
      return names[graph_.layer_index(i)] + "[" + std::to_string(graph_.call_number(i)) + "][0]";
    };
    for (const int layer : graph_.layers) {
      std::string reads;
      for (int i = 0; i < static_cast<int>(graph_.entries.size()); ++i)
        if (graph_.entry(i).owner == layer)
          for (const int from : graph_.entry(i).inputs)
            reads.append(reads.empty() ? "" : ", ").append(name_of(from));
      text.push_back(layer < 0 ? "-" : reads);
    }
    return text;
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
  // The outputs when every layer is called again, by call(entry, tensors).
  std::vector<Tensor> call_all(const std::vector<Tensor>& tensors, auto call) const {
    std::vector<Tensor> made, result;
    const auto at = [&](int i) {
      return i < 0 ? tensors[static_cast<std::size_t>(-1 - i)] : made[static_cast<std::size_t>(i)];
    };
    for (const Graph::Entry& entry : graph_.entries) {
      std::vector<Tensor> reads;
      for (const int from : entry.inputs) reads.push_back(at(from));
      made.push_back(call(entry, std::move(reads)));
    }
    for (const int output : graph_.outputs) result.push_back(at(output));
    return result;
  }
  // The model with all calls of one layer replaced by call(tensors).
  Model changed(std::string_view name, std::uint64_t seed, auto call) const {
    const int owner = find(name);
    if (owner < 0) throw std::invalid_argument(Text("Model: '", name, "' is an input").c_str());
    std::vector<Tensor> from;
    for (std::size_t k = 0; k < inputs(); ++k) from.push_back(input(k));
    Model model(from,
                call_all(from,
                         [&](const Graph::Entry& entry, std::vector<Tensor> reads) {
                           return entry.owner == owner ? call(std::move(reads))
                                                       : Layer(entry.layer)(std::move(reads));
                         }),
                seed);
    model.set_weights_from(*this);
    for (const int i : model.graph_.layers)
      for (const Graph::Entry& entry : graph_.entries)
        if (i >= 0 && entry.layer == model.graph_.entry(i).layer && graph_.is_frozen(entry))
          model.graph_.set_trainable(i, false);
    model.plan_again();
    return model;
  }
  // f(first call, row) for every layer that has weights.
  void each_layer(auto f) const {
    for (std::size_t i = 0; i < graph_.layers.size(); ++i)
      if (graph_.layers[i] >= 0 && layers_[i].tensors.count() > 0)
        f(graph_.entry(graph_.layers[i]), layers_[i]);
  }
  // The first call of a layer, or an input.
  int find(std::string_view name) const {
    const std::vector<std::string> names = layer_names(layers_);
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) throw std::invalid_argument(Text("Model: there is no layer '", name, "'").c_str());
    return graph_.layers[static_cast<std::size_t>(at - names.begin())];
  }
  void plan_again() {
    inference_ = Executor(graph_, Mode{});
    layers_ = layers_of(graph_, inference_.plan);
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
