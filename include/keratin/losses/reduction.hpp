#pragma once
// How the losses of a batch's rows become the number that is trained for.
#include <keratin/core/named_enum.hpp>
#include <keratin/losses/overlap.hpp>

#include <array>
#include <concepts>

namespace keratin {

/// Keras: reduction. sum_over_batch_size, and mean, which is the same: the sum over the rows, each times its
/// weight, divided by how many there are, masked ones left out. sum: not divided. mean_with_sample_weight:
/// divided by the sum of the weights.
enum class LossReduction : unsigned char { sum_over_batch_size, sum, mean, mean_with_sample_weight };
constexpr std::array<std::string_view, 4> names_of(LossReduction) {
  return {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"};
}

/// A loss that is reduced otherwise: Reduced<MeanSquaredError, LossReduction::sum>. Keras: reduction of a
/// loss; its none is Loss::evaluate of a row.
template <class Loss, LossReduction R> struct Reduced : Loss {
  static_assert(!std::derived_from<Loss, detail::OverlapLoss<Loss>>,
                "keratin: Dice and Tversky are one number for a batch, which no reduction changes");
  static constexpr LossReduction reduction = R;
};

namespace detail {

template <class Loss> constexpr LossReduction reduction_of() {
  if constexpr (requires { Loss::reduction; })
    return Loss::reduction;
  else
    return LossReduction::sum_over_batch_size;
}

// Whether a loss leaves some rows out, and this one.
template <class Loss> constexpr bool ignores_rows() {
  if constexpr (requires { Loss::ignores; })
    return Loss::ignores;
  else
    return false;
}
template <class Loss, class S> bool is_ignored(const LossInput<S>& in, int r) {
  if constexpr (ignores_rows<Loss>())
    return !Loss::counts(in, r);
  else
    return false;
}

// What the sum over rows is divided by; 0 where none counts. weights and mask: of each row, or null.
template <class Loss, class S> double divisor(const LossInput<S>& in, const S* weights, const S* mask) {
  const LossReduction reduction = reduction_of<Loss>();
  if (reduction == LossReduction::sum) return 1;
  const S* const count = reduction == LossReduction::mean_with_sample_weight ? weights : nullptr;
  if (!count && !mask && !ignores_rows<Loss>()) return in.rows;
  double all = 0;
  for (int r = 0; r < in.rows; ++r)
    if ((!mask || mask[r] != 0) && !is_ignored<Loss>(in, r)) all += count ? static_cast<double>(count[r]) : 1;
  return all;
}

}  // namespace detail
}  // namespace keratin
