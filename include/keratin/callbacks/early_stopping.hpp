#pragma once
#include <keratin/callbacks/monitor.hpp>

#include <cstddef>
#include <cstring>
#include <vector>

namespace keratin {

/// Stops when what it monitors has not improved by more than min_delta for `patience` epochs, or has not
/// become better than the baseline. restore_best_weights: those of the best epoch, with everything else that
/// is in the model's block, whether it stopped or not. Nothing counts before start_from_epoch. Errors: a
/// metric of unknown direction. Keras: EarlyStopping.
struct EarlyStopping {
  std::string monitor = "val_loss";
  double min_delta = 0;
  int patience = 0, verbose = 0;
  Direction mode = Direction::automatic;
  std::optional<double> baseline{};
  bool restore_best_weights = false;
  int start_from_epoch = 0;
  // What it found; fit() begins anew.
  std::optional<double> best{};
  int wait = 0, best_epoch = 0, stopped_epoch = 0;  // epochs from 0; stopped_epoch 0: it did not stop
  bool has_best_weights = false;
  std::vector<std::byte> best_weights{};

  void on_train_begin(auto& run) {
    best.reset();
    has_best_weights = false;
    best_weights.resize(restore_best_weights ? std::as_bytes(std::span(run.model().block())).size() : 0);
    wait = best_epoch = stopped_epoch = 0;
    direction(run);
  }
  void on_epoch_end(auto& run) {
    const double* const value = detail::monitored(run, monitor, "EarlyStopping");
    if (!value || run.epoch < start_from_epoch) return;
    if (restore_best_weights && !has_best_weights) keep(run);
    ++wait;
    if (detail::improves(*value, best, direction(run), min_delta)) {
      best = *value;
      best_epoch = run.epoch;
      if (restore_best_weights) keep(run);
      if (detail::improves(*value, baseline, direction(run), min_delta)) wait = 0;
    } else if (wait >= patience && run.epoch > 0) {
      stopped_epoch = run.epoch;
      run.stop_training = true;
    }
  }
  void on_train_end(auto& run) {
    if (stopped_epoch > 0 && verbose > 0) detail::tell(Text("Epoch ", stopped_epoch + 1, ": early stopping"));
    if (!has_best_weights) return;
    if (verbose > 0)
      detail::tell(Text("Restoring model weights from the end of the best epoch: ", best_epoch + 1, "."));
    std::memcpy(run.model().block().data(), best_weights.data(), best_weights.size());
  }
  void each_state(auto& f) {
    f("EarlyStopping's best", best);
    f("EarlyStopping's epochs", wait);
    f("EarlyStopping's best epoch", best_epoch);
    f("EarlyStopping's last epoch", stopped_epoch);
    f("whether EarlyStopping has weights", has_best_weights);
    f("EarlyStopping's weights", std::span(best_weights));
  }

 private:
  Direction direction(const TrainingState& run) const {
    return detail::direction_of(monitor, mode, "EarlyStopping", run.logs);
  }
  void keep(auto& run) {
    std::memcpy(best_weights.data(), run.model().block().data(), best_weights.size());
    has_best_weights = true;
    best_epoch = run.epoch;
  }
};

}  // namespace keratin
