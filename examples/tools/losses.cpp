#include "losses.hpp"

namespace tool {
namespace {

template <class Loss> constexpr AnyLoss loss_of() {
  AnyLoss loss{Loss::name, Loss::targets,
               false,      std::is_same_v<typename Loss::Link, Linear>,
               &Loss::fit, &Loss::template evaluate<float>};
  if constexpr (requires { Loss::from_logits; }) loss.from_logits = Loss::from_logits;
  if (loss.from_logits) loss.on_activation = false;  // there is no activation
  return loss;
}
template <class Metric> constexpr AnyMetric metric_of() {
  return {Metric::name, Metric::targets, [](const LossInput<float>& batch, metrics::Mean& to) {
            Metric metric;
            metric.update(batch);
            to.add(metric.result() * batch.rows, batch.rows);
          }};
}

constexpr AnyLoss losses[] = {loss_of<MeanSquaredError>(),
                              loss_of<MeanAbsoluteError>(),
                              loss_of<BinaryCrossentropy<>>(),
                              loss_of<CategoricalCrossentropy<>>(),
                              loss_of<SparseCategoricalCrossentropy<>>(),
                              loss_of<BinaryCrossentropy<FromLogits>>(),
                              loss_of<CategoricalCrossentropy<FromLogits>>(),
                              loss_of<SparseCategoricalCrossentropy<FromLogits>>()};
constexpr AnyMetric any_metrics[] = {metric_of<metrics::Accuracy>(),
                                     metric_of<metrics::MeanSquaredError>(),
                                     metric_of<metrics::MeanAbsoluteError>(),
                                     metric_of<metrics::BinaryCrossentropy>(),
                                     metric_of<metrics::CategoricalCrossentropy>(),
                                     metric_of<metrics::SparseCategoricalCrossentropy>()};

std::string full_name(const std::string& name) {
  constexpr std::pair<std::string_view, const char*> short_names[] = {
      {"mse", "mean_squared_error"},
      {"mae", "mean_absolute_error"},
      {"acc", "accuracy"},
      {"categorical_accuracy", "accuracy"},  // what Keras makes of "accuracy" for such targets
      {"sparse_categorical_accuracy", "accuracy"}};
  for (const auto& [shorter, full] : short_names)
    if (name == shorter) return full;
  return name;
}
[[noreturn]] void refuse(const char* what, const std::string& name, const auto& known) {
  std::string all;
  for (const auto& one : known) all.append(all.empty() ? "" : ", ").append(one.name);
  throw UsageError(std::string(what) + " '" + name + "' is not known here; known are " + all);
}

}  // namespace

const AnyLoss& find_loss(const std::string& name, bool from_logits) {
  const std::string wanted = full_name(name);
  bool known = false;
  for (const AnyLoss& loss : losses) {
    if (loss.name != wanted) continue;
    known = true;
    if (loss.from_logits == from_logits) return loss;
  }
  if (known) throw UsageError("loss '" + name + "' takes no logits");
  refuse("loss", name, std::span(losses).first(5));
}
const AnyMetric& find_metric(const std::string& name) {
  const std::string wanted = full_name(name);
  for (const AnyMetric& metric : any_metrics)
    if (metric.name == wanted) return metric;
  refuse("metric", name, any_metrics);
}

}  // namespace tool
