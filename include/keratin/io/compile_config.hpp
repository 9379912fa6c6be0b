#pragma once
// What compile() was given, as Keras's JSON: the optimizer's settings, losses, metrics. Needs nlohmann-json.
#include <keratin/io/config.hpp>
#include <keratin/training/trainer.hpp>

namespace keratin::io::detail {

// mean_squared_error -> MeanSquaredError
inline std::string class_of_function(std::string_view snake) {
  std::string name;
  bool begins = true;
  for (const char c : snake) {
    if (c != '_') name += begins ? static_cast<char>(toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '_';
  }
  return name;
}

template <class Optimizer> Json optimizer_record(const Optimizer& optimizer) {
  std::string name = Optimizer::name;
  for (char& c : name) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  Json config = {{"name", name}};
  hana::for_each(hana::accessors<Optimizer>(), [&](auto field) {
    config[hana::to<const char*>(hana::first(field))] = put(hana::second(field)(optimizer));
  });
  return record_of("keras.optimizers", Optimizer::name, std::move(config));
}
// A loss, or one as a metric.
template <class Loss> Json function_record(const char* module, Json config) {
  config["name"] = Loss::name;
  if constexpr (requires { Loss::from_logits; }) config["from_logits"] = bool{Loss::from_logits};
  return record_of(module, class_of_function(Loss::name), std::move(config));
}
template <class Loss> Json loss_record() {
  return function_record<Loss>("keras.losses", {{"reduction", "sum_over_batch_size"}});
}
// accuracy by its name: Keras then takes the one that the targets want.
template <class Metric> Json metric_record() {
  if constexpr (!requires { typename Metric::Measured; })
    return Metric::name;
  else
    return function_record<typename Metric::Measured>("keras.metrics", Json::object());
}

/// compile_config of a model's record. output_names: none where the outputs have none of their own.
template <int Capacity, class Model, class Optimizer, class... Heads>
Json compile_config(const Trainer<Capacity, Model, Optimizer, Heads...>& trainer,
                    const std::vector<std::string>& output_names) {
  Json losses = Json::array(), weights = Json::array(), metrics = Json::array();
  const auto add = [&]<class L, class... Ms>(const ForOutput<L, Ms...>& head) {
    losses.push_back(loss_record<L>());
    weights.push_back(head.weight);
    Json list = Json::array();
    (list.push_back(metric_record<Ms>()), ...);
    metrics.push_back(std::move(list));
  };
  std::apply([&](const auto&... head) { (add(head), ...); }, trainer.heads());
  const auto for_outputs = [&](const Json& list) -> Json {
    if (output_names.empty()) return list.size() == 1 ? list[0] : list;
    Json named = Json::object();
    for (std::size_t k = 0; k < list.size(); ++k) named[output_names[k]] = list[k];
    return named;
  };
  const bool weighed = weights != Json(std::vector<double>(weights.size(), 1.0));
  return {{"optimizer", optimizer_record(trainer.optimizer())},
          {"loss", for_outputs(losses)},
          {"loss_weights", weighed ? (weights.size() == 1 ? weights : for_outputs(weights)) : Json()},
          {"metrics", for_outputs(metrics)},
          {"weighted_metrics", nullptr},
          {"run_eagerly", false},
          {"steps_per_execution", 1}};
}

}  // namespace keratin::io::detail
