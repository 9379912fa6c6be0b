#pragma once
// The records that Keras's files have for a model's layers and their calls. Needs nlohmann-json.
#include <keratin/io/config.hpp>
#include <keratin/layer_specs.hpp>

#include <optional>
#include <vector>

namespace keratin::io::detail {

inline constexpr std::uint64_t most_json_bytes = 64 << 20, most_weight_bytes = std::uint64_t{16} << 30;
inline constexpr int deepest_json = 200, most_json_values = 1 << 21;

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

/// A tensor that a call reads: which of those that a call of a layer made.
struct Reference {
  std::string layer;
  std::size_t call = 0, tensor = 0;
};
/// What a call is given.
struct Arguments {
  std::vector<Json> args;
  std::optional<Reference> mask;
  std::vector<Reference> state;
  bool use_causal_mask = false, return_attention_scores = false;
};

inline bool is_sequential(const std::string& class_name) { return class_name == "Sequential"; }
inline bool is_model(const std::string& class_name) {
  return is_sequential(class_name) || class_name == "Functional" || class_name == "Model";
}
inline bool is_operator(const Json& record) {
  // An .h5 does not say where a class is from: these are made for masks, and no layer is called so.
  if (!record.contains("module"))
    for (const char* known :
         {"NotEqual", "Any", "LogicalOr", "ExpandDims", "ZerosLike", "OnesLike", "ConvertToTensor"})
      if (record.value("class_name", Json()) == known) return true;
  const std::string module = record.value("module", Json("")).is_string() ? record.value("module", "") : "";
  return module.find(".ops") != std::string::npos;
}
inline std::string name_in(const Json& record) {
  const Json& config = member(record, "config");
  return text_in(config.contains("name") ? config : record, "name");
}
/// f() for a layer: what goes wrong there names it.
template <class F> std::invoke_result_t<F&> in_layer(const Json& record, F f) {
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

inline constexpr const char* color_jitter = "RandomColorJitter";  // made of several layers
// Keras writes the calls of image layers with training=True; predict and fit replace it.
inline bool is_called_with_training(const std::string& class_name) {
  bool is = class_name == color_jitter;
  hana::for_each(layer_specs, [&](auto type) {
    using S = typename decltype(type)::type;
    if constexpr (requires { S::called_with_training; }) is = is || class_name == S::name;
  });
  return is;
}
inline constexpr const char* attention_inputs[] = {"query", "value", "key"};
inline bool is_attention(const std::string& class_name) {
  bool attends = false;
  hana::for_each(layer_specs, [&](auto type) {
    using S = typename decltype(type)::type;
    if constexpr (requires { S::attends; }) attends = attends || class_name == class_in_files<S>();
  });
  return attends;
}
// f(name, [layer, call, tensor]) for one tensor, a list of them, or a dict.
inline void each_leaf(const Json& j, const std::string& name, auto f) {
  if (j.is_array() && !j.empty() && j[0].is_string()) return f(name, j);
  if (!j.is_array() && !j.is_object()) wants(j, "tensors");
  for (const auto& [key, value] : j.items())
    if (value.is_array() && !value.empty() && value[0].is_string())
      f(key, value);
    else if (j.is_array() && value.is_array() && !value.empty())  // the states of several cells
      each_leaf(value, key, f);
    else
      wants(value, "[layer, call, tensor]");
}
inline Reference reference(const Json& j) {
  if (!j.is_array() || j.size() < 3 || !j[0].is_string() || !j[1].is_number_unsigned() ||
      !j[2].is_number_unsigned())
    wants(j, "[layer, call, tensor]");
  return {j[0], j[1], j[2]};
}
inline bool is_tensor(const Json& j) {
  return j.is_object() && j.value("class_name", Json()) == "__keras_tensor__";
}
inline std::vector<Reference> tensors_in(const Json& j) {
  std::vector<Reference> all;
  if (is_tensor(j)) return {reference(member(member(j, "config"), "keras_history"))};
  if (j.is_array())
    for (const Json& item : j)
      for (Reference& r : tensors_in(item)) all.push_back(std::move(r));
  return all;
}
inline std::vector<Reference> tensors_in(const std::vector<Json>& args) {
  std::vector<Reference> all;
  for (const Json& j : args)
    for (Reference& r : tensors_in(j)) all.push_back(std::move(r));
  return all;
}
// One of inbound_nodes as Keras 3 writes it, {"args": ..., "kwargs": ...}. Keras 2 wrote [[layer, call,
// tensor, kwargs], ...], with tensors among the kwargs as [layer, call, tensor]. call_of(reference): which
// call that is, counted from 0.
Json node_of_keras_2(const Json& node, auto call_of) {
  const auto tensor = [&](const Json& j) -> Json {
    const Reference r = reference(j);
    return {{"class_name", "__keras_tensor__"},
            {"config", {{"keras_history", {r.layer, call_of(r), r.tensor}}}}};
  };
  const auto is_reference = [](const Json& j) {
    return j.is_array() && j.size() > 2 && j[0].is_string() && j[1].is_number_unsigned() &&
           j[2].is_number_unsigned();
  };
  Json args = Json::array(), kwargs = Json::object();
  for (const Json& j : !node.empty() && node[0].is_string() ? Json::array({node}) : node) {
    args.push_back(tensor(j));
    if (j.size() < 4 || !j[3].is_object()) continue;
    for (const auto& [key, value] : j[3].items()) {
      Json& to = kwargs[key] = is_reference(value) ? tensor(value) : value;
      if (to.is_array())
        for (Json& item : to)
          if (is_reference(item)) item = tensor(item);
    }
  }
  return {{"args", std::move(args)}, {"kwargs", std::move(kwargs)}};
}
inline Arguments arguments_of(const Json& node) {
  Arguments a;
  for (const Json& j : list_in(node, "args")) a.args.push_back(j);
  if (!node.contains("kwargs") || node["kwargs"].is_null()) return a;
  for (const char* input : attention_inputs)
    if (node["kwargs"].contains(input)) a.args.push_back(node["kwargs"][input]);
  if (node["kwargs"].contains(CategoryEncodingSpec::second_argument))
    a.args.push_back(node["kwargs"][CategoryEncodingSpec::second_argument]);
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
// What a call is given besides tensors must change nothing.
inline void check_arguments(const Json& record, const Json& node) {
  const auto refuse = [](const std::string& what) {
    throw FileError("a call with " + what + ", which is not known here");
  };
  const auto check = [&](const std::string& key, const Json& value) {
    if (value.is_null()) return;
    const std::string class_name = class_of(record);
    const bool several = key == "mask" && tensors_in(value).size() > 1;
    if (key == "mask" && !several && class_name != "Softmax" && !is_model(class_name)) return;
    if (key == CategoryEncodingSpec::second_argument && class_name == CategoryEncodingSpec::name &&
        is_tensor(value))
      return;
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
  for (const Json& j : list_in(node, "args"))
    if (tensors_in(j).empty() && !j.is_null()) refuse(j.dump());
  if (node.contains("kwargs") && node["kwargs"].is_object())
    for (const auto& [key, value] : node["kwargs"].items()) check(key, value);
}

}  // namespace keratin::io::detail
