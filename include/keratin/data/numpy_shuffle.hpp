#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace keratin::data {

/// The order that numpy.random.RandomState(seed).shuffle gives, so that a split into training and validation
/// is Keras's own. At most 2^32 elements.
template <class V> void numpy_shuffle(std::vector<V>& elements, std::uint32_t seed) {
  std::mt19937 random(seed);
  for (std::size_t i = elements.size(); i-- > 1;) {
    const std::size_t mask = std::bit_ceil(i + 1) - 1;
    std::size_t other = random() & mask;
    while (other > i) other = random() & mask;
    std::swap(elements[i], elements[other]);
  }
}

}  // namespace keratin::data
