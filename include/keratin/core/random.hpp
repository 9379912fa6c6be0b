#pragma once
// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011). A number depends on its key and counter alone, not on who draws it, in which order,
// or how wide the machine's vectors are.
#include <array>
#include <cmath>
#include <cstdint>

namespace keratin {

using Words = std::array<std::uint32_t, 4>;

/// Four random words for a counter; the key is the seed. From 7 rounds on they pass every test that is known.
template <int Rounds = 10> constexpr Words philox(Words counter, std::uint64_t seed) {
  std::uint32_t key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < Rounds; ++round) {
    const std::uint64_t a = 0xD2511F53ull * counter[0], b = 0xCD9E8D57ull * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(a)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

/// A stream of random numbers: the seed and three words that tell this stream from all others of the same
/// seed, e.g. purpose, layer and step. Number i of a stream is word i % 4 of counter i / 4; after 2^34 they
/// come again.
struct Random {
  std::uint64_t seed = 0;
  std::uint32_t purpose = 0, layer = 0, step = 0;
  std::uint32_t first = 0;  // of a part of a batch: which sample of the batch its first one is

  constexpr Words block(std::uint32_t index) const { return philox({index, step, layer, purpose}, seed); }
  constexpr std::uint32_t word(std::uint64_t index) const {
    return block(static_cast<std::uint32_t>(index / 4))[index % 4];
  }
};

// The purposes, so that no two uses of one seed share numbers.
inline constexpr std::uint32_t random_initializer = 1, random_dropout = 2, random_shuffle = 3,
                               random_noise = 4;

/// In (0, 1): never 0, so that its logarithm is finite; never 1.
constexpr double uniform(std::uint32_t word) { return (word + 0.5) * (1.0 / 4294967296.0); }
/// Of the normal distribution of mean 0 and deviation 1, by Box and Muller.
inline double normal(std::uint32_t a, std::uint32_t b) {
  return std::sqrt(-2 * std::log(uniform(a))) * std::cos(6.283185307179586 * uniform(b));
}

}  // namespace keratin
