#pragma once
// What a loss provides. Its values are per row: a row is the last axis of the output, and the loss of a batch
// is the mean over all rows. A loss on probabilities takes the logits behind the output activation `Link`: it
// fills in the probabilities itself, and its gradient is that of the logits. One that needs memory to work
// with says how much: scratch(the output's shape, the length of the targets).
#include <keratin/activations/activation.hpp>
#include <keratin/core/rule.hpp>
#include <keratin/core/setting.hpp>

#include <span>

namespace keratin {

inline constexpr Rule needs_softmax_as_output_activation{
    "needs probabilities: end the network with Softmax, or use the loss with FromLogits"};
inline constexpr Rule needs_sigmoid_as_output_activation{
    "needs probabilities: end the network with Sigmoid, or use the loss with FromLogits"};
inline constexpr Rule needs_a_linear_output{"FromLogits needs an output without activation"};
inline constexpr Rule needs_two_or_more_classes{"needs at least two classes on the last axis"};

/// The network's outputs are logits: it ends without an activation. Keras: from_logits=True.
struct FromLogits {};
/// Targets are mixed with as much of what knows nothing: y (1 - S) + S / classes, of a binary one S / 2.
/// Szegedy and others 2016. Keras: label_smoothing.
template <double S> struct LabelSmoothing {
  static_assert(S >= 0 && S <= 1, "keratin: LabelSmoothing takes a share from 0 to 1");
};

/// Rows of this class count for nothing, as if they were masked; it need not be one of the classes. Keras:
/// ignore_class.
template <int Class> struct IgnoreClass {};

namespace detail {
template <class Option> inline constexpr bool is_ignoring = false;
template <int C> inline constexpr bool is_ignoring<IgnoreClass<C>> = true;
template <class Option> inline constexpr int ignored_by = 0;
template <int C> inline constexpr int ignored_by<IgnoreClass<C>> = C;

template <class Option> inline constexpr double smoothing_of = 0;
template <double S> inline constexpr double smoothing_of<LabelSmoothing<S>> = S;
template <class Option> inline constexpr bool is_smoothing = false;
template <double S> inline constexpr bool is_smoothing<LabelSmoothing<S>> = true;

// A target, or a vector of them, of n classes.
template <double Smoothing, class V> [[gnu::always_inline]] inline V smoothed(V y, [[maybe_unused]] int n) {
  if constexpr (Smoothing == 0)
    return y;
  else if constexpr (std::is_floating_point_v<V>)
    return y * static_cast<V>(1 - Smoothing) + static_cast<V>(Smoothing / n);
  else
    return y * static_cast<kernels::element<V>>(1 - Smoothing) +
           static_cast<kernels::element<V>>(Smoothing / n);
}

// Apart from the loss, of which clang would leave out what stands behind a failed static_assert.
template <bool OfClasses, class... Options> struct LossOptions {
  static constexpr int logits = (int{std::is_same_v<Options, FromLogits>} + ... + 0),
                       others = (int{OfClasses ? is_ignoring<Options> : is_smoothing<Options>} + ... + 0);
  static constexpr bool known = logits + others == sizeof...(Options) && logits < 2 && others < 2;
  static_assert(known || OfClasses,
                "keratin: the options of this loss are FromLogits and LabelSmoothing, each once");
  static_assert(known || !OfClasses,
                "keratin: the options of this loss are FromLogits and IgnoreClass, each once");
};
}  // namespace detail

/// How a loss wants its targets: values of the output's shape, any or from 0 to 1, or class numbers, one a
/// row. Or sequences of class numbers, one a sample: then a row is all that the network makes of a sample. Or
/// whole numbers, one a row, that are equal where rows belong together: then the rows of a batch are
/// compared.
enum class Targets : unsigned char {
  values,
  probabilities,
  classes,
  values_or_classes,
  sequences,
  identities
};

constexpr bool takes_classes(Targets t) { return t == Targets::classes || t == Targets::values_or_classes; }
constexpr bool takes_values(Targets t) {
  return t != Targets::classes && t != Targets::sequences && t != Targets::identities;
}

/// A batch's outputs and targets: `rows` rows of n values.
template <class S> struct LossInput {
  int rows, n;
  S* y;                        // outputs
  const S* values;             // targets [rows][n], or null
  const std::int32_t* labels;  // targets [rows], or null
  S* gradient;                 // [rows][n], or null when it is not wanted
  S weight;                    // what a row counts: the gradient is that of weight * sum over rows
  bool probabilities = true;   // logits shall become probabilities: somebody reads them
  // Of Targets::sequences only: values are [rows][length]; the output's last axis; memory to work with, as
  // much as the loss's scratch() says.
  int length = 0, classes = 0;
  S* scratch = nullptr;
  double count = 1;  // what each row counts in a metric
  // Of Targets::identities only: what each row counts, and 0 where it does not; null: all count 1.
  const S *weights = nullptr, *mask = nullptr;

  /// One row of it.
  LossInput row(int r) const {
    const std::ptrdiff_t first = std::ptrdiff_t{r} * n;
    LossInput one = *this;
    one.rows = 1;
    one.y += first;
    if (values) one.values += length > 0 ? std::ptrdiff_t{r} * length : first;
    if (labels) one.labels += r;
    if (gradient) one.gradient += first;
    return one;
  }
};

inline constexpr double keras_epsilon = 1e-7;  // Keras's fuzz factor

}  // namespace keratin
