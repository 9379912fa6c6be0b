#pragma once
// What compile() was given, as Keras's JSON: the optimizer's settings, losses, metrics. Needs nlohmann-json.
#include <keratin/io/config.hpp>
#include <keratin/metrics.hpp>
#include <keratin/training/trainer.hpp>

#include <optional>

namespace keratin::io {

namespace detail {

template <class T> void put_settings(Json& config) {
  if constexpr (requires { T::settings; })
    for (const Setting& setting : T::settings) {
      Json& to = config[setting.name];
      if (setting.kind == Setting::flag)
        to = setting.value != 0;
      else if (setting.word)
        to = *setting.word ? Json(setting.word) : Json();
      else if (setting.kind == Setting::whole)
        to = static_cast<int>(setting.value);
      else
        to = setting.value;
    }
}
template <class Optimizer> Json optimizer_record(const Optimizer& optimizer) {
  Json config = {{"name", lower_case(Optimizer::name)}};
  config.update(put_fields(optimizer));
  put_settings<Optimizer>(config);
  return record_of("keras.optimizers", Optimizer::name, std::move(config));
}
/// What an optimizer keeps, as files have it.
struct KeptByOptimizer {
  std::size_t slots = 0, together = 0;  // of each variable; so many of them stand together
  std::optional<float> scalar{};        // behind them all

  // f(trained variable, slot) in the files' order.
  void each(std::size_t variables, auto f) const {
    for (std::size_t v = 0; v < variables; ++v)
      for (std::size_t s = 0; s < together; ++s) f(v, s);
    for (std::size_t s = together; s < slots; ++s)
      for (std::size_t v = 0; v < variables; ++v) f(v, s);
  }
  std::size_t count(std::size_t variables) const { return slots * variables + scalar.has_value(); }
};
template <class Optimizer> KeptByOptimizer kept_by(const Optimizer& optimizer, std::int64_t steps) {
  KeptByOptimizer kept;
  kept.slots = kept.together = static_cast<std::size_t>(optimizer.slots_in_use());
  if constexpr (requires { Optimizer::slots_together; })
    kept.together = std::min<std::size_t>(kept.slots, Optimizer::slots_together);
  if constexpr (requires { optimizer.scalar_slot(steps); })
    kept.scalar = static_cast<float>(optimizer.scalar_slot(steps));
  return kept;
}

/// One of a model's outputs in what compile() was given.
struct CompiledRecord {
  Json loss, metrics = Json::array();
  double weight = 1;
};

// The class of a loss or a metric in Keras, and what it was made with.
template <class T> std::string keras_class() {
  if constexpr (requires { T::class_name; })
    return T::class_name;
  else if constexpr (requires { T::Measured::class_name; })
    return T::Measured::class_name;
  else
    return pascal_case(T::name);
}
// What files cannot say of a loss or a metric.
template <class T> void check_writable(const char* what) {
  if constexpr (requires { T::not_in_files; })
    if (T::not_in_files) throw FileError(std::string(what) + " " + T::name + ": " + T::not_in_files);
}
template <class Loss> Json loss_record() {
  check_writable<Loss>("loss");
  Json config = {{"name", Loss::name}, {"reduction", "sum_over_batch_size"}};
  if constexpr (requires { Loss::from_logits; })
    if (Loss::from_logits) config["from_logits"] = true;
  put_settings<Loss>(config);
  return record_of("keras.losses", keras_class<Loss>(), std::move(config));
}
// Accuracy by its name: Keras then takes the one that the targets want.
template <class Metric> Json metric_record() {
  if constexpr (std::is_same_v<Metric, metrics::Accuracy>) return Metric::name;
  if constexpr (requires { Metric::Measured::from_logits; })
    if (Metric::Measured::from_logits)
      throw FileError("metric " + std::string(Metric::name) + ": one of logits is not written yet");
  check_writable<Metric>("metric");
  Json config = {{"name", Metric::name}};
  put_settings<Metric>(config);
  return record_of("keras.metrics", keras_class<Metric>(), std::move(config));
}
template <class Loss, class... Metrics>
CompiledRecord compiled_record(const ForOutput<Loss, Metrics...>& head) {
  CompiledRecord output{.loss = loss_record<Loss>(), .weight = head.weight};
  (output.metrics.push_back(metric_record<Metrics>()), ...);
  return output;
}

/// compile_config of a model's record. output_names: none where the outputs have none of their own.
inline Json compile_config(const std::vector<CompiledRecord>& outputs, const Json& optimizer,
                           const std::vector<std::string>& output_names) {
  Json losses = Json::array(), weights = Json::array(), metrics = Json::array();
  bool weighed = false;
  for (const CompiledRecord& output : outputs) {
    losses.push_back(output.loss);
    weights.push_back(output.weight);
    weighed = weighed || output.weight != 1;
    metrics.push_back(output.metrics);
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
