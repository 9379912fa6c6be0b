#pragma once
// How metrics read a row of outputs and its target.
#include <keratin/losses/loss.hpp>

#include <algorithm>

namespace keratin::metrics {

/// The class that a row's target means: its number, or where its largest value is.
template <class S> int class_of(const LossInput<S>& row) {
  if (row.labels) return row.labels[0];
  return static_cast<int>(std::max_element(row.values, row.values + row.n) - row.values);
}
/// The class that a row of outputs speaks for: the first of its largest values.
template <class S> int predicted_class(const LossInput<S>& row) {
  return static_cast<int>(std::max_element(row.y, row.y + row.n) - row.y);
}
/// A target as a value for each output; class numbers as ones and zeros.
template <class S> S target_of(const LossInput<S>& row, int c) {
  if (row.values) return row.values[c];
  return static_cast<S>(row.n == 1 ? row.labels[0] : c == row.labels[0]);
}

}  // namespace keratin::metrics
