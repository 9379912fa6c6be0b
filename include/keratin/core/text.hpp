#pragma once
// Text: a short message built without heap or locale, and `report`, which hands an error to the caller.
#include <keratin/core/shape.hpp>

#include <charconv>
#include <cstring>
#include <string_view>
#if __cpp_exceptions
#include <stdexcept>
#endif

namespace keratin {

/// At most 400 characters; what does not fit is left out.
class Text {
 public:
  template <class... Parts> [[gnu::cold]] explicit Text(const Parts&... parts) { (add(parts), ...); }
  const char* c_str() const { return text_; }
  std::string_view view() const { return {text_, size_}; }
  bool empty() const { return size_ == 0; }

 private:
  void add(std::string_view s) {
    const std::size_t n = s.size() < capacity - size_ ? s.size() : capacity - size_;
    std::memcpy(text_ + size_, s.data(), n);
    size_ += n;
  }
  void add(const char* s) { add(std::string_view(s)); }
  void add(const Shape& s) {
    add("(");
    for (int axis = 0; axis < s.rank; ++axis) {
      if (axis > 0) add(", ");
      add(s[axis]);
    }
    add(")");
  }
  template <class N>
    requires std::is_arithmetic_v<N>
  void add(N number) {
    size_ = static_cast<std::size_t>(std::to_chars(text_ + size_, text_ + capacity, number).ptr - text_);
  }

  static constexpr std::size_t capacity = 400;
  char text_[capacity + 1] = {};
  std::size_t size_ = 0;
};

/// The latest error of this thread, for builds without exceptions: empty when there was none.
inline Text& last_error() {
  thread_local Text text;
  return text;
}

/// Throws std::invalid_argument. Without exceptions it keeps the text in last_error() until the next one, and
/// the caller returns NaN, or does nothing if it returns nothing: set last_error() = Text() before it to
/// know.
[[gnu::cold]] inline void report(const Text& text) {
#if __cpp_exceptions
  throw std::invalid_argument(text.c_str());
#else
  last_error() = text;
#endif
}

}  // namespace keratin
