#pragma once
// fit, evaluate and predict on data sets: the steps that arrays would give, batch by batch as they come.
#include <keratin/data/dataset.hpp>
#include <keratin/training/fit.hpp>

#include <cstdio>
#include <vector>

namespace keratin {

namespace detail {

// A data set that is not there.
struct NoData {
  static constexpr bool batched = true;
  bool next(data::Batch&, std::size_t) { return false; }
  void rewind() {}
  std::int64_t cardinality() const { return 0; }
};

template <class Given> constexpr void expect_batches() {
  using D = std::remove_reference_t<Given>;
  static_assert(!std::is_const_v<D>, "keratin: a const data set came; reading one changes where it is");
  static_assert(data::Source<D>, "keratin: a data set has next(), rewind() and cardinality()");
  static_assert(D::batched, "keratin: a data set of samples came; batch(n) wanted behind it");
}

}  // namespace detail

// Whether a batch fits; takes over its weights.
template <int Capacity, class Model, class Optimizer, class... Heads>
bool Trainer<Capacity, Model, Optimizer, Heads...>::accepts(const data::Batch& batch, Weights& weights,
                                                            Layouts& targets) {
  weights.sample_weight = batch.sample_weight;
  if (!check(batch.x, batch.y, weights, targets)) return false;
  if (const std::size_t samples = samples_of(batch.x); samples != batch.samples) {
    report(Text("data set: samples of ", batch.x[0].size() / batch.samples, " values came, ", input_size(),
                " wanted"));
    return false;
  }
  return reserve(batch.samples) && continues({batch.samples}, static_cast<int>(batch.samples));
}

/// Epochs over the batches of a data set. It is rewound before each of them; with steps_per_epoch only where
/// it has ended, otherwise an epoch goes on where the one before stopped. batch_size and shuffle do not
/// count: that is up to the data set, as are sample weights. Errors: those of fit on arrays, for each batch
/// when it comes; a data set without a batch, or without end and no steps_per_epoch. Keras: fit.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <IsDataset D>
History Trainer<Capacity, Model, Optimizer, Heads...>::fit(D&& data, const FitOptions& options) {
  return fit(data, detail::NoData{}, options);
}

/// The same, with a validation on another data set behind each epoch: all of it, or validation_steps batches.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <IsDataset D, IsDataset V>
History Trainer<Capacity, Model, Optimizer, Heads...>::fit(D&& data, V&& validation,
                                                           const FitOptions& options) {
  detail::expect_batches<D>();
  detail::expect_batches<V>();
  constexpr bool validates = !std::is_same_v<std::remove_cvref_t<V>, detail::NoData>;
  const auto refuse = [](const auto&... parts) {
    report(Text("fit: ", parts...));
    return History{};
  };
  const int limit = options.steps_per_epoch;
  if (options.epochs < 1) return refuse("epochs ", options.epochs, " came, at least 1 wanted");
  if (limit < 0 || options.validation_steps < 0)
    return refuse("steps_per_epoch ", limit, " and validation_steps ", options.validation_steps,
                  " came, at least 0 wanted");
  if (options.validation_split != 0 || options.validation_data.x.size() > 0)
    return refuse("a data set came with validation_split or validation_data, a second data set wanted");
  if (options.sample_weight.size() > 0)
    return refuse("sample_weight came beside a data set, weights in its batches wanted");
  if (limit == 0 && data.cardinality() == data::infinite)
    return refuse("a data set without end came, steps_per_epoch wanted");
  if (options.validation_steps == 0 && validation.cardinality() == data::infinite)
    return refuse("a validation data set without end came, validation_steps wanted");

  constexpr std::size_t shown = std::tuple_size_v<Logs>;
  const auto sorted = detail::alphabetical<shown>(names_);  // Keras's order
  const auto named = [&](const Logs& logs, std::string_view prefix, Progress::Value* to) {
    for (std::size_t i : sorted) *to++ = {prefix, names_[i], logs[i]};
  };
  const auto val = [&](std::size_t i) { return std::string("val_").append(names_[i]); };
  History history;
  for (std::size_t i = 0; i < shown; ++i) {
    history.reserve(names_[i], options.epochs);
    if (validates) history.reserve(val(i), options.epochs);
  }

  const FlushDenormals flush;
  data::Batch batch;
  Weights weights{{}, options.class_weight};
  Layouts targets;
  int steps =
      limit > 0 ? limit : static_cast<int>(std::clamp<std::int64_t>(data.cardinality(), 0, INT32_MAX));
  bool ended = true;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    if (options.verbose > 0 && options.epochs > 1) std::printf("Epoch %d/%d\n", epoch + 1, options.epochs);
    Progress progress(steps, options.verbose);
    reset_metrics();
    bool fresh = ended || limit == 0;
    if (fresh) data.rewind();
    double sum = 0;
    std::size_t seen = 0;
    int step = 0;
    while (limit == 0 || step < limit) {
      ended = !data.next(batch, 1);
      if (ended && (step > 0 || fresh)) break;
      if (ended) {  // it was used up exactly by the epoch before
        data.rewind();
        fresh = true;
        continue;
      }
      if (!accepts(batch, weights, targets)) return {};
      const int n = static_cast<int>(batch.samples);
      sum += n *
             train({.x = batch.x, .y = batch.y, .targets = targets, .weights = weights, .samples = {.n = n}});
      seen += batch.samples;
      progress.update(++step, [&] {
        std::array<Progress::Value, shown> values;
        named(logs(sum / static_cast<double>(seen)), "", values.data());
        return values;
      });
    }
    if (step == 0) return refuse("a data set without a batch came");
    if (step < limit && options.verbose > 0)
      std::fprintf(stderr,
                   "fit: the data set ended after %d of %d steps of the epoch; repeat() makes it longer\n",
                   step, limit);
    steps = limit > 0 ? limit : step;
    const Logs trained = logs(sum / static_cast<double>(seen));
    std::array<Progress::Value, 2 * shown> values;
    named(trained, "", values.data());
    for (std::size_t i = 0; i < shown; ++i) history.add(names_[i], trained[i]);
    if constexpr (validates) {
      const Logs tested = test_batches(validation, options.validation_steps, {});
      named(tested, "val_", values.data() + shown);
      for (std::size_t i = 0; i < shown; ++i) history.add(val(i), tested[i]);
    }
    progress.finish(std::span<const Progress::Value>(values.data(), validates ? 2 * shown : shown));
  }
  return history;
}

/// The loss and metrics over the batches of a data set from its beginning: all of them, or `steps`. Errors:
/// as of fit. Keras: evaluate.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <IsDataset D>
auto Trainer<Capacity, Model, Optimizer, Heads...>::evaluate(D&& data, int steps, const Array& class_weight)
    -> Logs {
  detail::expect_batches<D>();
  if (steps > 0 || data.cardinality() != data::infinite) return test_batches(data, steps, class_weight);
  report(Text("evaluate: a data set without end came, a number of steps wanted"));
  return no_logs();
}

template <int Capacity, class Model, class Optimizer, class... Heads>
template <class D>
auto Trainer<Capacity, Model, Optimizer, Heads...>::test_batches(D& data, int steps,
                                                                 const Array& class_weight) -> Logs {
  const FlushDenormals flush;
  data::Batch batch;
  Weights weights{{}, class_weight};
  Layouts targets;
  double sum = 0;
  std::size_t seen = 0;
  reset_metrics();
  data.rewind();
  for (int step = 0; (steps == 0 || step < steps) && data.next(batch, 1); ++step) {
    if (!accepts(batch, weights, targets)) return no_logs();
    const int n = static_cast<int>(batch.samples);
    sum +=
        n * test({.x = batch.x, .y = batch.y, .targets = targets, .weights = weights, .samples = {.n = n}});
    seen += batch.samples;
  }
  if (seen > 0) return logs(sum / static_cast<double>(seen));
  report(Text("evaluate: a data set without a batch came"));
  return no_logs();
}

/// What a model of one output predicts for the batches of a data set from its beginning, one sample after the
/// other: the bits that their arrays together would give. Errors: as of model.predict; a data set without end
/// and no `steps`. Keras: predict.
template <class Model, IsDataset D>
  requires requires { typename Model::Scalar; }
std::vector<typename Model::Scalar> predict(const Model& model, D&& data, int steps = 0) {
  detail::expect_batches<D>();
  std::vector<typename Model::Scalar> y;
  if (steps == 0 && data.cardinality() == data::infinite) {
    report(Text("predict: a data set without end came, a number of steps wanted"));
    return y;
  }
  data::Batch batch;
  data::detail::Room twice;
  data.rewind();
  for (int step = 0; (steps == 0 || step < steps) && data.next(batch, 1); ++step) {
    const std::size_t samples = batch.samples, before = y.size();
    // A single sample would take the latency path, whose sums are in another order.
    if (samples == 1 && twice.put(0, batch) && twice.put(1, batch)) twice.view(batch);
    auto out = static_cast<std::size_t>(model.output_shape().size());
    if constexpr (requires { model.sizes_for(batch.x); }) out = model.sizes_for(batch.x).second;
    y.resize(before + batch.samples * out);
    const std::span<typename Model::Scalar> to(y.data() + before, batch.samples * out);
    if constexpr (requires { model.predict(batch.x, to); })
      model.predict(batch.x, to);
    else
      model.predict(batch.x[0], to);
    y.resize(before + samples * out);
  }
  return y;
}

}  // namespace keratin
