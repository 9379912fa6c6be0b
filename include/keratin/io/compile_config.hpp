#pragma once
// What compile() was given, as Keras's JSON: the optimizer's settings, losses, metrics. Needs nlohmann-json.
#include <keratin/io/compiled_output.hpp>
#include <keratin/io/config.hpp>
#include <keratin/training/trainer.hpp>

namespace keratin::io {

namespace detail {

template <class Optimizer> Json optimizer_record(const Optimizer& optimizer) {
  Json config = {{"name", lower_case(Optimizer::name)}};
  config.update(put_fields(optimizer));
  return record_of("keras.optimizers", Optimizer::name, std::move(config));
}
inline Json loss_record(const CompiledOutput& output) {
  Json config = {{"name", output.loss}, {"reduction", "sum_over_batch_size"}};
  if (output.from_logits) config["from_logits"] = true;
  for (const auto& [setting, value] : output.settings) config[setting] = value;
  return record_of("keras.losses", output.loss_class, std::move(config));
}
// accuracy by its name: Keras then takes the one that the targets want.
inline Json metric_record(const std::string& name) {
  if (name == "accuracy") return name;
  return record_of("keras.metrics", pascal_case(name), {{"name", name}});
}
template <class Loss, class... Metrics>
CompiledOutput compiled_output(const ForOutput<Loss, Metrics...>& head) {
  [[maybe_unused]] const auto check = []<class Metric>(const Metric*) {
    if constexpr (requires { Metric::Measured::from_logits; })
      if (Metric::Measured::from_logits)
        throw FileError("metric " + std::string(Metric::name) + ": one of logits is not written yet");
  };
  (check(static_cast<const Metrics*>(nullptr)), ...);
  CompiledOutput output{.loss = Loss::name, .weight = head.weight, .metrics = {Metrics::name...}};
  if constexpr (requires { Loss::from_logits; }) output.from_logits = Loss::from_logits;
  if constexpr (requires { Loss::settings; })
    for (const LossSetting& setting : Loss::settings)
      output.settings.emplace_back(setting.name, setting.value);
  if constexpr (requires { Loss::class_name; })
    output.loss_class = Loss::class_name;
  else
    output.loss_class = pascal_case(Loss::name);
  return output;
}

/// compile_config of a model's record. output_names: none where the outputs have none of their own.
inline Json compile_config(const std::vector<CompiledOutput>& outputs, const Json& optimizer,
                           const std::vector<std::string>& output_names) {
  Json losses = Json::array(), weights = Json::array(), metrics = Json::array();
  bool weighed = false;
  for (const CompiledOutput& output : outputs) {
    losses.push_back(loss_record(output));
    weights.push_back(output.weight);
    weighed = weighed || output.weight != 1;
    Json list = Json::array();
    for (const std::string& name : output.metrics) list.push_back(metric_record(name));
    metrics.push_back(std::move(list));
  }
  const auto for_outputs = [&](const Json& list) -> Json {
    if (output_names.empty()) return list.size() == 1 ? list[0] : list;
    Json named = Json::object();
    for (std::size_t k = 0; k < list.size(); ++k) named[output_names[k]] = list[k];
    return named;
  };
  return {{"optimizer", optimizer},
          {"loss", for_outputs(losses)},
          {"loss_weights", weighed ? (weights.size() == 1 ? weights : for_outputs(weights)) : Json()},
          {"metrics", for_outputs(metrics)},
          {"weighted_metrics", nullptr},
          {"run_eagerly", false},
          {"steps_per_execution", 1}};
}

}  // namespace detail
}  // namespace keratin::io
