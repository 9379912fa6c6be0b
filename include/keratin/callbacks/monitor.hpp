#pragma once
// What callbacks that watch a value have in common: which way is better, and by how much.
#include <keratin/core/repr.hpp>
#include <keratin/training/callback.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

namespace keratin {

/// Which values of what is monitored are better. automatic: what Keras says of the loss or metric of that
/// name. Keras: mode.
enum class Direction : unsigned char { automatic, min, max };

namespace detail {

// Whether `name` is `known`, or that of one of several outputs, "dense_1_" in front of it.
inline bool is_named(std::string_view name, std::string_view known) {
  return name == known ||
         (name.size() > known.size() && name.ends_with(known) && name[name.size() - known.size() - 1] == '_');
}

// Min or max. Error: automatic, and nothing is known of a value of that name; then automatic. logs: those
// that there will be, or none where nobody knows.
inline Direction direction_of(std::string_view monitor, Direction mode, const char* callback,
                              const NamedLogs& logs) {
  static constexpr std::array up{"accuracy",    "auc",  "precision", "recall",   "f1_score",
                                 "fbeta_score", "io_u", "mean_io_u", "r2_score", "cosine_similarity"};
  static constexpr std::array down{"loss",          "error",   "crossentropy", "hinge",
                                   "kl_divergence", "logcosh", "poisson"};
  if (mode != Direction::automatic) return mode;
  const auto is = [&](std::string_view known) { return is_named(monitor, known); };
  if (std::any_of(up.begin(), up.end(), is)) return Direction::max;
  if (std::any_of(down.begin(), down.end(), is)) return Direction::min;
  if (logs.size() == 0 || logs.find(monitor))
    report(Text(callback, ": nothing is known of '", monitor, "', Direction::min or Direction::max wanted"));
  else
    report(Text(callback, ": ", logs.lack(monitor).view(),
                "; one that a callback adds wants a mode, Direction::min or Direction::max"));
  return Direction::automatic;
}

// Keras compares in float32.
inline bool improves(double value, std::optional<double> best, Direction direction, double min_delta = 0) {
  if (!best) return true;
  const double delta = std::fabs(min_delta);
  return direction == Direction::max ? static_cast<float>(value - delta) > static_cast<float>(*best)
                                     : static_cast<float>(value + delta) < static_cast<float>(*best);
}

// The value that a callback looks at; null, with a warning, where there is none.
inline const double* monitored(const TrainingState& run, std::string_view monitor, const char* callback) {
  const double* const value = run.logs.find(monitor);
  if (!value) warn(Text(callback, ": epoch ", run.epoch + 1, ": ", run.logs.lack(monitor).view()));
  return value;
}

// The learning rate of the next step, as Keras's variable holds it.
inline double learning_rate_of(const auto& trainer) {
  return static_cast<float>(trainer.optimizer().learning_rate.at(trainer.iterations()));
}
// Error: it follows a schedule; then false.
bool sets_learning_rate(const auto& trainer, const char* callback) {
  const bool can = trainer.optimizer().learning_rate.is_constant();
  if (!can) report(Text(callback, ": an optimizer with a schedule came, one with a number wanted"));
  return can;
}
void set_learning_rate(auto& trainer, double rate) {
  trainer.optimizer().learning_rate = static_cast<float>(rate);
}

}  // namespace detail
}  // namespace keratin
