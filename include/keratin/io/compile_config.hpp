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
template <class Loss> Json loss_record() {
  Json config = {{"name", Loss::name}, {"reduction", "sum_over_batch_size"}};
  if constexpr (requires { Loss::from_logits; })
    if (Loss::from_logits) config["from_logits"] = true;
  return record_of("keras.losses", class_of_function(Loss::name), std::move(config));
}
// accuracy by its name: Keras then takes the one that the targets want.
template <class Metric> Json metric_record() {
  if (std::string_view(Metric::name) == "accuracy") return Metric::name;
  return record_of("keras.metrics", class_of_function(Metric::name), {{"name", Metric::name}});
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
