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

/// Where Keras keeps the weights of a class below its group in a file: "cell" in recurrent layers.
inline std::string weights_in(std::string_view type) {
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
/// What the tensors of a layer are called among its weights in a file, "" where they are not there; and last
/// what the next one would be called.
inline std::vector<std::string> names_in_files(const Parameters& parameters) {
  std::vector<std::string> names;
  int n = 0;
  for (const Parameter& p : parameters)
    names.push_back(p.in_files == InFiles::apart     ? ""
                    : p.in_files == InFiles::by_name ? p.name
                                                     : std::to_string(n++));
  names.push_back(std::to_string(n));
  return names;
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
