#pragma once
// Losses and metrics by names that come when the program runs. The library's are types, so that a trainer of
// four outputs would be one of thousands; the ones here ask what was chosen, and call the library's own code.
#include "tool.hpp"

#include <keratin/losses.hpp>
#include <keratin/metrics.hpp>

namespace tool {

/// A loss of the library behind an interface.
struct AnyLoss {
  const char* name;
  Targets targets;
  bool from_logits;
  bool on_activation;  // it takes what the output's activation makes, not what is behind it
  Fit (*fit)(Shape out, ActivationFunction last);
  double (*evaluate)(const LossInput<float>& in);
};
struct AnyMetric {
  const char* name;
  Targets targets;
  void (*add)(const LossInput<float>& batch, metrics::Mean& to);
};

/// By Keras's name or its short form. Error: UsageError that lists them.
const AnyLoss& find_loss(const std::string& name, bool from_logits);
const AnyMetric& find_metric(const std::string& name);

/// What a trainer's K-th output is trained for: set before the trainer is made, of which there is one at a
/// time.
template <std::size_t K> struct Chosen {
  static inline const AnyLoss* loss = nullptr;
  static inline const AnyMetric* metric[2] = {};
};

template <std::size_t K, bool LeavesActivationOut> struct ChosenLoss {
  using Link = std::conditional_t<LeavesActivationOut, Softmax, Linear>;
  static inline const char* name = "";
  static inline Targets targets{};
  static inline bool from_logits = false;

  static void choose(const AnyLoss& loss) {
    Chosen<K>::loss = &loss;
    name = loss.name, targets = loss.targets, from_logits = loss.from_logits;
  }
  static Fit fit(Shape out, ActivationFunction last) { return Chosen<K>::loss->fit(out, last); }
  template <std::same_as<float> S> static double evaluate(const LossInput<S>& in) {
    return Chosen<K>::loss->evaluate(in);
  }
};

template <std::size_t K, std::size_t M> struct ChosenMetric : metrics::Mean {
  static inline const char* name = "";
  static inline Targets targets{};

  static void choose(const AnyMetric& metric) {
    Chosen<K>::metric[M] = &metric;
    name = metric.name, targets = metric.targets;
  }
  void update(const LossInput<float>& batch) { Chosen<K>::metric[M]->add(batch, *this); }
};

}  // namespace tool
