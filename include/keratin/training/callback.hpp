#pragma once
// Callbacks: any object with some of these members, each of which takes what a callback sees:
//   on_train_begin   on_epoch_begin   on_train_batch_begin   on_test_begin   on_test_batch_begin
//   on_train_end     on_epoch_end     on_train_batch_end     on_test_end     on_test_batch_end
// and train_step(run, batch), which fit then calls instead of its own: see training/custom.hpp. One that
// remembers something from epoch to epoch says what, for a checkpoint: void each_state(auto& f), with
// f(what it is, its bytes) for each piece, always in this order.
//   struct Stop { void on_epoch_end(auto& run) { run.stop_training = run.logs["accuracy"] > 0.9; } };
// They are found when the program is compiled: what is not there costs nothing.
#include <keratin/core/text.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace keratin {

struct Log {
  std::string_view name;  // "loss", "val_accuracy"
  double value = 0;
};

/// What was measured, in Keras's order: sorted by name, then those of validation, then what callbacks add.
class NamedLogs {
 public:
  /// Null if there is none of that name.
  const double* find(std::string_view name) const {
    for (const Log& log : logs_)
      if (log.name == name) return &log.value;
    return nullptr;
  }
  /// Error: there is none of that name; then NaN.
  double operator[](std::string_view name) const {
    const double* const value = find(name);
    if (!value) report(Text("logs: ", lack(name).view()));
    return value ? *value : std::numeric_limits<double>::quiet_NaN();
  }
  /// What to say of a name that is not there: "there is no 'los', there are loss, accuracy".
  Text lack(std::string_view name) const {
    const auto name_of = [&](std::size_t i) { return logs_[i].name; };
    return Text("there is no '", name, "', ", candidates(name, logs_.size(), name_of).view());
  }
  /// One that is not there yet; the characters of its name have to live as long as these logs.
  void add(std::string_view name, double value) { logs_.push_back({name, value}); }
  void set(std::string_view name, double value) {
    for (Log& log : logs_)
      if (log.name == name) {
        log.value = value;
        return;
      }
    add(name, value);
  }
  Text names() const {
    Text all;
    for (const Log& log : logs_) all = Text(all.view(), all.empty() ? "" : ", ", log.name);
    return all;
  }
  void reserve(std::size_t n) { logs_.reserve(n); }
  void clear() { logs_.clear(); }
  std::size_t size() const { return logs_.size(); }
  auto begin() const { return logs_.begin(); }
  auto end() const { return logs_.end(); }

 private:
  std::vector<Log> logs_;
};

/// How far a training is in its data and its means: what a checkpoint holds besides the trainer.
struct TrainingPosition {
  std::int64_t pass = 0;         // iterations when this pass over the data began
  std::int64_t batches = 0;      // of this pass
  double loss = 0, samples = 0;  // summed since the epoch began
};

/// Whoever reads or writes what callbacks remember.
class StateVisitor {
 public:
  virtual void operator()(const char* what, std::span<std::byte> bytes) = 0;
  /// The same of something that is its bytes.
  template <class T>
    requires(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> &&
             !requires { typename T::element_type; })
  void operator()(const char* what, T& one) {
    (*this)(what, std::as_writable_bytes(std::span(&one, 1)));
  }

 protected:
  ~StateVisitor() = default;
};
/// The callbacks of a training, whatever they are.
struct CallbackStates {
  void* callbacks = nullptr;
  void (*visit)(void* callbacks, StateVisitor& f) = nullptr;

  void each_state(StateVisitor& f) const {
    if (visit) visit(callbacks, f);
  }
};

/// What every callback sees of a training. Numbers count from 0.
struct TrainingState {
  int epoch = 0, epochs = 1;   // on_train_begin may set the epoch that training begins with, and for one that
                               // was broken off also the step and the position, with the trainer's metrics
  int step = 0, steps = 0;     // of this epoch, or of a test in it; steps: 0 where nobody knows
  NamedLogs logs{};            // at the end of a batch the means since the epoch or the test began; NaN in
                               // on_train_begin
  bool stop_training = false;  // after this batch, or this epoch
  bool in_fit = false;         // not in an evaluate() of its own
  TrainingPosition position{};
  CallbackStates callbacks{};
};

/// The same with the trainer, for callbacks that are templates: void on_epoch_end(auto& run). In evaluate()
/// as well.
template <class Trainer> struct TrainingRun : TrainingState {
  Trainer& trainer;

  explicit TrainingRun(Trainer& t) : trainer(t) {}
  auto& model() { return trainer.model(); }
};

namespace detail {

// A hook: whether a class has a member of that name at all, and the call of it. A member that does not take
// the run is an error, not a callback that is never called.
#define KERATIN_HOOK(member)                                                                              \
  struct member {                                                                                         \
    struct Same {                                                                                         \
      int member;                                                                                         \
    };                                                                                                    \
    template <class C> struct Both : C, Same {};                                                          \
    template <class C> static constexpr bool in = !requires { &Both<C>::member; };                        \
    template <class C, class Run> static void call(C& callback, Run& run) {                               \
      constexpr bool takes_run = requires { callback.member(run); };                                      \
      static_assert(takes_run,                                                                            \
                    "keratin: a callback's " #member " takes one argument: void " #member "(auto& run)"); \
      if constexpr (requires { callback.member == nullptr; })                                             \
        if (callback.member == nullptr) return;                                                           \
      if constexpr (takes_run) callback.member(run);                                                      \
    }                                                                                                     \
  };
namespace hooks {
KERATIN_HOOK(on_train_begin)
KERATIN_HOOK(on_train_end)
KERATIN_HOOK(on_epoch_begin)
KERATIN_HOOK(on_epoch_end)
KERATIN_HOOK(on_train_batch_begin)
KERATIN_HOOK(on_train_batch_end)
KERATIN_HOOK(on_test_begin)
KERATIN_HOOK(on_test_end)
KERATIN_HOOK(on_test_batch_begin)
KERATIN_HOOK(on_test_batch_end)
KERATIN_HOOK(each_state)  // of a StateVisitor
KERATIN_HOOK(train_step)  // of two arguments: see own_step
}  // namespace hooks
#undef KERATIN_HOOK

// What stands for several callbacks: a tuple of them, and a vector of a type of them.
template <class C> inline constexpr bool is_tuple = false;
template <class... Cs> inline constexpr bool is_tuple<std::tuple<Cs...>> = true;

template <class C>
concept IsRange = requires(C& all) { all.begin() != all.end(); };

template <class Hook, class Given> constexpr bool listens() {
  using C = std::remove_cvref_t<Given>;
  if constexpr (!std::is_class_v<C>)
    return false;
  else if constexpr (is_tuple<C>)
    return []<class... Cs>(std::type_identity<std::tuple<Cs...>>) {
      return (... || listens<Hook, Cs>());
    }(std::type_identity<C>{});
  else if constexpr (IsRange<C>)
    return listens<Hook, decltype(*std::declval<C&>().begin())>();
  else
    return Hook::template in<C>;
}
template <class... Cs> constexpr bool is_callback() {
  using namespace hooks;
  return (... &&
          (listens<on_train_begin, Cs>() || listens<on_train_end, Cs>() || listens<on_epoch_begin, Cs>() ||
           listens<on_epoch_end, Cs>() || listens<on_train_batch_begin, Cs>() ||
           listens<on_train_batch_end, Cs>() || listens<on_test_begin, Cs>() || listens<on_test_end, Cs>() ||
           listens<on_test_batch_begin, Cs>() || listens<on_test_batch_end, Cs>() ||
           listens<train_step, Cs>()));
}

// The hook of one callback, where it has it.
template <class Hook, class Run, class C> void call_one(Run& run, C& callback) {
  if constexpr (!listens<Hook, C>()) {
  } else if constexpr (is_tuple<std::remove_cv_t<C>>) {
    std::apply([&](auto&... each) { (call_one<Hook>(run, each), ...); }, callback);
  } else if constexpr (IsRange<C>) {
    for (auto& each : callback) call_one<Hook>(run, each);
  } else {
    Hook::call(callback, run);
  }
}
// The hook of each, in their order.
template <class Hook, class Run, class... Cs> void call(Run& run, Cs&... callbacks) {
  (call_one<Hook>(run, callbacks), ...);
}

// The loss of a batch, by the train_step of the one that has it.
template <class Run, class Batch, class C, class... Cs>
double own_step(Run& run, const Batch& batch, C& first, Cs&... others) {
  if constexpr (listens<hooks::train_step, C>()) {
    static_assert((... && !listens<hooks::train_step, Cs>()),
                  "keratin: fit got two objects with a train_step");
    constexpr bool takes_batch = requires {
      { first.train_step(run, batch) } -> std::convertible_to<double>;
    };
    static_assert(takes_batch,
                  "keratin: double train_step(auto& run, const TrainingBatch& batch) wanted, which returns "
                  "the batch's loss");
    if constexpr (takes_batch) return first.train_step(run, batch);
  } else {
    return own_step(run, batch, others...);
  }
}

// A callback's message, and what it could not do.
[[gnu::cold]] inline void tell(const Text& text) { std::puts(text.c_str()); }
[[gnu::cold]] inline void warn(const Text& text) {
  std::fprintf(stderr, "keratin: warning: %s\n", text.c_str());
}

}  // namespace detail
}  // namespace keratin
