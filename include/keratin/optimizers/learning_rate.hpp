#pragma once
// LearningRate: a number, or a schedule that gives one for each step. A step is counted from 0; `decay_steps`
// and the like are steps.
#include <keratin/core/adapt.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <type_traits>
#include <variant>

namespace keratin {

/// Keras: ExponentialDecay. initial_learning_rate decay_rate^(step / decay_steps); a staircase rounds the
/// exponent down.
struct ExponentialDecay {
  double initial_learning_rate = 0.001, decay_steps = 1, decay_rate = 0.96;
  bool staircase = false;

  static constexpr const char* name = "ExponentialDecay";
  double operator()(double step) const {
    const double times = step / decay_steps;
    return initial_learning_rate * std::pow(decay_rate, staircase ? std::floor(times) : times);
  }
};

/// Keras: InverseTimeDecay. initial_learning_rate / (1 + decay_rate step / decay_steps); a staircase rounds
/// the quotient down.
struct InverseTimeDecay {
  double initial_learning_rate = 0.001, decay_steps = 1, decay_rate = 0.5;
  bool staircase = false;

  static constexpr const char* name = "InverseTimeDecay";
  double operator()(double step) const {
    const double times = step / decay_steps;
    return initial_learning_rate / (1 + decay_rate * (staircase ? std::floor(times) : times));
  }
};

/// Keras: PolynomialDecay. From initial_learning_rate to end_learning_rate in decay_steps, along
/// (1 - step / decay_steps)^power; with cycle it goes on to the next multiple of decay_steps.
struct PolynomialDecay {
  double initial_learning_rate = 0.001, decay_steps = 1, end_learning_rate = 0.0001, power = 1;
  bool cycle = false;

  static constexpr const char* name = "PolynomialDecay";
  double operator()(double step) const {
    const double all = cycle ? decay_steps * std::max(std::ceil(step / decay_steps), 1.0) : decay_steps;
    return (initial_learning_rate - end_learning_rate) * std::pow(1 - std::min(step, all) / all, power) +
           end_learning_rate;
  }
};

/// Keras: CosineDecay. Half a cosine from initial_learning_rate to alpha times it, in decay_steps. With
/// warmup_steps it first goes straight from initial_learning_rate to warmup_target, from where it decays.
/// Loshchilov and Hutter 2017.
struct CosineDecay {
  double initial_learning_rate = 0.001, decay_steps = 1, alpha = 0, warmup_target = 0, warmup_steps = 0;

  static constexpr const char* name = "CosineDecay";
  double operator()(double step) const {
    const double top = warmup_steps > 0 ? warmup_target : initial_learning_rate;
    if (step < warmup_steps)
      return initial_learning_rate + (top - initial_learning_rate) * step / warmup_steps;
    const double share = std::min((step - warmup_steps) / decay_steps, 1.0),
                 cosine = 0.5 * (1 + std::cos(std::numbers::pi * share));
    return top * ((1 - alpha) * cosine + alpha);
  }
};

/// Keras: CosineDecayRestarts. CosineDecay over and over: the first time in first_decay_steps, each time
/// t_mul times as many steps, from m_mul times as high.
struct CosineDecayRestarts {
  double initial_learning_rate = 0.001, first_decay_steps = 1, t_mul = 2, m_mul = 1, alpha = 0;

  static constexpr const char* name = "CosineDecayRestarts";
  double operator()(double step) const {
    const double periods = step / first_decay_steps;
    double restarts = std::floor(periods), share = periods - restarts;
    if (t_mul != 1) {
      restarts = std::floor(std::log(1 - periods * (1 - t_mul)) / std::log(t_mul));
      share = (periods - (1 - std::pow(t_mul, restarts)) / (1 - t_mul)) / std::pow(t_mul, restarts);
    }
    const double cosine = 0.5 * std::pow(m_mul, restarts) * (1 + std::cos(std::numbers::pi * share));
    return initial_learning_rate * ((1 - alpha) * cosine + alpha);
  }
};

/// Keras: PiecewiseConstantDecay({1000, 2000}, {0.1, 0.01, 0.001}): 0.1 up to step 1000, 0.01 up to 2000. At
/// most 15 boundaries.
class PiecewiseConstantDecay {
 public:
  static constexpr const char* name = "PiecewiseConstantDecay";
  static constexpr int most = 15;

  template <int Boundaries, int Values>
  constexpr PiecewiseConstantDecay(const double (&boundaries)[Boundaries], const double (&values)[Values])
      : count_(Boundaries) {
    static_assert(Boundaries <= most && Values == Boundaries + 1,
                  "keratin: PiecewiseConstantDecay takes up to 15 boundaries and one value more");
    std::copy_n(boundaries, Boundaries, boundaries_.begin());
    std::copy_n(values, Values, values_.begin());
  }
  /// boundaries[count], values[count + 1]; more than `most` are left out.
  constexpr PiecewiseConstantDecay(const double* boundaries, const double* values, int count)
      : count_(std::min(count, most)) {
    std::copy_n(boundaries, count_, boundaries_.begin());
    std::copy_n(values, count_ + 1, values_.begin());
  }

  constexpr int count() const { return count_; }
  constexpr double boundary(int i) const { return boundaries_[static_cast<std::size_t>(i)]; }
  constexpr double value(int i) const { return values_[static_cast<std::size_t>(i)]; }
  double operator()(double step) const {
    int i = 0;
    while (i < count_ && step > boundary(i)) ++i;
    return value(i);
  }

 private:
  int count_;
  std::array<double, most> boundaries_{};
  std::array<double, most + 1> values_{};
};

/// What an optimizer's learning_rate is: Adam{.learning_rate = 0.01}, or
/// Adam{.learning_rate = CosineDecay{.initial_learning_rate = 0.01, .decay_steps = 1000}}.
class LearningRate {
 public:
  using Schedule = std::variant<double, ExponentialDecay, InverseTimeDecay, PolynomialDecay, CosineDecay,
                                CosineDecayRestarts, PiecewiseConstantDecay>;

  template <class N>
    requires std::is_arithmetic_v<N>
  constexpr LearningRate(N rate) : schedule_(static_cast<double>(rate)) {}
  template <class S>
    requires(std::is_class_v<S> && std::is_constructible_v<Schedule, S>)
  constexpr LearningRate(const S& schedule) : schedule_(schedule) {}

  /// For a step, counted from 0.
  double at(std::int64_t step) const {
    return std::visit(
        [&]<class S>(const S& schedule) {
          if constexpr (std::is_same_v<S, double>)
            return schedule;
          else
            return schedule(static_cast<double>(step));
        },
        schedule_);
  }
  bool is_constant() const { return schedule_.index() == 0; }
  const Schedule& schedule() const { return schedule_; }

 private:
  Schedule schedule_;
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::ExponentialDecay, initial_learning_rate, decay_steps, decay_rate, staircase);
KERATIN_ADAPT_STRUCT(keratin::InverseTimeDecay, initial_learning_rate, decay_steps, decay_rate, staircase);
KERATIN_ADAPT_STRUCT(keratin::PolynomialDecay, initial_learning_rate, decay_steps, end_learning_rate, power,
                     cycle);
KERATIN_ADAPT_STRUCT(keratin::CosineDecay, initial_learning_rate, decay_steps, alpha, warmup_target,
                     warmup_steps);
KERATIN_ADAPT_STRUCT(keratin::CosineDecayRestarts, initial_learning_rate, first_decay_steps, t_mul, m_mul,
                     alpha);
