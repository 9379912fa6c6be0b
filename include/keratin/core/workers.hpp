#pragma once
// Workers: who shares out work, as the core sees them. <keratin/threads.hpp> has some.
#include <cstddef>
#include <memory>
#include <type_traits>

namespace keratin {

class Workers {
 public:
  /// How many there are, the caller among them.
  virtual int count() const = 0;
  /// f(i) for i in [0, n), in any order; returns when all are done. What an f throws comes out here.
  template <class F> void for_each(std::size_t n, F&& f) {
    using Work = std::remove_reference_t<F>;
    run(
        n, [](void* work, std::size_t i) { (*static_cast<Work*>(work))(i); },
        const_cast<void*>(static_cast<const void*>(std::addressof(f))));
  }

 protected:
  using Call = void (*)(void* work, std::size_t i);
  ~Workers() = default;
  virtual void run(std::size_t n, Call call, void* work) = 0;
};

namespace detail {
// Those of trainers that were given none: of a program in which some file includes <keratin/threads.hpp>.
inline Workers* (*default_workers)() = nullptr;
}  // namespace detail

}  // namespace keratin
