#pragma once
#include <keratin/callbacks/monitor.hpp>

namespace keratin {

/// Multiplies the learning rate by `factor` when what it monitors has not improved by more than min_delta for
/// `patience` epochs, down to min_lr; then nothing counts for `cooldown` epochs. Adds "learning_rate" to the
/// logs, what the epoch had. Errors: a factor of 1 or more, a schedule, a metric of unknown direction. Keras:
/// ReduceLROnPlateau.
struct ReduceLROnPlateau {
  std::string monitor = "val_loss";
  double factor = 0.1;
  int patience = 10, verbose = 0;
  Direction mode = Direction::automatic;
  double min_delta = 1e-4;
  int cooldown = 0;
  double min_lr = 0;
  // What it found; fit() begins anew.
  std::optional<double> best{};
  int wait = 0, cooldown_counter = 0;

  void on_train_begin(auto& run) {
    best.reset();
    wait = cooldown_counter = 0;
    direction(run);
    detail::sets_learning_rate(run.trainer, "ReduceLROnPlateau");
    if (!(factor < 1)) report(Text("ReduceLROnPlateau: factor ", factor, " came, less than 1 wanted"));
  }
  void on_epoch_end(auto& run) {
    run.logs.set("learning_rate", detail::learning_rate_of(run.trainer));
    const double* const value = detail::monitored(run, monitor, "ReduceLROnPlateau");
    if (!value) return;
    if (cooldown_counter > 0) {
      --cooldown_counter;
      wait = 0;
    }
    if (detail::improves(*value, best, direction(run), min_delta)) {
      best = *value;
      wait = 0;
    } else if (cooldown_counter == 0 && ++wait >= patience && reduce(run)) {
      cooldown_counter = cooldown;
      wait = 0;
    }
  }
  void each_state(auto& f) {
    f("ReduceLROnPlateau's best", best);
    f("ReduceLROnPlateau's epochs", wait);
    f("ReduceLROnPlateau's cooldown", cooldown_counter);
  }

 private:
  Direction direction(const TrainingState& run) const {
    return detail::direction_of(monitor, mode, "ReduceLROnPlateau", run.logs);
  }
  bool reduce(auto& run) {
    const double rate = detail::learning_rate_of(run.trainer), reduced = std::max(rate * factor, min_lr);
    if (!(rate > static_cast<float>(min_lr))) return false;
    detail::set_learning_rate(run.trainer, reduced);
    if (verbose > 0)
      detail::tell(Text("\nEpoch ", run.epoch + 1, ": ReduceLROnPlateau reducing learning rate to ",
                        repr(reduced).view(), "."));
    return true;
  }
};

}  // namespace keratin
