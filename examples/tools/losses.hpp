#pragma once
// Losses and metrics by names that come when the program runs. The library's are types, so that a trainer of
// four outputs would be one of thousands; the ones here ask what was chosen, and call the library's own code.
#include "load.hpp"

#include <keratin/core/names.hpp>
#include <keratin/losses.hpp>
#include <keratin/metrics.hpp>

#include <memory>
#include <span>

namespace tool {

/// What a loss does with LabelSmoothing: it has none, or targets are of two classes, or as many as outputs.
enum class Smoothing : unsigned char { none, of_two, of_all };

/// A loss of the library behind an interface.
struct AnyLoss {
  const char *name, *class_name;  // null: as the name
  std::span<const Setting> settings;
  Targets targets;
  Smoothing smoothing;
  bool from_logits;
  bool on_activation;  // it takes what the output's activation makes, not what is behind it
  bool reduces;        // any LossReduction is possible
  Fit (*fit)(Shape out, ActivationFunction last);
  double (*evaluate)(const LossInput<float>& in);
};
/// One that is chosen, and what it is made with.
struct LossChoice {
  const AnyLoss* loss = nullptr;
  double label_smoothing = 0;
  LossReduction reduction = LossReduction::sum_over_batch_size;

  double evaluate(const LossInput<float>& in) const;
  /// For files.
  std::vector<Setting> settings() const;
};

/// A metric of the library behind an interface.
class Measuring {
 public:
  virtual ~Measuring() = default;
  virtual void reset() = 0;
  virtual void update(const LossInput<float>& batch) = 0;
  virtual double result() const = 0;
};
struct AnyMetric {
  const char *name, *class_name;  // null: as the name
  std::span<const Setting> settings;
  Targets targets;
  bool takes_settings;  // any, in the order of its own
  std::shared_ptr<Measuring> (*make)(std::span<const Setting> settings);
};
/// One that is chosen, what it is made with, and what logs call it.
struct MetricChoice {
  const AnyMetric* metric = nullptr;
  std::vector<Setting> settings{};
  std::string name{};
};

std::string class_of(const auto& loss_or_metric) {
  return loss_or_metric.class_name ? loss_or_metric.class_name : pascal_case(loss_or_metric.name);
}

/// By Keras's name or its short form. Error: UsageError that lists them.
const AnyLoss& find_loss(const std::string& name, bool from_logits);
MetricChoice find_metric(const std::string& name);
/// As a file says it. Error: UsageError; none with these settings is known.
MetricChoice find_metric(const io::CompiledMetric& metric);
/// Error: UsageError; a setting that a loss or a metric does not have here, or has as something else.
void check_settings(const std::string& of, const std::vector<io::CompiledSetting>& came,
                    std::span<const Setting> known);

/// What a trainer's K-th output is trained for: set before the trainer is made, of which there is one at a
/// time.
template <std::size_t K> struct Chosen {
  static inline LossChoice loss{};
  static inline MetricChoice metric[2] = {};
};

template <std::size_t K, bool LeavesActivationOut> struct ChosenLoss {
  using Link = std::conditional_t<LeavesActivationOut, Softmax, Linear>;
  static inline const char* name = "";
  static inline std::string class_name{};
  static inline std::vector<Setting> settings{};
  static inline Targets targets{};
  static inline bool from_logits = false;
  static inline LossReduction reduction{};

  static void choose(const LossChoice& choice) {
    Chosen<K>::loss = choice;
    settings = choice.settings(), reduction = choice.reduction;
    const AnyLoss& loss = *choice.loss;
    name = loss.name, class_name = class_of(loss), targets = loss.targets, from_logits = loss.from_logits;
  }
  static Fit fit(Shape out, ActivationFunction last) { return Chosen<K>::loss.loss->fit(out, last); }
  template <std::same_as<float> S> static double evaluate(const LossInput<S>& in) {
    return Chosen<K>::loss.evaluate(in);
  }
};

template <std::size_t K, std::size_t M> class ChosenMetric {
 public:
  static inline const char* name = "";
  static inline std::string class_name{};
  static inline std::span<const Setting> settings{};
  static inline Targets targets{};

  static void choose(const MetricChoice& choice) {
    Chosen<K>::metric[M] = choice;
    const AnyMetric& metric = *choice.metric;
    name = Chosen<K>::metric[M].name.c_str(), class_name = class_of(metric),
    settings = Chosen<K>::metric[M].settings, targets = metric.targets;
  }
  void reset() { metric_->reset(); }
  void update(const LossInput<float>& batch) { metric_->update(batch); }
  double result() const { return metric_->result(); }

 private:
  std::shared_ptr<Measuring> metric_ = Chosen<K>::metric[M].metric->make(settings);
};

}  // namespace tool
