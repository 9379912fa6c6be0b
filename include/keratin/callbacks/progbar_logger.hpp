#pragma once
#include <keratin/training/progress.hpp>

#include <optional>

namespace keratin {

/// Shows how far a test is, as fit() does of an epoch: trainer.evaluate(x, y, 32, {}, ProgbarLogger{}). In
/// fit, where tests are silent, it does nothing. Keras: ProgbarLogger, and verbose of evaluate.
class ProgbarLogger {
 public:
  /// verbose: 0 nothing, 1 a bar, 2 a line.
  explicit ProgbarLogger(int verbose = 1, std::FILE* out = stdout) : verbose_(verbose), out_(out) {}
  ProgbarLogger(int verbose, std::FILE* out, Progress::On on, double (*now)())
      : verbose_(verbose), out_(out), on_(on), now_(now) {}

  void on_test_begin(const TrainingState& run) {
    bar_.reset();
    if (run.in_fit) return;
    if (on_)
      bar_.emplace(run.steps, verbose_, out_, *on_, now_);
    else
      bar_.emplace(run.steps, verbose_, out_);
  }
  void on_test_batch_end(const TrainingState& run) {
    if (bar_) bar_->update(run.step + 1, [&]() -> const NamedLogs& { return run.logs; });
  }
  void on_test_end(const TrainingState& run) {
    if (bar_) bar_->finish(run.step, run.logs);
    bar_.reset();
  }

 private:
  int verbose_;
  std::FILE* out_;
  std::optional<Progress::On> on_{};
  double (*now_)() = seconds_now;
  std::optional<Progress> bar_{};
};

}  // namespace keratin
