#pragma once
// Where a model's weights stand in Keras's files.
#include <keratin/core/names.hpp>
#include <keratin/io/config.hpp>
#include <keratin/layers/time_distributed.hpp>

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
    if constexpr (requires { S::weights_in; })
      if (type == S::name) place = std::string("/") + S::weights_in;
  });
  return place;
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
    const std::string snake = snake_case(class_name);
    const int n = count_[snake]++;
    return "layers/" + snake + (n == 0 ? "" : "_" + std::to_string(n));
  }

 private:
  std::map<std::string, int> count_;
};

/// Where a file has a layer's i-th weight below the place of all: "cell/kernel" is a vars/... of the cell.
inline std::string folder_of(const Tensors& tensors, int i) {
  const std::string_view name = tensors[i].name;
  const std::size_t slash = name.rfind('/');
  return slash == name.npos ? "" : "/" + std::string(name.substr(0, slash));
}
// How many weights that are numbered in a folder stand before the i-th.
inline int numbered_before(const Tensors& tensors, int i, const std::string& folder) {
  int number = 0;
  for (int k = 0; k < i; ++k)
    number += folder_of(tensors, k) == folder && tensors[k].in_files != InFiles::apart &&
              tensors[k].in_files != InFiles::by_name;
  return number;
}
/// "" where it is not among them.
inline std::string place_of(const Tensors& tensors, int i) {
  if (tensors[i].in_files == InFiles::apart) return "";
  const std::string folder = folder_of(tensors, i);
  return folder + "/vars/" +
         (tensors[i].in_files == InFiles::by_name ? tensors[i].name
                                                  : std::to_string(numbered_before(tensors, i, folder)));
}

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
  std::string below;    // and where Keras has the weights below it: /cell
  std::size_t row = 0;  // of the model's layers()
};

}  // namespace keratin::io::detail
