#pragma once
// What a model was compiled with, by names. Needs no library.
#include <string>
#include <vector>

namespace keratin::io {

/// What a loss or a metric is made with: {"label_smoothing", 0.1}, {"curve", 0, "PR"}; yes is 1, a list of
/// one is its item, another one the word "[0,3]". What is none or no in a file is left out.
struct CompiledSetting {
  std::string name;
  double value = 0;
  std::string word{};  // empty: a number
};

/// A metric. `function` is Keras's name for it, "top_k_categorical_accuracy"; `name` what logs call it.
struct CompiledMetric {
  std::string function, name;
  std::vector<CompiledSetting> settings{};
};

/// What one of a model's outputs was compiled for. Names are Keras's for functions: "mean_squared_error",
/// "accuracy".
struct CompiledOutput {
  std::string loss;  // empty: none
  std::vector<CompiledSetting> settings{};
  bool from_logits = false;
  std::string reduction = "sum_over_batch_size";
  double weight = 1;
  std::vector<CompiledMetric> metrics{}, weighted_metrics{};
};

struct CompiledWith {
  std::string optimizer;                // its class: "Adam"
  std::vector<CompiledOutput> outputs;  // one for each of the model's, in its order
};

}  // namespace keratin::io
