#pragma once
// Samples out of files, checked against a model's inputs and outputs.
#include "tool.hpp"

#include <keratin/io/owned_array.hpp>

#include <map>

namespace tool {

/// One array for each of a model's inputs, in order, out of a file's by their names; one array alone is that
/// of the only input whatever it is called. They are checked.
std::vector<io::OwnedArray> take_inputs(std::map<std::string, io::OwnedArray> arrays,
                                        const functional::Model& model);

/// Arrays for the library; they refer to these.
Arrays arrays_of(const std::vector<io::OwnedArray>& owned, double scale = 1);

/// Samples and targets.
struct Data {
  std::vector<io::OwnedArray> x, y;
  double scale = 1;  // of x

  Arrays inputs() const { return arrays_of(x, scale); }
  Arrays targets() const { return arrays_of(y); }
};
/// train: of a folder the files to train with, not those to test with.
Data read_data(const DataOptions& options, const functional::Model& model, bool train);

}  // namespace tool
