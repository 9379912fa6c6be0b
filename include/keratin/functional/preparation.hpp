#pragma once
// Preparation: what makes an input of a graph out of texts.
#include <keratin/core/shape.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace keratin::functional {

/// Rows of numbers, one after the other.
struct PreparedRows {
  std::vector<float> values;
  std::size_t length = 0;  // of one
};

/// Text layers are made into inputs by TextInput.
class Preparation {
 public:
  virtual ~Preparation() = default;
  /// Keras's class.
  virtual const char* type() const = 0;
  /// What is made of a sample of so many texts. No axes: rows that are as long as the longest needs.
  virtual Shape shape(int texts) const = 0;
  /// Rows of samples, each of so many texts. Error: std::invalid_argument; not whole samples.
  virtual PreparedRows rows(std::span<const std::string> texts, int of_each) const = 0;
};

/// A preparation in front of an input.
struct Prepared {
  std::shared_ptr<const Preparation> by;
  int texts = 1;          // of a sample
  std::string name = "";  // of the layer, "": as its class
};

}  // namespace keratin::functional
