#pragma once
#include <keratin/training/callback.hpp>

#include <cmath>

namespace keratin {

/// Stops, or reports an error, when the loss is no longer finite. Keras: TerminateOnNaN.
struct TerminateOnNaN {
  bool raise_error = false;

  void on_train_batch_end(TrainingState& run) const {
    const double loss = run.logs["loss"];
    if (std::isfinite(loss)) [[likely]]
      return;
    run.stop_training = true;
    if (raise_error)
      report(
          Text("TerminateOnNaN: a loss of ", loss, " came in batch ", run.step, " of epoch ", run.epoch + 1));
    else
      detail::tell(Text("Batch ", run.step, ": Invalid loss, terminating training"));
  }
};

}  // namespace keratin
