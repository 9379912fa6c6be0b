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

/// How many letters of a name change, come or go until it is another one; of both the first 64 count.
[[gnu::cold]] constexpr int edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, 64), b = b.substr(0, 64);
  int row[65] = {};  // to the first j letters of b
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 0; i < a.size(); ++i) {
    int before = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const int changed = before + (a[i] != b[j]), gone = row[j + 1] + 1, came = row[j] + 1;
      before = row[j + 1];
      row[j + 1] = changed < gone ? (changed < came ? changed : came) : gone < came ? gone : came;
    }
  }
  return row[b.size()];
}
/// What to say of a name that is none of several, name_of(0), name_of(1), ...: "there are a, b", and of many
/// "the nearest of 57 are a, b, c".
[[gnu::cold]] Text candidates(std::string_view came, std::size_t count, auto name_of) {
  constexpr std::size_t few = 12, shown = 3;
  if (count == 0) return Text("there is none");
  const std::size_t most = count > few ? shown : count;
  std::size_t nearest[few] = {}, kept = 0;
  int distances[few] = {};
  for (std::size_t i = 0; i < count; ++i) {
    const auto& name = name_of(i);
    const int distance = count > few ? edit_distance(came, name) : 0;
    if (kept == most && distance >= distances[kept - 1]) continue;
    std::size_t at = kept < most ? kept++ : kept - 1;
    for (; at > 0 && distances[at - 1] > distance; --at)
      nearest[at] = nearest[at - 1], distances[at] = distances[at - 1];
    nearest[at] = i, distances[at] = distance;
  }
  Text all =
      count > few ? Text("the nearest of ", count, " are") : Text(count > 1 ? "there are" : "there is");
  for (std::size_t n = 0; n < kept; ++n) {
    const auto& name = name_of(nearest[n]);
    all = Text(all.view(), n > 0 ? ", " : " ", std::string_view(name));
  }
  return all;
}
[[gnu::cold]] Text candidates(std::string_view came, const auto& names) {
  return candidates(came, names.size(), [&](std::size_t i) -> const auto& { return names[i]; });
}

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
