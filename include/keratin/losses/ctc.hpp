#pragma once
#include <keratin/losses/loss.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace keratin {

inline constexpr Rule needs_logits_of_steps{
    "CTC takes logits of two or more classes at each step: (steps, classes), without a softmax"};

/// Keras: CTC, connectionist temporal classification: -log of the probability that the classes of all steps,
/// with repetitions and then blanks taken out, are the sample's labels. Class 0 is the blank. The network's
/// output is logits (steps, classes), the targets are a row of labels a sample, any number of them, filled up
/// with 0; what counts is as many as are not 0. Where there are too few steps for them the loss is about
/// 1e5, as in Keras. One number a sample: weights and masks of steps have no meaning here.
/// Graves, Fernandez, Gomez, Schmidhuber 2006.
struct CTC {
  static constexpr const char* name = "ctc";
  static constexpr const char* class_name = "CTC";
  static constexpr Targets targets = Targets::sequences;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction last) {
    if (out.rank != 2 || out.last() < 2 || last == Softmax{}) return needs_logits_of_steps;
    return out;
  }

  /// How many values it works with, for targets of `length` labels.
  static constexpr std::size_t scratch(const Shape& out, std::size_t length) {
    const auto steps = static_cast<std::size_t>(out[0]), classes = static_cast<std::size_t>(out.last());
    return classes + (steps + 2) * states(std::min(steps, length));
  }

  /// Sum over samples.
  template <class S> static double evaluate(const LossInput<S>& in) {
    double sum = 0;
    for (int r = 0; r < in.rows; ++r) sum += of_sample(in.row(r));
    return sum;
  }

 private:
  static constexpr double log_zero = -1e5;  // what Keras takes for it

  // A blank before, between and behind the labels: state s is a label where s is odd.
  static constexpr std::size_t states(std::size_t labels) { return 2 * labels + 1; }
  template <class S> static int class_of(const S* labels, std::size_t s) {
    return s % 2 == 0 ? 0 : static_cast<int>(labels[s / 2]);
  }

  // log(e^a + e^b + e^c), and how much of it each of them is.
  template <class S> struct Sum {
    std::array<S, 3> share;
    S log;

    explicit Sum(const std::array<S, 3>& terms) {
      const S top = std::max({terms[0], terms[1], terms[2]});
      for (std::size_t i = 0; i < 3; ++i) share[i] = std::exp(terms[i] - top);
      const S sum = share[0] + share[1] + share[2];
      for (S& part : share) part /= sum;
      log = top + std::log(sum);
    }
  };
  // A state is entered from itself, the one before it and, a label, from the label before it; between equal
  // labels there has to be a blank.
  template <class S> static Sum<S> enter(const S* before, const S* labels, std::size_t s) {
    constexpr S none = -std::numeric_limits<S>::infinity();
    std::array<S, 3> from{before[s], none, none};
    if (s > 0) from[1] = before[s - 1];
    if (s > 1 && s % 2 == 1)
      from[2] = before[s - 2] + (labels[s / 2] == labels[s / 2 - 1] ? static_cast<S>(log_zero) : S{0});
    return Sum<S>(from);
  }

  template <class S> static double of_sample(const LossInput<S>& in) {
    const std::ptrdiff_t classes = in.classes, steps = in.n / classes;
    const std::ptrdiff_t all = in.length - std::count(in.values, in.values + in.length, S{0});
    // Of more labels than steps only the last can be reached: what stands before them is left out.
    const std::ptrdiff_t left_out = std::max<std::ptrdiff_t>(0, all - steps);
    const S* const labels = in.values + left_out;
    const std::size_t size = states(static_cast<std::size_t>(all - left_out));
    S* const any = in.scratch;
    S* const alpha = any + classes;  // log-probability of each state after 0, 1 ... steps, over its largest
    const auto row = [&](std::ptrdiff_t t) { return alpha + static_cast<std::size_t>(t) * size; };

    constexpr S none = -std::numeric_limits<S>::infinity(), zero = static_cast<S>(log_zero);
    std::fill_n(alpha, size, zero);
    alpha[0] = left_out == 0 ? S{0} : Sum<S>({zero, labels[0] == labels[-1] ? 2 * zero : zero, none}).log;
    double log_largest = 0;
    for (std::ptrdiff_t t = 0; t < steps; ++t) {
      const S* const z = in.y + t * classes;
      S* const p = in.gradient ? in.gradient + t * classes : any;
      const S log_sum = Softmax::log_sum_exp(z, p, in.classes);
      S* const now = row(t + 1);
      for (std::size_t s = 0; s < size; ++s)
        now[s] = enter(row(t), labels, s).log + (z[class_of(labels, s)] - log_sum);
      const S largest = *std::max_element(now, now + size);
      for (std::size_t s = 0; s < size; ++s) now[s] -= largest;
      log_largest += static_cast<double>(largest);
    }
    const S* const last = row(steps) + size - 1;
    const Sum<S> end({last[0], size > 1 ? last[-1] : none, none});
    if (!in.gradient) return -(log_largest + static_cast<double>(end.log));

    // Back from the end: how likely each state is at each step, given the labels.
    S* const likely = row(steps + 1);
    std::fill_n(likely, size, S{0});
    likely[size - 1] = end.share[0];
    if (size > 1) likely[size - 2] = end.share[1];
    for (std::ptrdiff_t t = steps; t-- > 0;) {
      S* const d = in.gradient + t * classes;
      for (std::size_t s = 0; s < size; ++s) d[class_of(labels, s)] -= likely[s];
      for (std::ptrdiff_t c = 0; c < classes; ++c) d[c] *= in.weight;
      for (std::size_t s = 0; s < size; ++s) {
        const std::array<S, 3> share = enter(row(t), labels, s).share;
        const S of_state = likely[s];
        for (std::size_t i = 0; i <= std::min<std::size_t>(s, 2); ++i)
          likely[s - i] = (i == 0 ? S{0} : likely[s - i]) + of_state * share[i];
      }
    }
    return -(log_largest + static_cast<double>(end.log));
  }
};

}  // namespace keratin
