#pragma once
// pad_sequences, to_categorical and normalize. Keras: keras.utils.
#include <keratin/core/array.hpp>

#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace keratin::utils {

/// Rows of values; fit and data sets take it as an Array.
template <class E> struct Table {
  std::vector<E> values;
  std::size_t rows = 0, columns = 0;

  operator Array() const { return Array(values).rows_of(columns); }
};

/// Which end of a sequence.
enum class Side : unsigned char { pre, post };

struct PadOptions {
  std::optional<std::size_t> maxlen{};  // steps; none: those of the longest sequence
  Side padding = Side::pre;             // where values are put
  Side truncating = Side::pre;          // where steps beyond maxlen are left out
  double value = 0;                     // what is put there
  std::size_t row = 1;                  // values of a step
};

namespace detail {

// A value as an E that holds it; parts of whole numbers are cut off, as numpy does.
template <std::floating_point E> bool convert(auto from, E& to) {
  to = static_cast<E>(from);
  return true;
}
template <std::integral E, std::integral From> bool convert(From from, E& to) {
  to = static_cast<E>(from);
  return std::in_range<E>(from);
}
template <std::integral E, std::floating_point From> bool convert(From from, E& to) {
  const double whole = std::trunc(static_cast<double>(from));
  const bool fits = whole >= static_cast<double>(std::numeric_limits<E>::min()) &&
                    whole < static_cast<double>(std::numeric_limits<E>::max()) + 1;
  if (fits) to = static_cast<E>(whole);
  return fits;
}

}  // namespace detail

/// Sequences of any lengths as rows of the same length. E is what the rows hold. Errors: maxlen 0, a sequence
/// that is not of whole steps, a value that no E holds. Keras: pad_sequences.
template <class E = std::int32_t, class Sequences>
Table<E> pad_sequences(const Sequences& sequences, const PadOptions& options = {}) {
  const auto refuse = [](const auto&... parts) {
    report(Text("pad_sequences: ", parts...));
    return Table<E>{};
  };
  const std::size_t row = options.row;
  if (options.maxlen == std::size_t{0} || row == 0)
    return refuse(options.maxlen.value_or(1), " steps of ", row, " values came, at least 1 of each wanted");
  E fill{};
  if (!detail::convert(options.value, fill))
    return refuse("the value ", options.value, " came, which no element holds");

  std::size_t count = 0, length = options.maxlen.value_or(0);
  for (const auto& sequence : sequences) {
    const std::size_t n = std::size(sequence);
    if (n % row != 0) return refuse("sequence ", count, ": ", n, " values came, steps of ", row, " wanted");
    if (!options.maxlen) length = std::max(length, n / row);
    ++count;
  }
  Table<E> padded{std::vector<E>(count * length * row, fill), count, length * row};
  std::size_t at = 0;
  for (const auto& sequence : sequences) {
    const std::size_t size = std::size(sequence), n = std::min(size, padded.columns);
    E* to = padded.values.data() + at * padded.columns;
    if (options.padding == Side::pre) to += padded.columns - n;
    auto from = std::begin(sequence);
    std::advance(from, static_cast<std::ptrdiff_t>(options.truncating == Side::pre ? size - n : 0));
    for (std::size_t i = 0; i < n; ++i, ++from)
      if (!detail::convert(*from, to[i]))
        return refuse("sequence ", at, ": ", *from, " came, which no element holds");
    ++at;
  }
  return padded;
}

/// A row for each label, 1 at its class and 0 elsewhere. num_classes 0: the largest label and 1. Error: a
/// label that is no whole number from 0 to below num_classes. Keras: to_categorical.
template <class E = float> Table<E> to_categorical(const Array& labels, std::size_t num_classes = 0) {
  double largest = -1;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double label = labels(i);
    if (!(label >= 0 && label == std::trunc(label) && label < 9e15) ||
        (num_classes > 0 && label >= static_cast<double>(num_classes))) {
      report(Text("to_categorical: label ", i, " is ", label, ", whole numbers from 0",
                  (num_classes > 0 ? Text(" to ", num_classes - 1) : Text(" on")).view(), " wanted"));
      return {};
    }
    largest = std::max(largest, label);
  }
  const std::size_t classes = num_classes > 0 ? num_classes : static_cast<std::size_t>(largest + 1);
  Table<E> rows{std::vector<E>(labels.size() * classes), labels.size(), classes};
  for (std::size_t i = 0; i < labels.size(); ++i)
    rows.values[i * classes + static_cast<std::size_t>(labels(i))] = 1;
  return rows;
}

/// Values divided by their norm along an axis; those of norm 0 as they are. extents: of all axes, none: those
/// of the array's rows. order: of the norm, 1, 2, infinity or any other. Error: other extents, no such axis.
/// Keras: normalize (for axis 0, which Keras takes for the last one, NumPy's x / norm).
inline std::vector<float> normalize(const Array& x, std::vector<std::size_t> extents = {}, int axis = -1,
                                    double order = 2) {
  if (extents.empty() && x.row_length() > 0) extents = {x.size() / x.row_length(), x.row_length()};
  if (extents.empty()) extents = {x.size()};
  const int rank = static_cast<int>(extents.size()), along = axis < 0 ? axis + rank : axis;
  std::size_t all = 1, stride = 1;
  for (int a = 0; a < rank; ++a) {
    all *= extents[static_cast<std::size_t>(a)];
    if (a > along) stride *= extents[static_cast<std::size_t>(a)];
  }
  if (all != x.size() || along < 0 || along >= rank) {
    report(Text("normalize: axis ", axis, " of ", rank, " axes of ", all, " values came, ", x.size(),
                " values wanted and one of the axes"));
    return {};
  }
  std::vector<float> y(x.size());
  const std::size_t n = extents[static_cast<std::size_t>(along)];
  for (std::size_t outer = 0; outer < x.size(); outer += n * stride)
    for (std::size_t first = outer; first < outer + stride; ++first) {
      double norm = order < 0 && std::isinf(order) ? std::numeric_limits<double>::infinity() : 0;
      for (std::size_t i = 0; i < n; ++i) {
        const double value = std::fabs(x(first + i * stride));
        if (std::isinf(order))
          norm = order > 0 ? std::max(norm, value) : std::min(norm, value);
        else
          norm += order == 0 ? value != 0 : std::pow(value, order);
      }
      if (!std::isinf(order) && order != 0) norm = std::pow(norm, 1 / order);
      if (norm == 0) norm = 1;
      for (std::size_t i = 0; i < n; ++i)
        y[first + i * stride] = static_cast<float>(x(first + i * stride) / norm);
    }
  return y;
}

}  // namespace keratin::utils
