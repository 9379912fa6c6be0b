#pragma once
// Keras's progress bar, and its one line an epoch.
#include <unistd.h>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace keratin {

/// One epoch's progress. verbose 0 prints nothing, 1 a bar that is redrawn on a terminal at most 20 times a
/// second (and only printed at the end elsewhere), 2 one line at the end.
class Progress {
 public:
  struct Value {
    std::string_view prefix, name;  // "val_", "loss"
    double value;
  };

  /// steps: 0 where nobody knows how many there will be.
  Progress(int steps, int verbose, std::FILE* out = stdout)
      : out_(out), steps_(steps), verbose_(verbose), terminal_(isatty(fileno(out)) != 0), start_(now()) {}

  /// After `done` steps; `values()` is asked for the running values, in Keras's order, only when something is
  /// printed.
  template <class Values> void update(int done, Values values) {
    done_ = done;
    if (verbose_ != 1) return;
    const double time = now();
    if (done == 1) first_ = time;
    if (!terminal_ || time - printed_ < 0.05) return;
    printed_ = time;
    print_bar(done, time, false);
    print_values(values());
    std::fputs("\r", out_);
    std::fflush(out_);
  }
  template <class Values> void finish(const Values& values) {
    if (verbose_ == 0) return;
    const double time = now();
    if (done_ > 0) steps_ = done_;  // all there were
    if (verbose_ == 1) print_bar(steps_, time, true);
    if (verbose_ == 2) {
      std::fprintf(out_, "%d/%d - %.0fs - ", steps_, steps_, time - start_);
      print_step_time((time - start_) / steps_);
    }
    print_values(values);
    std::fputs(terminal_ ? "\x1b[K\n" : "\n", out_);  // erases what a longer line before left
    std::fflush(out_);
  }

 private:
  static constexpr int cells = 20;

  static double now() {
    std::timespec t;  // <chrono> would take as long to compile as the rest of this folder
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  }
  void print_bar(int done, double time, bool finished) {
    if (steps_ == 0) return print_unknown(done, time);
    const int green = steps_ > 0 ? static_cast<int>(static_cast<double>(cells) * done / steps_) : 0;
    std::fprintf(out_, "\x1b[1m%*d/%d\x1b[0m \x1b[32m", digits(steps_), done, steps_);
    for (int i = 0; i < green; ++i) std::fputs("\u2501", out_);
    std::fputs("\x1b[0m\x1b[37m", out_);
    for (int i = green; i < cells; ++i) std::fputs("\u2501", out_);
    // The first step is left out of the time per step: it pays for cold caches.
    const double per_step = done > 1 ? (time - first_) / (done - 1) : time - start_;
    std::fputs("\x1b[0m \x1b[1m", out_);
    if (finished)
      std::fprintf(out_, "%.0fs", time - start_);
    else
      print_eta(static_cast<long>(per_step * (steps_ - done)));
    std::fputs("\x1b[0m ", out_);
    print_step_time(per_step);
  }
  void print_unknown(int done, double time) {
    std::fprintf(out_, "%7d/Unknown \x1b[1m%.0fs\x1b[0m ", done, time - start_);
    print_step_time(done > 1 ? (time - first_) / (done - 1) : time - start_);
  }
  void print_eta(long seconds) {
    if (seconds > 3600)
      std::fprintf(out_, "%ld:%02ld:%02ld", seconds / 3600, seconds % 3600 / 60, seconds % 60);
    else if (seconds > 60)
      std::fprintf(out_, "%ld:%02ld", seconds / 60, seconds % 60);
    else
      std::fprintf(out_, "%lds", seconds);
  }
  void print_step_time(double seconds) {
    if (seconds >= 1 || seconds == 0)
      std::fprintf(out_, "%.0fs/step", seconds);
    else if (seconds >= 1e-3)
      std::fprintf(out_, "%.0fms/step", seconds * 1e3);
    else
      std::fprintf(out_, "%.0fus/step", seconds * 1e6);
  }
  void print_values(const auto& values) {
    for (const Value& v : values)
      std::fprintf(out_, std::fabs(v.value) > 1e-3 ? " - %.*s%.*s: %.4f" : " - %.*s%.*s: %.4e",
                   static_cast<int>(v.prefix.size()), v.prefix.data(), static_cast<int>(v.name.size()),
                   v.name.data(), v.value);
  }
  static int digits(int n) {
    int d = 1;
    for (; n >= 10; n /= 10) ++d;
    return d;
  }

  std::FILE* out_;
  int steps_, verbose_, done_ = 0;
  bool terminal_;
  double start_, first_ = 0, printed_ = 0;
};

}  // namespace keratin
