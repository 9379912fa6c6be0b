#pragma once
#include <atomic>
#include <cstddef>
#include <new>

namespace keratin::testing {

/// Allocations since the program began; stays 0 unless <keratin/testing/count_allocations.hpp> is in the
/// program.
inline std::atomic<long> allocations = 0;
/// Bytes of the largest one; a test may set it back to 0.
inline std::atomic<std::size_t> largest_allocation = 0;

/// Whether allocations are counted at all: a test that could not fail would prove nothing.
inline bool allocations_are_counted() {
  const long before = allocations;
  ::operator delete(::operator new(1));
  return allocations > before;
}

}  // namespace keratin::testing
