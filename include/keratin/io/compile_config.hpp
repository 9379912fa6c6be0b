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
      else if (setting.kind == Setting::list)
        to = std::vector(setting.items, setting.items + static_cast<std::size_t>(setting.value));
      else if (setting.word)
        to = *setting.word ? Json(setting.word) : Json();
      else if (setting.kind == Setting::whole)
        to = static_cast<int>(setting.value);
      else
        to = setting.value;
    }
}
// An optimizer, without the settings that every one may have.
template <class Optimizer> struct InnerOf {
  using type = Optimizer;
};
template <HasSettings Optimizer> struct InnerOf<Optimizer> {
  using type = typename Optimizer::Inner;
};
template <class Optimizer> Json optimizer_record(const Optimizer& optimizer) {
  using Inner = typename InnerOf<Optimizer>::type;
  Json config = {{"name", lower_case(Optimizer::name)}};
  if constexpr (HasSettings<Optimizer>) {
    config.update(put_fields(static_cast<const OptimizerSettings&>(optimizer)));
    for (Json& value : config)
      if (value.is_number() && value == 0) value = nullptr;  // Keras's None
    config["ema_momentum"] = optimizer.ema_momentum;
  }
  config.update(put_fields(static_cast<const Inner&>(optimizer)));
  if constexpr (HasSettings<Optimizer>)
    if (optimizer.decay() > 0) config["weight_decay"] = optimizer.decay();
  put_settings<Optimizer>(config);
  return record_of("keras.optimizers", Optimizer::name, std::move(config));
}
/// What an optimizer keeps, as files have it.
struct KeptByOptimizer {
  bool averages = false, sums = false;  // of each variable, in front of the slots
  std::size_t slots = 0, together = 0;  // of each variable; so many of them stand together
  std::optional<float> scalar{};        // behind them all
  std::optional<Shape> (*slot_shape)(std::size_t, const Shape&) = nullptr;  // null: as their tensors

  std::size_t before() const { return std::size_t{averages} + sums; }
  std::size_t blocks() const { return before() + slots; }
  // f(trained variable, block) in the files' order: averages, sums, slots.
  void each(std::size_t variables, auto f) const {
    const auto apart = [&](std::size_t from, std::size_t to) {
      for (std::size_t b = from; b < to; ++b)
        for (std::size_t v = 0; v < variables; ++v) f(v, b);
    };
    apart(0, before());
    for (std::size_t v = 0; v < variables; ++v)
      for (std::size_t s = 0; s < together; ++s) f(v, before() + s);
    apart(before() + together, blocks());
  }
  std::size_t count(std::size_t variables) const { return blocks() * variables + scalar.has_value(); }
  // None: a whole number, 0, that stands for nothing.
  std::optional<Shape> shape(std::size_t block, const Shape& of_tensor) const {
    return slot_shape && block >= before() ? slot_shape(block - before(), of_tensor) : of_tensor;
  }
};
template <class Optimizer> KeptByOptimizer kept_by(const Optimizer& optimizer, std::int64_t steps) {
  KeptByOptimizer kept;
  if constexpr (HasSettings<Optimizer>) {
    kept.averages = optimizer.use_ema;
    kept.sums = optimizer.accumulates();
    steps /= optimizer.batches_per_update();
  }
  if constexpr (requires { Optimizer::slot_shape; }) kept.slot_shape = &Optimizer::slot_shape;
  kept.slots = kept.together = static_cast<std::size_t>(optimizer.slots_in_use());
  if constexpr (requires { Optimizer::slots_together; })
    kept.together = std::min<std::size_t>(kept.slots, Optimizer::slots_together);
  if constexpr (requires { optimizer.scalar_slot(steps); })
    kept.scalar = static_cast<float>(optimizer.scalar_slot(steps));
  return kept;
}
// The blocks of a trainer in KeptByOptimizer's order.
template <class Trainer> auto kept_blocks(Trainer& trainer) {
  std::vector<decltype(trainer.slots().data())> blocks;
  const auto add = [&](auto block) {
    if (block.empty())
      throw FileError("the optimizer's settings were changed since the last step: do one first");
    blocks.push_back(block.data());
  };
  const auto& optimizer = trainer.optimizer();
  if constexpr (requires { trainer.averages(); }) {
    if (optimizer.use_ema) add(trainer.averages());
    if (optimizer.accumulates()) add(trainer.sums());
  }
  const std::size_t size = trainer.model().block().size();
  for (int s = 0; s < optimizer.slots_in_use(); ++s)
    blocks.push_back(trainer.slots().data() + static_cast<std::size_t>(s) * size);
  return blocks;
}

/// One of a model's outputs in what compile() was given.
struct CompiledRecord {
  Json loss, metrics = Json::array(), weighted_metrics = Json::array();
  double weight = 1;
};

// The class of a loss or a metric in Keras, and what it was made with.
template <class T> std::string keras_class() {
  if constexpr (requires { typename T::Unnamed; })
    return keras_class<typename T::Unnamed>();
  else if constexpr (requires { T::class_name; })
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
template <class Loss> void put_loss_settings(Json& config) {
  if constexpr (requires { Loss::from_logits; })
    if (Loss::from_logits) config["from_logits"] = true;
  put_settings<Loss>(config);
}
template <class Loss> Json loss_record() {
  check_writable<Loss>("loss");
  Json config = {{"name", Loss::name},
                 {"reduction", std::string(enum_name(keratin::detail::reduction_of<Loss>()))}};
  put_loss_settings<Loss>(config);
  return record_of("keras.losses", keras_class<Loss>(), std::move(config));
}
// Whether a metric is any loss, which Keras has no class for.
template <class T> constexpr bool is_loss_metric = false;
template <class Loss> constexpr bool is_loss_metric<metrics::LossMetric<Loss>> = true;
template <fixed_string Name, class T>
constexpr bool is_loss_metric<metrics::Named<Name, T>> = is_loss_metric<T>;

// single: an output has one value a row; classes: its targets are class numbers.
template <class Metric> Json metric_record(bool single, bool classes) {
  check_writable<Metric>("metric");
  std::string of = keras_class<Metric>();
  if (of == keras_class<metrics::Accuracy>()) {
    // By its name: Keras then takes the one that the targets want.
    if (std::string_view(Metric::name) == metrics::Accuracy::name) return Metric::name;
    of = single    ? keras_class<metrics::BinaryAccuracy<>>()
         : classes ? keras_class<metrics::SparseCategoricalAccuracy>()
                   : keras_class<metrics::CategoricalAccuracy>();
  }
  Json config = {{"name", Metric::name}};
  put_settings<Metric>(config);
  if constexpr (requires { Metric::of_classes; })
    config["sparse_y_true"] = single || classes, config["sparse_y_pred"] = single;
  if constexpr (requires { typename Metric::Measured; }) {
    using Loss = typename Metric::Measured;
    check_writable<Loss>("metric");
    Json of_loss = Json::object();
    put_loss_settings<Loss>(of_loss);
    for (const auto& [key, value] : of_loss.items())
      if (!value.is_null()) config[key] = value;
    if (is_loss_metric<Metric>) {
      of = "MeanMetricWrapper";
      config["fn"] = {{"module", "builtins"},
                      {"class_name", "function"},
                      {"config", Loss::name},
                      {"registered_name", "function"}};
    }
  }
  return record_of("keras.metrics", of, std::move(config));
}
template <class Metric> void add_metric(CompiledRecord& output, bool single, bool classes) {
  if constexpr (metrics::IsWeighted<Metric>)
    output.weighted_metrics.push_back(metric_record<typename Metric::Unweighted>(single, classes));
  else
    output.metrics.push_back(metric_record<Metric>(single, classes));
}
template <class Loss, class... Metrics>
CompiledRecord compiled_record(const ForOutput<Loss, Metrics...>& head, const Shape& out) {
  CompiledRecord output{.loss = loss_record<Loss>(), .weight = head.weight};
  (add_metric<Metrics>(output, out.last() == 1, Loss::targets == Targets::classes), ...);
  return output;
}

/// compile_config of a model's record. output_names: none where the outputs have none of their own.
inline Json compile_config(const std::vector<CompiledRecord>& outputs, const Json& optimizer,
                           const std::vector<std::string>& output_names) {
  Json losses = Json::array(), weights = Json::array(), metrics = Json::array(),
       weighted_metrics = Json::array();
  bool weighed = false, with_weighted_metrics = false;
  for (const CompiledRecord& output : outputs) {
    losses.push_back(output.loss);
    weights.push_back(output.weight);
    weighed = weighed || output.weight != 1;
    metrics.push_back(output.metrics);
    weighted_metrics.push_back(output.weighted_metrics);
    with_weighted_metrics = with_weighted_metrics || !output.weighted_metrics.empty();
  }
  const auto for_outputs = [&](const Json& list) -> Json {
    if (list.empty()) return nullptr;
    if (output_names.empty()) return list.size() == 1 ? list[0] : list;
    Json named = Json::object();
    for (std::size_t k = 0; k < list.size(); ++k) named[output_names[k]] = list[k];
    return named;
  };
  return {{"optimizer", optimizer},
          {"loss", for_outputs(losses)},
          {"loss_weights", weighed ? (weights.size() == 1 ? weights : for_outputs(weights)) : Json()},
          {"metrics", for_outputs(metrics)},
          {"weighted_metrics", with_weighted_metrics ? for_outputs(weighted_metrics) : Json()},
          {"run_eagerly", false},
          {"steps_per_execution", 1}};
}

}  // namespace detail
}  // namespace keratin::io
