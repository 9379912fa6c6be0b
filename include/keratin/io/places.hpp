#pragma once
// Where a model's weights stand in Keras's files.
#include <keratin/core/names.hpp>
#include <keratin/functional.hpp>
#include <keratin/io/config.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace keratin::io::detail {

/// Where Keras keeps the weights of a class below its group in a file: "cell" in recurrent layers.
inline std::string weights_in(std::string_view type, const Json& config) {
  if (type == TimeDistributedSpec<DenseSpec>::name && config.contains("layer"))
    return "/layer" + weights_in(class_of(config["layer"]), config["layer"].value("config", Json::object()));
  if (type == "RNN") return "/cell";
  std::string place;
  hana::for_each(layer_specs, [&](auto spec) {
    using S = typename decltype(spec)::type;
    if constexpr (requires { std::string_view(S::weights_in); })
      if (type == S::name) place = std::string("/") + S::weights_in;
  });
  return place;
}
/// Where Keras has a weight below the place of all of its layer, "" where it does not, and where versions
/// until 3.2 had it, if elsewhere.
struct WeightPath {
  std::string group, name, older{};  // "/query_dense", "/query_dense/vars/0"
  bool numbered = true;
  int more = 0;  // weights that the group has besides: those of another one
};
/// SpectralNormalization has the kernel of its layer among its own weights too.
inline std::vector<WeightPath> spectral_paths(const Tensors& tensors) {
  std::vector<WeightPath> paths{{"", "/vars/0", "/layer/vars/0"}, {"", "/vars/1"}};
  for (int i = 2; i < tensors.count(); ++i)
    paths.push_back({.group = "/layer", .name = "/layer/vars/" + std::to_string(i - 1), .more = 1});
  return paths;
}
/// Of all weights of a layer. A folder in a parameter's name is one in the file, "forward_layer/cell/kernel";
/// or the spec of the type says in weights_in(name) which of its parts has a weight, and in
/// `older_weights_in` what stands before a part's name in older files.
inline std::vector<WeightPath> weight_paths(std::string_view type, const Tensors& tensors) {
  if (type == keratin::detail::SpectrallyNormalized::name) return spectral_paths(tensors);
  std::vector<WeightPath> paths;
  for (int i = 0; i < tensors.count(); ++i) {
    const Parameter& p = tensors[i];
    const std::string_view own = p.name;
    std::string part(own.substr(0, own.rfind('/') == own.npos ? 0 : own.rfind('/')));
    const char* older = nullptr;
    hana::for_each(layer_specs, [&](auto spec) {
      using S = typename decltype(spec)::type;
      if (type != S::name) return;
      if constexpr (requires { S::older_weights_in; }) older = S::older_weights_in;
      if constexpr (requires { S::weights_in(""); }) part = S::weights_in(p.name);
    });
    const std::string group = part.empty() ? "" : "/" + part;
    const auto number = std::count_if(paths.begin(), paths.end(), [&](const WeightPath& before) {
      return before.group == group && before.numbered;
    });
    const bool numbered = p.in_files == InFiles::by_number || p.in_files == InFiles::scalar;
    const std::string name = "/vars/" + (numbered ? std::to_string(number) : std::string(own));
    paths.push_back({group, p.in_files == InFiles::not_a_weight ? "" : group + name,
                     older ? "/" + (older + part) + name : "", numbered});
  }
  return paths;
}
/// What has the weights of a model's layer: of a TimeDistributed the layer inside.
inline const functional::Node& node_with_weights(const functional::Model& model, std::size_t row) {
  const functional::Node* node = model.graph().entry(model.graph().layers[row]).node.get();
  while (const auto* const steps = dynamic_cast<const functional::TimeDistributedNode*>(node))
    node = &steps->inside();
  return *node;
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
/// Whether Keras has a counter behind the weights of a class in its files.
inline bool counts_in_files(std::string_view type) {
  bool counts = false;
  hana::for_each(layer_specs, [&](auto spec) {
    using S = typename decltype(spec)::type;
    if constexpr (requires { S::counts_in_files; }) counts = counts || type == S::name;
  });
  return counts;
}
inline Shape shape_in_files(const Parameter& p) { return p.in_files == InFiles::scalar ? Shape{} : p.shape; }
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

/// A tensor of a model.
struct Variable {
  const Parameter* parameter;
  std::size_t offset;  // in the model's block
};
/// Those that files have among the weights.
inline std::vector<Variable> variables_of(const Tensors& tensors) {
  std::vector<Variable> variables;
  for (int i = 0; i < tensors.count(); ++i)
    if (tensors[i].in_files != InFiles::not_a_weight) variables.push_back({&tensors[i], tensors.offset(i)});
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
  std::string name;              // as Keras takes it
  const functional::Node* node;  // that has them
  std::string group;             // in .weights.h5: layers/lstm_1
  std::string below;             // and where Keras has the weights below it: /cell
  std::size_t row = 0;           // of the model's layers()
  std::string origin{};          // see SharedLayer::group
};
/// The same where models inside models had them, in the file that made them; none where not all came so.
inline std::vector<Stored> places_of_models_inside(std::vector<Stored> stored) {
  for (Stored& at : stored) {
    if (at.origin.empty()) return {};
    at.group = at.origin;
    at.below = "";
  }
  return stored;
}

}  // namespace keratin::io::detail
