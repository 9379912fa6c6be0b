#pragma once
// Models and weights out of Keras's files: .keras, .weights.h5, and whole models in .h5. Needs libzip and
// nlohmann-json.
#include <keratin/io/graph_config.hpp>
#include <keratin/io/hdf5.hpp>
#include <keratin/io/model_graph.hpp>
#include <keratin/io/texts.hpp>
#include <keratin/io/zip.hpp>

#include <set>

namespace keratin::io {

namespace detail {

inline constexpr std::uint64_t most_json_bytes = 64 << 20, most_weight_bytes = std::uint64_t{16} << 30;
inline constexpr int deepest_json = 200, most_json_values = 1 << 21;
inline constexpr std::size_t most_calls = 10'000;  // of layers, also where a model inside is called again

inline constexpr int most_keys = 1000;
inline constexpr std::uint64_t most_packed = 100;  // Keras itself packs nothing

inline Json parse_json(const auto& bytes, const std::string& name) {
  try {
    int values = 0;
    std::vector<int> keys;  // of each record around: an ordered one looks for a key among all of its own
    return Json::parse(bytes.begin(), bytes.end(), [&](int depth, Json::parse_event_t event, Json&) {
      if (event == Json::parse_event_t::object_start) keys.push_back(0);
      if (event == Json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
      if (event == Json::parse_event_t::key && !keys.empty() && ++keys.back() > most_keys)
        throw FileError(name + ": a record of more than " + std::to_string(most_keys) + " keys");
      if (depth > deepest_json)
        throw FileError(name + ": nested deeper than " + std::to_string(deepest_json));
      if (++values > most_json_values)
        throw FileError(name + ": more than " + std::to_string(most_json_values) + " values");
      return true;
    });
  } catch (const Json::exception& e) {
    throw FileError(name + ": " + e.what());
  }
}
inline const Json& member(const Json& j, const char* key) {
  if (!j.is_object() || !j.contains(key)) wants(j, std::string("a record with ") + key);
  return j[key];
}
inline std::string text_in(const Json& j, const char* key) {
  const Json& value = member(j, key);
  if (!value.is_string()) wants(value, std::string("a text for ") + key);
  return value;
}
inline const Json& list_in(const Json& j, const char* key) {
  const Json& value = member(j, key);
  if (!value.is_array()) wants(value, std::string("a list for ") + key);
  return value;
}

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
    functional::Model built = std::move(*model(record, "", "", true, 0));
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
  struct Reference {
    std::string layer;
    std::size_t call = 0, tensor = 0;
  };
  // What a call is given.
  struct Arguments {
    std::vector<Json> args;
    std::optional<Reference> mask;
    std::vector<Reference> state;
    bool use_causal_mask = false, return_attention_scores = false;
  };
  using Calls = std::map<std::string, std::vector<std::vector<Tensor>>>;

  static bool is_sequential(const std::string& c) { return c == "Sequential"; }
  static bool is_model(const std::string& c) { return is_sequential(c) || c == "Functional" || c == "Model"; }
  static bool is_operator(const Json& record) {
    const std::string module = record.value("module", Json("")).is_string() ? record.value("module", "") : "";
    return module.find(".ops") != std::string::npos;
  }
  static std::string name_in(const Json& record) {
    const Json& config = member(record, "config");
    return text_in(config.contains("name") ? config : record, "name");
  }

  std::shared_ptr<functional::Model> model(const Json& record, const std::string& prefix,
                                           const std::string& group, bool trainable, int depth) {
    const std::string class_name = text_in(record, "class_name");
    if (!is_model(class_name))
      throw FileError("class " + class_name + " came, Sequential or Functional wanted");
    if (depth > 20) throw FileError("models inside models, deeper than 20");
    const Json& config = member(record, "config");
    if (config.contains("trainable") && config["trainable"] == false) trainable = false;
    if (is_sequential(class_name)) return sequential(config, prefix, group, trainable, depth);
    return graph(config, prefix, group, trainable, depth);
  }

  // An Input of a batch's shape.
  static Tensor input(const Json& batch_shape, const std::string& name) {
    if (!batch_shape.is_array() || batch_shape.size() < 2) wants(batch_shape, "a shape of two or more axes");
    const bool open = batch_shape[1].is_null();
    Shape shape;
    Json extents = Json::array();
    for (std::size_t a = 1; a < batch_shape.size(); ++a) extents.push_back(batch_shape[a]);
    if (open) extents[0] = functional::shown_length;
    for (const Json& extent : extents)
      if (extent.is_null()) wants(batch_shape, "only the first axis of a sample open");
    take(extents, shape);
    return open ? functional::SequenceInput(shape, name) : functional::Input(shape, name);
  }
  // The input that a text layer makes.
  Tensor text_input(const Json& record, const Json& batch_shape, const std::string& name,
                    const std::string& prefix, const std::string& group, int depth) const {
    return in_layer(record, [&] {
      if (depth > 0) throw FileError("texts go into the outermost model only");
      return functional::TextInput(
          functional::Prepared{
              preparation_from(text_in(record, "class_name"), member(record, "config"), file_, group),
              texts_of_each(batch_shape), prefix + name_in(record)},
          name);
    });
  }
  static const Json* batch_shape_of(const Json& config) {
    for (const char* key : {"batch_shape", "batch_input_shape"})
      if (config.contains(key) && !config[key].is_null()) return &config[key];
    return nullptr;
  }

  std::shared_ptr<functional::Model> sequential(const Json& config, const std::string& prefix,
                                                const std::string& group, bool trainable, int depth) {
    const Json& layers = list_in(config, "layers");
    if (layers.empty()) throw FileError("a Sequential without layers");
    const Json& first = member(layers[0], "config");
    const Json* shape = batch_shape_of(first);
    if (!shape && config.contains("build_input_shape")) shape = &config["build_input_shape"];
    if (!shape) throw FileError("a Sequential that does not say its input's shape");
    const std::string below = group.empty() ? "" : group + "/";
    const bool has_input = class_of(layers[0]) == "InputLayer";
    const std::string name = has_input ? prefix + name_in(layers[0]) : "";
    Groups groups;
    // A text layer in front is a part of the input.
    const std::size_t text = has_input && takes_texts(first) ? 1 : 0;
    const bool of_texts = text < layers.size() && is_text_class(text_in(layers[text], "class_name")) &&
                          (text == 1 || text_in(layers[text], "class_name") != "Hashing");
    const Tensor x = of_texts ? text_input(layers[text], *shape, name, prefix,
                                           below + groups.of(text_in(layers[text], "class_name")), depth)
                              : input(*shape, name);
    Tensor y = x;
    for (std::size_t i = of_texts ? text + 1 : 0; i < layers.size(); ++i) {
      const Json& record = layers[i];
      if (text_in(record, "class_name") == "InputLayer") continue;
      in_layer(record, [&] {
        const Made layer = make(record, i, prefix, below + groups.of(text_in(record, "class_name")),
                                trainable, depth, y.shape());
        y = call(layer, {y}, {}, {}, {}).at(0);
      });
    }
    return made_of(std::vector{x}, std::vector{y}, std::vector{y});
  }

  std::shared_ptr<functional::Model> graph(const Json& config, const std::string& prefix,
                                           const std::string& group, bool trainable, int depth) {
    struct Pending {
      const Json* record;
      std::string name, group;
      const Json* nodes = nullptr;
      std::size_t next = 0;  // its call that was not made yet
      // The call that this one waits for.
      const Calls::mapped_type* source = nullptr;
      std::size_t source_call = 0;
      std::optional<Made> made{};
      std::size_t order = 0;
    };
    std::vector<Pending> pending;
    Calls calls;
    Groups groups;
    std::map<std::string, std::pair<const Json*, std::string>>
        texts;                             // inputs of texts: their shapes and names
    std::set<std::string> counted_from_1;  // models inside, where the file says what is an input or output
    std::size_t order = 0;
    const std::string below = group.empty() ? "" : group + "/";
    std::map<std::string, std::string> keys;  // of inputs in a dict: they are called so
    if (const Json& inputs = member(config, "input_layers"); inputs.is_object())
      for (const auto& [key, value] : inputs.items()) keys.emplace(reference(value).layer, key);
    for (const Json& record : list_in(config, "layers")) {
      Pending p{&record, name_in(record), ""};
      if (!is_operator(record)) p.group = below + groups.of(text_in(record, "class_name"));
      p.order = order++;
      if (const std::string c = text_in(record, "class_name"); is_model(c) && !is_sequential(c))
        counted_from_1.insert(p.name);
      if (calls.contains(p.name)) throw FileError("layer '" + p.name + "' comes twice");
      calls[p.name] = {};
      if (text_in(record, "class_name") == "InputLayer")
        in_layer(record, [&] {
          const Json* shape = batch_shape_of(member(record, "config"));
          if (!shape) throw FileError("no shape");
          const auto key = keys.find(p.name);
          const std::string name = prefix + (key == keys.end() ? p.name : key->second);
          if (takes_texts(member(record, "config")))
            texts.emplace(p.name, std::pair(shape, name));
          else
            calls[p.name] = {{input(*shape, name)}};
        });
      else {
        p.nodes = &list_in(record, "inbound_nodes");
        pending.push_back(std::move(p));
      }
    }
    // A layer that reads texts makes the input.
    std::erase_if(pending, [&](const Pending& p) {
      return in_layer(*p.record, [&] {
        const std::vector<Reference> reads =
            p.nodes->empty() ? std::vector<Reference>{} : tensors_in(arguments_of((*p.nodes)[0]).args);
        const auto from = reads.empty() ? texts.end() : texts.find(reads[0].layer);
        if (from == texts.end() || !is_text_class(text_in(*p.record, "class_name"))) return false;
        if (p.nodes->size() > 1 || reads.size() > 1 || !calls[from->first].empty())
          throw FileError("the texts of an input go into one layer, which is called once");
        const auto& [shape, name] = from->second;
        calls[p.name] = calls[from->first] = {{text_input(*p.record, *shape, name, prefix, p.group, depth)}};
        return true;
      });
    });
    // What Keras writes for the mask of a Concatenate; here masks are joined when the layer is called.
    std::set<std::string> implicit;
    // Calls in the order in which what they read is there.
    for (bool progress = true; progress && !pending.empty();) {
      progress = false;
      for (Pending& p : pending) {
        if (p.source && p.source_call >= p.source->size()) continue;
        const Json& nodes = *p.nodes;
        while (p.next < nodes.size()) {
          const bool made = in_layer(*p.record, [&] {
            const Arguments arguments = arguments_of(nodes[p.next]);
            std::vector<Reference> all = tensors_in(arguments.args);
            if (all.size() > max_inputs)
              throw FileError(std::to_string(all.size()) + " tensors came, at most " +
                              std::to_string(max_inputs) + " wanted");
            all.insert(all.end(), arguments.state.begin(), arguments.state.end());
            if (arguments.mask) all.push_back(*arguments.mask);
            for (const Reference& r : all) {
              const auto source = calls.find(r.layer);
              if (source == calls.end()) throw FileError("it reads '" + r.layer + "', which is not there");
              if (texts.contains(r.layer)) throw FileError("it reads texts, which go into text layers only");
              p.source = &source->second;
              p.source_call = r.call;
              if (r.call >= p.source->size()) return false;
              if (r.tensor >= (*p.source)[r.call].size())
                throw FileError("it reads tensor " + std::to_string(r.tensor) + " of '" + r.layer +
                                "', which is not there");
            }
            if (is_operator(*p.record) && makes_a_mask(*p.record, arguments, implicit)) {
              implicit.insert(p.name);
              calls[p.name].push_back({at(calls, tensors_in(arguments.args).at(0))});
              return true;
            }
            for (const Reference& r : all)
              if (implicit.contains(r.layer) && !(arguments.mask && r.layer == arguments.mask->layer))
                throw FileError("it reads '" + r.layer +
                                "', an operator that is known as part of a mask only");
            if (is_operator(*p.record)) {
              calls[p.name].push_back({operate(*p.record, arguments, calls, prefix + p.name)});
              return true;
            }
            check_arguments(*p.record, nodes[p.next]);
            std::vector<Tensor> tensors, state;
            for (const Reference& r : tensors_in(arguments.args)) tensors.push_back(at(calls, r));
            for (const Reference& r : arguments.state) state.push_back(at(calls, r));
            if (tensors.empty()) throw FileError("a call without a tensor");
            if (!p.made)
              p.made = make(*p.record, p.order, prefix, p.group, trainable, depth, tensors[0].shape());
            const Json& of_layer = of_recurrence(member(*p.record, "config"));
            std::optional<Tensor> mask;
            if (arguments.mask && !implicit.contains(arguments.mask->layer))
              mask = at(calls, *arguments.mask);
            calls[p.name].push_back(call(
                *p.made, tensors, state, mask,
                {.return_state = (of_layer.contains("return_state") && of_layer["return_state"] == true) ||
                                 arguments.return_attention_scores,
                 .use_causal_mask = arguments.use_causal_mask}));
            return true;
          });
          if (!made) break;
          ++p.next;
          progress = true;
        }
      }
      std::erase_if(pending, [](const Pending& p) { return p.next == p.nodes->size(); });
    }
    if (!pending.empty()) throw FileError("layer '" + pending[0].name + "' reads what no layer makes");
    std::vector<Tensor> inputs, outputs;
    std::vector<std::pair<std::string, Tensor>> named;
    const auto leaf = [&](const Json& j) {
      Reference r = reference(j);
      if (counted_from_1.contains(r.layer) && r.call > 0) --r.call;
      if (!is_there(calls, r)) throw FileError("there is no tensor " + j.dump());
      if (implicit.contains(r.layer))
        throw FileError("'" + r.layer + "' is an output, an operator that is known as part of a mask only");
      return at(calls, r);
    };
    each_leaf(member(config, "input_layers"), "",
              [&](const std::string&, const Json& j) { inputs.push_back(leaf(j)); });
    each_leaf(member(config, "output_layers"), "", [&](const std::string& name, const Json& j) {
      outputs.push_back(leaf(j));
      named.emplace_back(name, outputs.back());
    });
    if (member(config, "output_layers").is_object()) return made_of(inputs, outputs, named);
    return made_of(inputs, outputs, outputs);
  }
  std::shared_ptr<functional::Model> made_of(const std::vector<Tensor>& inputs,
                                             const std::vector<Tensor>& outputs, const auto& named) {
    const functional::Graph graph(inputs, outputs);
    std::uint64_t& weights = weights_;  // of all models inside together
    for (std::size_t i = 0; i < graph.entries.size(); ++i)
      if (graph.entries[i].owner == static_cast<int>(i))
        for (const Parameter& p : *graph.entries[i].parameters)
          weights += static_cast<std::uint64_t>(p.shape.elements());
    if (weights / 2 > most_weights)  // a model inside is made for itself, and again in the one around it
      throw FileError("it describes " + std::to_string(weights) +
                      " weights, more than there can be in a file of " + std::to_string(most_weights) +
                      " bytes");
    return std::make_shared<functional::Model>(inputs, named, functional::Zeroed{});
  }
  // Keras writes the calls of image layers with training=True; predict and fit replace it.
  static bool is_called_with_training(const std::string& class_name) {
    bool is = class_name == color_jitter;
    hana::for_each(layer_specs, [&](auto type) {
      using S = typename decltype(type)::type;
      if constexpr (requires { S::called_with_training; }) is = is || class_name == S::name;
    });
    return is;
  }
  static constexpr const char* attention_inputs[] = {"query", "value", "key"};
  static constexpr const char* count_weights = "count_weights";  // of CategoryEncoding
  static bool is_attention(const std::string& class_name) {
    bool attends = false;
    hana::for_each(layer_specs, [&](auto type) {
      using S = typename decltype(type)::type;
      if constexpr (requires { S::attends; }) attends = attends || class_name == class_in_files<S>();
    });
    return attends;
  }
  // What a call is given besides tensors must change nothing.
  static void check_arguments(const Json& record, const Json& node) {
    const auto refuse = [](const std::string& what) {
      throw FileError("a call with " + what + ", which is not known here");
    };
    const auto check = [&](const std::string& key, const Json& value) {
      if (value.is_null()) return;
      const std::string class_name = class_of(record);
      const bool several = key == "mask" && tensors_in(value).size() > 1;
      if (key == "mask" && !several && class_name != "Softmax" && !is_model(class_name)) return;
      if (key == count_weights && class_name == CategoryEncodingSpec::name && is_tensor(value)) return;
      if (key == "initial_state" && !is_attention(class_name) && !is_model(class_name)) return;
      if (is_attention(class_of(record))) {
        for (const char* known : attention_inputs)
          if (key == known) return;
        if (key == "attention_mask" && is_tensor(value)) return;
        if ((key == "use_causal_mask" || key == "return_attention_scores") && value.is_boolean()) return;
      }
      // What follows `training` by itself is written with false; BatchNormalization is not.
      if (value == false && !(key == "training" && class_of(record) == "BatchNormalization")) return;
      if (value == true && key == "training" && is_called_with_training(class_of(record))) return;
      refuse(key + " " + value.dump());
    };
    if (node.is_array()) {  // Keras 2
      const bool one = !node.empty() && node[0].is_string();
      for (const Json& j : one ? Json::array({node}) : node)
        if (j.is_array() && j.size() > 3 && j[3].is_object())
          for (const auto& [key, value] : j[3].items()) {
            if (key == "mask" || key == "initial_state")
              if (!value.is_null()) refuse(key);
            check(key, value);
          }
      return;
    }
    for (const Json& j : list_in(node, "args"))
      if (tensors_in(j).empty() && !j.is_null()) refuse(j.dump());
    if (node.contains("kwargs") && node["kwargs"].is_object())
      for (const auto& [key, value] : node["kwargs"].items()) check(key, value);
  }

  // f(name, [layer, call, tensor]) for one tensor, a list of them, or a dict.
  static void each_leaf(const Json& j, const std::string& name, auto f) {
    if (j.is_array() && !j.empty() && j[0].is_string()) return f(name, j);
    if (!j.is_array() && !j.is_object()) wants(j, "tensors");
    for (const auto& [key, value] : j.items())
      if (value.is_array() && !value.empty() && value[0].is_string())
        f(key, value);
      else
        wants(value, "[layer, call, tensor]");
  }
  static Reference reference(const Json& j) {
    if (!j.is_array() || j.size() < 3 || !j[0].is_string() || !j[1].is_number_unsigned() ||
        !j[2].is_number_unsigned())
      wants(j, "[layer, call, tensor]");
    return {j[0], j[1], j[2]};
  }
  static bool is_tensor(const Json& j) {
    return j.is_object() && j.value("class_name", Json()) == "__keras_tensor__";
  }
  static std::vector<Reference> tensors_in(const Json& j) {
    std::vector<Reference> all;
    if (is_tensor(j)) return {reference(member(member(j, "config"), "keras_history"))};
    if (j.is_array())
      for (const Json& item : j)
        for (Reference& r : tensors_in(item)) all.push_back(std::move(r));
    return all;
  }
  static std::vector<Reference> tensors_in(const std::vector<Json>& args) {
    std::vector<Reference> all;
    for (const Json& j : args)
      for (Reference& r : tensors_in(j)) all.push_back(std::move(r));
    return all;
  }
  // One of inbound_nodes: {"args": ..., "kwargs": ...}, or as Keras 2 wrote it [[layer, call, tensor,
  // kwargs], ...].
  static Arguments arguments_of(const Json& node) {
    Arguments a;
    if (node.is_array()) {
      const auto old = [&](const Json& j) {
        const Reference r = reference(j);
        a.args.push_back({{"class_name", "__keras_tensor__"},
                          {"config", {{"keras_history", {r.layer, r.call, r.tensor}}}}});
      };
      if (!node.empty() && node[0].is_string())
        old(node);
      else
        for (const Json& j : node) old(j);
      return a;
    }
    for (const Json& j : list_in(node, "args")) a.args.push_back(j);
    if (!node.contains("kwargs") || node["kwargs"].is_null()) return a;
    for (const char* input : attention_inputs)
      if (node["kwargs"].contains(input)) a.args.push_back(node["kwargs"][input]);
    if (node["kwargs"].contains(count_weights)) a.args.push_back(node["kwargs"][count_weights]);
    for (const auto& [key, value] : node["kwargs"].items()) {
      const std::vector<Reference> tensors = tensors_in(value);
      if ((key == "mask" || key == "attention_mask") && tensors.size() == 1)
        a.mask = tensors[0];
      else if (key == "use_causal_mask")
        a.use_causal_mask = value == true;
      else if (key == "return_attention_scores")
        a.return_attention_scores = value == true;
      else if (key == "initial_state")
        a.state = tensors;
    }
    return a;
  }
  static bool makes_a_mask(const Json& record, const Arguments& arguments,
                           const std::set<std::string>& implicit) {
    const std::string op = text_in(record, "class_name");
    if (op == "ExpandDims" || op == "ZerosLike" || op == "OnesLike") return true;
    for (const Reference& r : tensors_in(arguments.args))
      if (implicit.contains(r.layer))
        return op == "Concatenate" || op == "Any" || op == "LogicalOr" || op == "ConvertToTensor";
    return false;
  }
  static bool is_there(const Calls& calls, const Reference& r) {
    const auto of_layer = calls.find(r.layer);
    return of_layer != calls.end() && r.call < of_layer->second.size() &&
           r.tensor < of_layer->second[r.call].size();
  }
  static const Tensor& at(const Calls& calls, const Reference& r) {
    return calls.at(r.layer)[r.call][r.tensor];
  }

  // f() for a layer: what goes wrong there names it.
  template <class F> static std::invoke_result_t<F&> in_layer(const Json& record, F f) {
    const auto named = [&](const char* what) {
      return FileError("layer '" + name_in(record) + "' (" + text_in(record, "class_name") + "): " + what);
    };
    try {
      return f();
    } catch (const FileError& e) {
      throw named(e.what());
    } catch (const Json::exception& e) {
      throw named(e.what());
    } catch (const std::logic_error& e) {
      throw named(e.what());
    }
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

  // A layer, or a model inside; shape: of a sample of its first input.
  // i: where it stands in its list.
  Made make(const Json& record, std::size_t i, const std::string& prefix, const std::string& group,
            bool trainable, int depth, const Shape& shape) {
    const int rank = shape.rank;
    const std::string class_name = text_in(record, "class_name"), name = prefix + name_in(record);
    Json config = member(record, "config");
    at_.push_back(i);
    if (is_model(class_name)) {
      const Made inside{std::nullopt, model(record, name + "/", group, trainable, depth + 1)};
      at_.pop_back();
      return inside;
    }
    trainable = trainable && is_trained(config);
    if (class_name == TimeDistributedSpec<DenseSpec>::name && is_model(class_of(member(config, "layer")))) {
      const auto step = model(config["layer"], name + "/", group + "/layer", trainable, depth + 1);
      at_.pop_back();
      return {std::nullopt, std::make_shared<functional::Model>(step->on_each_step(shape[0]))};
    }
    if (class_name == "RNN" && class_of(member(config, "cell")) == "StackedRNNCells") {
      Made cells{std::nullopt, nullptr, stack(config, name, group, trainable, rank),
                 config.value("go_backwards", Json()) == true};
      at_.pop_back();
      return cells;
    }
    if (class_name == color_jitter) {
      at_.pop_back();
      return {std::nullopt, nullptr, colors(config, name, rank)};
    }
    places.push_back({name, group + weights_in(class_name, config), trainable, at_,
                      class_name == NormalizationSpec::name && config.is_object() &&
                          is_long(config.value("mean", Json()))});
    at_.pop_back();
    of_recurrence(config).erase("return_state");
    return {layer_of(record, config, name, rank, group), nullptr};
  }

  // Random colors are those of up to four layers.
  static constexpr const char* color_jitter = "RandomColorJitter";
  std::vector<Layer> colors(Json config, const std::string& name, int rank) const {
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
      made.push_back(layer(of_class, std::move(one), name + "/" + snake_case(of_class), rank, ""));
    }
    spec_from_config<FlattenSpec>(config, rank);  // nothing else is said
    if (made.empty()) made.emplace_back(IdentitySpec{}, name);
    return made;
  }
  // An RNN of several cells computes what a layer for each computes, one after the other.
  std::vector<Layer> stack(const Json& config, const std::string& name, const std::string& group,
                           bool trainable, int rank) {
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
      made.push_back(layer("RNN", std::move(one), places.back().name, rank, group));
    }
    return made;
  }

  // A layer of the library or of somebody's own.
  Layer layer_of(const Json& record, const Json& config, const std::string& name, int rank,
                 const std::string& group) const {
    const std::string class_name = class_of(record);
    const Json field = record.is_object() ? record.value("registered_name", Json()) : Json();
    const std::string registered = field.is_string() ? field.get<std::string>() : "";
    for (const std::string& known : {registered, class_name})
      if (const auto own = custom_.find(known); own != custom_.end()) return own->second.make(config, name);
    if (registered.find('>') != std::string::npos)
      throw FileError("'" + registered + "' is a class of somebody's own, and none is given for it");
    return layer(class_name, config, name, rank, group);
  }

  Layer layer(const std::string& class_name, Json config, const std::string& name, int rank,
              const std::string& group) const {
    if (class_name == "TimeDistributed") {
      const Json& inside = member(config, "layer");
      Json others = config;
      others.erase("layer");
      spec_from_config<FlattenSpec>(others, rank);  // as below
      return time_distributed(layer_of(inside, member(inside, "config"), "", rank - 1, group), name);
    }
    if (class_name == "SpectralNormalization") {
      const Json& inside = member(config, "layer");
      int iterations = 1;
      if (config.contains("power_iterations")) take(config["power_iterations"], iterations);
      Json others = config;
      others.erase("layer"), others.erase("power_iterations");
      spec_from_config<FlattenSpec>(others, rank);  // as below
      return spectral_normalization(layer_of(inside, member(inside, "config"), "", rank, group), iterations,
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
      return layer(of_cell.substr(0, of_cell.size() - 4), all, name, rank, group);
    }
    if (class_name == LeakyReLUSpec::name && config.contains("alpha")) {  // as it was called before Keras 3
      config["negative_slope"] = config["alpha"];
      config.erase("alpha");
    }
    // Without settings as Activation, which other layers take over.
    if (class_name == ReLUSpec::name) {
      const auto spec = spec_from_config<ReLUSpec>(config, rank);
      if (spec.max_value == no_maximum && spec.negative_slope == 0 && spec.threshold == 0)
        return Layer(ActivationSpec{ReLU{}}, name);
    }
    if (class_name == SoftmaxSpec::name)
      if (const Axes axis = spec_from_config<SoftmaxSpec>(config, rank).axis; axis == -1 || axis == rank)
        return Layer(ActivationSpec{Softmax{}}, name);
    const std::optional<Layer> made =
        layer_of_class(class_name, config, name, rank,
                       class_name == IntegerLookupSpec::name ? file_.vocabulary(group) : std::nullopt);
    if (!made) throw FileError("this class is not known here");
    return *made;
  }

  std::vector<Tensor> call(const Made& made, const std::vector<Tensor>& tensors,
                           const std::vector<Tensor>& state, const std::optional<Tensor>& mask,
                           const functional::Extras& wanted) {
    calls_ += made.model ? made.model->graph().entries.size() : 1;
    if (calls_ > most_calls) throw FileError("more than " + std::to_string(most_calls) + " calls of layers");
    if (made.model) return made.model->call(tensors);
    if (!made.stack.empty()) return call_stack(made, tensors, state, mask, wanted.return_state);
    if (made.layer->reads_masks()) {
      if (!wanted.return_state)
        return {made.layer->with_attention_mask(tensors, mask, wanted.use_causal_mask)};
      const functional::Attended a = made.layer->with_scores(tensors, mask, wanted.use_causal_mask);
      return {a.output, a.scores};
    }
    const bool return_state = wanted.return_state;
    std::vector<Tensor> inputs = tensors;
    if (mask && state.empty()) inputs[0] = inputs[0].with_mask(*mask);
    if (!return_state && (state.empty() || !mask) && made.layer->outputs() == 1) {
      inputs.insert(inputs.end(), state.begin(), state.end());
      return {(*made.layer)(std::move(inputs))};
    }
    return made.layer->all(inputs[0], state, mask, return_state);
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

  // What was written as an operator or a function of tensors.
  static Tensor operate(const Json& record, const Arguments& a, const Calls& calls, const std::string& name) {
    const std::string op = text_in(record, "class_name");
    const Json& config = member(record, "config");
    const auto tensor = [&](std::size_t i) { return at(calls, tensors_in(a.args.at(i)).at(0)); };
    const auto is_tensor_at = [&](std::size_t i) { return i < a.args.size() && is_tensor(a.args[i]); };
    const auto number = [&](std::size_t i) {
      double v = 0;
      take(i < a.args.size() ? a.args[i] : Json(), v);
      return v;
    };
    const auto binary = [&](auto f) {
      if (is_tensor_at(0) && is_tensor_at(1)) return f(tensor(0), tensor(1));
      if (is_tensor_at(0)) return f(tensor(0), number(1));
      if (is_tensor_at(1)) return f(number(0), tensor(1));
      throw FileError("two operands wanted, one a tensor");
    };
    const auto merged = [&](const auto& spec) {
      if (!is_tensor_at(0) || !is_tensor_at(1)) throw FileError("two tensors wanted");
      return Layer(spec, name)(tensor(0).unmasked(), tensor(1).unmasked());
    };
    if (op == "Add") return binary([](const auto& x, const auto& y) { return x + y; });
    if (op == "Subtract") return binary([](const auto& x, const auto& y) { return x - y; });
    if (op == "Multiply") return binary([](const auto& x, const auto& y) { return x * y; });
    if (op == "TrueDivide" || op == "Divide")
      return binary([](const auto& x, const auto& y) { return x / y; });
    if (op == "Maximum") return merged(MaximumSpec{});
    if (op == "Minimum") return merged(MinimumSpec{});
    if (op == "LogicalOr") return merged(LogicalOrSpec{});
    if (!is_tensor_at(0) && op != "Concatenate") throw FileError("a tensor wanted");
    if (op == "ConvertToTensor") {  // what Attention does to its mask
      if (const Json dtype = config.value("dtype", Json()); !dtype.is_null())
        wants(dtype, "no other type of numbers");
      return tensor(0).unmasked();
    }
    if (op == "Negative") return -tensor(0);
    if (op == "Power") return functional::power(tensor(0), number(1));
    if (op == "Square") return functional::power(tensor(0), 2);
    if (op == "NotEqual") return tensor(0).unmasked().then(NotEqualSpec{number(1)}, name);
    if (op == "Mean") return reduced<Reduction::mean>(tensor(0), config, name);
    if (op == "Sum") return reduced<Reduction::sum>(tensor(0), config, name);
    if (op == "Max") return reduced<Reduction::max>(tensor(0), config, name);
    if (op == "Min") return reduced<Reduction::min>(tensor(0), config, name);
    if (op == "Any") return reduced<Reduction::any>(tensor(0), config, name);
    if (op == "Threshold") return tensor(0).unmasked().then(spec_from_config<ThresholdSpec>(config, 0), name);
    if (op == "Glu") {
      int axis = -1;
      if (config.contains("axis")) take(config["axis"], axis);
      return functional::glu(tensor(0), axis);
    }
    if (op == "GetItem") return item(tensor(0), a.args.size() > 1 ? a.args[1] : Json(), name);
    throw FileError("this operator is not known here");
  }
  template <Reduction Kind>
  static Tensor reduced(const Tensor& x, const Json& config, const std::string& name) {
    ReduceSpec<Kind> spec;
    const int rank = x.shape().rank + 1;
    const Json axis = config.value("axis", Json());
    for (const Json& one : axis.is_array() ? axis : axis.is_null() ? Json::array() : Json::array({axis})) {
      int a = 0;
      take(one, a);
      if (a < 0) a += rank;
      if (a < 1 || a >= rank) wants(axis, "axes of a sample");
      spec.axes |= 1u << (a - 1);
    }
    if (axis.is_null()) wants(axis, "axes of a sample");  // else over the batch as well
    for (const auto& [key, value] : config.items())
      if (key != "name" && key != "axis" && key != "keepdims" && !value.is_null())
        throw FileError("with " + key + " " + value.dump() + ", which is not known here");
    if (config.contains("keepdims")) take(config["keepdims"], spec.keepdims);
    return x.unmasked().then(spec, name);
  }
  static Tensor item(const Tensor& x, const Json& indices, const std::string& name) {
    SliceSpec spec;
    const Json list = indices.is_array() ? indices : Json::array({indices});
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Json& j = list[i];
      Slice slice;
      if (j.is_number_integer()) {
        int index = 0;
        take(j, index);
        slice = Slice::at(index);
      } else if (j.is_object() && j.value("class_name", Json()) == "__slice__") {
        const Json& config = member(j, "config");
        const auto bound = [&](const char* key, int& v) {
          if (config.contains(key) && !config[key].is_null()) take(config[key], v);
        };
        slice.step = 1;
        bound("step", slice.step);
        if (slice.step < 0) slice.begin = -1;
        bound("start", slice.begin);
        bound("stop", slice.end);
      } else {
        wants(j, "an index or a slice");
      }
      if (i == 0) {
        if (slice != Slice{}) wants(j, "all samples");
        continue;
      }
      if (spec.count == Shape::max_rank) wants(indices, "an index for each axis");
      spec.slices[static_cast<std::size_t>(spec.count++)] = slice;
    }
    return x.unmasked().then(spec, name);
  }

  const CustomLayers& custom_;
  const Beside& file_;
  std::vector<std::size_t> at_;  // where the layer that is made stands
  std::uint64_t weights_ = 0;
  std::size_t calls_ = 0;
};

// The weights of layers into a block, from where .weights.h5 has them: group_of(layer), "" if nowhere.
inline void read_weights(const Hdf5& file, const auto& layers, auto group_of, auto* block) {
  for (const LayerPlan& layer : layers) {
    if (layer.tensors.count() == 0) continue;
    const std::string group = group_of(layer);
    if (group.empty()) continue;
    const std::vector<WeightPath> paths = weight_paths(layer);
    for (int i = 0; i < layer.tensors.count(); ++i) {
      const Parameter& p = layer.tensors[i];
      const WeightPath& at = paths[static_cast<std::size_t>(i)];
      const bool is_older = !at.older.empty() && !file.has(group + at.name) && file.has(group + at.older);
      if (at.name.empty()) continue;
      file.read(group + (is_older ? at.older : at.name), shape_in_files(p),
                {block + layer.tensors.offset(i), static_cast<std::size_t>(p.shape.size())});
      const auto here = at.more + std::count_if(paths.begin(), paths.end(), [&](const WeightPath& other) {
                          return other.group == at.group && other.numbered;
                        });
      const std::string vars = group + at.group + "/vars/";
      if (!counts_in_files(layer.type) && file.has(vars + std::to_string(here)))
        throw FileError(file.name() + ": " + vars + " has more than " + std::to_string(here) +
                        " weights, as layer '" + std::string(layer.name) + "' (" + layer.type + ") has");
    }
  }
}

// What a group of a legacy .h5 calls its weights, without the counters that nobody reads.
inline std::vector<std::string> weight_names(const Hdf5& file, const std::string& group) {
  std::vector<std::string> names = file.texts(group, "weight_names");
  std::erase_if(names, [](const std::string& name) {
    const std::string last = name.substr(name.rfind('/') + 1);
    return last == "count" || last == "count:0";
  });
  return names;
}
// The groups of a legacy .h5 that hold weights.
inline std::vector<std::string> legacy_groups(const Hdf5& file, const std::string& root) {
  std::vector<std::string> groups;
  for (const std::string& name : file.texts(root, "layer_names"))
    if (!weight_names(file, root + name).empty()) groups.push_back(root + name);
  return groups;
}
// One of them: what is trained comes first.
inline void read_legacy_group(const Hdf5& file, const std::string& group,
                              const std::vector<Variable>& variables, const std::string& layer,
                              float* block) {
  const std::vector<std::string> names = weight_names(file, group);
  if (names.size() != variables.size())
    throw FileError(file.name() + ": " + group + " has " + std::to_string(names.size()) + " weights, " +
                    std::to_string(variables.size()) + " wanted for layer '" + layer + "'");
  const std::vector<Variable> ordered = trained_first(variables);
  for (std::size_t i = 0; i < names.size(); ++i)
    file.read(group + "/" + names[i], shape_in_files(*ordered[i].parameter),
              {block + ordered[i].offset, static_cast<std::size_t>(ordered[i].parameter->shape.size())});
}

// All groups, into the layers of a model that is there.
inline void read_legacy_weights(const Hdf5& file, const ModelGraph& graph, const std::vector<Stored>& stored,
                                float* block) {
  if (!file.has_attribute("/", "layer_names"))
    throw FileError("holds no weights of layers: a .weights.h5, or a .h5 with weights alone, wanted");
  std::size_t next = 0;
  for (const std::string& group : legacy_groups(file, "/")) {
    const std::size_t wanted = weight_names(file, group).size();
    if (next == stored.size()) throw FileError(group + " has weights of a layer that the model lacks");
    const std::string& layer = stored[next].name;
    const std::vector<Variable> variables = variables_of(graph.layers[stored[next++].row].tensors);
    if (wanted > variables.size())
      throw FileError(group + " has " + std::to_string(wanted) + " weights, " +
                      std::to_string(variables.size()) + " wanted for layer '" + layer +
                      "'; those of a model inside are read with the whole model only");
    read_legacy_group(file, group, variables, layer, block);
  }
  if (next < stored.size()) throw FileError("there are no weights for layer '" + stored[next].name + "'");
}

/// A file that holds a whole model: what it says of it, and where its weights are.
struct ModelFile {
  Json record{}, compile{};
  std::string path{};
  FileImage image{};  // of the weights' file, in an archive
  std::optional<Hdf5> weights{};
  bool legacy = false;

  /// What there is beside the record; it refers to this.
  Beside beside() const {
    return {
        [this](const std::string& group) -> std::optional<std::string> {
          const std::string member = "assets/" + group + "/vocabulary.txt";
          if (legacy) return std::nullopt;
          const Zip zip(path);
          if (!zip.has(member.c_str())) return std::nullopt;
          const std::vector<unsigned char> bytes = zip.read(member.c_str(), most_json_bytes, most_packed);
          return std::string(bytes.begin(), bytes.end());
        },
        [this](const std::string& place, int n) {
          if (static_cast<std::uint64_t>(n) > weights->size())
            throw FileError(place + " of " + std::to_string(n) + " values wanted, more than the file has");
          std::vector<float> values(static_cast<std::size_t>(n));
          weights->read(place, Shape{n}, values);
          return values;
        }};
  }
};
inline ModelFile open_model(const std::string& path) {
  ModelFile file{.path = path};
  if (path.ends_with(".keras")) {
    const Zip zip(path);
    file.record = parse_json(zip.read("config.json", most_json_bytes, most_packed), path);
    file.image = zip.image("model.weights.h5", most_weight_bytes, most_packed);
    file.weights.emplace(file.image.bytes, path + ": model.weights.h5");
    if (file.record.is_object()) file.compile = file.record.value("compile_config", Json());
  } else {
    file.legacy = true;
    file.weights.emplace(path);
    if (!file.weights->has_attribute("/", "model_config"))
      throw FileError("holds weights only: load_weights reads them into a model that is there");
    file.record = parse_json(file.weights->text("/", "model_config"), path);
    if (file.weights->has_attribute("/", "training_config")) {
      file.compile = parse_json(file.weights->text("/", "training_config"), path);
      if (file.compile.is_object())
        file.compile["optimizer"] = file.compile.value("optimizer_config", Json());
    }
  }
  return file;
}

/// A model out of a file, and its weights in the file's order, those of each of the outermost layers
/// together.
struct ReadModel {
  functional::Model model;
  std::vector<std::vector<Variable>> variables;
};
inline ReadModel read_model(const ModelFile& file, const CustomLayers& custom) {
  const Beside beside = file.beside();
  Builder builder(custom, beside);
  builder.most_weights = file.weights->size();
  functional::Model model = builder.build(file.record);
  std::map<std::string_view, std::size_t> rows;
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    if (model.layers()[i].tensors.count() > 0) rows.emplace(model.layers()[i].name, i);
  std::vector<std::string> frozen;
  for (const Builder::Place& place : builder.places)
    if (!place.trainable && rows.contains(place.name)) frozen.push_back(place.name);
  model.set_trainable(frozen, false);
  std::map<std::string_view, const Builder::Place*> places;
  for (const Builder::Place& place : builder.places) places.emplace(place.name, &place);
  ReadModel read{std::move(model), {}};
  std::vector<std::string> names;
  std::optional<std::size_t> outermost;
  for (const Builder::Place& place : builder.places) {
    const auto row = rows.find(place.name);
    if (row == rows.end()) continue;
    if (outermost != place.at[0]) {
      outermost = place.at[0];
      read.variables.emplace_back();
      names.push_back(place.name);
    }
    const std::vector<Variable> of_layer = variables_of(read.model.layers()[row->second].tensors);
    read.variables.back().insert(read.variables.back().end(), of_layer.begin(), of_layer.end());
  }
  float* const block = read.model.block().data();
  if (!file.legacy) {
    read_weights(
        *file.weights, read.model.layers(),
        [&](const LayerPlan& layer) {
          const auto place = places.find(layer.name);
          if (place == places.end())
            throw FileError("layer '" + std::string(layer.name) + "' (" + layer.type +
                            ") was made with a name that the file does not have");
          return place->second->in_config ? "" : place->second->group;
        },
        block);
    return read;
  }
  const std::vector<std::string> groups = legacy_groups(*file.weights, "/model_weights/");
  for (std::size_t i = 0; i < read.variables.size(); ++i) {
    if (i == groups.size())
      throw FileError(file.weights->name() + ": there are no weights for layer '" + names[i] + "'");
    read_legacy_group(*file.weights, groups[i], read.variables[i], names[i], block);
  }
  if (groups.size() > read.variables.size())
    throw FileError(file.weights->name() + ": " + groups[read.variables.size()] +
                    " has weights of a layer that the model lacks");
  return read;
}

// f(), whose errors, of the graph and of JSON as well, name the file.
template <class F> std::invoke_result_t<F&> of_file(const std::string& path, F f) {
  return naming(path, [&]() -> std::invoke_result_t<F&> {
    try {
      return f();
    } catch (const Json::exception& e) {
      throw FileError(e.what());
    } catch (const std::logic_error& e) {
      throw FileError(e.what());
    }
  });
}

/// For what two models shall be the same: training also looks at penalties and at what is trained.
enum class SameFor : unsigned char { prediction, training };

/// A model that was read beside one that is there: layers that do the same, or the first difference.
class SameLayers {
 public:
  std::vector<std::pair<const LayerPlan*, const LayerPlan*>> rows;  // of what was read, of the other
  std::string difference;

  SameLayers(const functional::Model& read, const ModelGraph& own, const CustomLayers& custom,
             SameFor purpose = SameFor::prediction) {
    const std::vector<int> came = run_order(read), wanted = run_order(*own.model);
    for (std::size_t i = 0; i < std::min(came.size(), wanted.size()) && difference.empty(); ++i) {
      const std::size_t from = read.graph().layer_index(came[i]),
                        to = own.model->graph().layer_index(wanted[i]);
      const LayerPlan &a = read.layers()[from], &b = own.layers[to];
      const auto differ = [&](const std::string& one, const std::string& other) {
        if (difference.empty())
          difference = "layer '" + std::string(a.name) + "' " + one + "; layer " + std::to_string(i) +
                       " of the network, '" + own.names[to] + "', " + other;
      };
      if (text(a, purpose) != text(b, purpose)) differ("is " + text(a, purpose), "is " + text(b, purpose));
      const Json one = settings(read, came[i], custom, purpose),
                 other = settings(*own.model, wanted[i], custom, purpose);
      for (const auto& [key, value] : one.items())
        if (const Json& there = other.value(key, Json()); value != there)
          differ("has " + key + " " + value.dump(), "has " + there.dump());
      rows.emplace_back(&a, &b);
    }
    if (!difference.empty()) return;
    if (came.size() != wanted.size())
      difference = std::to_string(came.size()) + " layers came, " + std::to_string(wanted.size()) + " wanted";
    else
      compare_calls(read.graph(), own.model->graph());
  }
  /// Error: FileError; there is a difference.
  const SameLayers& checked() const {
    if (!difference.empty()) throw FileError(difference);
    return *this;
  }
  /// Where a tensor of the model that was read lies in the other one.
  std::size_t offset(std::size_t read) const {
    for (const auto& [a, b] : rows)
      for (int i = 0; i < a->tensors.count(); ++i)
        if (a->tensors.offset(i) == read) return b->tensors.offset(i);
    throw FileError("a tensor of no layer");
  }

 private:
  // Who reads whom.
  void compare_calls(const functional::Graph& read, const functional::Graph& own) {
    const auto same_call = [](const functional::Graph::Entry& a, const functional::Graph::Entry& b) {
      return a.owner == b.owner &&
             std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end()) &&
             a.node->extras() == b.node->extras();
    };
    for (std::size_t i = 0; i < std::min(read.entries.size(), own.entries.size()) && difference.empty(); ++i)
      if (!same_call(read.entries[i], own.entries[i]))
        difference = "layer '" + read.entries[i].layer->name + "' (" + read.entries[i].node->type() +
                     ") is called on other tensors than in the network, or in another way";
    for (std::size_t k = 0; k < std::min(read.inputs.size(), own.inputs.size()) && difference.empty(); ++k) {
      const functional::Prepared &a = read.inputs[k]->prepared, &b = own.inputs[k]->prepared;
      if (!a.by != !b.by || a.texts != b.texts || (a.by && text_record(*a.by) != text_record(*b.by)))
        difference = "input " + std::to_string(k) + " is made of texts in another way than in the network";
    }
    if (difference.empty() &&
        (read.entries.size() != own.entries.size() || read.inputs.size() != own.inputs.size() ||
         read.outputs != own.outputs || read.masks != own.masks))
      difference = "inputs, outputs or their masks are others than those of the network";
  }
  static std::string text(const LayerPlan& l, SameFor purpose) {
    std::string s = std::string(l.type) + (l.activation.empty() ? "" : " " + std::string(l.activation)) +
                    " " + std::string(Text(l.in).view()) + " -> " + std::string(Text(l.out).view());
    for (const Parameter& p : *l.tensors.parameters) {
      s += std::string(", ") + p.name + " " + std::string(Text(p.shape).view());
      if (purpose == SameFor::training && !p.trainable) s += " (not trained)";
    }
    return s;
  }
  // What decides on the outputs, or on training.
  static Json settings(const functional::Model& model, int call, const CustomLayers& custom,
                       SameFor purpose) {
    std::optional<NodeConfig> known = node_config(*model.graph().entry(call).node, custom);
    Json config = known ? std::move(known->config) : Json::object();
    for (const char* key : {"return_state", "stateful"}) config.erase(key);
    Json deciding = Json::object();
    for (const auto& [key, value] : config.items())
      if (!key.ends_with("_initializer") && (purpose == SameFor::training || !key.ends_with("_regularizer")))
        deciding[key] = value;
    return deciding;
  }
};
// Copies the weights over. Nothing is changed before all are known to fit.
inline void copy_weights(const functional::Model& read, const SameLayers& same, auto* block) {
  for (const auto& [from, to] : same.rows)
    for (int i = 0; i < from->tensors.count(); ++i)
      std::copy_n(read.block().data() + from->tensors.offset(i), from->tensors[i].shape.size(),
                  block + to->tensors.offset(i));
}

}  // namespace detail

/// A model out of a file of Keras 3 (.keras) or of Keras 2 or 3 (.h5, whole model): its layers, its weights,
/// and which of them are trained. custom: layers of your own. Error: FileError that names the layer and says
/// what is not known here, or what is wrong with the file; nothing is left out silently. Keras: load_model.
inline functional::Model load_model(const std::string& path, const CustomLayers& custom = {}) {
  return detail::of_file(
      path, [&] { return std::move(detail::read_model(detail::open_model(path), custom).model); });
}

/// The weights of a whole model's file into a model that is there, static or functional, once every layer was
/// found to be the same: its type, its activation, its shapes. Error: FileError that names the first
/// difference; the model is then as it was.
template <class Model>
  requires requires(Model& model) { model.block(); }
void load_model(Model& model, const std::string& path, const CustomLayers& custom = {}) {
  detail::of_file(path, [&] {
    const functional::Model read = detail::read_model(detail::open_model(path), custom).model;
    const detail::ModelGraph graph = detail::graph_of(model);
    detail::copy_weights(read, detail::SameLayers(read, graph, custom).checked(), model.block().data());
  });
}

/// Weights out of a .weights.h5 file of Keras 3, or a .h5 of Keras 2 or 3 that holds only weights, into a
/// model that is there, static or functional. Layers belong together by their order: of a class in the first,
/// among those that have weights in the second. Error: FileError; a weight is missing, is too many or has
/// another shape; the model is then as it was. Keras: load_weights.
template <class Model>
void load_weights(Model& model, const std::string& path, const CustomLayers& custom = {}) {
  detail::of_file(path, [&] {
    if (path.ends_with(".keras")) throw FileError("holds a whole model: load_model(model, path) reads it");
    const Hdf5 file(path);
    const detail::ModelGraph graph = detail::graph_of(model);
    const detail::GraphWriter layout(*graph.model, graph.names, custom);
    std::vector<float> block(model.block().begin(), model.block().end());
    if (path.ends_with(".weights.h5")) {
      for (const detail::Stored& at : layout.stored())
        detail::read_weights(
            file, std::span(&graph.layers[at.row], 1), [&](const LayerPlan&) { return at.group + at.below; },
            block.data());
      for (const std::string& next : layout.next_groups())
        if (file.has(next + "/vars/0") || file.has(next + "/cell/vars/0") || file.has(next + "/layers") ||
            file.has(next + "/forward_layer/cell/vars/0") || file.has(next + "/query_dense/vars/0"))
          throw FileError(next + " has weights of a layer that the model lacks");
    } else
      detail::read_legacy_weights(file, graph, layout.stored(), block.data());
    std::copy(block.begin(), block.end(), model.block().begin());
  });
}

}  // namespace keratin::io
