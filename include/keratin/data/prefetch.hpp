#pragma once
// prefetch: a thread that makes the next batches while the current one is used.
#include <keratin/data/dataset.hpp>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace keratin::data {

namespace detail {

// A ring of batches; the one that was given last stays until the next is asked for.
template <Source D> class Prefetched {
  static_assert(D::batched, "keratin: prefetch(): a data set of samples came; batch(n) wanted before it");

 public:
  static constexpr bool batched = true;

  Prefetched(D data, std::size_t depth) : shared_(std::make_unique<Shared>(std::move(data), depth)) {}
  std::int64_t cardinality() const { return shared_->data.cardinality(); }
  void rewind(std::int64_t round = next_round) { shared_->rewind(round); }
  bool next(Batch& to, std::size_t) { return shared_->next(to); }

 private:
  // In a place of its own, as the thread knows where it is.
  struct Shared {
    Shared(D d, std::size_t depth) : data(std::move(d)), ring(depth + 1) {}
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() {
      {
        const std::lock_guard lock(mutex);
        stop = true;
      }
      wake.notify_one();
      if (thread.joinable()) thread.join();
    }

    bool next(Batch& to) {
      if (!thread.joinable()) thread = std::thread([this] { work(); });
      std::unique_lock lock(mutex);
      if (given) {
        given = false;
        first = (first + 1) % ring.size();
        wake.notify_one();
      }
      done.wait(lock, [&] { return ready > 0 || ended; });
      if (ready == 0) {
#if __cpp_exceptions
        if (error) std::rethrow_exception(std::exchange(error, nullptr));
#else
        if (!error.empty()) report(std::exchange(error, Text()));
#endif
        return false;
      }
      --ready;
      given = true;
      ring[first].view(to);
      return true;
    }
    void rewind(std::int64_t number) {
      if (!thread.joinable()) return detail::rewind(data, number);
      std::unique_lock lock(mutex);
      again = true;
      round = number;
      wake.notify_one();
      done.wait(lock, [&] { return !again; });
    }

    void work() {
      std::unique_lock lock(mutex);
      for (;;) {
        wake.wait(lock, [&] { return stop || again || (!ended && ready + given < ring.size()); });
        if (stop) return;
        const bool anew = again;
        Room& room = ring[(first + given + ready) % ring.size()];
        lock.unlock();
        const bool more = anew ? attempt([&] { return detail::rewind(data, round), true; })
                               : attempt([&] { return data.next(read, 1) && room.put(0, read); });
        lock.lock();
        if (anew) {
          again = given = false;
          ready = 0;
          ended = !more;
        } else if (!again) {  // otherwise nobody wants it any more
          ready += more;
          ended = !more;
        }
        done.notify_one();
      }
    }
    // What goes wrong comes out of next(), behind what was made before.
    bool attempt(auto f) {
#if __cpp_exceptions
      try {
        error = nullptr;
        return f();
      } catch (...) {
        error = std::current_exception();
        return false;
      }
#else
      last_error() = Text();
      const bool more = f();
      error = last_error();
      return more;
#endif
    }

    D data;
    std::vector<Room> ring;
    Batch read{};
    std::thread thread;
    std::mutex mutex;
    std::condition_variable wake, done;
    std::size_t first = 0, ready = 0;  // of the ring
    std::int64_t round = next_round;   // to begin
    bool given = false;                // ring[first] is in use outside
    bool ended = false, again = false, stop = false;
#if __cpp_exceptions
    std::exception_ptr error;
#else
    Text error;
#endif
  };

  std::unique_ptr<Shared> shared_;
};

}  // namespace detail

/// Batches are made by a thread of its own, up to `depth` before they are asked for; the order is the same.
/// Errors come out where the batch would have. Keras: prefetch.
inline auto prefetch(std::size_t depth = 2) {
  if (depth == 0) report(Text("prefetch: 0 batches came, at least 1 wanted")), depth = 1;
  return Stage{[=]<Source D>(D d) { return detail::Prefetched<D>(std::move(d), depth); }};
}

}  // namespace keratin::data
