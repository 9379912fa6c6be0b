#pragma once
// Parameters: what a layer learns, and where it lies in the network's one flat block. A tensor starts on a 64-byte
// boundary of a float block whatever the machine, so that a block can be saved and read anywhere.
#include <keratin/initializers/initializer.hpp>
#include <keratin/regularizers/regularizer.hpp>

#include <cstddef>

namespace keratin {

/// One trainable tensor: its name and layout as in Keras files, how it starts, its penalty.
struct Parameter {
  const char* name = "";
  Shape shape{};
  Initializer initializer{};
  Regularizer regularizer{};
};

/// A layer's parameters, in Keras's order.
struct Parameters {
  static constexpr int capacity = 8;

  int count = 0;
  Parameter list[capacity]{};

  constexpr Parameters& add(const Parameter& p) {
    list[count++] = p;
    return *this;
  }
  constexpr const Parameter* begin() const { return list; }
  constexpr const Parameter* end() const { return list + count; }
};

/// n rounded up to whole 64-byte lines of floats.
constexpr std::size_t aligned(std::size_t n) { return (n + 15) / 16 * 16; }

/// Where a layer's parameters lie in the flat block.
struct Tensors {
  Parameters parameters{};
  std::size_t offset[Parameters::capacity]{};
  std::size_t end = 0;  // the first element behind them, padding included

  constexpr Tensors() = default;
  constexpr Tensors(const Parameters& p, std::size_t start) : parameters(p), end(start) {
    for (int i = 0; i < p.count; ++i) {
      offset[i] = end;
      end += aligned(static_cast<std::size_t>(p.list[i].shape.elements()));
    }
  }
  /// Number of values, without padding.
  constexpr std::size_t values() const {
    std::size_t n = 0;
    for (const Parameter& p : parameters) n += static_cast<std::size_t>(p.shape.elements());
    return n;
  }
};

}  // namespace keratin
