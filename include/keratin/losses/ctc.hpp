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
    for (int r = 0; r < in.rows; ++r) {
      const Sample<S> sample(in.row(r));
      sum += sample.forward();
      if (in.gradient) sample.backward();
    }
    return sum;
  }

 private:
  // A blank before, between and behind the labels: state s is a label where s is odd.
  static constexpr std::size_t states(std::size_t labels) { return 2 * labels + 1; }

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

  template <class S> class Sample {
   public:
    explicit Sample(const LossInput<S>& in) : in_(in), steps_(in.n / in.classes) {
      const auto all = in.length - std::count(in.values, in.values + in.length, S{0});
      // Of more labels than steps only the last can be reached: what stands before them is left out.
      left_out_ = std::max<std::ptrdiff_t>(0, all - steps_);
      labels_ = in.values + left_out_;
      states_ = states(static_cast<std::size_t>(all - left_out_));
    }

    // The loss. Leaves the probabilities of the classes where the gradient will be.
    double forward() const {
      std::fill_n(after(0), states_, zero);
      after(0)[0] = left_out_ == 0 ? S{0} : Sum<S>({zero, repeats(0) ? 2 * zero : zero, none}).log;
      double log_largest = 0;
      for (std::ptrdiff_t t = 0; t < steps_; ++t) {
        const S* const z = in_.y + t * in_.classes;
        S* const p = in_.gradient ? in_.gradient + t * in_.classes : in_.scratch;
        const S log_sum = Softmax::log_sum_exp(z, p, in_.classes);
        S* const now = after(t + 1);
        for (std::size_t s = 0; s < states_; ++s) now[s] = enter(t, s).log + (z[class_of(s)] - log_sum);
        const S largest = *std::max_element(now, now + states_);
        for (std::size_t s = 0; s < states_; ++s) now[s] -= largest;
        log_largest += static_cast<double>(largest);
      }
      return -(log_largest + static_cast<double>(end().log));
    }
    // Back from the end: how likely each state is at each step, given the labels, is what the gradient lacks.
    void backward() const {
      S* const likely = after(steps_ + 1);
      std::fill_n(likely, states_, S{0});
      const Sum<S> last = end();
      likely[states_ - 1] = last.share[0];
      if (states_ > 1) likely[states_ - 2] = last.share[1];
      for (std::ptrdiff_t t = steps_; t-- > 0;) {
        S* const d = in_.gradient + t * in_.classes;
        for (std::size_t s = 0; s < states_; ++s) d[class_of(s)] -= likely[s];
        for (int c = 0; c < in_.classes; ++c) d[c] *= in_.weight;
        for (std::size_t s = 0; s < states_; ++s) {
          const std::array<S, 3> share = enter(t, s).share;
          const S of_state = likely[s];
          likely[s] = of_state * share[0];
          if (s > 0) likely[s - 1] += of_state * share[1];
          if (s > 1) likely[s - 2] += of_state * share[2];
        }
      }
    }

   private:
    // What Keras takes for the logarithm of 0; and what is none of three ways.
    static constexpr S zero = S(-1e5), none = -std::numeric_limits<S>::infinity();

    // The log-probability of each state after t steps, over that of the likeliest.
    S* after(std::ptrdiff_t t) const {
      return in_.scratch + in_.classes + static_cast<std::size_t>(t) * states_;
    }
    int class_of(std::size_t s) const { return s % 2 == 0 ? 0 : static_cast<int>(labels_[s / 2]); }
    // Whether a label is the one before it.
    bool repeats(std::ptrdiff_t i) const { return labels_[i] == labels_[i - 1]; }
    // A state is entered from itself, the one before it and, a label, from the label before it; between equal
    // labels there has to be a blank.
    Sum<S> enter(std::ptrdiff_t t, std::size_t s) const {
      const S* const from = after(t) + s;
      S skip = none;
      if (s > 1 && s % 2 == 1) skip = from[-2] + (repeats(static_cast<std::ptrdiff_t>(s / 2)) ? zero : S{0});
      return Sum<S>({from[0], s > 0 ? from[-1] : none, skip});
    }
    // Behind the last label, with a blank or without one.
    Sum<S> end() const {
      const S* const last = after(steps_) + states_ - 1;
      return Sum<S>({last[0], states_ > 1 ? last[-1] : none, none});
    }

    LossInput<S> in_;
    std::ptrdiff_t steps_, left_out_;
    const S* labels_;
    std::size_t states_;
  };
};

}  // namespace keratin
