#pragma once
// fit: epochs over a data set, with shuffling, validation and Keras's progress.
#include <keratin/training/history.hpp>
#include <keratin/training/progress.hpp>
#include <keratin/training/trainer.hpp>

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
  bool shuffle = true;  // anew each epoch; it depends on the trainer's seed and the step
  int verbose = 1;      // 0 nothing, 1 a bar, 2 a line an epoch
  // Of data sets: batches of an epoch and of a validation; 0: as many as come.
  int steps_per_epoch = 0, validation_steps = 0;
};

namespace detail {

// The indices of N names in alphabetical order.
template <std::size_t N> std::array<std::size_t, N> alphabetical(const auto& names) {
  std::array<std::size_t, N> order{};
  for (std::size_t i = 0; i < N; ++i) {
    std::size_t at = i;
    for (; at > 0 && names[i] < names[order[at - 1]]; --at) order[at] = order[at - 1];
    order[at] = i;
  }
  return order;
}

// Fisher and Yates's shuffle of order[0 .. n), from a random stream.
inline void shuffle(std::vector<std::uint32_t>& order, const Random& random) {
  for (std::size_t i = order.size(); i > 1; --i) {
    const std::uint64_t word = random.word(static_cast<std::uint32_t>(i));
    std::swap(order[i - 1], order[static_cast<std::size_t>(word * i >> 32)]);
  }
}

}  // namespace detail

template <int Capacity, class Model, class Optimizer, class... Heads>
History Trainer<Capacity, Model, Optimizer, Heads...>::fit(const Arrays& x, const Arrays& y) {
  return fit(x, y, FitOptions{});
}

template <int Capacity, class Model, class Optimizer, class... Heads>
History Trainer<Capacity, Model, Optimizer, Heads...>::fit(const Arrays& x, const Arrays& y,
                                                           const FitOptions& options) {
  const auto refuse = [](const auto&... parts) {
    report(Text("fit: ", parts...));
    return History{};
  };
  if (options.epochs < 1) return refuse("epochs ", options.epochs, " came, at least 1 wanted");
  if (options.batch_size < 1) return refuse("batch_size ", options.batch_size, " came, at least 1 wanted");
  if (!(options.validation_split >= 0 && options.validation_split < 1))
    return refuse("validation_split ", options.validation_split, " came, from 0 to below 1 wanted");
  Layouts targets, validation_targets;
  const Weights weights{options.sample_weight, options.class_weight};
  if (!check(x, y, weights, targets)) return {};

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
  const int steps = static_cast<int>((count + batch_size - 1) / batch_size);
  std::vector<std::uint32_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<std::uint32_t>(i);

  constexpr std::size_t shown = std::tuple_size_v<Logs>;
  const auto sorted = detail::alphabetical<shown>(names_);  // Keras's order
  const auto named = [&](const Logs& logs, std::string_view prefix, Progress::Value* to) {
    for (std::size_t i : sorted) *to++ = {prefix, names_[i], logs[i]};
  };
  History history;
  const auto val = [&](std::size_t i) { return std::string("val_").append(names_[i]); };
  for (std::size_t i = 0; i < shown; ++i) {
    history.reserve(names_[i], options.epochs);
    if (validation_count > 0) history.reserve(val(i), options.epochs);
  }

  const FlushDenormals flush;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    if (options.shuffle)
      detail::shuffle(order, {seed_, random_shuffle, 0, static_cast<std::uint32_t>(iterations_)});
    if (options.verbose > 0 && options.epochs > 1) std::printf("Epoch %d/%d\n", epoch + 1, options.epochs);
    Progress progress(steps, options.verbose);
    reset_metrics();
    double sum = 0;
    std::size_t seen = 0;
    for (int step = 0; step < steps; ++step) {
      const int n = static_cast<int>(std::min(batch_size, count - seen));
      const std::uint32_t* const now = order.data() + seen;
      const int next_n = static_cast<int>(std::min(batch_size, count - seen - static_cast<std::size_t>(n)));
      const Samples samples{.n = n, .order = now, .next = now + n, .next_n = next_n};
      sum += n * train({.x = x, .y = y, .targets = targets, .weights = weights, .samples = samples});
      seen += static_cast<std::size_t>(n);
      progress.update(step + 1, [&] {
        std::array<Progress::Value, shown> values;
        named(logs(sum / static_cast<double>(seen)), "", values.data());
        return values;
      });
    }
    const Logs trained = logs(sum / static_cast<double>(count));
    std::array<Progress::Value, 2 * shown> values;
    named(trained, "", values.data());
    for (std::size_t i = 0; i < shown; ++i) history.add(names_[i], trained[i]);
    if (validation_count > 0) {
      const Logs tested = test_all(validation_x, validation_y, validation_weights, validation_targets,
                                   static_cast<int>(batch_size));
      named(tested, "val_", values.data() + shown);
      for (std::size_t i = 0; i < shown; ++i) history.add(val(i), tested[i]);
    }
    progress.finish(
        std::span<const Progress::Value>(values.data(), validation_count > 0 ? 2 * shown : shown));
  }
  return history;
}

}  // namespace keratin
