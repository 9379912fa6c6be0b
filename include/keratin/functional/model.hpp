#pragma once
// The run-time front end's Model: of a graph of layers called on symbolic tensors, with sizes, topology and
// names that the program knows when it runs.
#include <keratin/core/array.hpp>
#include <keratin/core/memory.hpp>
#include <keratin/core/names.hpp>
#include <keratin/core/weights.hpp>
#include <keratin/functional/executor.hpp>
#include <keratin/sequential/predict.hpp>

#include <map>

namespace keratin::functional {

/// Instead of a seed: the parameters begin as zeros, for somebody is about to read them, or as their layers
/// were given them.
struct Zeroed {};

/// A model of all that lies between two tensors. predict is const and safe to call from several threads at
/// once. Keras: Model, functional.
class Model {
 public:
  using Scalar = float;

  /// An input is an Input, or what a layer makes: then the model begins behind that, with an Input of its
  /// shape. Error: std::invalid_argument if the output does not come from the input, or two layers have one
  /// name.
  Model(const Tensor& input, const Tensor& output, std::uint64_t seed = 0)
      : Model(std::vector{input}, std::vector{output}, seed) {}
  Model(const std::vector<Tensor>& inputs, const Tensor& output, std::uint64_t seed = 0)
      : Model(inputs, std::vector{output}, seed) {}
  Model(const Tensor& input, const std::vector<Tensor>& outputs, std::uint64_t seed = 0)
      : Model(std::vector{input}, outputs, seed) {}
  /// The same with several inputs and outputs, at most 16 of each.
  Model(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, Zeroed)
      : graph_(graph_of(inputs, outputs)),
        inference_(graph_, Mode{}),
        layers_(layers_of(graph_, plan())),
        block_(plan().block) {
    take_beginnings();
  }
  Model(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs, std::uint64_t seed = 0)
      : Model(inputs, outputs, Zeroed{}) {
    initialize(seed);
    take_beginnings();
  }

  /// The same with names for the outputs, which logs and losses then go by. Keras: outputs in a dict.
  Model(const std::vector<Tensor>& inputs, const std::vector<std::pair<std::string, Tensor>>& outputs,
        std::uint64_t seed = 0)
      : Model(inputs, outputs, Zeroed{}) {
    initialize(seed);
    take_beginnings();
  }
  Model(const std::vector<Tensor>& inputs, const std::vector<std::pair<std::string, Tensor>>& outputs, Zeroed)
      : Model(inputs, tensors_of(outputs), Zeroed{}) {
    for (const auto& [name, tensor] : outputs) output_names_.push_back(name);
    for (std::size_t k = 0; k < output_names_.size(); ++k)
      if (std::count(output_names_.begin(), output_names_.end(), output_names_[k]) > 1)
        throw std::invalid_argument("Model: two outputs are called '" + output_names_[k] + "'");
  }

  /// One sample: its outputs one after the other.
  std::vector<float> predict(const Arrays& x) const {
    const std::shared_ptr<const Executor> other = other_lengths(x, true);
    const Executor& executor = other ? *other : inference_.now();
    const auto& ports = executor.plan.outputs;
    std::vector<float> y(values_of(ports));
    for (std::size_t k = 0; k < x.size() && x.size() == inputs(); ++k)
      if (const std::size_t wanted = executor.plan.inputs[k].size; x[k].size() != wanted)
        throw std::invalid_argument(
            Text("predict: one sample of ", x[k].size(), " values came, ", wanted, " wanted").c_str());
    std::vector<std::span<float>> parts;
    for (const Port& port : ports) parts.push_back(std::span(y).subspan(port.first, port.size));
    predict_all(executor, x, parts, nullptr);
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
  void predict(const Arrays& x, std::initializer_list<std::span<float>> y, States<float>& states) const {
    predict_all(x, std::span(std::data(y), y.size()), &states);
  }

  /// What the k-th input is made into by its text layer: rows to predict and fit with,
  /// values.rows_of(length). A sample of no token at all gets one value. Error: the input takes no texts, or
  /// not whole samples came.
  PreparedRows prepare(std::size_t k, std::span<const std::string> texts) const {
    const Prepared& prepared = input_call(k).prepared;
    if (!prepared.by) throw std::invalid_argument(Text("Model: input ", k, " takes no texts").c_str());
    PreparedRows rows = prepared.by->rows(texts, prepared.texts);
    if (rows.length == 0)
      rows = {std::vector<float>(texts.size() / static_cast<std::size_t>(prepared.texts)), 1};
    return rows;
  }
  PreparedRows prepare(std::span<const std::string> texts) const { return prepare(0, texts); }
  /// Outputs for texts, of a model of one input and one output.
  std::vector<float> predict_texts(std::span<const std::string> texts) const {
    const PreparedRows rows = prepare(0, texts);
    const Array x = Array(rows.values).rows_of(rows.length);
    std::vector<float> y(rows.values.size() / rows.length * (texts.empty() ? 0 : sizes_for(x).second));
    if (!texts.empty()) predict(x, std::span(y));
    return y;
  }

  /// Gives every parameter its initializer's values: the same bits as those of a Sequential of the same
  /// layers.
  void initialize(std::uint64_t seed) { initialize_parameters(layers_, seed, block_.data()); }

  /// The model as a layer: all of its layers, called on other tensors. They share their weights' beginnings,
  /// not their memory: the model that is made of it begins with the values that this one has now, and trains
  /// no layer that this one does not. Error: other shapes than the layers were made for, where that changes a
  /// weight's.
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
    std::map<const SharedLayer*, std::shared_ptr<const Beginning>> beginnings;
    for (const Graph::Entry& entry : graph_.entries)
      beginnings[entry.layer.get()] = std::make_shared<const Beginning>();
    each_layer([&](const Graph::Entry& entry, const LayerPlan& row) {
      beginnings[entry.layer.get()] = std::make_shared<const Beginning>(Beginning{
          {block_.data() + row.tensors.start, block_.data() + row.tensors.end}, graph_.is_frozen(entry)});
    });
    return call_all(graph_, tensors, [&](const Graph::Entry& entry, std::vector<Tensor> reads) {
      return called(Layer(entry.layer), entry, std::move(reads), beginnings[entry.layer.get()]);
    });
  }
  /// The model on every step of sequences of so many steps: its layers are called so one by one. Error:
  /// std::invalid_argument; a layer that a TimeDistributed cannot have inside, or one that merges in another
  /// way than value by value or along the last axis. Keras: TimeDistributed of a model.
  Model on_each_step(int steps) const {
    std::vector<Tensor> from;
    for (std::size_t k = 0; k < inputs(); ++k)
      from.push_back(
          Input(keratin::detail::Distributed::of_steps(steps, input_shape(k)), graph_.inputs[k]->name));
    std::map<const SharedLayer*, Layer> layers;
    const std::vector<Tensor> to =
        call_all(graph_, from, [&](const Graph::Entry& entry, std::vector<Tensor> reads) {
          const Layer layer(entry.layer);
          const bool steps_apart = entry.inputs.count == 1;
          if (entry.layer->piece >= 0 || !(entry.node->extras() == Extras{}) ||
              (!steps_apart && !merges_all_steps(entry)))
            throw std::invalid_argument(Text("Model: layer '", graph_.name(entry.owner), "' (",
                                             entry.node->type(),
                                             ") cannot be called on each step of a sequence")
                                            .c_str());
          const auto at = layers.try_emplace(
              entry.layer.get(), steps_apart ? time_distributed(layer, graph_.name(entry.owner)) : layer);
          return at.first->second(std::move(reads));
        });
    Model model(from, to, Zeroed{});
    std::copy(block_.data(), block_.data() + block_.size(), model.block_.data());
    for (const int i : model.graph_.layers)
      if (i >= 0 && graph_.is_frozen(graph_.entry(i))) model.graph_.set_trainable(i, false);
    model.plan_again();
    return model;
  }
  /// The model with another layer in the place of one: the others are the same layers and keep their weights,
  /// as well as whether they are trained. Error: there is no such layer, or shapes no longer fit. Keras:
  /// clone_model with a clone_function.
  Model with_layer(std::string_view name, const Layer& layer, std::uint64_t seed = 0) const {
    return changed(name, seed, [&](const Graph::Entry& entry, std::vector<Tensor> reads) {
      if (entry.node->extras().return_more &&
          (layer.states() != entry.node->states() || layer.passes_mask() != entry.node->passes_mask() ||
           layer.attends() != entry.node->attends()))
        throw std::invalid_argument(
            Text("Model: layer '", name,
                 "' returns its states: a layer of as many, and of as many outputs, wanted")
                .c_str());
      return called(layer, entry, std::move(reads));
    });
  }
  /// The model with the layers of another one in the place of a layer.
  Model with_layer(std::string_view name, const Model& other) const {
    return changed(name, 0, [&](const Graph::Entry& entry, std::vector<Tensor> reads) {
      reads.erase(reads.end() - entry.node->extras().masks.count(), reads.end());
      const std::vector<Tensor> made = other.call(reads);
      if (made.size() > 1 || entry.node->extras().return_more)
        throw std::invalid_argument(
            Text("Model: a model of one output in the place of a layer with one wanted, for '", name, "'")
                .c_str());
      return made[0];
    });
  }
  /// The model without a layer: who read what it made reads its input. Error: there is no such layer, it has
  /// several inputs, or shapes no longer fit.
  Model without_layer(std::string_view name) const {
    return changed(name, 0, [&](const Graph::Entry& entry, std::vector<Tensor> reads) {
      reads.erase(reads.end() - entry.node->extras().masks.count(), reads.end());
      if (entry.node->extras().return_more)
        throw std::invalid_argument(
            Text("Model: layer '", name, "' returns its states, which others read").c_str());
      if (reads.size() > 1)
        throw std::invalid_argument(
            Text("Model: layer '", name, "' has ", reads.size(), " inputs, one wanted to leave it out")
                .c_str());
      return reads[0];
    });
  }

  /// The tensors that the model was made of: its inputs, its outputs, and what a layer made when it was
  /// called for the n-th time; parts of the model are Model(model.input(), model.tensor("conv2d")) and
  /// Model(model.tensor("conv2d"), model.output()). Error: there is no such layer or call.
  Tensor input(std::size_t k = 0) const {
    input_call(k);
    return graph_.tensor(-1 - static_cast<int>(k));
  }
  Tensor output(std::size_t k = 0) const {
    Tensor made = graph_.tensor(output_call(k));
    made.mask_ = graph_.output_mask(k);
    return made;
  }
  Tensor tensor(std::string_view layer, int n = 0) const {
    const int owner = find(layer);
    if (owner < 0 && n == 0) return graph_.tensor(owner);
    for (int i = std::max(owner, 0); i < static_cast<int>(graph_.entries.size()); ++i)
      if (graph_.entry(i).owner == owner && graph_.call_number(i) == n)
        return graph_.tensor(graph_.first_piece(i));
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
  /// Whether a layer, some layers, or every layer, is trained by trainers that are made from now on. Error:
  /// there is no such layer. Keras: trainable.
  void set_trainable(std::string_view layer, bool trainable) {
    const int owner = find(layer);
    if (owner >= 0) graph_.set_trainable(owner, trainable);
    plan_again();
  }
  void set_trainable(const std::vector<std::string>& layers, bool trainable) {
    set_each_trainable(layers, trainable);
  }
  void set_trainable(std::initializer_list<std::string_view> layers, bool trainable) {
    set_each_trainable(layers, trainable);
  }
  void set_trainable(bool trainable) {
    for (const int i : graph_.layers)
      if (i >= 0) graph_.set_trainable(i, trainable);
    plan_again();
  }

  std::span<float> block() { return {block_.data(), block_.size()}; }
  std::span<const float> block() const { return {block_.data(), block_.size()}; }
  std::size_t count_params() const { return plan().parameters; }
  /// All parameters in Keras's order, without padding. Error: not count_params() values.
  void get_weights(std::span<float> values) const { copy_weights_out(layers(), block_.data(), values); }
  void set_weights(const Array& values) { copy_weights_in(layers(), values, block_.data()); }

  /// Values of a sample of the first input and output, for such data.
  std::pair<std::size_t, std::size_t> sizes_for(const Arrays& x) const {
    const std::shared_ptr<const Executor> other = other_lengths(x, false);
    const Plan& plan = (other ? *other : inference_.now()).plan;
    return {plan.inputs[0].size, plan.outputs[0].size};
  }
  /// How long the inputs are in such data, where their first axis is open.
  Lengths lengths_of(const Arrays& x) const { return graph_.lengths_of(x, false); }
  const Plan& plan() const { return inference_.now().plan; }
  const Graph& graph() const { return graph_; }
  /// Every layer once, inputs among them, in Keras's order.
  const std::vector<LayerPlan>& layers() const { return layers_; }
  std::size_t inputs() const { return graph_.inputs.size(); }
  std::size_t outputs() const { return graph_.outputs.size(); }
  Shape input_shape(std::size_t k = 0) const { return input_call(k).shape; }
  Shape output_shape(std::size_t k = 0) const { return graph_.shape(output_call(k)); }
  ActivationFunction output_activation(std::size_t k = 0) const {
    output_call(k);
    const int last = graph_.output_layer(k);
    return last < 0 ? ActivationFunction{} : graph_.entry(last).node->activation();
  }
  std::string input_name(std::size_t k) const {
    input_call(k);
    return layer_names(layers_)[graph_.layer_index(-1 - static_cast<int>(k))];
  }
  /// The name that an output was given; otherwise that of the layer that makes it, or of the input that it
  /// is; "dense[1]" of the layer's second call. Keras: output_names.
  std::string output_name(std::size_t k) const {
    if (k < output_names_.size()) return output_names_[k];
    const int output = output_call(k);
    const std::string name = layer_names(layers_)[graph_.layer_index(output)];
    const int call = graph_.call_number(graph_.made_by(output));
    return call == 0 ? name : name + "[" + std::to_string(call) + "]";
  }
  /// Whether the outputs were given names.
  bool has_output_names() const { return !output_names_.empty(); }
  /// What a summary and files call the model: "functional", or as the file says that it was read from. Keras:
  /// name.
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  /// Arrays by the names of inputs, or of outputs, in the model's order:
  ///   fit(model.inputs_by_name({{"title", a}, {"body", b}}), ...)
  /// Error: not each of them once. Keras: x and y in a dict.
  using Named = std::initializer_list<std::pair<std::string_view, Array>>;
  Arrays inputs_by_name(Named arrays) const {
    return by_name(arrays, inputs(), "input", [&](std::size_t k) { return input_name(k); });
  }
  Arrays outputs_by_name(Named arrays) const {
    return by_name(arrays, outputs(), "output", [&](std::size_t k) { return output_name(k); });
  }
  /// What the i-th of layers() makes: of one that returns its states, or scores, a shape for each.
  std::vector<Shape> output_shapes(std::size_t i) const {
    const int layer = graph_.layers[i];
    std::vector<Shape> shapes;
    if (layer >= 0) {
      const Graph::Entry& entry = graph_.entry(layer);
      const bool more = entry.node->extras().return_more;
      for (const SliceSpec& piece : entry.node->pieces())
        if (more || static_cast<int>(shapes.size()) < entry.node->outputs())
          shapes.push_back(piece.fit(entry.out).out);
      if (more && entry.node->attends()) {
        const AttendedShapes made = entry.node->attended(entry.in);
        shapes = {made.output, made.scores};
      }
    }
    if (shapes.size() < 2) shapes = {layers_[i].out};
    return shapes;
  }
  /// What the calls of each of layers() read, as Keras writes it: "dense[1][0]" is what the second call of
  /// dense made. Nothing for a chain.
  std::vector<std::string> connections() const {
    std::vector<std::string> text;
    if (graph_.is_chain()) return text;
    const std::vector<std::string> names = layer_names(layers_);
    const auto name_of = [&](int i) {
      return names[graph_.layer_index(i)] + "[" + std::to_string(graph_.call_number(graph_.made_by(i))) +
             "][" + std::to_string(graph_.piece(i)) + "]";
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
  template <Mode M> Executors executor() const { return Executors(graph_, M); }

 private:
  // Where an input is what a layer makes, an Input takes its place, and what lies behind is called again.
  static Graph graph_of(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs) {
    Graph graph(inputs, outputs);
    std::vector<Tensor> from;
    for (std::size_t k = 0; k < inputs.size(); ++k) from.push_back(graph.tensor(-1 - static_cast<int>(k)));
    if (std::all_of(inputs.begin(), inputs.end(), [](const Tensor& x) { return !x.call_->layer; }))
      return graph;
    return Graph(from, call_all(graph, from, [](const Graph::Entry& entry, std::vector<Tensor> reads) {
                   return called(Layer(entry.layer), entry, std::move(reads), entry.call->beginning);
                 }));
  }
  const Call& input_call(std::size_t k) const {
    if (k >= inputs()) throw std::invalid_argument(Text("Model: there is no input ", k).c_str());
    return *graph_.inputs[k];
  }
  int output_call(std::size_t k) const {
    if (k >= outputs()) throw std::invalid_argument(Text("Model: there is no output ", k).c_str());
    return graph_.outputs[k];
  }
  // The executor for inputs of other lengths than inference_ has now; null where it serves.
  std::shared_ptr<const Executor> other_lengths(const Arrays& x, bool one) const {
    return graph_.is_open() ? inference_.of(graph_.lengths_of(x, one)) : nullptr;
  }
  void predict_all(const Arrays& x, std::span<const std::span<float>> y, auto states) const {
    const std::shared_ptr<const Executor> other = other_lengths(x, false);
    predict_all(other ? *other : inference_.now(), x, y, states);
  }
  void predict_all(const Executor& executor, const Arrays& x, std::span<const std::span<float>> y,
                   auto states) const {
    const Plan& plan = executor.plan;
    const std::size_t per_sample = keratin::detail::predict_workspace(plan),
                      samples = x.size() > 0 ? x[0].size() / plan.inputs[0].size : 0,
                      chunk = samples == 1
                                  ? 1
                                  : keratin::detail::predict_chunk<float>(
                                        plan.lanes, per_sample, keratin::detail::heap_chunk_bytes, true);
    thread_local Block<float> workspace;
    if (workspace.size() < chunk * per_sample) workspace = Block<float>(chunk * per_sample);
    keratin::detail::predict_in_chunks(executor, block_.data(), chunk, x, y, workspace.data(), states);
  }
  // Layers of models that were called begin with what those had.
  void take_beginnings() {
    each_layer([&](const Graph::Entry& entry, const LayerPlan& row) {
      const Beginning* const called = entry.call->beginning.get();
      const std::vector<float>& values = called ? called->values : entry.layer->values;
      if (values.size() > row.tensors.end - row.tensors.start)
        throw std::invalid_argument(
            Text("Model: layer '", row.name, "' (", row.type, ") begins with more values than it has weights")
                .c_str());
      std::copy(values.begin(), values.end(), block_.data() + row.tensors.start);
    });
  }
  static std::vector<Tensor> tensors_of(const std::vector<std::pair<std::string, Tensor>>& named) {
    std::vector<Tensor> tensors;
    for (const auto& [name, tensor] : named) tensors.push_back(tensor);
    return tensors;
  }
  static Arrays by_name(Named arrays, std::size_t count, const char* what, auto name_of) {
    std::vector<std::string> names;
    for (std::size_t k = 0; k < count; ++k) names.push_back(name_of(k));
    for (const auto& [name, array] : arrays)
      if (std::find(names.begin(), names.end(), name) == names.end())
        throw std::invalid_argument(
            Text("Model: there is no ", what, " '", name, "', ", candidates(name, names).view()).c_str());
    std::vector<Array> ordered;
    for (const std::string& name : names) {
      const auto has_name = [&](const auto& one) { return one.first == name; };
      if (const auto n = std::count_if(arrays.begin(), arrays.end(), has_name); n != 1)
        throw std::invalid_argument(
            Text("Model: ", n, " arrays for ", what, " '", name, "' came, one wanted").c_str());
      ordered.push_back(std::find_if(arrays.begin(), arrays.end(), has_name)->second);
    }
    return Arrays(ordered.data(), ordered.size());
  }
  // Whether a layer of several inputs can be called on all steps at once.
  static bool merges_all_steps(const Graph::Entry& entry) {
    bool same = entry.node->takes_an_axis_in_front();
    for (int k = 1; k < entry.in.count; ++k) same = same && entry.in[k].rank == entry.in[0].rank;
    return same;
  }
  // A layer called as in an entry, there with a mask behind its inputs or for its states.
  static Tensor called(const Layer& layer, const Graph::Entry& entry, std::vector<Tensor> reads,
                       std::shared_ptr<const Beginning> beginning = nullptr) {
    const Extras extras = entry.node->extras();
    std::optional<Tensor> mask;
    if (extras.masks.has(MasksRead::given)) mask = reads.back();
    reads.erase(reads.end() - extras.masks.count(), reads.end());
    return layer.call(std::move(reads), extras, mask, std::move(beginning));
  }
  // The outputs of a graph when every layer is called again, by call(entry, tensors).
  static std::vector<Tensor> call_all(const Graph& graph, const std::vector<Tensor>& tensors, auto call) {
    std::vector<Tensor> made, result;
    const auto at = [&](int i) {
      return i < 0 ? tensors[static_cast<std::size_t>(-1 - i)] : made[static_cast<std::size_t>(i)];
    };
    // A tensor made anew, with the mask that the old one carried where that was not the one it was made with.
    const auto again = [&](int i, const std::shared_ptr<const Call>& mask) {
      Tensor tensor = at(i);
      if (mask == graph.tensor(i).mask_) return tensor;
      tensor = tensor.unmasked();
      const int k = mask ? graph.place(*mask) : Graph::no_mask;
      return k == Graph::no_mask ? tensor : tensor.with_mask(at(k));
    };
    for (const Graph::Entry& entry : graph.entries) {
      std::vector<Tensor> reads;
      for (int k = 0; k < entry.inputs.count; ++k)
        reads.push_back(again(entry.inputs[k], entry.call->inputs[static_cast<std::size_t>(k)].mask_));
      made.push_back(call(entry, std::move(reads)));
    }
    for (std::size_t k = 0; k < graph.outputs.size(); ++k)
      result.push_back(again(graph.outputs[k], graph.output_mask(k)));
    return result;
  }
  // The model with all calls of one layer replaced by call(tensors).
  Model changed(std::string_view name, std::uint64_t seed, auto call) const {
    const int owner = find(name);
    if (owner < 0) throw std::invalid_argument(Text("Model: '", name, "' is an input").c_str());
    std::vector<Tensor> from;
    for (std::size_t k = 0; k < inputs(); ++k) from.push_back(input(k));
    Model model(from,
                call_all(graph_, from,
                         [&](const Graph::Entry& entry, std::vector<Tensor> reads) {
                           return entry.owner == owner ? call(entry, std::move(reads))
                                                       : called(Layer(entry.layer), entry, std::move(reads),
                                                                entry.call->beginning);
                         }),
                seed);
    model.set_weights_from(*this);
    model.output_names_ = output_names_;
    model.name_ = name_;
    for (const int i : model.graph_.layers)
      for (const Graph::Entry& entry : graph_.entries)
        if (i >= 0 && entry.layer == model.graph_.entry(i).layer)
          model.graph_.set_trainable(i, !graph_.is_frozen(entry));
    model.plan_again();
    return model;
  }
  // f(first call, row) for every layer that has weights.
  void each_layer(auto f) const {
    for (std::size_t i = 0; i < graph_.layers.size(); ++i)
      if (graph_.layers[i] >= 0 && layers_[i].tensors.count() > 0)
        f(graph_.entry(graph_.layers[i]), layers_[i]);
  }
  void set_each_trainable(const auto& layers, bool trainable) {
    for (const auto& layer : layers)
      if (const int owner = find(layer); owner >= 0) graph_.set_trainable(owner, trainable);
    if (layers.size() > 0) plan_again();
  }
  // The first call of a layer, or an input.
  int find(std::string_view name) const {
    const std::vector<std::string> names = layer_names(layers_);
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end())
      throw std::invalid_argument(
          Text("Model: there is no layer '", name, "', ", candidates(name, names).view()).c_str());
    return graph_.layers[static_cast<std::size_t>(at - names.begin())];
  }
  void plan_again() {
    inference_ = Executors(graph_, Mode{});
    layers_ = layers_of(graph_, plan());
  }
  static std::vector<LayerPlan> layers_of(const Graph& graph, const Plan& plan) {
    std::vector<LayerPlan> layers;
    for (const int i : graph.layers)
      if (i >= 0)
        layers.push_back(plan.layers[static_cast<std::size_t>(i)]);
      else
        layers.push_back(
            {.type = "InputLayer", .name = graph.name(i), .in = graph.shape(i), .out = graph.shape(i)});
    for (const Graph::Entry& entry : graph.entries)  // of several tensors the first one's shape
      if (entry.layer->piece == 0) layers[graph.layer_index(entry.inputs[0])].out = entry.out;
    return layers;
  }

  Graph graph_;
  Executors inference_;
  std::vector<LayerPlan> layers_;
  std::string name_ = "functional";
  std::vector<std::string> output_names_;  // none: those of the layers
  Block<float> block_;
};

}  // namespace keratin::functional
