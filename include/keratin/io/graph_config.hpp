#pragma once
// A model's layers as Keras's JSON: the records of a Sequential or of a Functional model. Needs
// nlohmann-json.
#include <keratin/io/custom_layers.hpp>
#include <keratin/io/implicit_masks.hpp>
#include <keratin/io/model_graph.hpp>
#include <keratin/io/places.hpp>
#include <keratin/io/records.hpp>
#include <keratin/io/texts.hpp>

#include <numeric>
#include <set>

namespace keratin::io {

namespace detail {

using functional::Call, functional::Graph, functional::Layer, functional::Node, functional::Tensor;

/// Writes the layers of a graph. names: of its layers(), as Keras takes them.
class GraphWriter {
 public:
  GraphWriter(const functional::Model& model, std::vector<std::string> names, const CustomLayers& custom)
      : model_(model), graph_(model.graph()), names_(std::move(names)), custom_(custom) {
    make_names();
    find_written();
    number_groups();
    find_batch_size();
  }

  Json functional() {
    Json layers = Json::array(), extras = Json::array();
    for (const int i : order_) {
      layers.push_back(record(i, extras));
      if (has_texts(i)) layers.push_back(text_layer(i));
    }
    for (Json& extra : extras) layers.push_back(std::move(extra));
    Json in = Json::array(), out = Json::array();
    for (std::size_t k = 0; k < model_.inputs(); ++k)
      in.push_back(Json::array({name_of(-1 - static_cast<int>(k)), 0, 0}));
    for (std::size_t k = 0; k < model_.outputs(); ++k) {
      const Tensor y = model_.output(k);
      out.push_back(leaves_mask_behind(y) ? without_mask(graph_.outputs[k], layers)
                                          : history(graph_.outputs[k]));
    }
    if (model_.has_output_names()) {
      Json named = Json::object();
      for (std::size_t k = 0; k < out.size(); ++k) named[model_.output_name(k)] = out[k];
      out = std::move(named);
    }
    Json record = record_of("keras.src.models.functional", "Functional",
                            {{"name", plain_names({model_.name()})[0]},
                             {"trainable", true},
                             {"layers", layers},
                             {"input_layers", in},
                             {"output_layers", out}});
    record["registered_name"] = "Functional";
    record["build_config"] = {{"input_shape", nullptr}};
    return record;
  }
  /// Of a chain.
  Json sequential() {
    Json layers = Json::array(), none = Json::array();
    for (const int i : order_) {
      layers.push_back(record(i, none));
      layers.back().erase("inbound_nodes");
      layers.back().erase("name");
    }
    const Json shape = batch_shape(model_.input_shape());
    Json record = record_of("keras", "Sequential",
                            {{"name", "sequential"},
                             {"trainable", true},
                             {"dtype", "float32"},
                             {"layers", layers},
                             {"build_input_shape", shape}});
    record["build_config"] = {{"input_shape", shape}};
    return record;
  }
  /// The text layers in front of inputs, with their groups.
  struct TextLayer {
    const functional::Preparation* layer;
    std::string group, name;
  };
  const std::map<int, TextLayer>& text_layers() const { return texts_; }
  /// The layers that have weights, in the file's order.
  const std::vector<Stored>& stored() const { return stored_; }
  /// Whether there is something that Keras itself cannot read again out of an .h5.
  bool has_operators() const { return has_operators_; }

 private:
  // Operators that are in no summary have no name yet. And where a Concatenate has a mask, Keras makes an
  // operator that takes the automatic name of the layer.
  void make_names() {
    taken_.insert(names_.begin(), names_.end());
    for (std::size_t i = 0; i < graph_.entries.size(); ++i) {
      const Graph::Entry& e = graph_.entries[i];
      if (e.owner != static_cast<int>(i) || e.layer->piece >= 0) continue;
      if (!is_row(e.owner)) {
        more_names_[e.owner] = new_name(snake_case(e.node->type()));
      } else if (e.call->mask && std::string_view(e.node->type()) == ConcatenateSpec::name) {
        std::string& name = names_[graph_.layer_index(e.owner)];
        if (name.starts_with(snake_case(e.node->type()))) name = new_name("masked_" + name);
      }
    }
  }
  bool is_row(int call) const { return graph_.layer_index(call) < names_.size(); }
  // Of the layer of a call, or of an input.
  const std::string& name_of(int i) const {
    const std::size_t row = graph_.layer_index(i);
    return row < names_.size() ? names_[row] : more_names_.at(graph_.entry(graph_.made_by(i)).owner);
  }

  // What is written: all that the outputs need, without what only makes masks that Keras makes by itself.
  void find_written() {
    std::set<int> written;
    std::vector<int> todo(graph_.outputs);
    while (!todo.empty()) {
      const int i = graph_.made_by(todo.back());
      todo.pop_back();
      if (i < 0 || !written.insert(i).second) continue;
      const Graph::Entry& e = graph_.entry(i);
      for (int k = 0; k < data_inputs(e); ++k) todo.push_back(e.inputs[k]);
      if (const std::optional<int> mask = written_mask(e)) todo.push_back(*mask);
    }
    for (const int owner : keras_order())
      if (owner < 0 || written.contains(owner)) order_.push_back(owner);
    for (const int i : written)
      if (graph_.entry(i).owner == i && !is_row(i)) order_.push_back(i);
    for (std::size_t k = 0; k < graph_.outputs.size(); ++k) {
      if (masks_.was_given(model_.output(k)))
        throw FileError("output " + std::to_string(k) +
                        " has a mask that was given to it, which files cannot say");
    }
  }
  // First calls, and inputs, in the order of Keras, which takes outputs with names by their names.
  std::vector<int> keras_order() const {
    std::vector<std::size_t> outputs(model_.outputs());
    std::iota(outputs.begin(), outputs.end(), std::size_t{});
    if (model_.has_output_names())
      std::sort(outputs.begin(), outputs.end(),
                [&](std::size_t a, std::size_t b) { return model_.output_name(a) < model_.output_name(b); });
    std::vector<Tensor> from, to;
    for (std::size_t k = 0; k < model_.inputs(); ++k) from.push_back(model_.input(k));
    for (const std::size_t k : outputs) {
      const Tensor y = model_.output(k);
      to.push_back(leaves_mask_behind(y) ? y.then(PowerSpec{}) : y);  // some operator
    }
    const Graph sorted(from, to);
    std::map<const functional::SharedLayer*, int> owners;
    for (const Graph::Entry& e : graph_.entries) owners.emplace(e.layer.get(), e.owner);
    std::vector<int> order;
    // Operators that Keras needs in between make the way to an output longer.
    const auto more = [&](const Graph::Entry& e, int k) {
      return (k < data_inputs(e) && leaves_mask_behind(e, k)) + reduces_in_two(e);
    };
    for (const int i : sorted.keras_order(more)) {
      const auto owner = i < 0 ? owners.end() : owners.find(sorted.entry(i).layer.get());
      if (i < 0) order.push_back(i);
      if (owner != owners.end()) order.push_back(owner->second);
    }
    return order;
  }
  void number_groups() {
    Groups groups;
    for (const int i : order_) {
      if (i < 0) {
        groups.of("InputLayer");
        if (const functional::Prepared& prepared = input_of(i).prepared; prepared.by) {
          const std::string type = prepared.by->type();
          texts_[i] = {prepared.by.get(), groups.of(type),
                       new_name(prepared.name.empty() ? snake_case(type) : prepared.name)};
        }
        continue;
      }
      const Node& node = *graph_.entry(i).node;
      if (operator_module(node)) {
        has_operators_ = true;
        continue;
      }
      const std::optional<NodeConfig> known = node_config(node, custom_);
      const std::string name = known ? known->class_name(node) : node.type(), group = groups.of(name);
      if (graph_.entry(i).parameters->count > 0)
        stored_.push_back({name_of(i), &node_with_weights(model_, graph_.layer_index(i)), group,
                           weights_in(name, known ? known->config : Json::object()), graph_.layer_index(i),
                           graph_.entry(i).layer->group});
    }
  }

  // Keras wants to know it where layers are stateful: 1 where no input says it.
  void find_batch_size() {
    const bool stateful = std::any_of(graph_.entries.begin(), graph_.entries.end(), [&](const auto& e) {
      return e.node->plan(e.in, 0, {.training = true}).state > 0;
    });
    if (!stateful) return;
    batch_size_ = 1;
    for (const auto& input : graph_.inputs)
      if (input->batch_size > 0) batch_size_ = input->batch_size;
  }

  static int data_inputs(const Graph::Entry& e) { return e.inputs.count - e.node->extras().masks.count(); }

  // The mask that a recurrent layer is given in the file, one that Keras would not give it by itself, or that
  // of an attention's scores.
  std::optional<int> written_mask(const Graph::Entry& e) const {
    if (!e.node->extras().masks.has(MasksRead::given)) return std::nullopt;
    if (e.node->reads_masks()) return e.inputs[e.inputs.count - 1];
    if (!e.node->extras().initial_state &&
        masks_.agrees(e.call->inputs[0].call(), &e.call->inputs.back().call()))
      return std::nullopt;
    return e.inputs[e.inputs.count - 1];
  }
  NodeConfig config_of(const Node& node) const {
    std::optional<NodeConfig> known = node_config(node, custom_);
    if (!known) throw FileError("class " + std::string(node.type()) + " is not known to files");
    return *std::move(known);
  }

  Json batch_shape(const Shape& shape, bool open = false) const {
    Json extents = Json::array({batch_size_});
    for (int a = 0; a < shape.rank; ++a) extents.push_back(a == 0 && open ? Json(nullptr) : Json(shape[a]));
    return extents;
  }
  const Call& input_of(int i) const { return *graph_.inputs[static_cast<std::size_t>(-1 - i)]; }
  bool has_texts(int i) const { return texts_.contains(i); }
  // A layer that takes one text of a sample would add an axis to it.
  Json texts_shape(int i) const {
    const functional::Prepared& prepared = input_of(i).prepared;
    Json shape = Json::array({batch_size_});
    if (!text_record(*prepared.by).nests) shape.push_back(prepared.texts);
    return shape;
  }
  // The record of the text layer in front of an input.
  Json text_layer(int i) const {
    const TextLayer& text = texts_.at(i);
    Json config = text_record(*text.layer).config;
    config["name"] = text.name;
    if (!config.contains("dtype")) config["dtype"] = "float32";
    Json record = record_of("keras.layers", text.layer->type(), std::move(config));
    record["name"] = text.name;
    record["inbound_nodes"] = Json::array();
    const Json of_texts = {
        {"class_name", "__keras_tensor__"},
        {"config", {{"shape", texts_shape(i)}, {"dtype", "string"}, {"keras_history", {name_of(i), 0, 0}}}}};
    record["inbound_nodes"].push_back({{"args", Json::array({of_texts})}, {"kwargs", Json::object()}});
    return record;
  }
  Json history(int i) const {
    if (has_texts(i)) return {texts_.at(i).name, 0, 0};
    return {name_of(i), graph_.call_number(graph_.made_by(i)), graph_.piece(i)};
  }
  Json tensor(int i) const { return tensor_of(graph_.shape(i), history(i)); }
  Json tensor_of(const Shape& shape, Json history) const {
    return {{"class_name", "__keras_tensor__"},
            {"config", {{"shape", batch_shape(shape)}, {"dtype", "float32"}, {"keras_history", history}}}};
  }

  Json operator_record(const char* module, const std::string& class_name, Json config,
                       const std::string& name, Json args) const {
    config["name"] = name;
    Json record = record_of(module, class_name, std::move(config));
    record["registered_name"] = class_name;
    record["name"] = name;
    record["inbound_nodes"] = Json::array();
    record["inbound_nodes"].push_back({{"args", std::move(args)}, {"kwargs", Json::object()}});
    return record;
  }
  std::string new_name(const std::string& name) { return free_name(name, taken_); }

  // The record of a layer, as its first call or an input; `extras` get operators that Keras needs before it.
  Json record(int i, Json& extras) {
    const std::string& name = name_of(i);
    if (i < 0) {
      const Call& input = input_of(i);
      Json record =
          record_of("keras.layers", "InputLayer",
                    {{"batch_shape", has_texts(i) ? texts_shape(i) : batch_shape(input.shape, input.open)},
                     {"dtype", has_texts(i) ? "string" : "float32"},
                     {"sparse", false},
                     {"name", name}});
      record["name"] = name;
      record["inbound_nodes"] = Json::array();
      return record;
    }
    const Graph::Entry& first = graph_.entry(i);
    try {
      if (const char* const module = operator_module(*first.node))
        return operator_of(i, module, name, extras);
      NodeConfig known = config_of(*first.node);
      Json& config = known.config;
      remove_what_fusion_sets(*first.node, config);
      config["name"] = name;
      if (graph_.is_frozen(first) && learns(first))
        config["trainable"] = false;  // not every class takes the key
      if (!config.contains("dtype")) config["dtype"] = "float32";
      if (returns_states(i)) of_recurrence(config)["return_state"] = true;
      keep_while_loading(config, i + 1);
      Json record = record_of("keras.layers", known.class_name(*first.node), std::move(config));
      if (!known.registered.empty()) record["registered_name"] = known.registered;
      if (first.parameters->count > 0) record["build_config"] = build_config(first);
      record["name"] = name;
      record["inbound_nodes"] = Json::array();
      for (int k = i; k < static_cast<int>(graph_.entries.size()); ++k)
        if (graph_.entry(k).owner == i) record["inbound_nodes"].push_back(node(k, extras));
      return record;
    } catch (const FileError& e) {
      throw FileError("layer '" + name + "' (" + first.node->type() + "): " + e.what());
    }
  }
  // Keras knows objects by their address while it loads, and Bidirectional frees the layer that it copies:
  // what comes to lie there would be taken for that one. A shared object is kept.
  static void keep_while_loading(Json& config, int id) {
    if (is_bidirectional(config)) config["layer"]["shared_object_id"] = id;
    if (config.contains("layer") && config["layer"].contains("config"))
      keep_while_loading(config["layer"]["config"], id);
  }
  static bool learns(const Graph::Entry& e) {
    const functional::SharedLayer& layer = *e.layer;
    return std::any_of(layer.parameters->begin(), layer.parameters->end(),
                       [](const Parameter& p) { return p.trainable; });
  }
  bool returns_states(int owner) const {
    for (const Graph::Entry& e : graph_.entries)
      if (e.owner == owner && e.node->states() > 0 && e.node->extras().return_more) return true;
    return false;
  }
  Json build_config(const Graph::Entry& e) const {
    if (e.node->extras().initial_state) {
      Json states = Json::array();
      for (int k = 1; k < data_inputs(e); ++k) states.push_back(batch_shape(e.in[k]));
      return {{"shapes_dict",
               {{"sequences_shape", batch_shape(e.in[0])}, {"initial_state_shape", std::move(states)}}}};
    }
    Json shape = batch_shape(e.in[0]);
    if (!merges(e)) return {{"input_shape", shape}};
    shape = Json::array();
    for (const int k : written_inputs(e)) shape.push_back(batch_shape(e.in[k]));
    if (!takes_arguments(e)) return {{"input_shape", shape}};
    Json named = Json::object();
    for (std::size_t k = 0; k < shape.size(); ++k)
      named[std::array{"query_shape", "value_shape", "key_shape"}[k]] = shape[k];
    return {{"shapes_dict", named}};
  }
  static bool merges(const Graph::Entry& e) { return !e.node->reads_mask() && e.node->takes(2); }
  // Whether several inputs are arguments, not a list.
  static bool takes_arguments(const Graph::Entry& e) {
    bool arguments = false;
    functional::with_spec(*e.node, [&]<class S>(const S&) { arguments = requires { S::takes_arguments; }; });
    return arguments;
  }
  static const char* second_argument(const Graph::Entry& e) {
    const char* name = nullptr;
    functional::with_spec(*e.node, [&]<class S>(const S&) {
      if constexpr (requires { S::second_argument; }) name = S::second_argument;
    });
    return name;
  }
  // The inputs that Keras is given: of attention a query and a value in any case.
  static std::vector<int> written_inputs(const Graph::Entry& e) {
    std::vector<int> inputs(static_cast<std::size_t>(data_inputs(e)));
    std::iota(inputs.begin(), inputs.end(), 0);
    if (e.node->attends() && inputs.size() == 1) inputs.push_back(0);
    return inputs;
  }
  // Keras takes the masks of attention and of merging along by itself, and cannot be given others.
  void check_masks(const Graph::Entry& e) const {
    for (int k = 0; k < data_inputs(e) && e.node->reads_masks(); ++k)
      if (masks_.was_given(e.call->inputs[static_cast<std::size_t>(k)]))
        throw FileError("input " + std::to_string(k) +
                        " has a mask that was given to it, which files cannot say");
    if (e.node->attends() && !takes_arguments(e) && e.node->extras().masks.has(MasksRead::given))
      throw FileError("attention_mask: Keras has none here");
  }

  // One call of a layer.
  Json node(int i, Json& extras) {
    const Graph::Entry& e = graph_.entry(i);
    check_masks(e);
    Json tensors = Json::array(), kwargs = Json::object();
    for (const int k : written_inputs(e)) tensors.push_back(read(e, k, extras));
    Json args = Json::array();
    if (e.node->attends()) {
      if (e.node->extras().use_causal_mask) kwargs["use_causal_mask"] = true;
      if (e.node->extras().return_more) kwargs["return_attention_scores"] = true;
      if (const std::optional<int> mask = written_mask(e)) kwargs["attention_mask"] = tensor(*mask);
    }
    if (takes_arguments(e)) {
      args = tensors;
      if (const char* const name = second_argument(e); name && tensors.size() > 1) {
        kwargs[name] = tensors[1];
        args.erase(1);
      }
    } else if (merges(e)) {
      args.push_back(tensors);
    } else {
      args.push_back(tensors[0]);
      if (tensors.size() > 1) kwargs["initial_state"] = Json(tensors.begin() + 1, tensors.end());
      if (const std::optional<int> mask = written_mask(e)) kwargs["mask"] = tensor(*mask);
    }
    return {{"args", args}, {"kwargs", kwargs}};
  }
  // What a call reads; behind an operator that does nothing where a mask was left behind that Keras would
  // take along.
  Json read(const Graph::Entry& e, int k, Json& extras) {
    if (!leaves_mask_behind(e, k)) return tensor(e.inputs[k]);
    return tensor_of(e.in[k], without_mask(e.inputs[k], extras));
  }
  bool leaves_mask_behind(const Graph::Entry& e, int k) const {
    const Tensor& x = e.call->inputs[static_cast<std::size_t>(k)];
    if (k > 0 && e.node->states() > 0) return false;
    const bool minds = e.node->passes_mask() || e.node->masks_change_it() || e.node->reads_mask();
    const bool reads_mask = (e.node->reads_mask() && e.node->extras().masks.count() > 0) || x.mask();
    return minds && !operator_module(*e.node) && !reads_mask && !e.node->extras().initial_state &&
           masks_.of(x.call());
  }
  bool leaves_mask_behind(const Tensor& output) const { return !output.mask() && masks_.of(output.call()); }
  // Operators take no mask along.
  Json without_mask(int i, Json& extras) {
    const std::string name = new_name("unmasked");
    extras.push_back(operator_record("keras.src.ops.numpy", "Multiply", Json::object(), name,
                                     Json::array({tensor(i), 1.0})));
    has_operators_ = true;
    return Json::array({name, 0, 0});
  }

  Json operator_of(int i, const char* module, const std::string& name, Json& extras) {
    const Graph::Entry& e = graph_.entry(i);
    Json args = Json::array(), config = Json::object();
    for (int k = 0; k < data_inputs(e); ++k) args.push_back(tensor(e.inputs[k]));
    functional::with_spec(*e.node, [&]<class S>(const S& spec) {
      if constexpr (std::is_same_v<S, PowerSpec>) args.push_back(spec.exponent);
      if constexpr (std::is_same_v<S, ThresholdSpec>) config = config_from_spec(spec);
      if constexpr (std::is_same_v<S, NotEqualSpec>) args.push_back(spec.value);
      if constexpr (std::is_same_v<S, SliceSpec>) args.push_back(indices(spec));
      if constexpr (requires { spec.keepdims; }) {
        // Where no axis is left there is one element here, and none in Keras: the last axis goes on its own.
        const int rank = e.in[0].rank;
        const unsigned all = all_axes(rank), axes = spec.axes == 0 ? all : spec.axes;
        const auto settings = [&](unsigned bits, bool keepdims) {
          Json list = Json::array();
          for (int a = 0; a < rank; ++a)
            if (bits >> a & 1) list.push_back(a + 1);
          return Json{{"axis", list}, {"keepdims", keepdims}};
        };
        config = settings(axes, spec.keepdims);
        if (axes == all && !spec.keepdims) {
          if (rank > 1) {
            const std::string before = new_name(name + "_inner");
            extras.push_back(
                operator_record(module, e.node->type(), settings(all >> 1, false), before, args));
            args = Json::array({tensor_of(Shape{e.in[0].last()}, {before, 0, 0})});
          }
          config = {{"axis", Json::array({1})}, {"keepdims", true}};
        }
      }
    });
    Json record = operator_record(module, e.node->type(), std::move(config), name, std::move(args));
    if (graph_.entry(i).owner == i)
      for (int k = i + 1; k < static_cast<int>(graph_.entries.size()); ++k)
        if (graph_.entry(k).owner == i) throw FileError("an operator is called once, this one several times");
    return record;
  }
  static constexpr unsigned all_axes(int rank) { return (1u << rank) - 1; }
  static bool reduces_in_two(const Graph::Entry& e) {
    bool two = false;
    functional::with_spec(*e.node, [&](const auto& spec) {
      if constexpr (requires { spec.keepdims; })
        two = e.in[0].rank > 1 && !spec.keepdims && (spec.axes == 0 || spec.axes == all_axes(e.in[0].rank));
    });
    return two;
  }
  static Json indices(const SliceSpec& spec) {
    const auto slice = [](Json start, Json stop, Json step) {
      return Json{{"class_name", "__slice__"},
                  {"config", {{"start", start}, {"stop", stop}, {"step", step}}}};
    };
    Json list = Json::array({slice(nullptr, nullptr, nullptr)});
    for (int a = 0; a < spec.count; ++a) {
      const Slice& s = spec.slices[static_cast<std::size_t>(a)];
      if (s == Slice::at(s.begin))
        list.push_back(s.begin);
      else
        list.push_back(slice(s.begin, s.end == Slice::whole ? Json() : Json(s.end), s.step));
    }
    return list;
  }

  const functional::Model& model_;
  const Graph& graph_;
  std::vector<std::string> names_;
  const CustomLayers& custom_;
  std::map<int, std::string> more_names_;
  std::set<std::string> taken_;
  std::vector<int> order_;
  std::vector<Stored> stored_;
  std::map<int, TextLayer> texts_;
  ImplicitMasks masks_;
  Json batch_size_{};  // null: any
  bool has_operators_ = false;
};

}  // namespace detail
}  // namespace keratin::io
