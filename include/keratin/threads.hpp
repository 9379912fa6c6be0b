#pragma once
// Threads, and predict on them. Nothing else of the library starts a thread.
#include <keratin/core/array.hpp>
#include <keratin/core/lanes.hpp>
#include <keratin/core/text.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace keratin {

/// Threads that wait for work. Made once; giving them work allocates nothing. One Threads serves one caller
/// at a time.
class Threads {
 public:
  /// `count` threads in all, the caller's among them; by default as many as the machine runs at once.
  explicit Threads(int count = static_cast<int>(std::thread::hardware_concurrency())) : Threads(None{}) {
    for (int i = 1; i < count; ++i) workers_.emplace_back([this] { work(); });
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  int count() const { return static_cast<int>(workers_.size()) + 1; }

  /// f(i) for i in [0, n), in any order on any of the threads; returns when all are done. What an f throws
  /// comes out here, the others that have not begun are left out then.
  template <class F> void for_each(std::size_t n, F&& f) {
    if (n == 0) return;
    {
      const std::lock_guard lock(mutex_);
      call_ = [](void* function, std::size_t i) { (*static_cast<std::remove_reference_t<F>*>(function))(i); };
      function_ = std::addressof(f);
      n_ = n;
      next_ = 0;
      busy_ = workers_.size();
      ++round_;
    }
    wake_.notify_all();
    take_part();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
#if __cpp_exceptions
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
#endif
  }

 private:
  // What is made by this first is taken apart by the destructor also where starting a thread fails.
  struct None {};
  explicit Threads(None) {}

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
    for (std::size_t i = next_++; i < n_; i = next_++) call_(function_, i);
  }
  void work() {
    for (std::uint64_t seen = 0;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stop_ || round_ != seen; });
        if (stop_) return;
        seen = round_;
      }
      take_part();
      const std::lock_guard lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::uint64_t round_ = 0;  // counts calls of for_each
  bool stop_ = false;
  std::size_t busy_ = 0;  // workers that have not finished this round
  void (*call_)(void*, std::size_t) = nullptr;
  void* function_ = nullptr;
  std::size_t n_ = 0;
  std::atomic<std::size_t> next_ = 0;
#if __cpp_exceptions
  std::exception_ptr error_;  // the first of a round
#endif
};

/// model.predict(x, y), some samples on each thread: the same bits, whatever their number. Each thread
/// allocates its workspace once. A model of one input and output. Error: the sizes do not match.
template <class Model>
void predict(const Model& model, const Array& x, std::span<typename Model::Scalar> y, Threads& threads) {
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
