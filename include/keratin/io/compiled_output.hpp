#pragma once
// What a model was compiled with, by names. Needs no library.
#include <string>
#include <utility>
#include <vector>

namespace keratin::io {

/// What one of a model's outputs was compiled for. Names are Keras's for functions: "mean_squared_error",
/// "accuracy".
struct CompiledOutput {
  std::string loss;                                        // empty: none
  std::vector<std::pair<std::string, double>> settings{};  // of the loss: {"label_smoothing", 0.1}
  bool from_logits = false;
  std::string reduction = "sum_over_batch_size";
  double weight = 1;
  std::vector<std::string> metrics{}, weighted_metrics{};
  std::string unknown{};  // a setting of the loss that is not known here, "axis"
};

struct CompiledWith {
  std::string optimizer;                // its class: "Adam"
  std::vector<CompiledOutput> outputs;  // one for each of the model's, in its order
};

}  // namespace keratin::io
