#pragma once
// What a loss provides. Its values are per row: a row is the last axis of the output, and the loss of a batch
// is the mean over all rows. A loss on probabilities takes the logits behind the output activation `Link`: it
// fills in the probabilities itself, and its gradient is that of the logits.
#include <keratin/activations/activation.hpp>
#include <keratin/core/rule.hpp>

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

namespace detail {
// Apart from the loss, of which clang would leave out what stands behind a failed static_assert.
template <class... Options> struct LossOptions {
  static_assert(sizeof...(Options) == 0 || std::is_same_v<void(Options...), void(FromLogits)>,
                "keratin: the only option of this loss is FromLogits");
};
}  // namespace detail

/// How a loss wants its targets: values of the output's shape, any or from 0 to 1, or class numbers, one a
/// row.
enum class Targets : unsigned char { values, probabilities, classes, values_or_classes };

constexpr bool takes_classes(Targets t) { return t == Targets::classes || t == Targets::values_or_classes; }
constexpr bool takes_values(Targets t) { return t != Targets::classes; }

/// A batch's outputs and targets: `rows` rows of n values.
template <class S> struct LossInput {
  int rows, n;
  S* y;                        // outputs
  const S* values;             // targets [rows][n], or null
  const std::int32_t* labels;  // targets [rows], or null
  S* gradient;                 // [rows][n], or null when it is not wanted
  S weight;                    // what a row counts: the gradient is that of weight * sum over rows
  bool probabilities = true;   // logits shall become probabilities: somebody reads them

  /// One row of it.
  LossInput row(int r) const {
    const std::ptrdiff_t first = std::ptrdiff_t{r} * n;
    LossInput one = *this;
    one.rows = 1;
    one.y += first;
    if (values) one.values += first;
    if (labels) one.labels += r;
    if (gradient) one.gradient += first;
    return one;
  }
};

inline constexpr double keras_epsilon = 1e-7;  // Keras's fuzz factor

}  // namespace keratin
