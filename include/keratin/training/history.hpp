#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keratin {

/// What fit() returns: for each epoch the loss and the metrics, and with a validation set val_... of them.
/// Keys are sorted, as in Keras's History.history.
class History {
 public:
  using Series = std::vector<double>;

  /// The values of a key, one an epoch; empty if there is no such key.
  const Series& operator[](std::string_view key) const {
    static const Series none;
    for (const auto& [name, values] : series_)
      if (name == key) return values;
    return none;
  }
  auto begin() const { return series_.begin(); }
  auto end() const { return series_.end(); }

  /// Makes room for `epochs` values of a key.
  void reserve(std::string_view key, int epochs) { series(key).reserve(static_cast<std::size_t>(epochs)); }
  void add(std::string_view key, double value) { series(key).push_back(value); }

 private:
  [[gnu::cold]] Series& series(std::string_view key) {
    auto at = series_.begin();
    while (at != series_.end() && at->first < key) ++at;
    if (at == series_.end() || at->first != key) at = series_.insert(at, {std::string(key), {}});
    return at->second;
  }

  std::vector<std::pair<std::string, Series>> series_;
};

}  // namespace keratin
