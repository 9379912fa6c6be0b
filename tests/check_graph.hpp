#pragma once
// A run-time model against what Keras computed for a case of tests/keras/families_*.py: layer/<case>/x0, ...
#include "check.hpp"

namespace of_graph {

inline std::string numbered(const std::string& what, std::size_t k) {
  return what + (k == 0 ? "" : std::to_string(k));
}

// Gradients of sum(fill(9) * y) over T's, of three samples.
template <class T> void check_gradients(const keratin::functional::Model& model, const std::string& path) {
  using namespace keratin;
  constexpr std::size_t rows = 3, width = Unit<T>::samples;
  constexpr int count = static_cast<int>((rows + width - 1) / width);
  const functional::Executor executor(model.graph(), Mode{.training = true, .input_gradient = true});
  const std::size_t samples = count * width;
  Block<float> workspace(executor.plan.workspace * samples), scratch(executor.scratch<T>(count)),
      segment(model.block().size());
  const auto at = [&](int buffer, std::size_t size, std::size_t i) -> float& {
    const std::size_t s = i / size, first = executor.plan.buffers[static_cast<std::size_t>(buffer)].offset;
    return workspace.data()[first * samples + (s / width * size + i % size) * width + s % width];
  };
  for (std::size_t k = 0; k < model.inputs(); ++k) {
    const std::vector<float>& x = golden(path + "x" + std::to_string(k));
    for (std::size_t i = 0; i < x.size(); ++i) at(static_cast<int>(k), x.size() / rows, i) = x[i];
  }
  std::vector<float> weights(model.block().begin(), model.block().end()), dw(weights.size());
  const Run<float> run{rows, weights.data(), {1, random_dropout, 0, 0}};
  T* const memory = reinterpret_cast<T*>(workspace.data());
  executor.forward(count, weights.data(), static_cast<const T*>(nullptr), static_cast<T*>(nullptr), memory,
                   run);
  for (const Port& port : executor.plan.outputs)
    for (std::size_t i = 0; i < samples * port.size; ++i)  // zeros in lanes without a sample
      at(port.gradient, port.size, i) = i < rows * port.size ? static_cast<float>(testing::filled(i, 9)) : 0;
  Store<float> store(weights.data(), dw.data());
  executor.backward(count, weights.data(), memory, scratch.data(), segment.data(), store, run);
  for (std::size_t k = 0; k < model.inputs(); ++k) {
    const Port& port = executor.plan.inputs[k];
    if (port.gradient < 0) continue;
    std::vector<float> dx(rows * port.size);
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = at(port.gradient, port.size, i);
    CAPTURE(k);
    CHECK(all_near(dx, golden(path + numbered("dx", k))));
  }
  std::size_t j = 0;
  for (const LayerPlan& layer : model.layers())
    for (int i = 0; i < layer.tensors.count(); ++i) {
      if (!layer.tensors[i].trainable) continue;
      const auto from = dw.begin() + static_cast<std::ptrdiff_t>(layer.tensors.offset(i));
      CAPTURE(j);
      CHECK(all_near(std::vector<float>(from, from + layer.tensors[i].shape.size()),
                     golden(path + "dw" + std::to_string(j++))));
    }
}

}  // namespace of_graph

/// Outputs, gradients of inputs and weights, over rows and Lanes.
inline void check_graph(const std::string& name, const std::vector<keratin::functional::Tensor>& inputs,
                        const std::vector<keratin::functional::Tensor>& outputs) {
  CAPTURE(name);
  using namespace keratin;
  const std::string path = "layer/" + name + "/";
  functional::Model model(inputs, outputs);
  std::vector<float> weights;
  int j = 0;
  for (const LayerPlan& layer : model.layers())
    for (const Parameter& p : *layer.tensors.parameters) {
      auto tensor = filled_array(static_cast<std::size_t>(p.shape.size()), ++j);
      if (!p.trainable)
        for (float& v : tensor) v += 1;
      weights.insert(weights.end(), tensor.begin(), tensor.end());
    }
  model.set_weights(weights);
  std::vector<Array> x;
  std::vector<std::vector<float>> y;
  std::vector<std::span<float>> spans;
  for (std::size_t k = 0; k < model.inputs(); ++k) x.emplace_back(golden(path + "x" + std::to_string(k)));
  for (std::size_t k = 0; k < model.outputs(); ++k)
    y.emplace_back(3 * static_cast<std::size_t>(model.output_shape(k).size()));
  for (auto& v : y) spans.emplace_back(v);
  model.predict(Arrays(x.data(), x.size()), spans);
  for (std::size_t k = 0; k < y.size(); ++k) {
    CAPTURE(k);
    CHECK(all_near(y[k], golden(path + of_graph::numbered("y", k))));
  }
  of_graph::check_gradients<float>(model, path);
  of_graph::check_gradients<Lanes>(model, path);
}
