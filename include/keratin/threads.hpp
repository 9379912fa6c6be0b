#pragma once
// Threads, and predict on them. Nothing else of the library starts a thread: in a program in which some file
// includes this, fit, evaluate and predict below use all cores, without it the caller's thread alone.
#include <keratin/core/array.hpp>
#include <keratin/core/lanes.hpp>
#include <keratin/core/text.hpp>
#include <keratin/core/workers.hpp>
#include <keratin/training/denormals.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace keratin {

/// Threads that wait for work. Giving them work allocates nothing. They serve one caller at a time; whoever
/// comes meanwhile, also from inside of their work, does it alone.
class Threads final : public Workers {
 public:
  /// `count` threads in all, the caller's among them; by default as many as the machine runs at once.
  explicit Threads(int count = static_cast<int>(std::thread::hardware_concurrency())) : Threads(None{}) {
    start(count);
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { stop(); }

  int count() const override { return static_cast<int>(workers_.size()) + 1; }
  /// Not while they work. Error: below 1.
  void set_count(int count) {
    if (count < 1) return report(Text("Threads: ", count, " came, at least 1 wanted"));
    stop();
    start(count);
  }

 private:
  // What is made by this first is taken apart by the destructor also where starting a thread fails.
  struct None {};
  explicit Threads(None) {}

  void start(int count) {
    stop_ = false;
    for (int i = 1; i < count; ++i) workers_.emplace_back([this, seen = round_.load()] { work(seen); });
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  void run(std::size_t n, Call call, void* work) override {
    if (n < 2 || workers_.empty() || taken_.exchange(true)) {
      for (std::size_t i = 0; i < n; ++i) call(work, i);
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      call_ = call;
      work_ = work;
      n_ = n;
      next_ = 0;
      mode_ = float_mode();
      busy_ = workers_.size();
      ++round_;
    }
    wake_.notify_all();
    take_part();
    wait(done_, [this] { return busy_ == 0; });
    taken_ = false;
#if __cpp_exceptions
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
#endif
  }

  void take_part() noexcept {
#if __cpp_exceptions
    try {
      run_calls();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      next_ = n_;
    }
#else
    run_calls();
#endif
  }
  void run_calls() {
    for (std::size_t i = next_++; i < n_; i = next_++) call_(work_, i);
  }
  void work(std::uint64_t seen) {
    for (;; ++seen) {
      wait(wake_, [&] { return stop_ || round_ != seen; });
      if (stop_) return;
      set_float_mode(mode_);  // the caller's
      take_part();
      if (--busy_ > 0) continue;
      const std::lock_guard lock(mutex_);
      done_.notify_one();
    }
  }
  // Awake for a moment, as in training more work comes at once, then asleep.
  void wait(std::condition_variable& change, auto there) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(100);
    while (!there()) {
      if (std::chrono::steady_clock::now() > end) {
        std::unique_lock lock(mutex_);
        return change.wait(lock, there);
      }
      std::this_thread::yield();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::atomic<std::uint64_t> round_ = 0;  // counts what was given to do
  std::atomic<bool> stop_ = false, taken_ = false;
  std::atomic<std::size_t> busy_ = 0;  // workers that have not finished this round
  Call call_ = nullptr;
  void* work_ = nullptr;
  std::size_t n_ = 0;
  std::atomic<std::size_t> next_ = 0;
  unsigned mode_ = 0;
#if __cpp_exceptions
  std::exception_ptr error_;  // the first of a round
#endif
};

/// The Threads of all that was given none of its own; set_count says how many.
inline Threads& shared_threads() {
  static Threads threads;
  return threads;
}

namespace detail {
inline const bool trainers_have_threads =
    (default_workers = []() -> Workers* { return &shared_threads(); }, true);
}  // namespace detail

/// model.predict(x, y), some samples on each thread: the same bits, whatever their number. Each thread
/// allocates its workspace once. `model.predict` itself stays on the caller's thread. A model of one input
/// and output. Error: the sizes do not match.
template <class Model>
void predict(const Model& model, const Array& x, std::span<typename Model::Scalar> y,
             Threads& threads = shared_threads()) {
  std::size_t in = static_cast<std::size_t>(model.input_shape().size()),
              out = static_cast<std::size_t>(model.output_shape().size());
  if constexpr (requires { model.sizes_for(x); }) std::tie(in, out) = model.sizes_for(x);  // any length
  const std::size_t n = x.size() / in;
  if (n < 2 || threads.count() == 1 || x.size() % in != 0 || y.size() != n * out) return model.predict(x, y);
  // Whole groups of lanes, at most as many as a single thread predicts at a time, and no sample left alone:
  // that would take the latency path, whose sums are in another order.
  constexpr std::size_t unit = lanes<float>;
  const std::size_t share =
      (n + static_cast<std::size_t>(threads.count()) - 1) / static_cast<std::size_t>(threads.count());
  const std::size_t part = std::clamp((share + unit - 1) / unit * unit, unit, std::size_t{128});
  const std::size_t parts = std::max<std::size_t>(1, (n + part - 2) / part);
  threads.for_each(parts, [&](std::size_t i) {
    const std::size_t first = i * part, count = i + 1 == parts ? n - first : part;
    model.predict(x.slice(first * in, count * in), y.subspan(first * out, count * out));
  });
}

}  // namespace keratin
