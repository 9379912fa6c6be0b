#pragma once
// Trainer: a model with an optimizer, and for each of its outputs a loss and metrics. One implementation for
// static and functional models. What a step needs is allocated before the first one.
#include <keratin/core/error.hpp>
#include <keratin/core/memory.hpp>
#include <keratin/metrics/metric.hpp>
#include <keratin/optimizers/optimizer.hpp>
#include <keratin/sequential/predict.hpp>
#include <keratin/training/check.hpp>
#include <keratin/training/denormals.hpp>

#include <initializer_list>
#include <string>
#include <tuple>

namespace keratin {

struct FitOptions;
class History;
namespace data {
struct Batch;
}
/// A data set, see data/dataset.hpp.
template <class D>
concept IsDataset = requires { std::remove_cvref_t<D>::batched; };

// Never defined. Read the arguments: the loss, the shape of the network's output, the rule it broke.
template <class Loss, class Got, const Rule& Broken> struct loss_does_not_fit;

/// What samples count in the loss: a weight for each sample, or for each row of an output that has several;
/// an array for each output, or one for all; none: 1. Or, for a model of one output, a weight for each class
/// (two for a binary one). The loss is still divided by the number of rows. Keras: sample_weight,
/// class_weight.
struct Weights {
  Arrays sample_weight{};
  Array class_weight{};
};

namespace detail {

// In the trainer itself, for a batch size that the type knows; otherwise on the heap.
template <class S, bool Heap, std::size_t N> struct TrainerMemory {
  alignas(alignment) S values[N] = {};
  S* data() { return values; }
  const S* data() const { return values; }
  void resize(std::size_t) {}
};
template <class S> struct TrainerMemory<S, false, 0> {
  S* data() { return nullptr; }
  const S* data() const { return nullptr; }
  void resize(std::size_t) {}
};
template <class S> struct TrainerMemory<S, true, 0> {
  Block<S> block;
  S* data() { return block.data(); }
  const S* data() const { return block.data(); }
  void resize(std::size_t n) {
    if (block.size() < n) block = Block<S>(n);
  }
};

// One batch of a data set.
template <std::size_t Outputs> struct Batch {
  const Arrays &x, &y;
  const std::array<TargetLayout, Outputs>& targets;
  const Weights& weights;
  Samples samples{};
};

}  // namespace detail

/// What an output is trained for: its loss, what that counts in the sum over all outputs, its metrics. Keras:
/// loss, loss_weights and metrics of compile.
template <class L, class... Ms> struct ForOutput {
  using Loss = L;
  static constexpr std::size_t metrics = sizeof...(Ms);

  double weight = 1;
  std::tuple<Ms...> of_metrics{};
  metrics::Mean loss{};  // over the samples since the metrics were reset

  ForOutput() = default;
  explicit ForOutput(const L&, const Ms&...) {}
  ForOutput weighing(double w) const {
    ForOutput weighed = *this;
    weighed.weight = w;
    return weighed;
  }
};

namespace detail {

// The names of a trainer's Logs: of one output known by type, of several made of those of the output layers.
template <class... Heads> struct LogNames {
  static constexpr std::size_t outputs = sizeof...(Heads);
  std::array<std::string, 1 + outputs + (0 + ... + Heads::metrics)> names;

  LogNames() = default;
  explicit LogNames(const auto& model) : names{"loss"} {
    std::size_t k = 0, next = 1 + outputs;
    const auto add = [&]<class L, class... Ms>(const ForOutput<L, Ms...>*) {
      const std::string output = model.output_name(k);
      names[1 + k++] = output + "_loss";
      ((names[next++] = output + "_" + Ms::name), ...);
    };
    (add(static_cast<const Heads*>(nullptr)), ...);
  }
  std::string_view operator[](std::size_t i) const {
    return i < names.size() ? names[i] : std::string_view();
  }
};
template <class L, class... Ms> struct LogNames<ForOutput<L, Ms...>> {
  LogNames() = default;
  explicit LogNames(const auto&) {}
  std::string_view operator[](std::size_t i) const {
    const std::array<std::string_view, 1 + sizeof...(Ms)> names{"loss", Ms::name...};
    return i < names.size() ? names[i] : std::string_view();
  }
};

}  // namespace detail

/// Made by compile(). `Capacity` > 0 is the largest batch: all memory is then inside the trainer, and the
/// heap is not touched. Heads: a ForOutput for each output. The model must outlive its trainer.
template <int Capacity, class Model, class Optimizer, class... Heads> class Trainer {
 public:
  using S = typename Model::Scalar;
  using Scalar = S;
  static constexpr std::size_t outputs = sizeof...(Heads), of_each = outputs > 1 ? outputs : 0;
  /// The loss; of several outputs then the loss of each; then their metrics, in the order given to compile().
  using Logs = std::array<double, 1 + of_each + (0 + ... + Heads::metrics)>;

  Trainer(Model& model, const Optimizer& optimizer, const Heads&... heads);

  /// What the i-th of the Logs is called: "loss", "accuracy"; of several outputs also with the name of the
  /// output's layer, "dense_1_loss", "dense_1_accuracy". Empty where there are not so many.
  std::string_view log_name(std::size_t i) const { return names_[i]; }

  /// Trains. Errors, before anything is changed: sizes that do not match, labels out of range, values that
  /// are not finite, no epoch, no batch. Keras: fit.
  History fit(const Arrays& x, const Arrays& y, const FitOptions& options);
  History fit(const Arrays& x, const Arrays& y);
  /// Trains on the batches of a data set, and validates on those of another one; <training/fit_dataset.hpp>
  /// says how.
  template <IsDataset D> History fit(D&& data, const FitOptions& options);
  template <IsDataset D, IsDataset V> History fit(D&& data, V&& validation, const FitOptions& options);
  template <IsDataset D> Logs evaluate(D&& data, int steps = 0, const Array& class_weight = {});
  /// The loss and metrics over all samples; batches are those of compile<N> where batch_size is more. Keras:
  /// evaluate.
  Logs evaluate(const Arrays& x, const Arrays& y, int batch_size = 32, const Weights& weights = {});
  /// One step on one batch; the loss and metrics of that batch, before the step. Keras: train_on_batch.
  Logs train_on_batch(const Arrays& x, const Arrays& y, const Weights& weights = {});
  /// The loss and metrics of one batch. Keras: test_on_batch.
  Logs test_on_batch(const Arrays& x, const Arrays& y, const Weights& weights = {});
  /// The gradient of the loss, penalties included, on one batch, laid out as the model's block.
  std::span<const S> gradient(const Arrays& x, const Arrays& y, const Weights& weights = {});

  /// Lets the Stateful layers begin anew, also with another number of samples. What they carry from batch to
  /// batch is the trainer's; training and testing go on from one another, as in Keras. Keras: reset_states.
  void reset_states() { sequences_ = 0; }

  /// The settings may be changed between steps.
  Optimizer& optimizer() { return optimizer_; }
  const Optimizer& optimizer() const { return optimizer_; }
  /// What a file holds besides the settings: the model, a ForOutput for each output, and what the optimizer
  /// keeps, Optimizer::slots blocks that are laid out as the model's.
  Model& model() { return model_; }
  const Model& model() const { return model_; }
  const std::tuple<Heads...>& heads() const { return heads_; }
  std::span<S> slots() { return {slots_.data(), static_cast<std::size_t>(Optimizer::slots) * block_size()}; }
  std::span<const S> slots() const {
    return {slots_.data(), static_cast<std::size_t>(Optimizer::slots) * block_size()};
  }
  /// What the model's summary says, and the number of values that Keras's optimizer would hold.
  const auto& layers() const { return model_.layers(); }
  std::vector<std::string> connections() const
    requires requires(const Model& m) { m.connections(); }
  {
    return model_.connections();
  }
  std::string output_name(std::size_t k) const
    requires requires(const Model& m) { m.output_name(0); }
  {
    return model_.output_name(k);
  }
  std::size_t optimizer_variables() const {
    return static_cast<std::size_t>(optimizer_.slots_in_use()) * plan().trainable + 1 +  // iteration
           optimizer_.learning_rate.is_constant() + requires { optimizer_.scalar_slot(0); };
  }
  /// Weights that are trained: those that were when the trainer was made.
  std::size_t trainable() const { return plan().trainable; }
  /// Steps done.
  std::int64_t iterations() const { return iterations_; }
  void set_iterations(std::int64_t n) { iterations_ = n; }
  /// What shuffling and dropout depend on; 0 at first.
  void set_random_seed(std::uint64_t seed) { seed_ = seed; }

 private:
  static constexpr bool has_masks = !requires { typename Model::Network; };
  static constexpr Mode training_mode{
      .training = true,
      .logits =
          [] {
            std::uint32_t bits = 0, bit = 1;
            ((bits |= std::is_same_v<typename Heads::Loss::Link, Linear> ? 0 : bit, bit <<= 1), ...);
            return bits;
          }(),
      .masks = has_masks};
  static constexpr Mode inference_mode{.training = false, .logits = training_mode.logits, .masks = has_masks};
  // A run-time model may be planned anew for inputs of other lengths; this is its executor for the last ones.
  template <class Executor> static constexpr const auto& now(const Executor& executor) {
    if constexpr (requires { executor.now(); })
      return executor.now();
    else
      return executor;
  }
  using Trainings = decltype(std::declval<Model&>().template executor<training_mode>());
  using Inferences = decltype(std::declval<Model&>().template executor<inference_mode>());
  using Training = std::remove_cvref_t<decltype(now(std::declval<Trainings&>()))>;
  using Inference = std::remove_cvref_t<decltype(now(std::declval<Inferences&>()))>;

  using Batch = detail::Batch<outputs>;
  using Layouts = std::array<detail::TargetLayout, outputs>;  // of the targets

  // Where things lie in the memory for batches of up to `batch` samples. Loss and metrics read rows of
  // samples: where batches run over Lanes, outputs and their gradients are transposed. Those of all outputs
  // lie side by side.
  struct Layout {
    std::size_t outputs = 0, gradients = 0, targets = 0, weights = 0, scratch = 0, segment = 0, end = 0;

    constexpr Layout() = default;
    constexpr Layout(const Training& training, const Inference& inference, int batch, std::size_t rows) {
      detail::with_unit<S>(training, [&]<class T>() {
        const int count = detail::units<T>(batch);
        const auto n = static_cast<std::size_t>(count) * Unit<T>::samples;
        const std::size_t in_size = size_of(training.plan.inputs), out_size = size_of(training.plan.outputs);
        bool copies = training.plan.lanes;
        for (const Port& port : training.plan.outputs) copies = copies || port.kept;
        outputs = n * std::max(training.plan.workspace, inference.plan.workspace + in_size + out_size);
        gradients = outputs + (copies ? n * out_size : 0);
        targets = gradients + (training.plan.lanes ? n * out_size : 0);
        weights = targets + n * out_size;
        scratch = weights + aligned(n * rows);
        segment = scratch + aligned(training.template scratch<T>(count));
      });
      end = segment;
      for (const LayerPlan& layer :
           training.plan.layers)  // room for the largest layer that only adds its gradient up
        if (!layer.traits.finishes && layer.tensors.count() > 0)
          end = std::max(end, segment + layer.tensors.end - layer.tensors.start);
    }
  };
  // Room for a sample of all ports, each aligned for its whole batch.
  static constexpr std::size_t size_of(const auto& ports) {
    std::size_t size = 0;
    for (const Port& port : ports) size += aligned(port.size);
    return size;
  }
  static constexpr std::size_t fixed_size() {
    if constexpr (Capacity == 0)
      return 0;
    else
      return Layout(Training{}, Inference{}, Capacity, rows_of(Model::output_shape())).end;
  }
  static constexpr std::size_t fixed_blocks(int count) {
    if constexpr (Capacity == 0)
      return 0;
    else
      return static_cast<std::size_t>(count) * Training::plan.block;
  }
  // What a loss takes for a row of a sample.
  static constexpr std::size_t rows_of(const Shape& output) {
    return static_cast<std::size_t>(output.size() / output.last());
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
      return static_cast<std::size_t>(Capacity) * rows_of(Model::output_shape());
  }

  const Training& training() const { return now(training_); }
  const Inference& inference() const { return now(inference_); }
  const auto& plan() const { return training().plan; }
  std::size_t input_size(std::size_t k = 0) const { return plan().inputs[k].size; }
  std::size_t output_size(std::size_t k) const { return plan().outputs[k].size; }
  const Shape& output_shape(std::size_t k) const { return plan().outputs[k].shape; }
  int classes(std::size_t k) const { return output_shape(k).last(); }
  std::size_t rows_per_sample(std::size_t k) const { return rows_of(output_shape(k)); }
  // Rows of all outputs before the k-th, and of all.
  std::size_t rows_before(std::size_t k) const {
    std::size_t rows = 0;
    for (std::size_t i = 0; i < k; ++i) rows += rows_per_sample(i);
    return rows;
  }
  // Where the k-th output's values begin in a region for all outputs of n samples.
  std::size_t region(std::size_t k, std::size_t n) const {
    std::size_t first = 0;
    for (std::size_t i = 0; i < k; ++i) first += aligned(output_size(i));
    return first * n;
  }
  std::size_t block_size() const { return plan().block; }
  static std::size_t samples_of(const Arrays& x, std::size_t per_sample) {
    return x.size() > 0 ? x[0].size() / per_sample : 0;
  }
  std::size_t samples_of(const Arrays& x) const { return samples_of(x, input_size()); }

  // f(index, head) for each output.
  void each_output(auto f) {
    std::apply(
        [&](auto&... head) {
          std::size_t k = 0;
          (f(k++, head), ...);
        },
        heads_);
  }

  void select_lengths(const Arrays& x);
  bool reserve(std::size_t batch);
  bool continues(std::initializer_list<std::size_t> sets, int batch);
  bool check(const Arrays& x, const Arrays& y, const Weights& weights, Layouts& targets);
  bool check_weights(const Weights& weights, std::size_t samples) const;

  template <class Head>
  LossInput<S> load_targets(const Batch& batch, std::size_t k, const Head& head, S* outputs, S* gradient);
  const S* mask_rows(int port, int n, auto where);
  const S* load_weights(const Batch& batch, std::size_t k, const LossInput<S>& in);
  template <class Head>
  double measure(Head& head, LossInput<S> in, const Batch& batch, std::size_t k, const S* mask);
  Run<S> training_run(int n, S* updated);
  S* states() { return plan().state > 0 ? states_.data() : nullptr; }
  double forward(const Batch& batch, S* updated, S* states);
  void backward(int n, auto& sink);
  bool accepts(const data::Batch& batch, Weights& weights, Layouts& targets);
  template <class D> Logs test_batches(D& data, int steps, const Array& class_weight);
  double train(const Batch& batch);
  double test(const Batch& batch);
  Logs test_all(const Arrays& x, const Arrays& y, const Weights& weights, const Layouts& targets,
                int batch_size);
  double penalty() const;
  void reset_metrics();
  Logs logs(double loss) const;
  static Logs no_logs();

  Model& model_;
  Optimizer optimizer_;
  [[no_unique_address]] Trainings training_;
  [[no_unique_address]] Inferences inference_;
  std::tuple<Heads...> heads_;
  detail::LogNames<Heads...> names_;
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
template <class Head>
concept IsForOutput = requires { typename Head::Loss; };

/// A trainer for the model. A loss that does not fit the network's output is a compile-time error.
/// compile<32>(...) makes one for batches of at most 32 that never touches the heap. Keras: compile.
template <int Capacity = 0, Trainable Model, IsOptimizer Optimizer, IsLoss Loss, IsMetric... Metrics>
auto compile(Model& model, const Optimizer& optimizer, const Loss& loss, const Metrics&... metrics) {
  static_assert(
      Capacity == 0 || requires { typename Model::Network; },
      "keratin: compile<N> with a batch size needs a static network");
  detail::check_loss<Model, Loss>();
  using Head = ForOutput<Loss, Metrics...>;
  return Trainer<Capacity, Model, Optimizer, Head>(model, optimizer, Head(loss, metrics...));
}
/// A trainer for a model of several outputs, with a ForOutput for each, in order:
/// ForOutput(MeanSquaredError{}, metrics::MeanAbsoluteError{}).weighing(0.2).
template <Trainable Model, IsOptimizer Optimizer, IsForOutput... Heads>
  requires(sizeof...(Heads) > 0)
auto compile(Model& model, const Optimizer& optimizer, const Heads&... heads) {
  static_assert(
      sizeof...(Heads) == 1 || !requires { typename Model::Network; },
      "keratin: a static network has one output");
  (detail::check_loss<Model, typename Heads::Loss>(), ...);
  return Trainer<0, Model, Optimizer, Heads...>(model, optimizer, heads...);
}

// --- implementation
// -------------------------------------------------------------------------------------------------

template <int Capacity, class Model, class Optimizer, class... Heads>
Trainer<Capacity, Model, Optimizer, Heads...>::Trainer(Model& model, const Optimizer& optimizer,
                                                       const Heads&... heads)
    : model_(model),
      optimizer_(optimizer),
      training_(model.template executor<training_mode>()),
      inference_(model.template executor<inference_mode>()),
      heads_(heads...) {
  std::size_t wanted = plan().outputs.size();
  for (const Port& port : plan().outputs) wanted -= port.mask >= 0;
  if (wanted != outputs) {
    report(Text("compile: losses for ", outputs, " outputs came, ", wanted, " wanted"));
    return;
  }
  names_ = detail::LogNames<Heads...>(model);
  slots_.resize(static_cast<std::size_t>(Optimizer::slots) * block_size());
  begin_slots(optimizer_, slots_.data(), block_size());
  layout_ = {training(), inference(), batch_, rows_before(outputs)};
  for (const LayerPlan& layer : model_.layers())
    for (const Parameter& p : *layer.tensors.parameters)
      penalized_ = penalized_ || (p.trainable && p.regularizer);
  each_output([&]<class Head>(std::size_t k, const Head&) {
    const Shape shape = output_shape(k);
    const Fit fit = Head::Loss::fit(shape, model_.output_activation(k));
    if (fit.broken) report(Text(Head::Loss::name, " got an output of ", shape, ": ", fit.broken->text));
    if (const int mask = plan().outputs[k].mask;
        mask >= 0 && output_size(static_cast<std::size_t>(mask)) != rows_per_sample(k))
      report(Text(Head::Loss::name, " got an output of ", shape, " with a mask of ",
                  output_size(static_cast<std::size_t>(mask)), " values, ", rows_per_sample(k), " wanted"));
  });
  each_output([](std::size_t k, const auto& head) {
    if (!(head.weight >= 0 && std::isfinite(head.weight)))
      report(Text("compile: weight ", head.weight, " of output ", k, " came, 0 or more wanted"));
  });
}

// The executors for inputs of such lengths; the memory is then laid out anew.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::select_lengths([[maybe_unused]] const Arrays& x) {
  if constexpr (requires { model_.lengths_of(x); }) {
    const auto lengths = model_.lengths_of(x);
    if (training_.select(lengths)) batch_ = 0;
    inference_.select(lengths);
  }
}

// Makes room for batches of that size.
template <int Capacity, class Model, class Optimizer, class... Heads>
bool Trainer<Capacity, Model, Optimizer, Heads...>::reserve(std::size_t samples) {
  if (const std::size_t most = INT32_MAX / rows_before(outputs); samples > most) {
    report(Text("a batch of ", samples, " samples came, at most ", most, " wanted"));
    return false;
  }
  const int batch = static_cast<int>(samples);
  if (batch <= batch_) return true;
  if (Capacity > 0) {
    report(Text("a batch of ", batch, " samples came, at most ", Capacity, " wanted, as given to compile"));
    return false;
  }
  const Layout layout{training(), inference(), batch, rows_before(outputs)};
  memory_.resize(layout.end);
  labels_.resize(samples * rows_before(outputs));
  layout_ = layout;
  batch_ = batch;
  return true;
}

// Whether sets of so many samples, `batch` at a time, go on where the stateful layers are; makes states for
// them if those begin anew.
template <int Capacity, class Model, class Optimizer, class... Heads>
bool Trainer<Capacity, Model, Optimizer, Heads...>::continues(std::initializer_list<std::size_t> sets,
                                                              int batch) {
  if (plan().state == 0) return true;
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
  const std::size_t size = states_size(training(), batch);
  states_.resize(2 * size);
  std::fill_n(states_.data(), size, S{});
  sequences_ = batch;
  return true;
}

// Whether the data fit; how each y gives its targets.
template <int Capacity, class Model, class Optimizer, class... Heads>
bool Trainer<Capacity, Model, Optimizer, Heads...>::check(const Arrays& x, const Arrays& y,
                                                          const Weights& weights, Layouts& targets) {
  if (x.size() != plan().inputs.size() || y.size() != outputs) {
    report(Text(x.size(), " arrays of inputs and ", y.size(), " of targets came, ", plan().inputs.size(),
                " and ", outputs, " wanted"));
    return false;
  }
  select_lengths(x);
  const std::size_t samples = samples_of(x);
  bool fit = true;
  for (std::size_t k = 0; k < x.size() && fit; ++k)
    fit = detail::check_inputs<S>(x[k], samples, plan().inputs[k].shape,
                                  x.size() > 1 ? static_cast<int>(k) : -1);
  each_output([&]<class L, class... Ms>(std::size_t k, const ForOutput<L, Ms...>&) {
    fit = fit && detail::check_targets<S, L, Ms...>(y[k], samples, output_shape(k),
                                                    outputs > 1 ? static_cast<int>(k) : -1, targets[k]);
  });
  return fit && check_weights(weights, samples);
}

template <int Capacity, class Model, class Optimizer, class... Heads>
bool Trainer<Capacity, Model, Optimizer, Heads...>::check_weights(const Weights& weights,
                                                                  std::size_t samples) const {
  const Arrays& of_samples = weights.sample_weight;
  const Array& of_classes = weights.class_weight;
  const auto refuse = [](const auto&... parts) {
    report(Text(parts...));
    return false;
  };
  if (of_samples.size() > 1 && of_samples.size() != outputs)
    return refuse("sample_weight: ", of_samples.size(), " arrays came, one or ", outputs, " wanted");
  if (of_classes.size() > 0) {
    const auto wanted = static_cast<std::size_t>(std::max(2, classes(0)));
    if (outputs > 1) return refuse("class_weight: a model of ", outputs, " outputs came, one output wanted");
    if (of_samples.size() > 0) return refuse("class_weight and sample_weight came, one of them wanted");
    if (const bool no_classes = (... || (Heads::Loss::targets == Targets::values)); no_classes)
      return refuse("class_weight came, and a loss whose targets are no classes");
    if (of_classes.size() != wanted)
      return refuse("class_weight: ", of_classes.size(), " values came, ", wanted, " wanted, one a class");
    return detail::check_finite<S>(of_classes, "class_weight", 1);
  }
  for (std::size_t k = 0; k < outputs && of_samples.size() > 0; ++k) {
    const Array& given = of_samples[of_samples.size() > 1 ? k : 0];
    const std::size_t rows = samples * rows_per_sample(k);
    if (given.size() != 0 && given.size() != samples && given.size() != rows)
      return refuse("sample_weight: ", given.size(), " values came, ", samples, " wanted, one a sample",
                    (rows > samples ? Text(", or ", rows, ", one a row") : Text()).view());
    if (!detail::check_finite<S>(given, "sample_weight", std::max<std::size_t>(1, given.size() / samples)))
      return false;
  }
  return true;
}

// Copies a batch's targets of the k-th output and describes the batch to its loss.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Head>
LossInput<typename Model::Scalar> Trainer<Capacity, Model, Optimizer, Heads...>::load_targets(
    const Batch& batch, std::size_t k, const Head& head, S* outputs_of_batch, S* gradient) {
  const detail::TargetLayout& targets = batch.targets[k];
  const std::size_t per_sample = targets.per_sample, all = static_cast<std::size_t>(batch_);
  S* const values = memory_.data() + layout_.targets + region(k, all);
  std::int32_t* const labels = labels_.data() + rows_before(k) * all;
  for (int i = 0; i < batch.samples.n; ++i) {
    const std::size_t from = batch.samples[i] * per_sample;
    const std::size_t to = static_cast<std::size_t>(i) * per_sample;
    if (targets.labels)
      for (std::size_t j = 0; j < per_sample; ++j)
        labels[to + j] = static_cast<std::int32_t>(batch.y[k](from + j));
    else
      copy_values(batch.y[k], from, per_sample, values + to);
  }
  const int rows = batch.samples.n * static_cast<int>(rows_per_sample(k));
  return {.rows = rows,
          .n = classes(k),
          .y = outputs_of_batch,
          .values = targets.labels ? nullptr : values,
          .labels = targets.labels ? labels : nullptr,
          .gradient = gradient,
          .weight = static_cast<S>(head.weight) / static_cast<S>(rows),
          .probabilities = Head::metrics > 0};
}

// The values of an output's mask, given its port, in rows of samples; null if it has none.
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::mask_rows(int port, int n, auto where) -> const S* {
  if (port < 0) return nullptr;
  const auto k = static_cast<std::size_t>(port);
  const auto* const values = where(plan().outputs[k]);
  using T = std::remove_cvref_t<decltype(*values)>;
  if constexpr (Unit<T>::samples == 1) {
    return values;
  } else {
    S* const rows = memory_.data() + layout_.outputs +
                    region(k, static_cast<std::size_t>(detail::units<T>(n)) * Unit<T>::samples);
    kernels::lanes_to_rows(values, output_size(k), n, rows);
    return rows;
  }
}

// What the rows of the k-th output count; null where all count 1.
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::load_weights(const Batch& batch, std::size_t k,
                                                                 const LossInput<S>& in) -> const S* {
  const Arrays& of_samples = batch.weights.sample_weight;
  const Array& of_classes = batch.weights.class_weight;
  S* const weights = memory_.data() + layout_.weights;  // one output after the other
  if (of_classes.size() > 0) {
    for (int r = 0; r < in.rows; ++r) {
      const S* const values = in.values ? in.values + std::ptrdiff_t{r} * in.n : nullptr;
      const std::ptrdiff_t label = !values     ? in.labels[r]
                                   : in.n == 1 ? static_cast<std::ptrdiff_t>(*values)
                                               : std::max_element(values, values + in.n) - values;
      const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(of_classes.size()) - 1;
      weights[r] =
          static_cast<S>(of_classes(static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(label, 0, last))));
    }
    return weights;
  }
  if (of_samples.size() == 0) return nullptr;
  const Array& given = of_samples[of_samples.size() > 1 ? k : 0];
  if (given.size() == 0) return nullptr;
  const std::size_t rows = rows_per_sample(k);
  const bool of_rows = given.size() != samples_of(batch.x);
  for (int r = 0; r < in.rows; ++r) {
    const std::size_t sample = batch.samples[r / static_cast<int>(rows)],
                      row = static_cast<std::size_t>(r) % rows;
    weights[r] = static_cast<S>(given(of_rows ? sample * rows + row : sample));
  }
  return weights;
}

// What an output adds to the loss of a batch; its metrics see its predictions. Masked rows count for nothing,
// and the others are a mean of their own; metrics see no weights.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Head>
double Trainer<Capacity, Model, Optimizer, Heads...>::measure(Head& head, LossInput<S> in, const Batch& batch,
                                                              std::size_t k, const S* mask) {
  const S* const weights = load_weights(batch, k, in);
  const auto update = [&](const LossInput<S>& rows) {
    std::apply([&](auto&... metric) { (metric.update(rows), ...); }, head.of_metrics);
  };
  double mean = 0;
  if (!weights && !mask) {
    mean = Head::Loss::evaluate(in) / in.rows;
    update(in);
  } else {
    const auto counts = [&](int r) { return !mask || mask[r] != 0; };
    int valid = 0;
    for (int r = 0; r < in.rows; ++r) valid += counts(r);
    in.weight *= static_cast<S>(in.rows) / static_cast<S>(std::max(valid, 1));
    for (int r = 0; r < in.rows; ++r) {
      LossInput<S> row = in.row(r);
      if (!counts(r)) {
        if (row.gradient) std::fill_n(row.gradient, row.n, S{});
        continue;
      }
      const S weight = weights ? weights[r] : S{1};
      row.weight *= weight;
      mean += static_cast<double>(weight) * Head::Loss::evaluate(row) / valid;
      update(row);
    }
  }
  head.loss.add(mean * in.rows, in.rows);
  return head.weight * mean;
}

template <int Capacity, class Model, class Optimizer, class... Heads>
Run<typename Model::Scalar> Trainer<Capacity, Model, Optimizer, Heads...>::training_run(int n, S* updated) {
  return {n, updated, Random{seed_, random_dropout, 0, static_cast<std::uint32_t>(iterations_)}, nullptr};
}

// Forward and loss of a training batch; leaves the outputs' gradients in their buffers. What layers keep up
// to date themselves, moving statistics, they write to the block `updated`.
template <int Capacity, class Model, class Optimizer, class... Heads>
double Trainer<Capacity, Model, Optimizer, Heads...>::forward(const Batch& batch, S* updated, S* states) {
  double loss = 0;
  detail::with_unit<S>(training(), [&]<class T>() {
    const int n = batch.samples.n, count = detail::units<T>(n);
    const std::size_t all = static_cast<std::size_t>(count) * Unit<T>::samples;
    const Memory<T> memory{count, nullptr, nullptr, reinterpret_cast<T*>(memory_.data())};
    for (std::size_t k = 0; k < plan().inputs.size(); ++k)
      load_samples(batch.x[k], input_size(k), batch.samples, memory(plan(), static_cast<int>(k)));
    Run<S> run = training_run(n, updated);
    run.states = states;
    run.penalty = &loss;
    training().forward(count, model_.block().data(), static_cast<const T*>(nullptr), static_cast<T*>(nullptr),
                       memory.workspace, run);
    each_output([&](std::size_t k, auto& head) {
      const Port& port = plan().outputs[k];
      S* y = memory_.data() + layout_.outputs + region(k, all);
      const S* const mask =
          mask_rows(port.mask, n, [&](const Port& of) { return memory(plan(), of.buffer); });
      if constexpr (Unit<T>::samples == 1) {
        S* const there = memory(plan(), port.buffer);
        if (port.kept)  // the loss may write probabilities over it
          std::copy_n(there, static_cast<std::size_t>(n) * port.size, y);
        else
          y = there;
        loss += measure(head, load_targets(batch, k, head, y, memory(plan(), port.gradient)), batch, k, mask);
      } else {
        S* const dy = memory_.data() + layout_.gradients + region(k, all);
        kernels::lanes_to_rows(memory(plan(), port.buffer), port.size, n, y);
        loss += measure(head, load_targets(batch, k, head, y, port.gradient == Step::none ? nullptr : dy),
                        batch, k, mask);
        if (port.gradient != Step::none)
          load_samples(Array(dy, static_cast<std::size_t>(n) * port.size), port.size, {.n = n},
                       memory(plan(), port.gradient));
      }
    });
  });
  return loss;
}

template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::backward(int n, auto& sink) {
  detail::with_unit<S>(training(), [&]<class T>() {
    training().backward(detail::units<T>(n), model_.block().data(), reinterpret_cast<T*>(memory_.data()),
                        memory_.data() + layout_.scratch, memory_.data() + layout_.segment, sink,
                        training_run(n, model_.block().data()));
  });
}

template <int Capacity, class Model, class Optimizer, class... Heads>
double Trainer<Capacity, Model, Optimizer, Heads...>::train(const Batch& batch) {
  const double loss = forward(batch, model_.block().data(), states()) + penalty();
  auto update = update_of(optimizer_, iterations_ + 1, model_.block().data(), slots_.data(), block_size());
  backward(batch.samples.n, update);
  ++iterations_;
  return loss;
}

// The mean loss of a batch in inference, without the penalties of weights.
template <int Capacity, class Model, class Optimizer, class... Heads>
double Trainer<Capacity, Model, Optimizer, Heads...>::test(const Batch& batch) {
  const int n = batch.samples.n;
  double loss = 0;
  detail::with_unit<S>(inference(), [&]<class T>() {
    const auto& of = inference().plan;
    const int count = detail::units<T>(n);
    const auto units = static_cast<std::size_t>(count);
    T* const workspace = reinterpret_cast<T*>(memory_.data());
    T* const results = workspace + units * of.workspace;
    T* const converted = results + units * size_of(of.outputs);
    const T* x = nullptr;
    if constexpr (Unit<T>::samples == 1)
      if (const S* values = batch.x[0].template as<S>(); values && of.inputs.size() == 1)
        x = values + batch.samples.first * input_size();
    if (!x) {
      for (std::size_t k = 0; k < of.inputs.size(); ++k)
        load_samples(batch.x[k], input_size(k), batch.samples, converted + units * of.inputs[k].first);
      x = converted;
    }
    inference().forward(count, model_.block().data(), x, results, workspace,
                        {n, nullptr, {}, states(), &loss});
    each_output([&](std::size_t k, auto& head) {
      T* const result = results + units * of.outputs[k].first;
      S* y = nullptr;
      if constexpr (Unit<T>::samples == 1) {
        y = result;
      } else {
        y = memory_.data() + layout_.outputs + region(k, units * Unit<T>::samples);
        kernels::lanes_to_rows(result, output_size(k), n, y);
      }
      const S* const mask =
          mask_rows(of.outputs[k].mask, n, [&](const Port& port) { return results + units * port.first; });
      loss += measure(head, load_targets(batch, k, head, y, nullptr), batch, k, mask);
    });
  });
  return loss;
}

template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::test_all(const Arrays& x, const Arrays& y,
                                                             const Weights& weights, const Layouts& targets,
                                                             int batch_size) -> Logs {
  const std::size_t n = samples_of(x);
  double sum = 0;
  reset_metrics();
  for (std::size_t i = 0; i < n; i += static_cast<std::size_t>(batch_size)) {
    const int count = static_cast<int>(std::min(static_cast<std::size_t>(batch_size), n - i));
    sum +=
        test({.x = x, .y = y, .targets = targets, .weights = weights, .samples = {.first = i, .n = count}}) *
        count;
  }
  return logs(sum / static_cast<double>(n) + penalty());
}

template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::evaluate(const Arrays& x, const Arrays& y, int batch_size,
                                                             const Weights& weights) -> Logs {
  Layouts targets;
  if (batch_size < 1) {
    report(Text("evaluate: batch_size ", batch_size, " came, at least 1 wanted"));
    return no_logs();
  }
  if (!check(x, y, weights, targets)) return no_logs();
  if (Capacity > 0) batch_size = std::min(batch_size, Capacity);
  batch_size = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(batch_size), samples_of(x)));
  if (!reserve(static_cast<std::size_t>(batch_size)) || !continues({samples_of(x)}, batch_size))
    return no_logs();
  return test_all(x, y, weights, targets, batch_size);
}

template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::train_on_batch(const Arrays& x, const Arrays& y,
                                                                   const Weights& weights) -> Logs {
  Layouts targets;
  if (!check(x, y, weights, targets)) return no_logs();
  const std::size_t samples = samples_of(x);
  const int n = static_cast<int>(samples);
  if (!reserve(samples) || !continues({samples}, n)) return no_logs();
  const FlushDenormals flush;
  reset_metrics();
  return logs(train({.x = x, .y = y, .targets = targets, .weights = weights, .samples = {.n = n}}));
}

template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::test_on_batch(const Arrays& x, const Arrays& y,
                                                                  const Weights& weights) -> Logs {
  return evaluate(x, y, INT32_MAX, weights);
}

template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::gradient(const Arrays& x, const Arrays& y,
                                                             const Weights& weights) -> std::span<const S> {
  Layouts targets;
  if (!check(x, y, weights, targets)) return {};
  const std::size_t samples = samples_of(x);
  const int n = static_cast<int>(samples);
  if (!reserve(samples) || !continues({samples}, n)) return {};
  gradient_.resize(block_size());
  const FlushDenormals flush;
  reset_metrics();
  std::copy_n(model_.block().data(), block_size(), gradient_.data());
  const std::size_t kept = states_size(training(), n);  // neither the model nor the states shall change
  S* const states_copy = kept > 0 ? states_.data() + kept : nullptr;
  std::copy_n(states_.data(), kept, states_copy);
  forward({.x = x, .y = y, .targets = targets, .weights = weights, .samples = {.n = n}}, gradient_.data(),
          states_copy);
  std::fill_n(gradient_.data(), block_size(), S{});
  Store<S> store(model_.block().data(), gradient_.data());
  backward(n, store);
  return {gradient_.data(), block_size()};
}

// The sum of all regularizers' penalties.
template <int Capacity, class Model, class Optimizer, class... Heads>
double Trainer<Capacity, Model, Optimizer, Heads...>::penalty() const {
  double sum = 0;
  if (!penalized_) return sum;
  for (const LayerPlan& layer : model_.layers())
    for (int i = 0; i < layer.tensors.count(); ++i) {
      const Parameter& p = layer.tensors[i];
      if (p.trainable && p.regularizer)
        sum += p.regularizer.penalty(model_.block().data() + layer.tensors.offset(i), p.shape.size());
    }
  return sum;
}

template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::reset_metrics() {
  each_output([](std::size_t, auto& head) {
    head.loss.reset();
    std::apply([](auto&... metric) { (metric.reset(), ...); }, head.of_metrics);
  });
}

template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::logs(double loss) const -> Logs {
  Logs logs{loss};
  std::size_t next = 1;
  const auto each = [&](auto f) { std::apply([&](const auto&... head) { (f(head), ...); }, heads_); };
  if (outputs > 1) each([&](const auto& head) { logs[next++] = head.loss.result(); });
  each([&](const auto& head) {
    std::apply([&](const auto&... metric) { ((logs[next++] = metric.result()), ...); }, head.of_metrics);
  });
  return logs;
}

template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::no_logs() -> Logs {
  Logs none;
  none.fill(std::numeric_limits<double>::quiet_NaN());
  return none;
}

}  // namespace keratin
