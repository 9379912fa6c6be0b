#pragma once
// What the headers use that io/codegen.hpp generates.
#include <keratin/core/half.hpp>
#include <keratin/initializers.hpp>
#include <keratin/layers.hpp>
#include <keratin/sequential/model.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace keratin::generated {

/// Weights of 16 bits as floats, once a program needs them. Not constexpr: the program would hold floats.
template <class Half, std::size_t N> struct Expanded {
  alignas(alignment) float values[N];

  explicit Expanded(const std::uint16_t (&halves)[N]) {
    std::transform(halves, halves + N, values, &Half::to_float);
  }
};

/// Value i of the samples that a header tests itself with: a whole multiple of 2^-23 in [-1, 1), or for a
/// network with an Embedding one of so many classes. No compiler can round it differently.
constexpr float test_value(std::uint64_t i, int classes) {
  const std::uint32_t word = Random{}.word(i);
  if (classes > 0) return static_cast<float>(word % static_cast<std::uint32_t>(classes));
  return static_cast<float>(word >> 8) * 0x1p-23f - 1;
}

/// Whether the model makes of the test samples what is expected. The tolerance is relative above 1, absolute
/// below. Not for several threads at once: it keeps its memory off the stack.
template <class Net>
bool agrees(const Model<Net, View>& model, std::span<const float> expected, int classes,
            float tolerance = 1e-5f) {
  constexpr auto inputs = static_cast<std::size_t>(Net::input_size),
                 outputs = static_cast<std::size_t>(Net::output_size);
  alignas(alignment) static std::array<float, inputs> x;
  alignas(alignment) static std::array<float, outputs> y;
  alignas(alignment) static std::array<float, plan<Net>().workspace> workspace;
  const auto near = [=](float value, float wanted) {
    return std::abs(value - wanted) <= tolerance * std::max(1.f, std::abs(wanted));  // false if NaN
  };
  for (std::size_t s = 0; s < expected.size() / outputs; ++s) {
    for (std::size_t i = 0; i < inputs; ++i) x[i] = test_value(s * inputs + i, classes);
    model.predict(x, y, workspace);
    if (!std::equal(y.begin(), y.end(), expected.begin() + static_cast<std::ptrdiff_t>(s * outputs), near))
      return false;
  }
  return true;
}

}  // namespace keratin::generated
