#pragma once
#include <keratin/callbacks/monitor.hpp>

#include <utility>

namespace keratin {

/// The learning rate of each epoch is schedule(epoch, learning rate so far), the epoch counted from 0. Adds
/// "learning_rate" to the logs. Error: the optimizer has a schedule of its own. Keras:
/// LearningRateScheduler.
template <class Schedule> struct LearningRateScheduler {
  Schedule schedule;
  int verbose = 0;

  explicit LearningRateScheduler(Schedule s, int verbosity = 0)
      : schedule(std::move(s)), verbose(verbosity) {}

  void on_epoch_begin(auto& run) {
    if (!detail::sets_learning_rate(run.trainer, "LearningRateScheduler")) return;
    const double rate = schedule(run.epoch, detail::learning_rate_of(run.trainer));
    detail::set_learning_rate(run.trainer, rate);
    if (verbose > 0)
      detail::tell(Text("\nEpoch ", run.epoch + 1, ": LearningRateScheduler setting learning rate to ",
                        repr(rate).view(), "."));
  }
  void on_epoch_end(auto& run) { run.logs.set("learning_rate", detail::learning_rate_of(run.trainer)); }
};

}  // namespace keratin
