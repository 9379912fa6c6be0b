#pragma once
#include <keratin/training/callback.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keratin {

/// What fit() returns: for each epoch the loss and the metrics, with a validation set val_... of them, and
/// what callbacks add. Keys are in the order of Keras's History.history: sorted, then those of validation,
/// then the others.
class History {
 public:
  using Series = std::vector<double>;

  /// The values of a key, one an epoch (of validation: one each validation_freq); empty if there is no such
  /// key.
  const Series& operator[](std::string_view key) const {
    static const Series none;
    const std::size_t i = index(key);
    return i < series_.size() ? series_[i].second : none;
  }
  /// The epochs that these values are of, counted from 0.
  const std::vector<int>& epochs(std::string_view key) const {
    static const std::vector<int> none;
    const std::size_t i = index(key);
    return i < series_.size() ? epochs_[i] : none;
  }
  auto begin() const { return series_.begin(); }
  auto end() const { return series_.end(); }

  /// Makes room for so many epochs.
  void reserve(int epochs) { room_ = static_cast<std::size_t>(epochs); }
  void add(int epoch, std::string_view key, double value) {
    const std::size_t i = index(key);
    if (i == series_.size()) begin_series(key);
    series_[i].second.push_back(value);
    epochs_[i].push_back(epoch);
  }

 private:
  std::size_t index(std::string_view key) const {
    std::size_t i = 0;
    while (i < series_.size() && series_[i].first != key) ++i;
    return i;
  }
  [[gnu::cold]] void begin_series(std::string_view key) {
    series_.emplace_back(std::string(key), Series());
    series_.back().second.reserve(room_);
    epochs_.emplace_back().reserve(room_);
  }

  std::vector<std::pair<std::string, Series>> series_;
  std::vector<std::vector<int>> epochs_;  // of each series
  std::size_t room_ = 0;
};

}  // namespace keratin
