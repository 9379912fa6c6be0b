#pragma once
// fit and evaluate: epochs over a data set, with shuffling, validation, callbacks and Keras's progress.
#include <keratin/training/history.hpp>
#include <keratin/training/progress.hpp>
#include <keratin/training/steps.hpp>

#include <variant>

namespace keratin {

/// The arguments of fit(), with Keras's names and defaults.
struct FitOptions {
  int epochs = 1;
  int batch_size = 32;          // at most N for a trainer of compile<N>
  double validation_split = 0;  // the last fraction of the samples, before shuffling
  struct {
    Arrays x{}, y{}, sample_weight{};
  } validation_data{};     // instead of a split
  Arrays sample_weight{};  // see Weights; class_weight does not count in validation
  Array class_weight{};
  bool shuffle = true;       // anew each epoch; it depends on the trainer's seed and the step
  int verbose = 1;           // 0 nothing, 1 a bar, 2 a line an epoch
  int initial_epoch = 0;     // epochs done before
  int steps_per_epoch = 0;   // 0: all batches; else the next epoch goes on with those that are left
  int validation_steps = 0;  // 0: all batches of the validation data
  // Validation after every so many epochs, or after those in a list, counted from 1.
  std::variant<int, std::vector<int>> validation_freq = 1;
};

namespace detail {

// Whether there is a validation after that epoch, counted from 1.
inline bool validates_after(int epoch, const FitOptions& options) {
  if (const int* const every = std::get_if<int>(&options.validation_freq)) return epoch % *every == 0;
  const auto& list = *std::get_if<std::vector<int>>(&options.validation_freq);
  return std::find(list.begin(), list.end(), epoch) != list.end();
}

// What counts wherever the batches come from.
inline bool are_sound(const FitOptions& options) {
  if (options.epochs < 1)
    report(Text("fit: epochs ", options.epochs, " came, at least 1 wanted"));
  else if (options.initial_epoch < 0 || options.initial_epoch > options.epochs)
    report(Text("fit: initial_epoch ", options.initial_epoch, " came, from 0 to epochs, ", options.epochs,
                ", wanted"));
  else if (options.steps_per_epoch < 0 || options.validation_steps < 0)
    report(Text("fit: steps_per_epoch ", options.steps_per_epoch, " and validation_steps ",
                options.validation_steps, " came, 1 or more wanted, or 0 for all"));
  else if (const int* const every = std::get_if<int>(&options.validation_freq); every && *every < 1)
    report(Text("fit: validation_freq ", *every, " came, at least 1 wanted"));
  else
    return true;
  return false;
}

}  // namespace detail

// An epoch: its batches, their mean loss and metrics.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Source, class... Callbacks>
auto Trainer<Capacity, Model, Optimizer, Heads...>::train_batches(Source& source, int steps,
                                                                  TrainingRun<Trainer>& run,
                                                                  Progress& progress, Callbacks&... callbacks)
    -> Logs {
  using namespace detail::hooks;
  constexpr bool listened = (... || detail::listens<on_train_batch_end, Callbacks>());
  TrainingPosition& position = run.position;
  const auto mean = [&] { return logs(position.loss / position.samples); };
  for (; steps == 0 || run.step < steps; ++run.step) {
    const Batch* const batch = source.next();
    if (!batch) break;
    detail::call<on_train_batch_begin>(run, callbacks...);
    if constexpr ((... || detail::listens<train_step, Callbacks>()))
      position.loss +=
          batch->samples.n * detail::own_step(run, source.gathered(samples_of(batch->x)), callbacks...);
    else
      position.loss += batch->samples.n * train(*batch);
    position.samples += batch->samples.n;
    ++position.batches;
    if constexpr (listened) {
      name_logs(mean(), run.logs);
      detail::call<on_train_batch_end>(run, callbacks...);
    }
    progress.update(run.step + 1, [&]() -> const NamedLogs& {
      if (!listened) name_logs(mean(), run.logs);
      return run.logs;
    });
    if (run.stop_training) {
      ++run.step;
      break;
    }
  }
  return mean();
}

// The logs by their names, in Keras's order.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::name_logs(const Logs& logs, NamedLogs& to) const {
  to.clear();
  for (const std::size_t i : alphabetical_) to.add(names_[i], logs[i]);
}

// The loss and metrics over that many batches, or over a pass where steps is 0.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Source, class... Callbacks>
auto Trainer<Capacity, Model, Optimizer, Heads...>::test_batches(Source& source, int steps,
                                                                 TrainingRun<Trainer>& run,
                                                                 Callbacks&... callbacks) -> Logs {
  using namespace detail::hooks;
  run.steps = steps > 0 ? steps : source.steps();
  run.logs.clear();
  detail::call<on_test_begin>(run, callbacks...);
  reset_metrics();
  source.begin(iterations_, nullptr);
  double sum = 0, seen = 0;
  for (run.step = 0; steps == 0 || run.step < steps; ++run.step) {
    const Batch* const batch = source.next();
    if (!batch) break;
    detail::call<on_test_batch_begin>(run, callbacks...);
    sum += test(*batch) * batch->samples.n;
    seen += batch->samples.n;
    if constexpr ((... || detail::listens<on_test_batch_end, Callbacks>())) {
      name_logs(logs(sum / seen + penalty()), run.logs);
      detail::call<on_test_batch_end>(run, callbacks...);
    }
  }
  if (seen == 0) {
    report(Text("evaluate: no batch came"));
    return no_logs();
  }
  const Logs tested = logs(sum / seen + penalty());
  if constexpr ((... || detail::listens<on_test_end, Callbacks>())) {
    name_logs(tested, run.logs);
    detail::call<on_test_end>(run, callbacks...);
  }
  return tested;
}

template <int Capacity, class Model, class Optimizer, class... Heads>
template <class... Callbacks>
auto Trainer<Capacity, Model, Optimizer, Heads...>::evaluate(const Arrays& x, const Arrays& y, int batch_size,
                                                             const Weights& weights, Callbacks&&... callbacks)
    -> Logs {
  static_assert(
      detail::is_callback<Callbacks...>(),
      "keratin: an argument of evaluate is no callback: it has none of the members on_test_begin ...");
  Layouts targets;
  if (batch_size < 1) {
    report(Text("evaluate: batch_size ", batch_size, " came, at least 1 wanted"));
    return no_logs();
  }
  if (!check(x, y, weights, targets)) return no_logs();
  if (Capacity > 0) batch_size = std::min(batch_size, Capacity);
  const auto size = std::min<std::size_t>(static_cast<std::size_t>(batch_size), samples_of(x));
  if (!reserve(size) || !continues({samples_of(x)}, static_cast<int>(size))) return no_logs();
  detail::ArrayBatches<outputs> batches({.x = x, .y = y, .targets = targets, .weights = weights},
                                        samples_of(x), size);
  TrainingRun<Trainer> run(*this);
  return test_batches(batches, 0, run, callbacks...);
}

// A pass over the data begins, or goes on where it was broken off.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Source>
void Trainer<Capacity, Model, Optimizer, Heads...>::begin_pass(Source& source, bool shuffle,
                                                               const TrainingPosition& position) {
  const Random random{seed_, random_shuffle, 0, static_cast<std::uint32_t>(position.pass)};
  source.begin(position.pass, shuffle ? &random : nullptr);
  for (std::int64_t i = 0; i < position.batches; ++i) source.next();
}

// Epochs over what the source gives, with a test on `validation` where it is not null.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Source, class Validation, class... Callbacks>
History Trainer<Capacity, Model, Optimizer, Heads...>::run_epochs(Source& source, Validation* validation,
                                                                  const FitOptions& options,
                                                                  Callbacks&... callbacks) {
  using namespace detail::hooks;
  std::array<std::string, shown> val_names;
  for (std::size_t i = 0; i < shown; ++i) val_names[i] = std::string("val_").append(names_[i]);
  TrainingRun<Trainer> run(*this);
  run.logs.reserve(2 * shown + 8);
  run.in_fit = true;
  run.epochs = options.epochs;
  run.epoch = options.initial_epoch;
  run.steps = options.steps_per_epoch > 0 ? options.steps_per_epoch : source.steps();
  int steps = run.steps;
  History history;
  history.reserve(options.epochs);
  std::tuple<Callbacks&...> all(callbacks...);
  run.callbacks = {&all, [](void* of, StateVisitor& f) {
                     std::apply([&](auto&... each) { detail::call<detail::hooks::each_state>(f, each...); },
                                *static_cast<std::tuple<Callbacks&...>*>(of));
                   }};
  const FlushDenormals flush;
  const auto name_all = [&](const Logs& trained, const Logs& tested, bool validates) {
    name_logs(trained, run.logs);
    for (const std::size_t i : alphabetical_)
      if (validates) run.logs.add(val_names[i], tested[i]);
  };
  name_all(no_logs(), no_logs(), validation != nullptr);
  detail::call<on_train_begin>(run, callbacks...);
  run.logs.clear();
  if (steps == 0) steps = run.steps;  // a checkpoint may know
  if (run.position.batches > 0 && (run.step > 0 || options.steps_per_epoch > 0))
    begin_pass(source, options.shuffle, run.position);
  for (; run.epoch < run.epochs && !run.stop_training; ++run.epoch) {
    run.steps = steps;
    run.logs.clear();
    const bool begins = run.step == 0;
    if (begins) detail::call<on_epoch_begin>(run, callbacks...);
    if (options.verbose > 0 && run.epochs > 1) std::printf("Epoch %d/%d\n", run.epoch + 1, run.epochs);
    Progress progress(steps, options.verbose);
    if (begins) {
      if (options.steps_per_epoch == 0 || source.over()) {
        run.position = {.pass = iterations_};
        begin_pass(source, options.shuffle, run.position);
      }
      run.position.loss = run.position.samples = 0;
      reset_metrics();
    }
    const Logs trained = train_batches(source, steps, run, progress, callbacks...);
    const int done = run.step;
    if (done == 0) {
      report(Text("fit: no batch came in epoch ", run.epoch + 1));
      break;
    }
    if (done < steps && !run.stop_training && options.verbose > 0)
      detail::warn(
          Text("fit: the data ran out after ", done, " of ", steps, " steps of epoch ", run.epoch + 1));
    const bool validates = validation && detail::validates_after(run.epoch + 1, options);
    Logs tested{};
    if constexpr (has_loss)
      if (validates) tested = test_batches(*validation, options.validation_steps, run, callbacks...);
    name_all(trained, tested, validates);
    if (steps == 0) steps = done;  // all there were
    run.step = done;
    run.steps = steps;
    detail::call<on_epoch_end>(run, callbacks...);
    for (const Log& log : run.logs) history.add(run.epoch, log.name, log.value);
    progress.finish(done, run.logs);
    run.step = 0;
  }
  if constexpr (HasSettings<Optimizer>)
    if (optimizer_.use_ema) finalize_weights();
  detail::call<on_train_end>(run, callbacks...);
  return history;
}

template <int Capacity, class Model, class Optimizer, class... Heads>
History Trainer<Capacity, Model, Optimizer, Heads...>::fit(const Arrays& x, const Arrays& y) {
  return fit(x, y, FitOptions{});
}

template <int Capacity, class Model, class Optimizer, class... Heads>
template <class... Callbacks>
History Trainer<Capacity, Model, Optimizer, Heads...>::fit(const Arrays& x, const Arrays& y,
                                                           const FitOptions& options,
                                                           Callbacks&&... callbacks) {
  static_assert(detail::is_callback<Callbacks...>(),
                "keratin: an argument of fit is no callback: it has none of the members on_epoch_end ...");
  const auto refuse = [](const auto&... parts) {
    report(Text("fit: ", parts...));
    return History{};
  };
  if (!detail::are_sound(options)) return {};
  if (options.batch_size < 1) return refuse("batch_size ", options.batch_size, " came, at least 1 wanted");
  if (!(options.validation_split >= 0 && options.validation_split < 1))
    return refuse("validation_split ", options.validation_split, " came, from 0 to below 1 wanted");
  Layouts targets, validation_targets;
  const Weights weights{options.sample_weight, options.class_weight};
  if (!check(x, y, weights, targets)) return {};
  if (!has_loss && (options.validation_split > 0 || options.validation_data.x.size() > 0))
    return refuse("validation data came, and a trainer without a loss");

  const std::size_t samples = samples_of(x);
  std::size_t count = samples;
  Arrays validation_x = options.validation_data.x, validation_y = options.validation_data.y;
  Weights validation_weights{options.validation_data.sample_weight, {}};
  if (validation_x.size() > 0 || validation_y.size() > 0) {
    if (!check(validation_x, validation_y, validation_weights, validation_targets)) return {};
    if constexpr (requires { model_.lengths_of(x); })
      if (model_.lengths_of(x) != model_.lengths_of(validation_x))
        return refuse("validation data of other lengths came, those of x wanted");
  } else if (validation_weights.sample_weight.size() > 0) {
    return refuse("validation_data of weights only came, x and y wanted as well");
  } else if (options.validation_split > 0) {
    count = static_cast<std::size_t>(static_cast<double>(samples) * (1 - options.validation_split));
    if (count == 0 || count == samples)
      return refuse("validation_split ", options.validation_split, " of ", samples,
                    " samples leaves no sample on one side");
    const auto last = [&](const Array& all, std::size_t per_sample) {
      return all.slice(count * per_sample, (samples - count) * per_sample);
    };
    validation_x = x;
    validation_y = y;
    for (std::size_t k = 0; k < x.size(); ++k) validation_x[k] = last(x[k], input_size(k));
    for (std::size_t k = 0; k < y.size(); ++k) validation_y[k] = last(y[k], targets[k].per_sample);
    validation_targets = targets;
    validation_weights.sample_weight = options.sample_weight;
    for (Array& of_output : validation_weights.sample_weight)
      of_output = last(of_output, of_output.size() / samples);
  }
  if (count > UINT32_MAX) return refuse(count, " samples came, at most ", UINT32_MAX, " wanted");
  const std::size_t validation_count = samples_of(validation_x);
  const auto batch_size =
      std::min(static_cast<std::size_t>(options.batch_size), std::max(count, validation_count));
  if (!reserve(batch_size) || !continues({count, validation_count}, static_cast<int>(batch_size))) return {};
  using Batches = detail::ArrayBatches<outputs>;
  Batches training({.x = x, .y = y, .targets = targets, .weights = weights}, count, batch_size),
      validation({.x = validation_x,
                  .y = validation_y,
                  .targets = validation_targets,
                  .weights = validation_weights},
                 validation_count, batch_size);
  return run_epochs(training, validation_count > 0 ? &validation : nullptr, options, callbacks...);
}

}  // namespace keratin
