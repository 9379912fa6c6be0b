#pragma once
// Values that a spec may hold itself: a few numbers, or one that may be missing.
#include <keratin/core/rule.hpp>

#include <array>
#include <concepts>
#include <type_traits>

namespace keratin {

/// A few numbers, known when the network is written down. None: count is 0.
struct Table {
  static constexpr int most = 64;

  int count = 0;
  std::array<double, most> values{};

  constexpr Table() = default;
  /// More than `most` are counted, not kept; the layer refuses them.
  template <class... Values>
    requires(sizeof...(Values) > 0 && (std::is_arithmetic_v<Values> && ...))
  constexpr Table(Values... v) : count(sizeof...(Values)) {
    const double all[] = {static_cast<double>(v)...};
    for (int i = 0; i < count && i < most; ++i) values[static_cast<std::size_t>(i)] = all[i];
  }

  constexpr double operator[](int i) const { return values[static_cast<std::size_t>(i)]; }
  constexpr std::size_t size() const { return static_cast<std::size_t>(count < most ? count : most); }
  constexpr const double* begin() const { return values.data(); }
  constexpr const double* end() const { return begin() + size(); }
  constexpr bool operator==(const Table&) const = default;
};
/// The same where one number may stand for all.
struct OneOrMore : Table {
  using Table::Table;

  constexpr bool operator==(const OneOrMore&) const = default;
};
inline constexpr Rule holds_at_most_64_values{
    "a layer holds at most 64 values itself: adapt() takes any number"};

/// A Table's values as S, or those of a parameter where it has none.
template <class S> class TableValues {
 public:
  TableValues(const Table& table, const S* parameter) : values_(table.count > 0 ? own_ : parameter) {
    for (int i = 0; i < table.count; ++i) own_[i] = static_cast<S>(table[i]);
  }
  TableValues(const TableValues&) = delete;
  TableValues& operator=(const TableValues&) = delete;

  const S* data() const { return values_; }

 private:
  S own_[Table::most];
  const S* values_;
};

/// A whole number that may be missing. Keras: None.
struct OptionalInt {
  bool given = false;
  int value = 0;

  constexpr OptionalInt() = default;
  constexpr OptionalInt(std::same_as<int> auto v) : given(true), value(v) {}

  constexpr bool is(auto x) const { return given && x == static_cast<decltype(x)>(value); }
  constexpr bool operator==(const OptionalInt&) const = default;
};

}  // namespace keratin
