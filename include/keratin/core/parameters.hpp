#pragma once
// Parameters: what a layer learns, and where it lies in the network's one flat block. A tensor starts on a
// 64-byte boundary of a float block whatever the machine, so that a block can be saved and read anywhere.
#include <keratin/constraints/constraint.hpp>
#include <keratin/core/text.hpp>
#include <keratin/initializers/initializer.hpp>
#include <keratin/regularizers/regularizer.hpp>

#include <cstddef>
#include <cstdint>

namespace keratin {

/// Where Keras's files have a tensor: among its layer's weights by its number there, then perhaps as a number
/// without a shape, or by its name; or not among them, for it is a list in the layer's config or a text file
/// of its own.
enum class InFiles : unsigned char { by_number, scalar, by_name, not_a_weight };

/// One tensor: its name and layout as in Keras files, how it starts, its penalty. One that is not trainable
/// is kept up to date by its layer's forward pass in training.
struct Parameter {
  const char* name = "";
  Shape shape{};
  Initializer initializer{};
  Regularizer regularizer{};
  bool trainable = true;
  InFiles in_files = InFiles::by_number;
  Shape matrix{};  // inputs by outputs: what an initializer counts, where the shape does not say it
  Constraint constraint{};
};

/// A layer's parameters, in Keras's order.
struct Parameters {
  static constexpr int capacity = 12;

  int count = 0;
  Parameter list[capacity]{};
  const Parameter* elsewhere =
      nullptr;  // the list of a layer that is a whole network, where it outlives this

  constexpr Parameters() = default;
  constexpr Parameters(const Parameter* all, int n) : count(n), elsewhere(all) {}

  /// Error: more than `capacity`.
  constexpr Parameters& add(const Parameter& p) {
    if (count < capacity)
      list[count++] = p;
    else
      report(Text("a layer's parameter '", p.name, "' came, at most ", capacity, " wanted"));
    return *this;
  }
  /// What the one that was added last has to be after every step.
  constexpr Parameters& constrain(const Constraint& constraint) {
    if (count > 0) list[count - 1].constraint = constraint;
    return *this;
  }
  constexpr const Parameter& operator[](int i) const { return begin()[i]; }
  constexpr const Parameter* begin() const { return elsewhere ? elsewhere : list; }
  constexpr const Parameter* end() const { return begin() + count; }
};

/// n rounded up to whole 64-byte lines of floats.
constexpr std::size_t aligned(std::size_t n) { return (n + 15) / 16 * 16; }

inline constexpr Parameters no_parameters{};

/// A layer's parameters in the network's flat block.
struct Tensors {
  const Parameters* parameters = &no_parameters;
  std::size_t start = 0, end = 0;  // from the first element to the one behind the last, padding included
  std::uint32_t number = 0;        // of the first, among all tensors of the network

  constexpr Tensors() = default;
  constexpr Tensors(const Parameters& p, std::size_t first, std::uint32_t tensors_before)
      : parameters(&p), start(first), end(first), number(tensors_before) {
    for (int i = 0; i < p.count; ++i) {
      if (i < Parameters::capacity) offsets[i] = end;
      end += room(p[i]);
    }
  }
  constexpr int count() const { return parameters->count; }
  constexpr const Parameter& operator[](int i) const { return (*parameters)[i]; }
  /// Where the i-th parameter begins in the block.
  constexpr std::size_t offset(int i) const { return i < Parameters::capacity ? offsets[i] : beyond(i); }
  /// Those from the first-th on, of a layer inside this one: offset(0) is where that begins.
  constexpr Tensors from(int first) const {
    Tensors inner = *this;
    for (int i = 0; first + i < Parameters::capacity; ++i) inner.offsets[i] = offsets[first + i];
    return inner;
  }
  /// These alone, as a layer inside this one counts them.
  constexpr Tensors only(auto... which) const {
    Tensors inner = *this;
    int i = 0;
    ((inner.offsets[i++] = offset(which)), ...);
    return inner;
  }
  /// All but one, as a layer inside this one counts them.
  constexpr Tensors without(int which) const {
    Tensors inner = *this;
    for (int i = which; i + 1 < Parameters::capacity; ++i) inner.offsets[i] = offsets[i + 1];
    return inner;
  }
  /// Number of values, without padding: all, and those that are trained.
  constexpr std::size_t values() const {
    std::size_t n = 0;
    for (const Parameter& p : *parameters) n += static_cast<std::size_t>(p.shape.elements());
    return n;
  }
  constexpr std::size_t trainable_values() const {
    std::size_t n = 0;
    for (const Parameter& p : *parameters)
      if (p.trainable) n += static_cast<std::size_t>(p.shape.elements());
    return n;
  }

 private:
  std::size_t offsets[Parameters::capacity] =
      {};  // known when a kernel asks: a latency path has no time to add

  static constexpr std::size_t room(const Parameter& p) {
    return aligned(static_cast<std::size_t>(p.shape.elements()));
  }
  constexpr std::size_t beyond(int i) const {
    std::size_t at = start;
    for (int k = 0; k < i; ++k) at += room((*this)[k]);
    return at;
  }
};

}  // namespace keratin
