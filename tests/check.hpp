#pragma once
// One check for every layer test.
#include <doctest/doctest.h>

#include "golden.hpp"

/// check_layer, and against Keras's numbers of that name where one is given.
template <class L, class In, int Classes = 0> void check(const char* name = nullptr) {
  const std::string golden_name = name != nullptr ? name : "";
  CAPTURE(golden_name);
  const auto golden = name != nullptr ? golden_layer(name, keratin::parameters_of(L::spec, In::shape))
                                      : keratin::testing::Golden{};
  const auto report = keratin::testing::check_layer<L, In, Classes>(golden);
  CHECK_MESSAGE(report.passed(), report.text());
}

/// n values of the rule that tests/keras fills arrays by, see its README.md.
inline std::vector<float> filled_array(std::size_t n, int k, float scale = 1) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = scale * static_cast<float>(keratin::testing::filled(i, k));
  return v;
}

/// Weight j of a model, in Keras's order, becomes filled_array(j + 1), and 1 more if it is not trained.
void fill_weights(auto& model) {
  std::vector<float> all;
  int j = 0;
  for (const keratin::LayerPlan& layer : model.layers())
    for (const keratin::Parameter& p : *layer.tensors.parameters)
      for (const float v : filled_array(static_cast<std::size_t>(p.shape.size()), ++j))
        all.push_back(v + (p.trainable ? 0.f : 1.f));
  model.set_weights(all);
}

/// Within a tolerance that is relative above 1 and absolute below.
inline bool near(double value, double wanted, double tolerance = 1e-5) {
  return std::fabs(value - wanted) <= tolerance * std::max(1.0, std::fabs(wanted));
}
template <class A, class B> bool all_near(const A& values, const B& wanted, double tolerance = 1e-5) {
  if (std::size(values) != std::size(wanted)) return false;
  for (std::size_t i = 0; i < std::size(values); ++i)
    if (!near(values[i], wanted[i], tolerance)) return false;
  return true;
}
