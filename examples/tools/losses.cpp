#include "losses.hpp"

namespace tool {
namespace {

// T::class_name, or null where the name gives it.
template <class T> constexpr const char* class_name_of() {
  if constexpr (requires { T::class_name; }) return T::class_name;
  return nullptr;
}
template <class T> constexpr std::span<const Setting> settings_of() {
  if constexpr (requires { T::settings; }) return T::settings;
  return {};
}
template <class Loss> constexpr AnyLoss loss_of(Smoothing smoothing = Smoothing::none) {
  constexpr bool reads = std::is_same_v<typename Loss::Link, Linear>;
  AnyLoss loss{Loss::name, class_name_of<Loss>(),
               {},         Loss::targets,
               smoothing,  false,
               reads,      !std::derived_from<Loss, keratin::detail::OverlapLoss<Loss>>,
               &Loss::fit, &Loss::template evaluate<float>};
  if constexpr (requires { Loss::from_logits; }) loss.from_logits = Loss::from_logits;
  if (loss.from_logits) loss.on_activation = false;  // there is no activation
  if (reads && !requires { Loss::ignored; }) loss.settings = settings_of<Loss>();
  return loss;
}

template <class Metric> class MeasuringBy final : public Measuring {
 public:
  MeasuringBy(const auto&... settings) : metric_(settings...) {}
  void reset() override { metric_.reset(); }
  void update(const LossInput<float>& batch) override { metric_.update(batch); }
  double result() const override { return metric_.result(); }

 private:
  Metric metric_;
};
template <class Metric> constexpr AnyMetric metric_of(const char* class_name = class_name_of<Metric>()) {
  constexpr bool takes_settings = std::is_constructible_v<Metric, std::span<const Setting>>;
  return {Metric::name,
          class_name,
          settings_of<Metric>(),
          Metric::targets,
          takes_settings,
          []([[maybe_unused]] std::span<const Setting> settings) -> std::shared_ptr<Measuring> {
            if constexpr (takes_settings)
              return std::make_shared<MeasuringBy<Metric>>(settings);
            else
              return std::make_shared<MeasuringBy<Metric>>();
          }};
}

using BinaryFocalOfLogits = BinaryFocalCrossentropy<2.0, false, 0.25, FromLogits>;
using CategoricalFocalOfLogits = CategoricalFocalCrossentropy<0.25, 2.0, FromLogits>;
constexpr AnyLoss losses[] = {loss_of<MeanSquaredError>(),
                              loss_of<MeanAbsoluteError>(),
                              loss_of<MeanAbsolutePercentageError>(),
                              loss_of<MeanSquaredLogarithmicError>(),
                              loss_of<BinaryCrossentropy<>>(Smoothing::of_two),
                              loss_of<BinaryCrossentropy<FromLogits>>(Smoothing::of_two),
                              loss_of<CategoricalCrossentropy<>>(Smoothing::of_all),
                              loss_of<CategoricalCrossentropy<FromLogits>>(Smoothing::of_all),
                              loss_of<SparseCategoricalCrossentropy<>>(),
                              loss_of<SparseCategoricalCrossentropy<FromLogits>>(),
                              loss_of<BinaryFocalCrossentropy<>>(Smoothing::of_two),
                              loss_of<BinaryFocalOfLogits>(Smoothing::of_two),
                              loss_of<CategoricalFocalCrossentropy<>>(Smoothing::of_all),
                              loss_of<CategoricalFocalOfLogits>(Smoothing::of_all),
                              loss_of<CategoricalGeneralizedCrossEntropy<>>(),
                              loss_of<KLDivergence>(),
                              loss_of<Poisson>(),
                              loss_of<Huber<>>(),
                              loss_of<LogCosh>(),
                              loss_of<CosineSimilarity>(),
                              loss_of<Hinge>(),
                              loss_of<SquaredHinge>(),
                              loss_of<CategoricalHinge>(),
                              loss_of<Dice>(),
                              loss_of<Tversky<>>()};
// As they are by themselves, of one name the first.
constexpr AnyMetric any_metrics[] = {metric_of<metrics::Accuracy>(),
                                     metric_of<metrics::ExactAccuracy>(),
                                     metric_of<metrics::BinaryAccuracy<>>(),
                                     metric_of<metrics::CategoricalAccuracy>(),
                                     metric_of<metrics::SparseCategoricalAccuracy>(),
                                     metric_of<metrics::TopKCategoricalAccuracy<>>(),
                                     metric_of<metrics::SparseTopKCategoricalAccuracy<>>(),
                                     metric_of<metrics::Precision<>>(),
                                     metric_of<metrics::Recall<>>(),
                                     metric_of<metrics::TruePositives<>>(),
                                     metric_of<metrics::FalsePositives<>>(),
                                     metric_of<metrics::TrueNegatives<>>(),
                                     metric_of<metrics::FalseNegatives<>>(),
                                     metric_of<metrics::AUC<>>(),
                                     metric_of<metrics::CosineSimilarity>(),
                                     metric_of<metrics::MeanSquaredError>(),
                                     metric_of<metrics::RootMeanSquaredError>(),
                                     metric_of<metrics::MeanAbsoluteError>(),
                                     metric_of<metrics::MeanAbsolutePercentageError>(),
                                     metric_of<metrics::MeanSquaredLogarithmicError>(),
                                     metric_of<metrics::BinaryCrossentropy>(),
                                     metric_of<metrics::CategoricalCrossentropy>(),
                                     metric_of<metrics::SparseCategoricalCrossentropy>(),
                                     metric_of<metrics::KLDivergence>("KLDivergence"),
                                     metric_of<metrics::Poisson>(),
                                     metric_of<metrics::LogCoshError>(),
                                     metric_of<metrics::Hinge>(),
                                     metric_of<metrics::SquaredHinge>(),
                                     metric_of<metrics::CategoricalHinge>()};

std::string full_name(const std::string& name) {
  constexpr std::pair<std::string_view, const char*> short_names[] = {
      {"mse", "mean_squared_error"},
      {"mae", "mean_absolute_error"},
      {"mape", "mean_absolute_percentage_error"},
      {"msle", "mean_squared_logarithmic_error"},
      {"bce", "binary_crossentropy"},
      {"kld", "kl_divergence"},
      {"log_cosh_error", "logcosh"},
      {"acc", "accuracy"}};
  for (const auto& [shorter, full] : short_names)
    if (name == shorter) return full;
  return name;
}
bool is_of_logits(const AnyLoss& loss) { return loss.from_logits; }
bool is_of_logits(const AnyMetric&) { return false; }
[[noreturn]] void refuse(const char* what, const std::string& name, const auto& known) {
  std::string all;
  for (const auto& one : known)
    if (!is_of_logits(one)) all.append(all.empty() ? "" : ", ").append(one.name);
  throw UsageError(std::string(what) + " '" + name + "' is not known here; known are " + all);
}

}  // namespace

double LossChoice::evaluate(const LossInput<float>& in) const {
  if (label_smoothing == 0) return loss->evaluate(in);
  static std::vector<float> smoothed;
  smoothed.resize(static_cast<std::size_t>(in.rows) * static_cast<std::size_t>(in.n));
  const float keeps = static_cast<float>(1 - label_smoothing),
              adds = static_cast<float>(label_smoothing / (loss->smoothing == Smoothing::of_two ? 2 : in.n));
  std::size_t next = 0;
  for (int r = 0; r < in.rows; ++r)
    for (int c = 0; c < in.n; ++c, ++next)
      smoothed[next] = (in.labels ? float(in.labels[r] == c) : in.values[next]) * keeps + adds;
  LossInput<float> with = in;
  with.values = smoothed.data();
  with.labels = nullptr;
  return loss->evaluate(with);
}
std::vector<Setting> LossChoice::settings() const {
  std::vector<Setting> all(loss->settings.begin(), loss->settings.end());
  if (label_smoothing != 0) all.push_back({"label_smoothing", label_smoothing});
  return all;
}

const AnyLoss& find_loss(const std::string& name, bool from_logits) {
  const std::string wanted = full_name(name);
  bool known = false;
  for (const AnyLoss& loss : losses) {
    if (loss.name != wanted) continue;
    known = true;
    if (loss.from_logits == from_logits) return loss;
  }
  if (known) throw UsageError("loss '" + name + "' takes no logits");
  refuse("loss", name, losses);
}
MetricChoice find_metric(const std::string& name) {
  const std::string wanted = full_name(name);
  for (const AnyMetric& metric : any_metrics)
    if (metric.name == wanted)
      return {&metric, {metric.settings.begin(), metric.settings.end()}, metric.name};
  refuse("metric", name, any_metrics);
}
MetricChoice find_metric(const io::CompiledMetric& metric) {
  MetricChoice choice = find_metric(metric.function);
  if (metric.name != metric.function) choice.name = metric.name;
  const std::string of = "metric '" + metric.function + "'";
  if (!choice.metric->takes_settings) {
    check_settings(of, metric.settings, choice.metric->settings);
    return choice;
  }
  bool of_top = false, threshold = false;
  for (const io::CompiledSetting& one : metric.settings) {
    const auto at = std::find_if(choice.settings.begin(), choice.settings.end(),
                                 [&](const Setting& setting) { return setting.name == one.name; });
    if (at == choice.settings.end()) throw UsageError(of + " with " + one.name);
    const bool whole = at->kind == Setting::whole, of_threshold = one.name == "thresholds";
    const double least = at->word ? at->value + 1 : 0;  // what is below stands for none here
    const std::string wanted = whole          ? "whole number from " + text_of({"", least}) + " on"
                               : of_threshold ? "number from 0 to 1"
                                              : "number";
    if (!one.word.empty() || std::fabs(one.value) > 1e9 ||
        (whole && (one.value < least || one.value != std::floor(one.value))) ||
        (of_threshold && !(one.value >= 0 && one.value <= 1)))
      throw UsageError(of + " with " + one.name + " " + text_of(one) + ", a " + wanted + " wanted");
    at->value = one.value, at->word = nullptr;
    of_top = of_top || one.name == "top_k", threshold = threshold || of_threshold;
  }
  // Without a threshold Keras takes the top ones of any size.
  if (of_top && !threshold) choice.settings[0] = {"thresholds", metrics::no_threshold, ""};
  return choice;
}

void check_settings(const std::string& of, const std::vector<io::CompiledSetting>& came,
                    std::span<const Setting> known) {
  for (const io::CompiledSetting& one : came) {
    const auto here = std::find_if(known.begin(), known.end(),
                                   [&](const Setting& setting) { return setting.name == one.name; });
    if (here == known.end()) throw UsageError(of + " with " + one.name);
    const std::string always = here->word ? here->word : text_of({one.name, here->value});
    if (text_of(one) != always)
      throw UsageError(of + " with " + one.name + " " + text_of(one) + ", here it is always " +
                       (always.empty() ? "none" : always));
  }
}

}  // namespace tool
