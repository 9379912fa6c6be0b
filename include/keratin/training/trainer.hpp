#pragma once
// Trainer: a model with an optimizer, a loss and metrics. One implementation for static and functional
// models. What a step needs is allocated before the first one.
#include <keratin/core/error.hpp>
#include <keratin/core/memory.hpp>
#include <keratin/optimizers/optimizer.hpp>
#include <keratin/sequential/predict.hpp>
#include <keratin/training/check.hpp>
#include <keratin/training/denormals.hpp>

#include <initializer_list>
#include <tuple>

namespace keratin {

struct FitOptions;
class History;

// Never defined. Read the arguments: the loss, the shape of the network's output, the rule it broke.
template <class Loss, class Got, const Rule& Broken> struct loss_does_not_fit;

namespace detail {

// In the trainer itself, for a batch size that the type knows; otherwise on the heap.
template <class S, bool Heap, std::size_t N> struct TrainerMemory {
  alignas(alignment) S values[N] = {};
  S* data() { return values; }
  void resize(std::size_t) {}
};
template <class S> struct TrainerMemory<S, false, 0> {
  S* data() { return nullptr; }
  void resize(std::size_t) {}
};
template <class S> struct TrainerMemory<S, true, 0> {
  Block<S> block;
  S* data() { return block.data(); }
  void resize(std::size_t n) {
    if (block.size() < n) block = Block<S>(n);
  }
};

// One batch of a data set.
struct Batch {
  const Array &x, &y;
  TargetLayout targets;
  Samples samples{};
};

}  // namespace detail

/// Made by compile(). `Capacity` > 0 is the largest batch: all memory is then inside the trainer, and the
/// heap is not touched. The model must outlive its trainer.
template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics> class Trainer {
 public:
  using S = typename Model::Scalar;
  using Scalar = S;
  /// The loss, then the metrics in the order given to compile().
  using Logs = std::array<double, 1 + sizeof...(Metrics)>;
  static constexpr std::array<const char*, 1 + sizeof...(Metrics)> log_names{"loss", Metrics::name...};

  Trainer(Model& model, const Optimizer& optimizer);

  /// Trains. Errors, before anything is changed: sizes that do not match, labels out of range, values that
  /// are not finite, no epoch, no batch. Keras: fit.
  History fit(const Array& x, const Array& y, const FitOptions& options);
  History fit(const Array& x, const Array& y);
  /// The loss and metrics over all samples; batches are those of compile<N> where batch_size is more. Keras:
  /// evaluate.
  Logs evaluate(const Array& x, const Array& y, int batch_size = 32);
  /// One step on one batch; the loss and metrics of that batch, before the step. Keras: train_on_batch.
  Logs train_on_batch(const Array& x, const Array& y);
  /// The loss and metrics of one batch. Keras: test_on_batch.
  Logs test_on_batch(const Array& x, const Array& y);
  /// The gradient of the loss, penalties included, on one batch, laid out as the model's block.
  std::span<const S> gradient(const Array& x, const Array& y);

  /// Lets the Stateful layers begin anew, also with another number of samples. What they carry from batch to
  /// batch is the trainer's; training and testing go on from one another, as in Keras. Keras: reset_states.
  void reset_states() { sequences_ = 0; }

  /// The settings may be changed between steps.
  Optimizer& optimizer() { return optimizer_; }
  /// What the model's summary says, and the number of values that Keras's optimizer would hold.
  const auto& layers() const { return model_.layers(); }
  std::size_t optimizer_variables() const {
    return static_cast<std::size_t>(optimizer_.slots_in_use()) * training_.plan.trainable +
           2;  // iteration, learning rate
  }
  /// Steps done.
  std::int64_t iterations() const { return iterations_; }
  /// What shuffling and dropout depend on; 0 at first.
  void set_random_seed(std::uint64_t seed) { seed_ = seed; }

 private:
  static constexpr Mode training_mode{.training = true,
                                      .logits = !std::is_same_v<typename Loss::Link, Linear>};
  static constexpr Mode inference_mode{.training = false, .logits = training_mode.logits};
  using Training = decltype(std::declval<Model&>().template executor<training_mode>());
  using Inference = decltype(std::declval<Model&>().template executor<inference_mode>());

  // Where things lie in the memory for batches of up to `batch` samples. Loss and metrics read rows of
  // samples: where batches run over Lanes, outputs and their gradients are transposed.
  struct Layout {
    std::size_t outputs = 0, gradients = 0, targets = 0, scratch = 0, segment = 0, end = 0;

    constexpr Layout() = default;
    constexpr Layout(const Training& training, const Inference& inference, Shape in, Shape out, int batch) {
      detail::with_unit<S>(training, [&]<class T>() {
        const int count = detail::units<T>(batch);
        const auto n = static_cast<std::size_t>(count) * Unit<T>::samples;
        const std::size_t out_size = aligned(static_cast<std::size_t>(out.size())),
                          inference_size = inference.plan.workspace +
                                           aligned(static_cast<std::size_t>(in.size())) + out_size;
        outputs = n * std::max(training.plan.workspace, inference_size);
        gradients = outputs + (training.plan.lanes || training.plan.keeps_output ? n * out_size : 0);
        targets = gradients + (training.plan.lanes ? n * out_size : 0);
        scratch = targets + n * out_size;
        segment = scratch + aligned(training.template scratch<T>(count));
      });
      end = segment;
      for (const LayerPlan& layer :
           training.plan.layers)  // room for the largest layer that only adds its gradient up
        if (!layer.traits.finishes && layer.tensors.count() > 0)
          end = std::max(end, segment + layer.tensors.end - layer.tensors.start);
    }
  };
  static constexpr std::size_t fixed_size() {
    if constexpr (Capacity == 0)
      return 0;
    else
      return Layout({}, {}, Model::input_shape(), Model::output_shape(), Capacity).end;
  }
  static constexpr std::size_t fixed_blocks(int count) {
    if constexpr (Capacity == 0)
      return 0;
    else
      return static_cast<std::size_t>(count) * Training::plan.block;
  }
  // What stateful layers carry on, and as much again for a batch that shall leave no trace.
  static constexpr std::size_t states_size(const Training& training, int batch) {
    std::size_t size = 0;
    detail::with_unit<S>(training, [&]<class T>() {
      size = training.plan.state * static_cast<std::size_t>(detail::units<T>(batch)) * Unit<T>::samples;
    });
    return size;
  }
  static constexpr std::size_t fixed_states() {
    if constexpr (Capacity == 0)
      return 0;
    else
      return 2 * states_size({}, Capacity);
  }
  static constexpr std::size_t fixed_labels() {
    if constexpr (Capacity == 0)
      return 0;
    else
      return static_cast<std::size_t>(Capacity) * Model::output_shape().size() / Model::output_shape().last();
  }

  std::size_t input_size() const { return static_cast<std::size_t>(model_.input_shape().size()); }
  std::size_t output_size() const { return static_cast<std::size_t>(model_.output_shape().size()); }
  int classes() const { return model_.output_shape().last(); }
  std::size_t rows_per_sample() const { return output_size() / static_cast<std::size_t>(classes()); }
  std::size_t block_size() const { return training_.plan.block; }

  bool reserve(std::size_t batch);
  bool continues(std::initializer_list<std::size_t> sets, int batch);
  bool check(const Array& x, const Array& y, detail::TargetLayout& targets) const {
    return detail::check_data<S, Loss, Metrics...>(x, y, model_.input_shape(), model_.output_shape(),
                                                   targets);
  }

  LossInput<S> load_targets(const detail::Batch& batch, S* outputs, S* gradient);
  double measure(LossInput<S> in);
  Run<S> training_run(int n, S* updated);
  S* states() { return training_.plan.state > 0 ? states_.data() : nullptr; }
  double forward(const detail::Batch& batch, S* updated, S* states);
  void backward(int n, auto& sink);
  double train(const detail::Batch& batch);
  double test(const detail::Batch& batch);
  Logs test_all(const Array& x, const Array& y, const detail::TargetLayout& targets, int batch_size);
  double penalty() const;
  void reset_metrics();
  Logs logs(double loss) const;
  static Logs no_logs();

  Model& model_;
  Optimizer optimizer_;
  [[no_unique_address]] Training training_;
  [[no_unique_address]] Inference inference_;
  std::tuple<Metrics...> metrics_;
  std::int64_t iterations_ = 0;
  std::uint64_t seed_ = 0;
  int batch_ = Capacity;  // samples that the memory has room for
  Layout layout_;
  bool penalized_ = false;
  template <class V, std::size_t N> using MemoryOf = detail::TrainerMemory<V, Capacity == 0, N>;
  MemoryOf<S, fixed_size()> memory_;
  MemoryOf<S, fixed_blocks(Optimizer::slots)> slots_;
  MemoryOf<S, fixed_blocks(1)> gradient_;
  MemoryOf<S, fixed_states()> states_;
  MemoryOf<std::int32_t, fixed_labels()> labels_;
  int sequences_ = 0;  // whose states are kept
};

namespace detail {

// What keeps a loss from a static model, as the type that says so; void when nothing does.
template <class Model, class Loss> constexpr auto check_loss() {
  if constexpr (requires { requires Model::Network::fits; }) {
    constexpr Fit fit = Loss::fit(Model::output_shape(), Model::output_activation());
    if constexpr (fit.broken)
      return []<int... Axis>(std::integer_sequence<int, Axis...>) {
        return Error<loss_does_not_fit<Loss, got<Model::output_shape()[Axis]...>, *fit.broken>>{};
      }(std::make_integer_sequence<int, Model::output_shape().rank>());
  }
}

}  // namespace detail

// What compile() takes, in this order. A const model and a View are not trainable.
template <class Model>
concept Trainable = requires(Model& model) { *model.block().data() = 0; };
template <class Optimizer>
concept IsOptimizer = requires { Optimizer::slots; };
template <class Loss>
concept IsLoss = requires { typename Loss::Link; };
template <class Metric>
concept IsMetric = requires(Metric metric) { metric.result(); };

/// A trainer for the model. A loss that does not fit the network's output is a compile-time error.
/// compile<32>(...) makes one for batches of at most 32 that never touches the heap. Keras: compile.
template <int Capacity = 0, Trainable Model, IsOptimizer Optimizer, IsLoss Loss, IsMetric... Metrics>
auto compile(Model& model, const Optimizer& optimizer, const Loss&, const Metrics&...) {
  static_assert(
      Capacity == 0 || requires { typename Model::Network; },
      "keratin: compile<N> with a batch size needs a static network");
  detail::check_loss<Model, Loss>();
  return Trainer<Capacity, Model, Optimizer, Loss, Metrics...>(model, optimizer);
}

// --- implementation
// -------------------------------------------------------------------------------------------------

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::Trainer(Model& model, const Optimizer& optimizer)
    : model_(model),
      optimizer_(optimizer),
      training_(model.template executor<training_mode>()),
      inference_(model.template executor<inference_mode>()) {
  slots_.resize(static_cast<std::size_t>(Optimizer::slots) * block_size());
  layout_ = {training_, inference_, model.input_shape(), model.output_shape(), batch_};
  for (const LayerPlan& layer : model_.layers())
    for (const Parameter& p : *layer.tensors.parameters) penalized_ = penalized_ || p.regularizer;
  const Fit fit = Loss::fit(model.output_shape(), model.output_activation());
  if (fit.broken)
    report(Text(Loss::name, " got an output of ", model.output_shape(), ": ", fit.broken->text));
}

// Makes room for batches of that size.
template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
bool Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::reserve(std::size_t samples) {
  if (samples > INT32_MAX / rows_per_sample()) {
    report(Text("a batch of ", samples, " samples came, at most ", INT32_MAX / rows_per_sample(), " wanted"));
    return false;
  }
  const int batch = static_cast<int>(samples);
  if (batch <= batch_) return true;
  if (Capacity > 0) {
    report(Text("a batch of ", batch, " samples came, at most ", Capacity, " wanted, as given to compile"));
    return false;
  }
  const Layout layout{training_, inference_, model_.input_shape(), model_.output_shape(), batch};
  memory_.resize(layout.end);
  labels_.resize(samples * rows_per_sample());
  layout_ = layout;
  batch_ = batch;
  return true;
}

// Whether sets of so many samples, `batch` at a time, go on where the stateful layers are; makes states for
// them if those begin anew.
template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
bool Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::continues(std::initializer_list<std::size_t> sets,
                                                                      int batch) {
  if (training_.plan.state == 0) return true;
  for (const std::size_t samples : sets) {
    if (samples % static_cast<std::size_t>(batch) == 0 && (sequences_ == 0 || batch == sequences_)) continue;
    if (sequences_ > 0)
      report(Text("a network with Stateful layers: ", samples, " samples in batches of ", batch,
                  " came, batches of ", sequences_, " wanted, or reset_states() before"));
    else
      report(Text("a network with Stateful layers: ", samples, " samples in batches of ", batch,
                  " came, batches of one size wanted"));
    return false;
  }
  if (sequences_ > 0) return true;
  const std::size_t size = states_size(training_, batch);
  states_.resize(2 * size);
  std::fill_n(states_.data(), size, S{});
  sequences_ = batch;
  return true;
}

// Copies a batch's targets and describes the batch to the loss.
template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
LossInput<typename Model::Scalar> Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::load_targets(
    const detail::Batch& batch, S* outputs, S* gradient) {
  const std::size_t per_sample = batch.targets.per_sample;
  S* const values = memory_.data() + layout_.targets;
  std::int32_t* const labels = labels_.data();
  for (int i = 0; i < batch.samples.n; ++i) {
    const std::size_t from = batch.samples[i] * per_sample;
    const std::size_t to = static_cast<std::size_t>(i) * per_sample;
    if (batch.targets.labels)
      for (std::size_t k = 0; k < per_sample; ++k)
        labels[to + k] = static_cast<std::int32_t>(batch.y(from + k));
    else
      copy_values(batch.y, from, per_sample, values + to);
  }
  const int rows = batch.samples.n * static_cast<int>(rows_per_sample());
  return {.rows = rows,
          .n = classes(),
          .y = outputs,
          .values = batch.targets.labels ? nullptr : values,
          .labels = batch.targets.labels ? labels : nullptr,
          .gradient = gradient,
          .weight = 1 / static_cast<S>(rows),
          .probabilities = sizeof...(Metrics) > 0};
}

// The mean loss of a batch without penalties; the metrics see its predictions.
template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
double Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::measure(LossInput<S> in) {
  const double sum = Loss::evaluate(in);
  std::apply([&](auto&... metric) { (metric.update(in), ...); }, metrics_);
  return sum / in.rows;
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
Run<typename Model::Scalar> Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::training_run(int n,
                                                                                                S* updated) {
  return {n, updated, Random{seed_, random_dropout, 0, static_cast<std::uint32_t>(iterations_)}, nullptr};
}

// Forward and loss of a training batch; leaves the output's gradient in its buffer. What layers keep up to
// date themselves, moving statistics, they write to the block `updated`.
template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
double Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::forward(const detail::Batch& batch, S* updated,
                                                                      S* states) {
  const auto& plan = training_.plan;
  const int gradient = plan.output_gradient;
  double loss = 0;
  detail::with_unit<S>(training_, [&]<class T>() {
    const int n = batch.samples.n, count = detail::units<T>(n);
    const Memory<T> memory{count, nullptr, nullptr, reinterpret_cast<T*>(memory_.data())};
    load_samples(batch.x, input_size(), batch.samples, memory(plan, 0));
    Run<S> run = training_run(n, updated);
    run.states = states;
    training_.forward(count, model_.block().data(), static_cast<const T*>(nullptr), static_cast<T*>(nullptr),
                      memory.workspace, run);
    if constexpr (Unit<T>::samples == 1) {
      S* y = memory(plan, plan.output);
      if (plan.keeps_output) {  // the loss may write probabilities over it
        S* const copy = memory_.data() + layout_.outputs;
        std::copy_n(y, static_cast<std::size_t>(n) * output_size(), copy);
        y = copy;
      }
      loss = measure(load_targets(batch, y, memory(plan, gradient)));
    } else {
      S *const y = memory_.data() + layout_.outputs, *const dy = memory_.data() + layout_.gradients;
      kernels::lanes_to_rows(memory(plan, plan.output), output_size(), n, y);
      loss = measure(load_targets(batch, y, gradient == Step::none ? nullptr : dy));
      if (gradient != Step::none)
        load_samples(Array(dy, static_cast<std::size_t>(n) * output_size()), output_size(), {.n = n},
                     memory(plan, gradient));
    }
  });
  return loss;
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
void Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::backward(int n, auto& sink) {
  detail::with_unit<S>(training_, [&]<class T>() {
    training_.backward(detail::units<T>(n), model_.block().data(), reinterpret_cast<T*>(memory_.data()),
                       memory_.data() + layout_.scratch, memory_.data() + layout_.segment, sink,
                       training_run(n, model_.block().data()));
  });
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
double Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::train(const detail::Batch& batch) {
  const double loss = forward(batch, model_.block().data(), states()) + penalty();
  const auto step = optimizer_.template step<S>(iterations_ + 1);
  Update<S, std::remove_const_t<decltype(step)>, Optimizer::slots> update(step, model_.block().data(),
                                                                          slots_.data(), block_size());
  backward(batch.samples.n, update);
  ++iterations_;
  return loss;
}

// The mean loss of a batch in inference, without penalties.
template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
double Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::test(const detail::Batch& batch) {
  const int n = batch.samples.n;
  const std::size_t in = input_size();
  S* y = nullptr;
  detail::with_unit<S>(inference_, [&]<class T>() {
    const int count = detail::units<T>(n);
    T* const workspace = reinterpret_cast<T*>(memory_.data());
    T* const outputs = workspace + static_cast<std::size_t>(count) * inference_.plan.workspace;
    T* const converted = outputs + static_cast<std::size_t>(count) * aligned(output_size());
    const T* x = nullptr;
    if constexpr (Unit<T>::samples == 1)
      if (const S* values = batch.x.template as<S>()) x = values + batch.samples.first * in;
    if (!x) {
      load_samples(batch.x, in, batch.samples, converted);
      x = converted;
    }
    inference_.forward(count, model_.block().data(), x, outputs, workspace, {n, nullptr, {}, states()});
    if constexpr (Unit<T>::samples == 1) {
      y = outputs;
    } else {
      y = memory_.data() + layout_.outputs;
      kernels::lanes_to_rows(outputs, output_size(), n, y);
    }
  });
  return measure(load_targets(batch, y, nullptr));
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
auto Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::test_all(const Array& x, const Array& y,
                                                                     const detail::TargetLayout& targets,
                                                                     int batch_size) -> Logs {
  const std::size_t n = x.size() / input_size();
  double sum = 0;
  reset_metrics();
  for (std::size_t i = 0; i < n; i += static_cast<std::size_t>(batch_size)) {
    const int count = static_cast<int>(std::min(static_cast<std::size_t>(batch_size), n - i));
    sum += test({.x = x, .y = y, .targets = targets, .samples = {.first = i, .n = count}}) * count;
  }
  return logs(sum / static_cast<double>(n) + penalty());
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
auto Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::evaluate(const Array& x, const Array& y,
                                                                     int batch_size) -> Logs {
  detail::TargetLayout targets;
  if (batch_size < 1) {
    report(Text("evaluate: batch_size ", batch_size, " came, at least 1 wanted"));
    return no_logs();
  }
  if (!check(x, y, targets)) return no_logs();
  if (Capacity > 0) batch_size = std::min(batch_size, Capacity);
  batch_size =
      static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(batch_size), x.size() / input_size()));
  if (!reserve(static_cast<std::size_t>(batch_size)) || !continues({x.size() / input_size()}, batch_size))
    return no_logs();
  return test_all(x, y, targets, batch_size);
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
auto Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::train_on_batch(const Array& x, const Array& y)
    -> Logs {
  detail::TargetLayout targets;
  const std::size_t samples = x.size() / input_size();
  const int n = static_cast<int>(samples);
  if (!check(x, y, targets) || !reserve(samples) || !continues({samples}, n)) return no_logs();
  const FlushDenormals flush;
  reset_metrics();
  return logs(train({.x = x, .y = y, .targets = targets, .samples = {.n = n}}));
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
auto Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::test_on_batch(const Array& x, const Array& y)
    -> Logs {
  return evaluate(x, y, std::max(1, static_cast<int>(x.size() / input_size())));
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
auto Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::gradient(const Array& x, const Array& y)
    -> std::span<const S> {
  detail::TargetLayout targets;
  const std::size_t samples = x.size() / input_size();
  const int n = static_cast<int>(samples);
  if (!check(x, y, targets) || !reserve(samples) || !continues({samples}, n)) return {};
  gradient_.resize(block_size());
  const FlushDenormals flush;
  reset_metrics();
  std::copy_n(model_.block().data(), block_size(), gradient_.data());
  const std::size_t kept = states_size(training_, n);  // neither the model nor the states shall change
  S* const states_copy = kept > 0 ? states_.data() + kept : nullptr;
  std::copy_n(states_.data(), kept, states_copy);
  forward({.x = x, .y = y, .targets = targets, .samples = {.n = n}}, gradient_.data(), states_copy);
  std::fill_n(gradient_.data(), block_size(), S{});
  Store<S> store(model_.block().data(), gradient_.data());
  backward(n, store);
  return {gradient_.data(), block_size()};
}

// The sum of all regularizers' penalties.
template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
double Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::penalty() const {
  double sum = 0;
  if (!penalized_) return sum;
  for (const LayerPlan& layer : model_.layers())
    for (int i = 0; i < layer.tensors.count(); ++i) {
      const Parameter& p = layer.tensors[i];
      if (p.regularizer)
        sum += p.regularizer.penalty(model_.block().data() + layer.tensors.offset(i), p.shape.size());
    }
  return sum;
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
void Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::reset_metrics() {
  std::apply([](auto&... metric) { (metric.reset(), ...); }, metrics_);
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
auto Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::logs(double loss) const -> Logs {
  return std::apply([&](const auto&... metric) { return Logs{loss, metric.result()...}; }, metrics_);
}

template <int Capacity, class Model, class Optimizer, class Loss, class... Metrics>
auto Trainer<Capacity, Model, Optimizer, Loss, Metrics...>::no_logs() -> Logs {
  Logs none;
  none.fill(std::numeric_limits<double>::quiet_NaN());
  return none;
}

}  // namespace keratin
