#pragma once
// Keras's progress bar, and its one line an epoch, with the bytes that Keras writes.
#include <keratin/training/callback.hpp>

#include <unistd.h>

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <ctime>

namespace keratin {

/// Seconds since some moment.
inline double seconds_now() {
  std::timespec t;  // <chrono> would take as long to compile as the rest of this folder
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// One epoch's progress. verbose 0 prints nothing, 1 a bar that is redrawn on a terminal at most 20 times a
/// second (elsewhere it is a line, printed at the end), 2 one line at the end. Keras: Progbar.
class Progress {
 public:
  enum class On : unsigned char { file, terminal };

  /// steps: 0 where nobody knows how many will come.
  Progress(int steps, int verbose, std::FILE* out, On on, double (*now)() = seconds_now)
      : out_(out), steps_(steps), verbose_(verbose), on_(on), now_(now), start_(now()) {}
  Progress(int steps, int verbose, std::FILE* out = stdout)
      : Progress(steps, verbose, out, isatty(fileno(out)) != 0 ? On::terminal : On::file) {}

  /// After `done` steps; `logs()` is asked for the running values only when something is printed.
  template <class Logs> void update(int done, Logs logs) {
    if (verbose_ != 1) return;
    const double time = now_(), per_step = step_time(done, time);
    if (on_ == On::file || time - printed_ < 0.05) return;
    draw(done, per_step, time, logs(), false);
    printed_ = time;
  }
  /// After the last of `done` steps.
  void finish(int done, const NamedLogs& logs) {
    if (verbose_ == 0) return;
    if (steps_ == 0) steps_ = done;
    const double time = now_(), per_step = step_time(steps_, time);
    if (verbose_ == 1) return draw(steps_, per_step, time, logs, true);
    put("%d/%d - %.0fs - ", steps_, steps_, time - start_);
    put_step_time(per_step);
    for (const Log& log : logs) put_log(log, log.value > 1e-3);  // no fabs here: Keras has none
    end_line();
  }

 private:
  static constexpr int cells = 20;

  // The first step is left out of the time per step: it pays for cold caches.
  double step_time(int done, double time) {
    if (done == 0) return 0;
    const double per_step = first_ > 0 && done > 1 ? (time - first_) / (done - 1) : (time - start_) / done;
    if (done == 1) first_ = time;
    return per_step;
  }
  void draw(int done, double per_step, double time, const NamedLogs& logs, bool last) {
    const int before = width_;
    if (on_ == On::terminal) {
      for (int i = 0; i < before; ++i) std::fputc('\b', out_);
      std::fputc('\r', out_);
    }
    width_ = 0;
    if (steps_ > 0) {
      const int green = static_cast<int>(cells * (static_cast<double>(done) / steps_));
      style("1");
      put("%*d/%d", digits(steps_), done, steps_);
      style("0");
      put(" ");
      if (green > 0) put_cells("32", green);
      put_cells("37", cells - green);
    } else {
      put("%7d/Unknown", done);
    }
    put(" ");
    style("1");
    if (steps_ > 0 && !last)
      put_remaining(per_step * (steps_ - done));
    else
      put("%.0fs", time - start_);
    style("0");
    put(" ");
    put_step_time(per_step);
    for (const Log& log : logs) put_log(log, std::fabs(log.value) > 1e-3);
    if (on_ == On::terminal)
      for (int i = width_; i < before; ++i) std::fputc(' ', out_);
    if (last) return end_line();
    std::fflush(out_);
  }
  void put_cells(const char* color, int n) {
    style(color);
    for (int i = 0; i < n; ++i) std::fputs("\u2501", out_);
    width_ += n;
    style("0");
  }
  void put_remaining(double seconds) {
    const long whole = static_cast<long>(seconds);
    if (seconds > 3600)
      put("%ld:%02ld:%02ld", whole / 3600, whole % 3600 / 60, whole % 60);
    else if (seconds > 60)
      put("%ld:%02ld", whole / 60, whole % 60);
    else
      put("%lds", whole);
  }
  void put_step_time(double seconds) {
    if (seconds >= 1 || seconds == 0)
      put("%.0fs/step", seconds);
    else if (seconds >= 1e-3)
      put("%.0fms/step", seconds * 1e3);
    else
      put("%.0fus/step", seconds * 1e6);
  }
  void put_log(const Log& log, bool fixed) {
    put(" - %.*s: ", static_cast<int>(log.name.size()), log.name.data());
    if (std::isnan(log.value))
      put("nan");  // printf gives it a sign
    else
      put(fixed ? "%.4f" : "%.4e", log.value);
  }
  void style(const char* code) { std::fprintf(out_, "\x1b[%sm", code); }
  [[gnu::format(printf, 2, 3)]] void put(const char* format, ...) {
    std::va_list values;
    va_start(values, format);
    width_ += std::vfprintf(out_, format, values);
    va_end(values);
  }
  void end_line() {
    std::fputc('\n', out_);
    std::fflush(out_);
  }
  static int digits(int n) {
    int d = 1;
    for (; n >= 10; n /= 10) ++d;
    return d;
  }

  std::FILE* out_;
  int steps_, verbose_;
  On on_;
  double (*now_)();
  double start_, first_ = 0, printed_ = 0;
  int width_ = 0;  // of what stands there, in characters
};

}  // namespace keratin
