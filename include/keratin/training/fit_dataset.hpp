#pragma once
// fit, evaluate and predict on data sets: the steps that arrays would give, batch by batch as they come.
#include <keratin/data/dataset.hpp>
#include <keratin/training/fit.hpp>

#include <cstdio>
#include <vector>

namespace keratin {

namespace detail {

template <class Given> constexpr void expect_batches() {
  using D = std::remove_reference_t<Given>;
  static_assert(!std::is_const_v<D>, "keratin: a const data set came; reading one changes where it is");
  static_assert(data::Source<D>, "keratin: a data set has next(), rewind() and cardinality()");
  static_assert(D::batched, "keratin: a data set of samples came; batch(n) wanted behind it");
}

// Whether it ends, by itself or after so many steps.
template <class D> bool ends(const D& data, int steps, const char* error) {
  if (steps > 0 || data.cardinality() != data::infinite) return true;
  report(Text(error));
  return false;
}
// How many batches it has; 0 where nobody knows.
template <class D> int steps_of(const D& data) {
  return static_cast<int>(std::clamp<std::int64_t>(data.cardinality(), 0, INT32_MAX));
}
// Its batches, as fit() and evaluate() take them. accepts(batch, weights, targets): whether one fits.
template <std::size_t Outputs, class D, class Accepts> class DatasetBatches {
 public:
  DatasetBatches(D& data, const Array& class_weight, Accepts accepts)
      : data_(data), accepts_(accepts), weights_{{}, class_weight} {}

  int steps() const { return steps_of(data_); }
  void begin(std::int64_t step, const Random*) {
    data::detail::rewind(data_, step);
    over_ = ahead_ = false;
  }
  const Batch<Outputs>* next() {
    if (over()) return nullptr;
    ahead_ = false;
    if (!accepts_(came_, weights_, targets_)) return nullptr;
    batch_.samples.n = static_cast<int>(came_.samples);
    return &batch_;
  }
  TrainingBatch gathered(std::size_t) { return {came_.x, came_.y, came_.sample_weight, came_.samples}; }
  // Only reading on shows it.
  bool over() {
    if (!over_ && !ahead_) {
      ahead_ = data_.next(came_, 1);
      over_ = !ahead_;
    }
    return over_;
  }

 private:
  D& data_;
  Accepts accepts_;
  Weights weights_;
  data::Batch came_;
  std::array<TargetLayout, Outputs> targets_{};
  Batch<Outputs> batch_{.x = came_.x, .y = came_.y, .targets = targets_, .weights = weights_};
  bool over_ = true, ahead_ = false;
};
inline bool are_sound_for_data(const FitOptions& options) {
  if (!are_sound(options)) return false;
  if (options.validation_split != 0 || options.validation_data.x.size() > 0)
    report(Text("fit: a data set came with validation_split or validation_data, a second data set wanted"));
  else if (options.sample_weight.size() > 0)
    report(Text("fit: sample_weight came beside a data set, weights in its batches wanted"));
  else
    return true;
  return false;
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

template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::batches_of(auto& data, const Array& class_weight) {
  const auto accept = [this](const data::Batch& batch, Weights& weights, Layouts& targets) {
    return accepts(batch, weights, targets);
  };
  return detail::DatasetBatches<outputs, std::remove_reference_t<decltype(data)>, decltype(accept)>(
      data, class_weight, accept);
}

/// Epochs over the batches of a data set. It is rewound before each of them; with steps_per_epoch only where
/// it has ended, otherwise an epoch goes on where the one before stopped. batch_size and shuffle do not
/// count: that is up to the data set, as are sample weights. Errors: those of fit on arrays, for each batch
/// when it comes; a data set without a batch, or without end and no steps_per_epoch. Keras: fit.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <IsDataset D, class... Callbacks>
History Trainer<Capacity, Model, Optimizer, Heads...>::fit(D&& data, const FitOptions& options,
                                                           Callbacks&&... callbacks) {
  detail::expect_batches<D>();
  if (!detail::are_sound_for_data(options) ||
      !detail::ends(data, options.steps_per_epoch,
                    "fit: a data set without end came, steps_per_epoch wanted"))
    return {};
  auto batches = batches_of(data, options.class_weight);
  return run_epochs(batches, static_cast<decltype(batches)*>(nullptr), options, callbacks...);
}

/// The same, with a validation on another data set behind each epoch: all of it, or validation_steps batches.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <IsDataset D, IsDataset V, class... Callbacks>
History Trainer<Capacity, Model, Optimizer, Heads...>::fit(D&& data, V&& validation,
                                                           const FitOptions& options,
                                                           Callbacks&&... callbacks) {
  detail::expect_batches<D>();
  detail::expect_batches<V>();
  static_assert(has_loss, "keratin: fit got validation data, and a trainer without a loss");
  if (!detail::are_sound_for_data(options) ||
      !detail::ends(data, options.steps_per_epoch,
                    "fit: a data set without end came, steps_per_epoch wanted") ||
      !detail::ends(validation, options.validation_steps,
                    "fit: a validation data set without end came, validation_steps wanted"))
    return {};
  auto batches = batches_of(data, options.class_weight);
  auto tests = batches_of(validation, {});
  return run_epochs(batches, &tests, options, callbacks...);
}

/// The loss and metrics over the batches of a data set from its beginning: all of them, or `steps`. Errors:
/// as of fit. Keras: evaluate.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <IsDataset D, class... Callbacks>
auto Trainer<Capacity, Model, Optimizer, Heads...>::evaluate(D&& data, int steps, const Array& class_weight,
                                                             Callbacks&&... callbacks) -> Logs {
  detail::expect_batches<D>();
  if (!detail::ends(data, steps, "evaluate: a data set without end came, a number of steps wanted"))
    return no_logs();
  auto batches = batches_of(data, class_weight);
  TrainingRun<Trainer> run(*this);
  return test_batches(batches, steps, run, callbacks...);
}

namespace detail {

template <class Model, class D>
std::vector<typename Model::Scalar> predict(const Model& model, D& data, int steps, Progress progress) {
  std::vector<typename Model::Scalar> y;
  data::Batch batch;
  data::detail::Room twice;
  data.rewind();
  int step = 0;
  for (; (steps == 0 || step < steps) && data.next(batch, 1); ++step) {
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
    progress.update(step + 1, [] { return NamedLogs(); });
  }
  if (step > 0) progress.finish(step, {});
  return y;
}

}  // namespace detail

/// What a model of one output predicts for the batches of a data set from its beginning, one sample after the
/// other: the bits that their arrays together would give. verbose: 0 nothing, 1 a bar, 2 a line of how far it
/// is. Errors: as of model.predict; a data set without end and no `steps`. Keras: predict.
template <class Model, IsDataset D>
  requires requires { typename Model::Scalar; }
std::vector<typename Model::Scalar> predict(const Model& model, D&& data, int steps = 0, int verbose = 0) {
  detail::expect_batches<D>();
  if (!detail::ends(data, steps, "predict: a data set without end came, a number of steps wanted")) return {};
  const int known = steps > 0 ? steps : detail::steps_of(data);
  return detail::predict(model, data, steps, Progress(known, verbose));
}

}  // namespace keratin
