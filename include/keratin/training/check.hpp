#pragma once
// What is checked of a user's data before anything is done with it. Each check reports what came and what was
// wanted.
#include <keratin/core/array.hpp>
#include <keratin/core/text.hpp>
#include <keratin/losses/reduction.hpp>

#include <cmath>

namespace keratin::detail {

// How the targets of a sample are given: as class numbers, one a row, or numbers that are no classes; as
// values of the output's shape; or as a sequence of class numbers.
struct TargetLayout {
  bool labels = false, identities = false, sequence = false;
  std::size_t per_sample = 0;
};

// Where the first value stands that is not finite once it is a scaled S; size() if there is none.
template <class S> std::size_t first_not_finite_as(const Array& values) {
  if (values.is_integer() && std::isfinite(static_cast<S>(values.scale()) * S{9.3e18f})) return values.size();
  const std::size_t bad = first_not_finite(values);
  if (bad < values.size() || values.template as<S>()) return bad;
  S some[64];
  for (std::size_t i = 0; i < values.size(); i += std::size(some)) {
    const std::size_t n = std::min(std::size(some), values.size() - i);
    copy_values(values, i, n, some);
    for (std::size_t k = 0; k < n; ++k)
      if (!std::isfinite(some[k])) return i + k;
  }
  return values.size();
}

template <class S> bool check_finite(const Array& values, const char* what, std::size_t row) {
  const std::size_t bad = first_not_finite_as<S>(values);
  if (bad == values.size()) return true;
  report(Text(what, ": value ", bad % row, " of sample ", bad / row, " is ", values(bad),
              ", finite values wanted"));
  return false;
}

// ignored: of a loss that ignores a class, which one.
inline bool check_labels(const Array& labels, int first, int last, const Text& name,
                         const int* ignored = nullptr) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double label = labels(i);
    if (label >= first && label <= last && label == static_cast<int>(label)) continue;
    if (ignored && label == *ignored) continue;
    report(Text(name.view(), ": label ", i, " is ", label, ", whole numbers from ", first, " to ", last,
                " wanted"));
    return false;
  }
  return true;
}

inline bool check_probabilities(const Array& values, const Text& name) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values(i) >= 0 && values(i) <= 1) continue;
    report(Text(name.view(), ": value ", i, " is ", values(i), ", values from 0 to 1 wanted"));
    return false;
  }
  return true;
}

// A metric has the outputs that it wants, and can use the targets that came for the loss.
inline bool check_metric(const char* name, Targets wanted, int least_outputs, const TargetLayout& came,
                         const Shape& output) {
  if (output.last() < least_outputs) {
    report(Text("the metric ", name, " wants ", least_outputs, " outputs, an output of ", output, " came"));
    return false;
  }
  const bool fits = came.sequence     ? wanted == Targets::sequences
                    : came.identities ? wanted == Targets::identities
                    : came.labels     ? takes_classes(wanted)
                                      : takes_values(wanted);
  if (fits) return true;
  const char *const classes = "class numbers", *const values = "targets of the output's shape",
                    *const sequences = "sequences of labels";
  const char* const wants = wanted == Targets::sequences ? sequences
                            : takes_values(wanted)       ? values
                                                         : classes;
  const char* const got = came.sequence     ? sequences
                          : came.identities ? "numbers that are no classes"
                          : came.labels     ? classes
                                            : values;
  report(Text("the metric ", name, " wants ", wants, ", ", got, " came"));
  return false;
}

// How many outputs a metric keeps apart, at least; 0 where it takes them as they are.
template <class Metric> constexpr int least_outputs() {
  if constexpr (requires { Metric::least_outputs; }) return Metric::least_outputs;
  return 0;
}

// "x", or of one of several "x[2]".
inline Text name_of_array(const char* name, int index) {
  return index < 0 ? Text(name) : Text(name, "[", index, "]");
}

// Whether arrays hold something for each sample, whatever it is.
inline bool check_whole(const char* what, const Arrays& all, std::size_t samples) {
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (all[k].size() % samples == 0) continue;
    report(Text(name_of_array(what, all.size() > 1 ? static_cast<int>(k) : -1).view(), ": ", all[k].size(),
                " values came, a multiple of ", samples, " wanted, the number of samples"));
    return false;
  }
  return true;
}

/// Whether x is `samples` samples, at least one, of an input. index: which of several arrays, or -1.
template <class S> bool check_inputs(const Array& x, std::size_t samples, const Shape& input, int index) {
  const Text name = name_of_array("x", index);
  const auto in = static_cast<std::size_t>(input.size());
  if (x.size() == 0 || x.size() % in != 0) {
    report(Text(name.view(), ": ", x.size(), " values came, ", x.size() == 0 ? "at least" : "a multiple of",
                " ", in, " wanted, for the input ", input));
    return false;
  }
  if (x.size() / in != samples) {
    report(Text(name.view(), ": ", x.size() / in, " samples came, ", samples, " wanted, as of x[0]"));
    return false;
  }
  return check_finite<S>(x, name.c_str(), in);
}

/// Whether y fits an output, its loss and its metrics; `targets` becomes how y gives them.
template <class S, class Loss, class... Metrics>
bool check_targets(const Array& y, std::size_t n, const Shape& output, int index, TargetLayout& targets) {
  const Text name = name_of_array("y", index);
  const auto out = static_cast<std::size_t>(output.size());
  const std::size_t rows = out / static_cast<std::size_t>(output.last());
  const bool identities = Loss::targets == Targets::identities;
  const bool classes = identities || takes_classes(Loss::targets), values = takes_values(Loss::targets);
  if (Loss::targets == Targets::sequences) {
    if (y.size() == 0 || y.size() % n != 0 || y.size() / n > out) {
      report(Text(name.view(), ": ", y.size(), " values came, for each of ", n,
                  " samples as many labels wanted, ", out, " at most, 0 where there are fewer"));
      return false;
    }
    targets = {.sequence = true, .per_sample = y.size() / n};
  } else if (classes && y.size() == n * rows) {
    targets = {.labels = true, .identities = identities, .per_sample = rows};
  } else if (values && y.size() == n * out) {
    targets = {.per_sample = out};
  } else {
    const Text or_classes = classes && values ? Text(", or class numbers, ", n * rows) : Text();
    report(Text(name.view(), ": ", y.size(), " values came, ", n * (values ? out : rows), " wanted",
                or_classes.view(), ", for ", n, " samples"));
    return false;
  }
  if (!(check_metric(Metrics::name, Metrics::targets, least_outputs<Metrics>(), targets, output) && ...))
    return false;
  if (identities) return check_labels(y, INT32_MIN, INT32_MAX, name);
  if (targets.labels || targets.sequence) {
    const int* ignored = nullptr;
    if constexpr (ignores_rows<Loss>() && requires { Loss::ignored; }) ignored = &Loss::ignored;
    return check_labels(y, 0, output.last() - 1, name, ignored);
  }
  return check_finite<S>(y, name.c_str(), out) &&
         (Loss::targets != Targets::probabilities || check_probabilities(y, name));
}

}  // namespace keratin::detail
