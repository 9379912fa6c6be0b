#pragma once
// Counts every allocation of the program: include it in exactly one source file of a test.
#include <keratin/testing/allocations.hpp>

#include <cstdlib>
#include <new>

namespace keratin::testing {
inline void count_allocation(std::size_t n) {
  ++allocations;
  for (std::size_t most = largest_allocation;
       n > most && !largest_allocation.compare_exchange_weak(most, n);) {
  }
}
}  // namespace keratin::testing

void* operator new(std::size_t n) {
  keratin::testing::count_allocation(n);
  if (void* p = std::malloc(n > 0 ? n : 1)) return p;
  std::abort();
}
void* operator new(std::size_t n, std::align_val_t alignment) {
  keratin::testing::count_allocation(n);
  const std::size_t a = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(a, (n + a - 1) / a * a)) return p;
  std::abort();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
