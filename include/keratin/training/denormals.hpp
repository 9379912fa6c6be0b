#pragma once
#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace keratin {

// How this thread rounds and what it does with denormal numbers.
#ifdef __SSE__
inline unsigned float_mode() { return _mm_getcsr(); }
inline void set_float_mode(unsigned mode) { _mm_setcsr(mode); }
#else
inline unsigned float_mode() { return 0; }
inline void set_float_mode(unsigned) {}
#endif

/// While it lives, denormal numbers count as zero on this thread: the moments of dead weights decay into
/// them, and arithmetic on them takes a hundred times as long.
class FlushDenormals {
 public:
#ifdef __SSE__
  FlushDenormals() : saved_(float_mode()) { set_float_mode(saved_ | 0x8040); }
  ~FlushDenormals() { set_float_mode(saved_); }

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
