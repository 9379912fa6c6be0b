#pragma once
#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace keratin {

/// While it lives, denormal numbers count as zero on this thread: the moments of dead weights decay into
/// them, and arithmetic on them takes a hundred times as long.
class FlushDenormals {
 public:
#ifdef __SSE__
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#else
  FlushDenormals() {}
  ~FlushDenormals() {}
#endif

 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

}  // namespace keratin
