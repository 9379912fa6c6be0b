#pragma once
// What a file says that its model was compiled with, by names: for programs that choose losses when they
// run. Needs libzip and nlohmann-json.
#include <keratin/io/compiled_output.hpp>
#include <keratin/io/keras.hpp>

#include <optional>

namespace keratin::io {

namespace detail {

// One of a model's outputs in what compile() was given: a list, a dict by the outputs' names, or one for all.
inline Json of_output(const Json& given, const functional::Model& model, std::size_t k, bool is_list) {
  if (given.is_object() && !given.contains("class_name"))
    return given.contains(model.output_name(k)) ? given[model.output_name(k)] : Json();
  if (!is_list) return given;
  if (given.size() != model.outputs())
    wants(given, "one for each of " + std::to_string(model.outputs()) + " outputs");
  return given[k];
}
// CategoricalCrossentropy and categorical_crossentropy -> categorical_crossentropy
inline std::string function_name(const Json& j) {
  const std::string name = class_of(j);
  if (name == "MeanMetricWrapper")  // of any loss, and of Keras 2
    if (const Json config = j.value("config", Json()); config.is_object() && config.contains("fn"))
      return snake_case(class_of(config["fn"]));
  if (j.is_object() && name == "Accuracy") return "exact_accuracy";  // not the string "accuracy"
  return snake_case(name);
}
// What the config of a loss or a metric says, but for what changes nothing.
inline std::vector<CompiledSetting> settings_of(const Json& j) {
  std::vector<CompiledSetting> settings;
  if (!j.is_object() || !j.contains("config") || !j["config"].is_object()) return settings;
  for (const auto& [key, given] : j["config"].items()) {
    const Json& value = given.is_array() && given.size() == 1 ? given[0] : given;
    if (key == "name" || key == "dtype" || key == "fn" || value.is_null() ||
        value == (key == "remove_diagonal") || (key == "label_smoothing" && value == 0) ||
        (key == "axis" && value == -1))
      continue;
    if (value.is_number() || value.is_boolean())
      settings.push_back(
          {key, value.is_boolean() ? static_cast<double>(value.get<bool>()) : value.get<double>()});
    else
      settings.push_back({key, 0, value.is_string() ? value.get<std::string>() : value.dump()});
  }
  return settings;
}

inline void take_loss(const Json& j, CompiledOutput& output) {
  output.loss = function_name(j);
  for (CompiledSetting& setting : settings_of(j))
    if (setting.name == "from_logits")
      output.from_logits = setting.value != 0 || !setting.word.empty();
    else if (setting.name != "reduction")
      output.settings.push_back(setting);
    else if (setting.word != "mean" && setting.word != "auto")
      output.reduction = setting.word;
}
inline void take_metrics(const Json& j, std::vector<CompiledMetric>& metrics) {
  if (j.is_array()) {
    for (const Json& one : j) take_metrics(one, metrics);
  } else if (!j.is_null()) {
    CompiledMetric& metric = metrics.emplace_back(function_name(j), function_name(j), settings_of(j));
    if (const Json config = j.is_object() ? j.value("config", Json()) : Json();
        config.is_object() && config.contains("name"))
      take(config["name"], metric.name);
  }
}

}  // namespace detail

/// What the model of a file was compiled with; nothing if it was not. model: as load_model made it of the
/// file. Error: FileError; the record is not one of Keras's.
inline std::optional<CompiledWith> compiled_with(const std::string& path, const functional::Model& model) {
  return detail::of_file(path, [&]() -> std::optional<CompiledWith> {
    const Json compile = detail::open_model(path).compile;
    if (!compile.is_object() || !compile.contains("loss")) return std::nullopt;
    CompiledWith with;
    with.optimizer = detail::class_of(compile.value("optimizer", Json()));
    const Json loss = compile["loss"], weights = compile.value("loss_weights", Json()),
               metrics = compile.value("metrics", Json()),
               weighted = compile.value("weighted_metrics", Json());
    const std::size_t outputs = model.outputs();
    // A flat list of metrics is that of the only output.
    const auto of_each = [=](const Json& list) {
      return list.is_array() && (outputs > 1 || (!list.empty() && list[0].is_array()));
    };
    for (std::size_t k = 0; k < outputs; ++k) {
      CompiledOutput& output = with.outputs.emplace_back();
      detail::take_loss(detail::of_output(loss, model, k, loss.is_array()), output);
      if (const Json weight = detail::of_output(weights, model, k, weights.is_array()); !weight.is_null())
        detail::take(weight, output.weight);
      detail::take_metrics(detail::of_output(metrics, model, k, of_each(metrics)), output.metrics);
      detail::take_metrics(detail::of_output(weighted, model, k, of_each(weighted)), output.weighted_metrics);
    }
    return with;
  });
}

}  // namespace keratin::io
