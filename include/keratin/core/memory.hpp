#pragma once
// Block: aligned memory that owns its values.
#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

namespace keratin {

inline constexpr std::size_t alignment = 64;

/// n values of S in one 64-byte aligned allocation, zeros at first. Copying copies the values, moving takes
/// them.
template <class S> class Block {
 public:
  Block() = default;
  explicit Block(std::size_t n) : size_(n), data_(n > 0 ? allocate(n) : nullptr) {
    std::fill_n(data_, n, S{});
  }
  Block(const Block& other) : size_(other.size_), data_(other.size_ > 0 ? allocate(other.size_) : nullptr) {
    std::copy_n(other.data_, size_, data_);
  }
  Block(Block&& other) noexcept
      : size_(std::exchange(other.size_, 0)), data_(std::exchange(other.data_, nullptr)) {}
  Block& operator=(Block other) noexcept {
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~Block() { ::operator delete(data_, std::align_val_t{alignment}); }

  S* data() { return data_; }
  const S* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static S* allocate(std::size_t n) {
    return static_cast<S*>(::operator new(n * sizeof(S), std::align_val_t{alignment}));
  }

  std::size_t size_ = 0;
  S* data_ = nullptr;
};

}  // namespace keratin
