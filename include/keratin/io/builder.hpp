#pragma once
// Builder: a model made of the records that Keras's files have for it. Needs nlohmann-json.
#include <keratin/io/operators.hpp>
#include <keratin/io/places.hpp>
#include <keratin/io/records.hpp>
#include <keratin/io/texts.hpp>

#include <boost/hana/unpack.hpp>

#include <array>
#include <set>

namespace keratin::io::detail {

inline constexpr std::size_t most_calls = 10'000;  // of layers, also where a model inside is called again
inline constexpr std::size_t most_reads = 256;     // of a call

/// Makes a model of Keras's records.
class Builder {
 public:
  /// A layer that may have weights: its name in the model, its group in .weights.h5, whether it is trained,
  /// and where it stands in the lists of layers, from the outermost one inwards.
  struct Place {
    std::string name, group;
    bool trainable = true;
    std::vector<std::size_t> at{};
    bool in_config = false;  // its config says what they are
  };
  std::vector<Place> places;  // in the order of the lists
  /// How many weights there can be in the file: a model that has more is refused before it takes memory.
  std::uint64_t most_weights = UINT64_MAX;

  explicit Builder(const CustomLayers& custom, const Beside& file = nothing_beside())
      : custom_(custom), file_(file) {}

  functional::Model build(const Json& record) {
    functional::Model built = std::move(*model(record, {}));
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.at < b.at; });
    return built;
  }

 private:
  // A layer or a model inside, once, however often it is called.
  struct Made {
    std::optional<Layer> layer;
    std::shared_ptr<functional::Model> model;
    std::vector<Layer> stack{};  // one after the other: the cells of an RNN, or what a layer is made of
    bool backwards = false;
  };
  // The model that layers stand in: how their names and groups begin, whether it is trained, and how many
  // models are around it.
  struct Around {
    std::string prefix{}, group{};
    bool trainable = true;
    int depth = 0;

    std::string below() const { return group.empty() ? "" : group + "/"; }
  };

  std::shared_ptr<functional::Model> model(const Json& record, Around around) {
    const std::string class_name = text_in(record, "class_name");
    if (!is_model(class_name))
      throw FileError("class " + class_name + " came, Sequential or Functional wanted");
    if (around.depth > 20) throw FileError("models inside models, deeper than 20");
    const Json& config = member(record, "config");
    if (config.contains("trainable") && config["trainable"] == false) around.trainable = false;
    const std::shared_ptr<functional::Model> made =
        is_sequential(class_name) ? sequential(config, around) : InGraph(*this, config, around).build();
    if (const Json name = config.value("name", Json()); name.is_string()) made->set_name(name);
    return made;
  }

  // An Input of a batch's shape.
  static Tensor input(const Json& batch_shape, const std::string& name) {
    if (!batch_shape.is_array() || batch_shape.size() < 2) wants(batch_shape, "a shape of two or more axes");
    const bool open = batch_shape[1].is_null();
    Shape shape;
    int batch_size = 0;
    Json extents = Json::array();
    for (std::size_t a = 1; a < batch_shape.size(); ++a) extents.push_back(batch_shape[a]);
    if (open) extents[0] = functional::shown_length;
    for (const Json& extent : extents)
      if (extent.is_null()) wants(batch_shape, "only the first axis of a sample open");
    take(extents, shape);
    if (!batch_shape[0].is_null()) take(batch_shape[0], batch_size);
    return functional::detail::input(shape, name, open, {}, batch_size);
  }
  // The input that a text layer makes.
  Tensor text_input(const Json& record, const Json& batch_shape, const std::string& name,
                    const Around& around, const std::string& group) const {
    return in_layer(record, [&] {
      if (around.depth > 0) throw FileError("texts go into the outermost model only");
      return functional::TextInput(
          functional::Prepared{
              preparation_from(text_in(record, "class_name"), member(record, "config"), file_, group),
              texts_of_each(batch_shape), around.prefix + name_in(record)},
          name);
    });
  }
  static const Json* batch_shape_of(const Json& config) {
    for (const char* key : {"batch_shape", "batch_input_shape"})
      if (config.contains(key) && !config[key].is_null()) return &config[key];
    return nullptr;
  }

  std::shared_ptr<functional::Model> sequential(const Json& config, const Around& around) {
    const Json& layers = list_in(config, "layers");
    if (layers.empty()) throw FileError("a Sequential without layers");
    const Json& first = member(layers[0], "config");
    const Json* shape = batch_shape_of(first);
    if (!shape && config.contains("build_input_shape")) shape = &config["build_input_shape"];
    if (!shape) throw FileError("a Sequential that does not say its input's shape");
    const bool has_input = class_of(layers[0]) == "InputLayer";
    const std::string name = has_input ? around.prefix + name_in(layers[0]) : "";
    Groups groups;
    // A text layer in front is a part of the input.
    const std::size_t text = has_input && takes_texts(first) ? 1 : 0;
    const bool of_texts = text < layers.size() && is_text_class(text_in(layers[text], "class_name")) &&
                          (text == 1 || text_in(layers[text], "class_name") != "Hashing");
    const Tensor x = of_texts ? text_input(layers[text], *shape, name, around,
                                           around.below() + groups.of(text_in(layers[text], "class_name")))
                              : input(*shape, name);
    Tensor y = x;
    for (std::size_t i = of_texts ? text + 1 : 0; i < layers.size(); ++i) {
      const Json& record = layers[i];
      if (text_in(record, "class_name") == "InputLayer") continue;
      in_layer(record, [&] {
        const Made layer =
            make(record, i, around, around.below() + groups.of(text_in(record, "class_name")), y.shape());
        y = call(layer, {y}, {}, {}, {}).at(0);
      });
    }
    return made_of(std::vector{x}, std::vector{y}, std::vector{y});
  }

  // The layers of a Functional model. Their records come in any order; each is called when what it reads is
  // there.
  class InGraph {
   public:
    InGraph(Builder& builder, const Json& config, const Around& around)
        : builder_(builder), config_(config), around_(around) {}

    std::shared_ptr<functional::Model> build() {
      read_records();
      convert_nodes_of_keras_2();
      make_text_inputs();
      call_layers();
      return with_ports();
    }

   private:
    // A layer whose calls are not all made.
    struct Pending {
      const Json* record;
      std::string name, group;
      std::size_t order;
      const Json* nodes = nullptr;
      std::shared_ptr<const Json> converted{};  // what nodes are where Keras 2 wrote others
      std::size_t next = 0;                     // its call that was not made yet
      // The call that this one waits for.
      const std::vector<std::vector<Tensor>>* source = nullptr;
      std::size_t source_call = 0;
      std::optional<Made> made{};
    };

    void read_records() {
      Groups groups;
      std::size_t order = 0;
      const std::map<std::string, std::string> keys = keys_of_inputs();
      for (const Json& record : list_in(config_, "layers")) {
        const std::string class_name = text_in(record, "class_name");
        Pending p{&record, name_in(record), "", order++};
        if (!is_operator(record)) p.group = around_.below() + groups.of(class_name);
        if (is_model(class_name) && !is_sequential(class_name)) counted_from_1_.insert(p.name);
        if (calls_.contains(p.name)) throw FileError("layer '" + p.name + "' comes twice");
        calls_[p.name] = {};
        if (class_name == "InputLayer") {
          in_layer(record, [&] { make_input(member(record, "config"), p.name, keys); });
        } else {
          p.nodes = &list_in(record, "inbound_nodes");
          pending_.push_back(std::move(p));
        }
      }
    }
    // Keras 2 counts the calls of models inside from 1 everywhere, unless it learnt their input's shape late.
    void convert_nodes_of_keras_2() {
      std::set<std::string> from_1;
      bool is_keras_2 = false;
      for (const Pending& p : pending_) {
        if (is_model(text_in(*p.record, "class_name"))) from_1.insert(p.name);
        for (const Json& node : *p.nodes) is_keras_2 = is_keras_2 || node.is_array();
      }
      if (!is_keras_2) return;
      const auto convert = [&](const Pending& p, auto call_of) {
        return in_layer(*p.record, [&] {
          Json nodes = *p.nodes;
          for (Json& node : nodes)
            if (node.is_array()) node = node_of_keras_2(node, call_of);
          return nodes;
        });
      };
      const auto note = [&](const Reference& r) {
        if (r.call == 0) from_1.erase(r.layer);
        return r.call;
      };
      for (const Pending& p : pending_) convert(p, note);
      each_leaf(member(config_, "output_layers"), "",
                [&](const std::string&, const Json& j) { note(reference(j)); });
      for (Pending& p : pending_) {
        p.converted = std::make_shared<const Json>(
            convert(p, [&](const Reference& r) { return r.call - from_1.contains(r.layer); }));
        p.nodes = p.converted.get();
      }
      counted_from_1_ = std::move(from_1);
    }
    // Inputs in a dict are called by their keys.
    std::map<std::string, std::string> keys_of_inputs() const {
      std::map<std::string, std::string> keys;
      if (const Json& inputs = member(config_, "input_layers"); inputs.is_object())
        for (const auto& [key, value] : inputs.items()) keys.emplace(reference(value).layer, key);
      return keys;
    }
    void make_input(const Json& config, const std::string& layer,
                    const std::map<std::string, std::string>& keys) {
      const Json* shape = batch_shape_of(config);
      if (!shape) throw FileError("no shape");
      const auto key = keys.find(layer);
      const std::string name = around_.prefix + (key == keys.end() ? layer : key->second);
      if (takes_texts(config))
        texts_.emplace(layer, std::pair(shape, name));
      else
        calls_[layer] = {{input(*shape, name)}};
    }
    // A layer that reads texts makes the input.
    void make_text_inputs() {
      std::erase_if(pending_, [&](const Pending& p) {
        return in_layer(*p.record, [&] {
          const std::vector<Reference> reads =
              p.nodes->empty() ? std::vector<Reference>{} : tensors_in(arguments_of((*p.nodes)[0]).args);
          const auto from = reads.empty() ? texts_.end() : texts_.find(reads[0].layer);
          if (from == texts_.end() || !is_text_class(text_in(*p.record, "class_name"))) return false;
          if (p.nodes->size() > 1 || reads.size() > 1 || !calls_[from->first].empty())
            throw FileError("the texts of an input go into one layer, which is called once");
          const auto& [shape, name] = from->second;
          calls_[p.name] =
              calls_[from->first] = {{builder_.text_input(*p.record, *shape, name, around_, p.group)}};
          return true;
        });
      });
    }

    void call_layers() {
      for (bool progress = true; progress && !pending_.empty();) {
        progress = false;
        for (Pending& p : pending_) {
          if (p.source && p.source_call >= p.source->size()) continue;
          for (; p.next < p.nodes->size(); ++p.next) {
            if (!in_layer(*p.record, [&] { return make_call(p); })) break;
            progress = true;
          }
        }
        std::erase_if(pending_, [](const Pending& p) { return p.next == p.nodes->size(); });
      }
      if (!pending_.empty()) refuse_pending();
    }
    // Goes from one to that which it waits for, until one waits for nothing that will be, or for one met
    // before.
    [[noreturn]] void refuse_pending() const {
      std::vector<const Pending*> met{&pending_[0]};
      while (true) {
        const auto next = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& p) {
          return &calls_.at(p.name) == met.back()->source;
        });
        if (next == pending_.end())
          throw FileError("layer '" + met.back()->name + "' reads what no layer makes");
        if (std::find(met.begin(), met.end(), &*next) != met.end())
          throw FileError("layer '" + next->name + "' is in a cycle: it reads what its own output leads to");
        met.push_back(&*next);
      }
    }
    // The next call of a layer, unless something that it reads is not there yet.
    bool make_call(Pending& p) {
      const Json& record = *p.record;
      const Arguments arguments = arguments_of((*p.nodes)[p.next]);
      const std::vector<Reference> reads = all_reads(arguments);
      for (const Reference& r : reads)
        if (!is_made(p, r)) return false;
      if (is_operator(record) && makes_a_mask(record, arguments)) {
        implicit_.insert(p.name);
        calls_[p.name].push_back({at(tensors_in(arguments.args).at(0))});
        return true;
      }
      for (const Reference& r : reads)
        if (implicit_.contains(r.layer) && !(arguments.mask && r.layer == arguments.mask->layer))
          throw FileError("it reads '" + r.layer + "', an operator that is known as part of a mask only");
      if (is_operator(record))
        calls_[p.name].push_back(
            {operate(record, arguments, [&](const Reference& r) { return at(r); }, around_.prefix + p.name)});
      else
        calls_[p.name].push_back(call_layer(p, arguments));
      return true;
    }
    static std::vector<Reference> all_reads(const Arguments& arguments) {
      std::vector<Reference> all = tensors_in(arguments.args);
      if (all.size() > most_reads)
        throw FileError(std::to_string(all.size()) + " tensors came, at most " + std::to_string(most_reads) +
                        " wanted");
      all.insert(all.end(), arguments.state.begin(), arguments.state.end());
      if (arguments.mask) all.push_back(*arguments.mask);
      return all;
    }
    // Whether what a call reads is there; if not, the call waits for it.
    bool is_made(Pending& p, const Reference& r) {
      const auto source = calls_.find(r.layer);
      if (source == calls_.end()) throw FileError("it reads '" + r.layer + "', which is not there");
      if (texts_.contains(r.layer)) throw FileError("it reads texts, which go into text layers only");
      p.source = &source->second;
      p.source_call = r.call;
      if (r.call >= p.source->size()) return false;
      if (r.tensor >= (*p.source)[r.call].size())
        throw FileError("it reads tensor " + std::to_string(r.tensor) + " of '" + r.layer +
                        "', which is not there");
      return true;
    }
    // What Keras writes for the mask of a Concatenate; here masks are joined when the layer is called.
    bool makes_a_mask(const Json& record, const Arguments& arguments) const {
      const std::string op = text_in(record, "class_name");
      if (op == "ZerosLike" || op == "OnesLike") return true;
      if (op == "ExpandDims") {  // of a mask, or a function of a tensor like others
        const std::vector<Reference> reads = tensors_in(arguments.args);
        return !reads.empty() && (implicit_.contains(reads[0].layer) || is_mask(at(reads[0]).call()));
      }
      for (const Reference& r : tensors_in(arguments.args))
        if (implicit_.contains(r.layer))
          return op == "Concatenate" || op == "Any" || op == "LogicalOr" || op == "ConvertToTensor";
      return false;
    }
    static bool is_mask(const functional::Call& call) {
      return call.layer && call.node->plan(functional::shapes_of(call.inputs), 0, {}).traits.constant;
    }
    std::vector<Tensor> call_layer(Pending& p, const Arguments& arguments) {
      const Json& record = *p.record;
      check_arguments(record, (*p.nodes)[p.next]);
      std::vector<Tensor> tensors, state;
      for (const Reference& r : tensors_in(arguments.args)) tensors.push_back(at(r));
      for (const Reference& r : arguments.state) state.push_back(at(r));
      if (tensors.empty()) throw FileError("a call without a tensor");
      if (!p.made) p.made = builder_.make(record, p.order, around_, p.group, tensors[0].shape());
      const Json& config = of_recurrence(member(record, "config"));
      const bool returns_state = config.contains("return_state") && config["return_state"] == true;
      std::optional<Tensor> mask;
      if (arguments.mask && !implicit_.contains(arguments.mask->layer)) mask = at(*arguments.mask);
      if (p.converted && p.made->layer && p.made->layer->states() > 0 && tensors.size() > 1) {
        // Keras 2 has states behind what a layer reads, and takes its mask along also then.
        state.assign(tensors.begin() + 1, tensors.end());
        tensors.resize(1, tensors[0]);
        if (!mask) mask = tensors[0].mask();
      }
      return builder_.call(*p.made, tensors, state, mask,
                           {.return_more = returns_state || arguments.return_attention_scores,
                            .use_causal_mask = arguments.use_causal_mask});
    }

    std::shared_ptr<functional::Model> with_ports() {
      std::vector<Tensor> inputs, outputs;
      std::vector<std::pair<std::string, Tensor>> named;
      each_leaf(member(config_, "input_layers"), "", [&](const std::string&, const Json& j) {
        inputs.push_back(port(j));
        if (inputs.back().call().layer)
          throw FileError("'" + reference(j).layer + "' is an input, an InputLayer wanted");
      });
      each_leaf(member(config_, "output_layers"), "", [&](const std::string& name, const Json& j) {
        outputs.push_back(port(j));
        named.emplace_back(name, outputs.back());
      });
      if (member(config_, "output_layers").is_object()) return builder_.made_of(inputs, outputs, named);
      return builder_.made_of(inputs, outputs, outputs);
    }
    // An input or output of the model. Files count the calls of models inside from 1 there.
    const Tensor& port(const Json& j) const {
      Reference r = reference(j);
      if (counted_from_1_.contains(r.layer) && r.call > 0) --r.call;
      const auto of_layer = calls_.find(r.layer);
      if (of_layer == calls_.end() || r.call >= of_layer->second.size() ||
          r.tensor >= of_layer->second[r.call].size())
        throw FileError("there is no tensor " + j.dump());
      if (implicit_.contains(r.layer))
        throw FileError("'" + r.layer + "' is an output, an operator that is known as part of a mask only");
      return at(r);
    }
    const Tensor& at(const Reference& r) const { return calls_.at(r.layer)[r.call][r.tensor]; }

    Builder& builder_;
    const Json& config_;
    const Around& around_;
    std::vector<Pending> pending_;
    std::map<std::string, std::vector<std::vector<Tensor>>> calls_;     // what each layer's calls made
    std::map<std::string, std::pair<const Json*, std::string>> texts_;  // inputs: their shapes and names
    std::set<std::string> counted_from_1_;                              // models inside
    std::set<std::string> implicit_;                                    // operators that make masks
  };

  std::shared_ptr<functional::Model> made_of(const std::vector<Tensor>& inputs,
                                             const std::vector<Tensor>& outputs, const auto& named) {
    const functional::Graph graph(inputs, outputs);
    for (std::size_t i = 0; i < graph.entries.size(); ++i)
      if (graph.entries[i].owner == static_cast<int>(i)) weights_ += weights_of(graph.entries[i]);
    if (weights_ / 2 > most_weights)  // a model inside is made for itself, and again in the one around it
      throw FileError("it describes " + std::to_string(weights_) +
                      " weights, more than there can be in a file of " + std::to_string(most_weights) +
                      " bytes");
    return std::make_shared<functional::Model>(inputs, named, functional::Zeroed{});
  }
  // Of a layer, without those that are there already: a table out of its config.
  static std::uint64_t weights_of(const functional::Graph::Entry& entry) {
    std::uint64_t weights = 0, there = entry.layer->values.size();
    for (const Parameter& p : *entry.parameters) {
      const auto n = static_cast<std::uint64_t>(p.shape.elements());
      if (const std::uint64_t padded = (n + 15) / 16 * 16; padded <= there)
        there -= padded;
      else
        weights += n;
    }
    return weights;
  }

  // A layer is trained if it and those inside it say so.
  static bool is_trained(const Json& config) {
    int inside = 0, frozen = 0;
    for (const char* key : {"layer", "backward_layer", "cell"})
      if (config.contains(key) && config[key].is_object()) {
        ++inside;
        frozen += !is_trained(config[key].value("config", Json::object()));
      }
    if (frozen > 0 && frozen < inside) throw FileError("trains one of its layers and not the other");
    return frozen == 0 && !(config.contains("trainable") && config["trainable"] == false);
  }

  // A layer, or a model inside. i: where it stands in its list; in: a sample of its input.
  Made make(const Json& record, std::size_t i, const Around& around, const std::string& group,
            const Shape& in) {
    const std::string class_name = text_in(record, "class_name"), name = around.prefix + name_in(record);
    Json config = member(record, "config");
    at_.push_back(i);
    if (is_model(class_name)) {
      const Made inside{std::nullopt, model(record, {name + "/", group, around.trainable, around.depth + 1})};
      at_.pop_back();
      return inside;
    }
    const bool trainable = around.trainable && is_trained(config);
    if (class_name == TimeDistributedSpec<DenseSpec>::name && is_model(class_of(member(config, "layer")))) {
      const auto step = model(config["layer"], {name + "/", group + "/layer", trainable, around.depth + 1});
      at_.pop_back();
      return {std::nullopt, std::make_shared<functional::Model>(step->on_each_step(in[0]))};
    }
    if (class_name == "RNN" && class_of(member(config, "cell")) == "StackedRNNCells") {
      Made cells{std::nullopt, nullptr, stack(config, name, group, trainable, in),
                 config.value("go_backwards", Json()) == true};
      at_.pop_back();
      return cells;
    }
    if (class_name == color_jitter) {
      at_.pop_back();
      return {std::nullopt, nullptr, colors(config, name, in)};
    }
    if (keeps_axes(class_name, config)) {
      at_.pop_back();
      return {std::nullopt, nullptr, pooling_with_axes(record, config, name, in)};
    }
    places.push_back({name, group + weights_in(class_name, config), trainable, at_,
                      class_name == NormalizationSpec::name && config.is_object() &&
                          is_long(config.value("mean", Json()))});
    at_.pop_back();
    of_recurrence(config).erase("return_state");
    return {layer_of(record, config, name, in, group), nullptr};
  }

  // Random colors are those of up to four layers.
  std::vector<Layer> colors(Json config, const std::string& name, const Shape& in) const {
    std::vector<Layer> made;
    const Json range = config.value("value_range", Json());
    config.erase("value_range");
    for (const char* what : {"Brightness", "Contrast", "Saturation", "Hue"}) {
      const std::string of_class = std::string("Random") + what, key = snake_case(what) + "_factor";
      const Json factor = config.value(key, Json());
      config.erase(key);
      if (factor.is_null()) continue;
      Json one = {{"factor", factor}};
      if (!range.is_null()) one["value_range"] = range;
      made.push_back(layer(of_class, std::move(one), name + "/" + snake_case(of_class), in, ""));
    }
    spec_from_config<FlattenSpec>(config, in.rank);  // nothing else is said
    if (made.empty()) made.emplace_back(IdentitySpec{}, name);
    return made;
  }
  // Global pooling that keeps axes of 1 is one that does not, and a Reshape.
  bool keeps_axes(const std::string& class_name, const Json& config) const {
    const bool pools =
        class_name.starts_with("GlobalMaxPooling") || class_name.starts_with("GlobalAveragePooling");
    return pools && !custom_.contains(class_name) && config.value("keepdims", Json()) == true;
  }
  std::vector<Layer> pooling_with_axes(const Json& record, Json config, const std::string& name,
                                       const Shape& in) const {
    config.erase("keepdims");
    ReshapeSpec axes(in);
    for (int a = 0; a + 1 < in.rank; ++a) axes.target_shape.extent[a] = 1;
    return {layer_of(record, config, name, in, ""), Layer(axes, name + "/axes")};
  }
  // An RNN of several cells computes what a layer for each computes, one after the other.
  std::vector<Layer> stack(const Json& config, const std::string& name, const std::string& group,
                           bool trainable, const Shape& in) {
    const Json& cells = list_in(member(config["cell"], "config"), "cells");
    if (cells.empty()) throw FileError("a stack of no cells");
    if (config.value("return_state", Json()) == true &&
        !config.value("activity_regularizer", Json()).is_null())
      throw FileError("a penalty on the states of several cells, which is not known here");
    std::vector<Layer> made;
    Groups groups;
    for (std::size_t k = 0; k < cells.size(); ++k) {
      Json one = config;
      one["cell"] = cells[k];
      one.erase("return_state");
      if (k > 0) one["go_backwards"] = false;
      if (k + 1 < cells.size()) {
        one["return_sequences"] = true;
        one.erase("activity_regularizer");
      }
      const std::string place = groups.of(class_of(cells[k])).substr(std::string("layers/").size());
      at_.push_back(k);
      places.push_back({name + "/" + place, group + "/cell/cells/" + place,
                        trainable && is_trained(member(cells[k], "config")), at_});
      at_.pop_back();
      made.push_back(layer("RNN", std::move(one), places.back().name, in, group));
    }
    return made;
  }

  // A layer of the library or of somebody's own.
  Layer layer_of(const Json& record, const Json& config, const std::string& name, const Shape& in,
                 const std::string& group) const {
    const std::string class_name = class_of(record);
    const Json field = record.is_object() ? record.value("registered_name", Json()) : Json();
    const std::string registered = field.is_string() ? field.get<std::string>() : "";
    for (const std::string& known : {registered, class_name})
      if (const auto own = custom_.find(known); own != custom_.end()) return own->second.make(config, name);
    if (registered.find('>') != std::string::npos)
      throw FileError("'" + registered + "' is a class of somebody's own, and none is given for it");
    return layer(class_name, config, name, in, group);
  }

  static bool draws_for_each_value(const Json& record) {
    const std::string class_name = class_of(record);
    for (const char* known :
         {DropoutSpec::name, AlphaDropoutSpec::name, GaussianDropoutSpec::name, GaussianNoiseSpec::name})
      if (class_name == known) return member(record, "config").value("noise_shape", Json()).is_null();
    return false;
  }
  Layer layer(const std::string& class_name, Json config, const std::string& name, const Shape& in,
              const std::string& group) const {
    if (class_name == "TimeDistributed") {
      const Json& inside = member(config, "layer");
      Json others = config;
      others.erase("layer");
      spec_from_config<FlattenSpec>(others, in.rank);  // as below
      if (draws_for_each_value(inside))  // then it does not matter that each step is called by itself
        return layer_of(inside, member(inside, "config"), name, in, group);
      return time_distributed(
          layer_of(inside, member(inside, "config"), "", keratin::detail::Distributed::step(in), group),
          name);
    }
    if (class_name == "SpectralNormalization") {
      const Json& inside = member(config, "layer");
      int iterations = 1;
      if (config.contains("power_iterations")) take(config["power_iterations"], iterations);
      Json others = config;
      others.erase("layer"), others.erase("power_iterations");
      spec_from_config<FlattenSpec>(others, in.rank);  // as below
      return spectral_normalization(layer_of(inside, member(inside, "config"), "", in, group), iterations,
                                    name);
    }
    if (class_name == "RNN") {  // of one cell: an LSTM is an RNN of an LSTMCell
      const Json& cell = member(config, "cell");
      const std::string of_cell = class_of(cell);
      if (of_cell != "SimpleRNNCell" && of_cell != "LSTMCell" && of_cell != "GRUCell")
        throw FileError("a cell of class " + of_cell + ", which is not known here");
      Json all = member(cell, "config");
      for (const auto& [key, value] : config.items())
        if (key != "cell") all[key] = value;
      return layer(of_cell.substr(0, of_cell.size() - 4), all, name, in, group);
    }
    if (class_name == LeakyReLUSpec::name && config.contains("alpha")) {  // as it was called before Keras 3
      config["negative_slope"] = config["alpha"];
      config.erase("alpha");
    }
    // Without settings as Activation, which other layers take over.
    if (class_name == ReLUSpec::name) {
      const auto spec = spec_from_config<ReLUSpec>(config, in.rank);
      if (spec.max_value == no_maximum && spec.negative_slope == 0 && spec.threshold == 0)
        return Layer(ActivationSpec{ReLU{}}, name);
    }
    if (class_name == SoftmaxSpec::name)
      if (const Axes axis = spec_from_config<SoftmaxSpec>(config, in.rank).axis;
          axis == -1 || axis == in.rank)
        return Layer(ActivationSpec{Softmax{}}, name);
    const std::optional<Layer> made =
        layer_of_class(class_name, config, name, in,
                       class_name == IntegerLookupSpec::name ? file_.vocabulary(group) : std::nullopt);
    if (!made) {
      const auto known = hana::unpack(layer_specs, [](auto... type) {
        return std::array{class_in_files<typename decltype(type)::type>()...};
      });
      throw FileError("this class is not known here, " + std::string(candidates(class_name, known).view()));
    }
    return *made;
  }

  std::vector<Tensor> call(const Made& made, const std::vector<Tensor>& tensors,
                           const std::vector<Tensor>& state, const std::optional<Tensor>& mask,
                           const functional::Extras& wanted) {
    calls_ += made.model ? made.model->graph().entries.size() : 1;
    if (calls_ > most_calls) throw FileError("more than " + std::to_string(most_calls) + " calls of layers");
    if (made.model) return made.model->call(tensors);
    if (!made.stack.empty()) return call_stack(made, tensors, state, mask, wanted.return_more);
    if (made.layer->attends()) {
      if (!wanted.return_more)
        return {made.layer->with_attention_mask(tensors, mask, wanted.use_causal_mask)};
      const functional::Attended a = made.layer->with_scores(tensors, mask, wanted.use_causal_mask);
      return {a.output, a.scores};
    }
    std::vector<Tensor> inputs = tensors;
    if (mask && state.empty()) inputs[0] = inputs[0].with_mask(*mask);
    if (!wanted.return_more && (state.empty() || !mask) && made.layer->outputs() == 1) {
      inputs.insert(inputs.end(), state.begin(), state.end());
      return {(*made.layer)(std::move(inputs))};
    }
    return made.layer->all(inputs[0], state, mask, wanted.return_more);
  }

  // The output of the last of them, and the states of all.
  static std::vector<Tensor> call_stack(const Made& made, const std::vector<Tensor>& tensors,
                                        std::vector<Tensor> state, const std::optional<Tensor>& mask,
                                        bool return_state) {
    state.insert(state.begin(), tensors.begin() + 1, tensors.end());
    Tensor x = mask && state.empty() ? tensors[0].with_mask(*mask) : tensors[0];
    if ((mask || x.mask()) && made.backwards)
      throw FileError("several cells that go backwards and a mask, which are not known here together");
    std::vector<Tensor> states;
    auto next = state.begin();
    for (const Layer& layer : made.stack) {
      std::vector<Tensor> initial;
      for (int s = 0; s < layer.states() && !state.empty(); ++s, ++next) {
        if (next == state.end()) throw FileError("too few states to begin with");
        initial.push_back(*next);
      }
      const std::vector<Tensor> all =
          layer.all(x, initial, state.empty() ? std::nullopt : mask, return_state);
      x = all[0];
      states.insert(states.end(), all.begin() + 1, all.end());
    }
    if (next != state.end()) throw FileError("too many states to begin with");
    states.insert(states.begin(), x);
    return states;
  }

  const CustomLayers& custom_;
  const Beside& file_;
  std::vector<std::size_t> at_;  // where the layer that is made stands
  std::uint64_t weights_ = 0;
  std::size_t calls_ = 0;
};

}  // namespace keratin::io::detail
