#pragma once
// Where a model's weights stand in Keras's files.
#include <keratin/core/names.hpp>
#include <keratin/layers.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace keratin::io::detail {

/// Where Keras has a weight below the group of its layer, and where versions until 3.2 had it, if elsewhere.
struct WeightPath {
  std::string group, name, older{};  // "/cell", "/cell/vars/0"
};
/// Of all weights of a layer. A spec says in `weights_in`, a text or a function of a parameter's name, which
/// of its parts has them; `older_weights_in` is what stands before a part's name in older files.
inline std::vector<WeightPath> weight_paths(const LayerPlan& layer) {
  std::vector<WeightPath> paths;
  for (int i = 0; i < layer.tensors.count(); ++i) {
    std::string part;
    const char* older = nullptr;
    hana::for_each(layer_specs, [&](auto spec) {
      using S = typename decltype(spec)::type;
      if (std::string_view(layer.type) != S::name) return;
      if constexpr (requires { S::older_weights_in; }) older = S::older_weights_in;
      if constexpr (requires { S::weights_in(""); })
        part = S::weights_in(layer.tensors[i].name);
      else if constexpr (requires { S::weights_in; })
        part = S::weights_in;
    });
    const std::string group = part.empty() ? "" : "/" + part;
    const auto number = std::count_if(paths.begin(), paths.end(),
                                      [&](const WeightPath& before) { return before.group == group; });
    const std::string name = "/vars/" + std::to_string(number);
    paths.push_back({group, group + name, older ? "/" + (older + part) + name : ""});
  }
  return paths;
}
/// The class whose name the group of a layer has: that of Keras's own code, not of its files.
inline std::string class_of_group(const std::string& class_name) {
  std::string own = class_name;
  hana::for_each(layer_specs, [&](auto spec) {
    using S = typename decltype(spec)::type;
    if constexpr (requires { S::class_in_files; })
      if (class_name == S::class_in_files) own = S::name;
  });
  return own;
}
/// The groups of a model's layers in a file: layers/dense, layers/dense_1, ... by class.
class Groups {
 public:
  std::string of(const std::string& class_name) {
    const std::string snake = snake_case(class_of_group(class_name));
    const int n = count_[snake]++;
    return "layers/" + snake + (n == 0 ? "" : "_" + std::to_string(n));
  }

 private:
  std::map<std::string, int> count_;
};

/// A tensor's shape as files have it.
inline Shape shape_in_files(const Parameter& p) { return p.scalar ? Shape{} : p.shape; }

/// A tensor of a model.
struct Variable {
  const Parameter* parameter;
  std::size_t offset;  // in the model's block
};
inline std::vector<Variable> variables_of(const Tensors& tensors) {
  std::vector<Variable> variables;
  for (int i = 0; i < tensors.count(); ++i) variables.push_back({&tensors[i], tensors.offset(i)});
  return variables;
}
/// As a group of a legacy file has them.
inline std::vector<Variable> trained_first(const std::vector<Variable>& variables) {
  std::vector<Variable> ordered;
  for (const bool trained : {true, false})
    std::copy_if(variables.begin(), variables.end(), std::back_inserter(ordered),
                 [=](const Variable& v) { return v.parameter->trainable == trained; });
  return ordered;
}
/// A layer of a model that has weights, with its place in files.
struct Stored {
  std::string name;     // as Keras takes it
  std::string group;    // in .weights.h5: layers/lstm_1
  std::size_t row = 0;  // of the model's layers()
};

}  // namespace keratin::io::detail
