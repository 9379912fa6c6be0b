#pragma once
// Trainer: a model with an optimizer, and for each of its outputs a loss and metrics. One implementation for
// static and functional models. What a step needs is allocated before the first one.
#include <keratin/core/error.hpp>
#include <keratin/core/memory.hpp>
#include <keratin/core/parts.hpp>
#include <keratin/core/workers.hpp>
#include <keratin/metrics/metric.hpp>
#include <keratin/optimizers/optimizer.hpp>
#include <keratin/optimizers/with.hpp>
#include <keratin/regularizers/orthogonal.hpp>
#include <keratin/sequential/predict.hpp>
#include <keratin/training/batches.hpp>
#include <keratin/training/callback.hpp>
#include <keratin/training/check.hpp>

#include <initializer_list>
#include <string>
#include <tuple>

namespace keratin {

struct FitOptions;
class History;
class Progress;
namespace data {
struct Batch;
}
/// A data set, see data/dataset.hpp.
template <class D>
concept IsDataset = requires { std::remove_cvref_t<D>::batched; };

// Never defined. Read the arguments: the loss, the shape of the network's output, the rule it broke.
template <class Loss, class Got, const Rule& Broken> struct loss_does_not_fit;

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
      ((names[next++] = output + "_" + std::string(metrics::log_name<Ms, Ms...>())), ...);
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
    const std::array<std::string_view, 1 + sizeof...(Ms)> names{"loss", metrics::log_name<Ms, Ms...>()...};
    return i < names.size() ? names[i] : std::string_view();
  }
};
template <> struct LogNames<> : LogNames<ForOutput<void>> {  // "loss"
  using LogNames<ForOutput<void>>::LogNames;
};

}  // namespace detail

/// Made by compile(). `Capacity` > 0 is the largest batch: all memory is then inside the trainer, and the
/// heap is not touched. Heads: a ForOutput for each output; none: for steps of your own, see
/// training/custom.hpp. The model must outlive its trainer.
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

  /// Trains, and calls the callbacks as it goes, in their order: see training/callback.hpp. Errors, before
  /// anything is changed: sizes that do not match, labels out of range, values that are not finite, no epoch,
  /// no batch. Keras: fit.
  template <class... Callbacks>
  History fit(const Arrays& x, const Arrays& y, const FitOptions& options, Callbacks&&... callbacks);
  History fit(const Arrays& x, const Arrays& y);
  /// Trains on the batches of a data set, and validates on those of another one; <training/fit_dataset.hpp>
  /// says how.
  template <IsDataset D, class... Callbacks>
  History fit(D&& data, const FitOptions& options, Callbacks&&... callbacks);
  template <IsDataset D, IsDataset V, class... Callbacks>
  History fit(D&& data, V&& validation, const FitOptions& options, Callbacks&&... callbacks);
  template <IsDataset D, class... Callbacks>
  Logs evaluate(D&& data, int steps = 0, const Array& class_weight = {}, Callbacks&&... callbacks);
  /// The loss and metrics over all samples; batches are those of compile<N> where batch_size is more. It
  /// shows its progress where one of the callbacks is a ProgbarLogger. Keras: evaluate.
  template <class... Callbacks>
  Logs evaluate(const Arrays& x, const Arrays& y, int batch_size = 32, const Weights& weights = {},
                Callbacks&&... callbacks);
  /// One step on one batch; the loss and metrics of that batch, before the step. Keras: train_on_batch.
  Logs train_on_batch(const Arrays& x, const Arrays& y, const Weights& weights = {});
  /// The loss and metrics of one batch. Keras: test_on_batch.
  Logs test_on_batch(const Arrays& x, const Arrays& y, const Weights& weights = {});
  /// The gradient of the loss, penalties included, on one batch, laid out as the model's block.
  std::span<const S> gradient(const Arrays& x, const Arrays& y, const Weights& weights = {});

  /// Of a trainer without a loss, for steps of your own: <training/custom.hpp> says how.
  std::span<const S> forward(const Arrays& x);
  std::span<const S> output(std::size_t k = 0) const;
  std::span<S> output_gradient(std::size_t k = 0);
  template <class Loss> double loss(const Loss&, const Array& y, std::size_t k = 0);
  std::span<const S> backward();
  std::span<const S> backward(const Arrays& dy);
  std::span<const S> backward_frozen();
  std::span<const S> input_gradient(std::size_t k = 0) const;
  double penalties() const { return activity_penalty_ + penalty(); }
  std::span<S> gradients() { return {accumulated_.data(), block_size()}; }
  void zero_gradients() { std::fill_n(accumulated_.data(), block_size(), S{}); }
  void apply_gradients();

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
  /// With an optimizer of these settings: the averages of the weights, and the sums of gradients.
  std::span<S> averages()
    requires HasSettings<Optimizer>
  {
    return make_room(averages_, optimizer_.use_ema);
  }
  std::span<S> sums()
    requires HasSettings<Optimizer>
  {
    return make_room(sums_, optimizer_.accumulates());
  }
  std::span<const S> averages() const
    requires HasSettings<Optimizer>
  {
    return {averages_.data(), averages_.data() ? block_size() : 0};
  }
  std::span<const S> sums() const
    requires HasSettings<Optimizer>
  {
    return {sums_.data(), sums_.data() ? block_size() : 0};
  }
  /// The weights become their averages, as at the end of fit; or the two change places, to test or save a
  /// model with the averages and go on without. Error: use_ema is not set. Keras: finalize_variable_values,
  /// SwapEMAWeights.
  void finalize_weights()
    requires HasSettings<Optimizer>
  {
    if (averages_in_model_) swap_averages();
    each_average([](S& w, S& average) { w = average; });
  }
  void swap_averages()
    requires HasSettings<Optimizer>
  {
    each_average([](S& w, S& average) { std::swap(w, average); });
    averages_in_model_ = optimizer_.use_ema && !averages_in_model_;
  }
  bool averages_in_model() const { return averages_in_model_; }
  /// What the model's summary says, and the number of values that Keras's optimizer would hold.
  const auto& layers() const { return model_.layers(); }
  std::vector<std::string> connections() const
    requires requires(const Model& m) { m.connections(); }
  {
    return model_.connections();
  }
  std::vector<Shape> output_shapes(std::size_t i) const
    requires requires(const Model& m) { m.output_shapes(0); }
  {
    return model_.output_shapes(i);
  }
  std::string output_name(std::size_t k) const
    requires requires(const Model& m) { m.output_name(0); }
  {
    return model_.output_name(k);
  }
  std::size_t optimizer_variables() const {
    std::size_t blocks = static_cast<std::size_t>(optimizer_.slots_in_use());
    if constexpr (HasSettings<Optimizer>) blocks += optimizer_.use_ema + optimizer_.accumulates();
    return blocks * plan().trainable + 1 +  // iteration
           optimizer_.learning_rate.is_constant() + requires { optimizer_.scalar_slot(0); };
  }
  /// Weights that are trained: those that were when the trainer was made.
  std::size_t trainable() const { return plan().trainable; }
  /// Steps done.
  std::int64_t iterations() const { return iterations_; }
  void set_iterations(std::int64_t n) { iterations_ = n; }
  /// All that steps change, as a checkpoint holds it: f(what it is, its bytes), always in this order. A
  /// checkpoint is of a trainer that is compiled alike, between two steps.
  void each_state(auto f);

  /// What shuffling and dropout depend on; 0 at first.
  void set_random_seed(std::uint64_t seed) { seed_ = seed; }
  /// Who works on a batch that is large enough to be cut into Parts; what comes out is the same for any
  /// number of threads, to the last bit. null: the caller alone. Otherwise those of <keratin/threads.hpp>,
  /// where the program includes that.
  void set_workers(Workers* workers)
    requires(Capacity == 0)
  {
    workers_ = workers;
    own_workers_ = true;
    pending_ = false;
  }

 private:
  static constexpr bool has_masks = [] {
    if constexpr (requires { Model::has_mask; })
      return Model::has_mask;
    else
      return true;  // known at run time
  }();
  static constexpr bool has_loss = outputs > 0;
  static constexpr Mode training_mode{
      .training = true,
      .logits =
          [] {
            std::uint32_t bits = 0, bit = 1;
            ((bits |= std::is_same_v<typename Heads::Loss::Link, Linear> ? 0 : bit, bit <<= 1), ...);
            return bits;
          }(),
      .input_gradient = !has_loss,
      .masks = has_masks && has_loss};
  static constexpr Mode inference_mode{
      .training = false, .logits = training_mode.logits, .masks = training_mode.masks};
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
    std::size_t outputs = 0, gradients = 0, targets = 0, weights = 0, inputs = 0, scratch = 0, end = 0;
    std::size_t segment = 0;  // behind a part's scratch: room for the largest layer that only adds its
                              // gradient up
    std::size_t blocks = 0;   // of gradients

    constexpr Layout() = default;
    // cuts: a batch may be in parts; together: they run at the same time.
    constexpr Layout(const Training& training, const Inference& inference, int batch, std::size_t rows,
                     bool cuts, bool together) {
      for (const LayerPlan& layer : training.plan.layers)
        if (!layer.traits.finishes && layer.tensors.count() > 0)
          segment = std::max(segment, aligned(layer.tensors.end - layer.tensors.start));
      detail::with_unit<S>(training, [&]<class T>() {
        const int count = detail::units<T>(batch);
        const auto n = static_cast<std::size_t>(count) * Unit<T>::samples;
        const std::size_t in_size = size_of(training.plan.inputs), out_size = size_of(training.plan.outputs);
        const bool cut = cuts && Parts(training.plan, batch).count > 1;
        const bool apart = training.plan.lanes || cut || !has_loss;
        bool copies = apart;
        for (const Port& port : training.plan.outputs) copies = copies || port.kept;
        outputs = n * std::max(training.plan.workspace, inference.plan.workspace + in_size + out_size);
        gradients = outputs + (copies ? n * out_size : 0);
        targets = gradients + (apart ? n * out_size : 0);
        weights = targets + n * out_size;
        inputs = weights + aligned(n * rows);  // their gradients, for steps of the user's own
        scratch = inputs + (has_loss ? 0 : n * in_size);
        const auto of_part = [&](int samples) {
          return aligned(training.template scratch<T>(detail::units<T>(samples))) + segment;
        };
        std::size_t most = of_part(batch);
        blocks = cut;
        for (int m = 1; m <= batch && cut && together; ++m) {  // smaller ones may be cut into larger parts
          const Parts parts(training.plan, m);
          const auto parallel = static_cast<std::size_t>(parts.count);
          most = std::max(most, parallel * of_part(parts.size));
          blocks = std::max(blocks, parallel);
        }
        end = scratch + most;
      });
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
      return Layout(Training{}, Inference{}, Capacity, rows_of(Model::output_shape()), false, false).end;
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
  // What losses work with; targets beyond the output's steps need no more.
  static constexpr std::size_t fixed_loss_scratch() {
    std::size_t size = 0;
    if constexpr (Capacity > 0) {
      const Shape output = Model::output_shape();
      const auto add = [&]<class Loss>(const Loss*) {
        if constexpr (requires { Loss::scratch(output, 1); }) size = Loss::scratch(output, rows_of(output));
      };
      (add(static_cast<const typename Heads::Loss*>(nullptr)), ...);
    }
    return size;
  }
  static constexpr std::size_t fixed_labels() {
    if constexpr (Capacity == 0)
      return 0;
    else
      return static_cast<std::size_t>(Capacity) * rows_of(Model::output_shape());
  }

  // Whether a weight may have an orthogonal penalty; a static network knows.
  static constexpr bool may_be_orthogonal() {
    if constexpr (requires { typename Model::Network; }) {
      for (const LayerPlan& layer : Training::plan.layers)
        for (const Parameter& p : *layer.tensors.parameters)
          if (p.regularizer.orthogonal != 0) return true;
      return false;
    }
    return true;
  }

  const Training& training() const { return now(training_); }
  const Inference& inference() const { return now(inference_); }
  const auto& plan() const { return training().plan; }
  std::size_t input_size(std::size_t k = 0) const { return plan().inputs[k].size; }
  std::size_t output_size(std::size_t k) const { return plan().outputs[k].size; }
  const Shape& output_shape(std::size_t k) const { return plan().outputs[k].shape; }
  int classes(std::size_t k) const { return output_shape(k).last(); }
  std::size_t rows_per_sample(std::size_t k) const {
    const std::array<bool, outputs + 1> sequences{(Heads::Loss::targets == Targets::sequences)...};
    return has_loss && sequences[k] ? 1 : rows_of(output_shape(k));
  }
  // Rows of all outputs before the k-th, and of all.
  std::size_t rows_before(std::size_t k) const {
    std::size_t rows = 0;
    for (std::size_t i = 0; i < k; ++i) rows += rows_per_sample(i);
    return rows;
  }
  std::size_t all_rows() const { return rows_before(has_loss ? outputs : plan().outputs.size()); }
  // Where the k-th port's values begin in a region for all outputs, or inputs, of n samples.
  static std::size_t region(const auto& ports, std::size_t k, std::size_t n) {
    std::size_t first = 0;
    for (std::size_t i = 0; i < k; ++i) first += aligned(ports[i].size);
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

  bool prepare_optimizer();
  std::span<S> make_room(auto& memory, bool used) {
    if (used) memory.resize(block_size());
    return {memory.data(), used ? block_size() : 0};
  }
  void each_average(auto f);
  void select_lengths(const Arrays& x);
  bool reserve(std::size_t batch);
  bool continues(std::initializer_list<std::size_t> sets, int batch);
  bool check(const Arrays& x, const Arrays& y, const Weights& weights, Layouts& targets);
  bool check_weights(const Weights& weights, std::size_t samples) const;

  LossInput<S> load_targets(const Array& y, const detail::TargetLayout& targets, const Samples& samples,
                            std::size_t k);
  template <class Head>
  LossInput<S> loss_input(const Batch& batch, std::size_t k, const Head& head, S* outputs, S* gradient);
  const S* load_weights(const Batch& batch, std::size_t k, const LossInput<S>& in);
  template <class Head>
  double measure(Head& head, LossInput<S> in, const Batch& batch, std::size_t k, const S* mask);
  S* states() { return plan().state > 0 ? states_.data() : nullptr; }
  Workers* workers() const;
  void each_part(const Parts& parts, auto f);
  template <class T> Memory<T> memory_of(const Parts& parts, int part);
  // Only where a program has threads, be it one; how many there are changes nothing then.
  bool may_cut() const { return Capacity == 0 && (own_workers_ || detail::default_workers); }
  Parts parts_of(int n) const { return cuts_ ? Parts(plan(), n) : Parts::whole(n); }
  template <class T> static constexpr bool is_whole(const Parts& parts) {
    return has_loss && Unit<T>::samples == 1 && parts.count == 1;
  }
  // Where the rows of the k-th output of a batch lie, if they are not left where they were made, and their
  // gradients.
  template <class T> S* rows_in(std::size_t part_of_memory, std::size_t k, int n);
  // What forward or backward of the user's own step left there, one value after the other.
  std::span<S> rows_there(std::size_t part_of_memory, const auto& ports, std::size_t k) const;
  std::span<const S> go_back(bool adds);
  Run<S> training_run(const Parts& parts, int part, S* updated);
  double forward(const Batch& batch, const Parts& parts, S* updated, S* states);
  void backward(const Parts& parts, int part, auto& sink);
  void each_handed_on(auto f) const;
  void sum_gradient(const Parts& parts, int part);
  void sum_gradients(const Parts& parts, auto f);
  void with_angles(auto& sink, auto f);
  void whole_gradient(const Parts& parts);
  void update_with(const Parts& parts);
  void update_waiting();
  void finish_step();
  bool accepts(const data::Batch& batch, Weights& weights, Layouts& targets);
  auto batches_of(auto& data, const Array& class_weight);
  double train(const Batch& batch);
  double test(const Batch& batch);
  template <class Source, class... Callbacks>
  Logs test_batches(Source& source, int steps, TrainingRun<Trainer>& run, Callbacks&... callbacks);
  template <class Source, class... Callbacks>
  Logs train_batches(Source& source, int steps, TrainingRun<Trainer>& run, Progress& progress,
                     Callbacks&... callbacks);
  template <class Source> void begin_pass(Source& source, bool shuffle, const TrainingPosition& position);
  template <class Source, class Validation, class... Callbacks>
  History run_epochs(Source& source, Validation* validation, const FitOptions& options,
                     Callbacks&... callbacks);
  void name_logs(const Logs& logs, NamedLogs& to) const;
  double penalty() const;
  void reset_metrics();
  static constexpr std::size_t shown = std::tuple_size_v<Logs>;
  Logs logs(double loss) const;
  static Logs no_logs();

  Model& model_;
  Optimizer optimizer_;
  [[no_unique_address]] Trainings training_;
  [[no_unique_address]] Inferences inference_;
  std::tuple<Heads...> heads_;
  detail::LogNames<Heads...> names_;
  std::array<std::size_t, shown> alphabetical_{};
  std::int64_t iterations_ = 0;
  std::uint64_t seed_ = 0;
  int batch_ = Capacity;  // samples that the memory has room for
  Layout layout_;
  Workers* workers_ = nullptr;
  bool own_workers_ = false, cuts_ = false, together_ = false;  // how the memory is laid out, see Layout
  bool averages_in_model_ = false;
  bool penalized_ = false, orthogonal_ = false, constrained_ = false;  // whether some weights are
  template <class V, std::size_t N> using MemoryOf = detail::TrainerMemory<V, Capacity == 0, N>;
  MemoryOf<S, fixed_size()> memory_;
  MemoryOf<S, fixed_blocks(Optimizer::slots)> slots_;
  MemoryOf<S, fixed_blocks(1)> gradient_;
  [[no_unique_address]] MemoryOf<S, fixed_blocks(HasSettings<Optimizer> ? 1 : 0)> averages_;
  [[no_unique_address]] MemoryOf<S, fixed_blocks(HasSettings<Optimizer> ? 1 : 0)> sums_;
  [[no_unique_address]] MemoryOf<S, fixed_blocks(may_be_orthogonal() ? 1 : 0)> orthogonal_gradient_;
  MemoryOf<S, fixed_states()> states_;
  MemoryOf<std::int32_t, fixed_labels()> labels_;
  [[no_unique_address]] MemoryOf<S, fixed_loss_scratch()> loss_scratch_;
  int sequences_ = 0;  // whose states are kept
  // Of steps of the user's own: the sum of gradients; passes since the last step, and of the one whose
  // outputs are there the samples, and whether backward has still to come.
  [[no_unique_address]] MemoryOf<S, fixed_blocks(has_loss ? 0 : 1)> accumulated_;
  std::uint64_t passes_ = 0;
  int passed_ = 0;
  bool pending_ = false;
  double activity_penalty_ = 0;
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
  if (has_loss && wanted != outputs) {
    report(Text("compile: losses for ", outputs, " outputs came, ", wanted, " wanted"));
    return;
  }
  names_ = detail::LogNames<Heads...>(model);
  alphabetical_ = detail::alphabetical<shown>(names_);
  slots_.resize(static_cast<std::size_t>(Optimizer::slots) * block_size());
  begin_slots(optimizer_, slots_.data(), block_size());
  prepare_optimizer();
  if (!has_loss) accumulated_.resize(block_size());
  layout_ = {training(), inference(), batch_, all_rows(), false, false};
  for (const LayerPlan& layer : model_.layers())
    for (const Parameter& p : *layer.tensors.parameters) {
      if (!p.trainable) continue;
      penalized_ = penalized_ || p.regularizer || p.regularizer.orthogonal != 0;
      orthogonal_ = orthogonal_ || p.regularizer.orthogonal != 0;
      constrained_ = constrained_ || p.constraint;
      if (p.regularizer.orthogonal != 0 && p.shape.rank != 2)
        report(Text("OrthogonalRegularizer got '", p.name, "' ", p.shape, ", a matrix wanted"));
      if (!p.constraint.fits(p.shape))
        report(Text("a constraint got '", p.name, "' ", p.shape, ", a weight that has its axes wanted"));
    }
  if (orthogonal_) orthogonal_gradient_.resize(block_size());
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

// Room for what the optimizer's settings want; they may have changed since the last step.
template <int Capacity, class Model, class Optimizer, class... Heads>
bool Trainer<Capacity, Model, Optimizer, Heads...>::prepare_optimizer() {
  if constexpr (WaitsForGradient<Optimizer> || !has_loss) gradient_.resize(block_size());
  if constexpr (HasSettings<Optimizer>) {
    averages();
    sums();
    return optimizer_.prepare(model_.layers());
  }
  return true;
}

// f(weight, its average) for every weight that is trained.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::each_average(auto f) {
  const std::span<S> all = averages();
  if (all.empty()) return report(Text("averages of the weights wanted, an optimizer without use_ema came"));
  each_trained(plan(), [&](const Parameter& p, std::size_t offset) {
    const auto n = static_cast<std::size_t>(p.shape.size());
    for (std::size_t i = offset; i < offset + n; ++i) f(model_.block()[i], all[i]);
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
  if (const std::size_t most = INT32_MAX / all_rows(); samples > most) {
    report(Text("a batch of ", samples, " samples came, at most ", most, " wanted"));
    return false;
  }
  if (!prepare_optimizer()) return false;
  const int batch = static_cast<int>(samples);
  const bool together = workers() != nullptr;
  const bool cuts = may_cut();
  if (together == together_ && cuts == cuts_ && batch <= batch_) return true;
  if (Capacity > 0) {
    report(Text("a batch of ", batch, " samples came, at most ", Capacity, " wanted, as given to compile"));
    return false;
  }
  const Layout layout{training(), inference(), batch, all_rows(), cuts, together};
  memory_.resize(layout.end);
  gradient_.resize(layout.blocks * block_size());
  labels_.resize(samples * all_rows());
  layout_ = layout;
  cuts_ = cuts;
  together_ = together;
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
  if (!has_loss && weights.class_weight.size() > 0) {
    report(Text("class_weight came, and a trainer without a loss"));
    return false;
  }
  if (x.size() != plan().inputs.size() || (has_loss && y.size() != outputs)) {
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
  if constexpr (!has_loss)
    return fit && detail::check_whole("y", y, samples) &&
           detail::check_whole("sample_weight", weights.sample_weight, samples);
  each_output([&]<class L, class... Ms>(std::size_t k, const ForOutput<L, Ms...>&) {
    fit = fit && detail::check_targets<S, L, Ms...>(y[k], samples, output_shape(k),
                                                    outputs > 1 ? static_cast<int>(k) : -1, targets[k]);
    if constexpr (requires { L::scratch(Shape(), 1); })
      if (fit) loss_scratch_.resize(L::scratch(output_shape(k), targets[k].per_sample));
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
    if (const bool no_classes =
            (... || (Heads::Loss::targets == Targets::values || Heads::Loss::targets == Targets::sequences ||
                     Heads::Loss::targets == Targets::identities));
        no_classes)
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

template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::each_state(auto f) {
  const auto values = [&](const char* what, std::span<S> all) { f(what, std::as_writable_bytes(all)); };
  const auto object = [&]<class T>(const char* what, T& one) {
    if constexpr (std::is_trivially_copyable_v<T>) f(what, std::as_writable_bytes(std::span(&one, 1)));
  };
  values("weights", model_.block());
  values("optimizer slots", slots());
  if constexpr (HasSettings<Optimizer>) {
    values("averages of the weights", averages());
    values("sums of gradients", sums());
    object("averages in the model", averages_in_model_);
  }
  std::size_t states = 0;
  if (sequences_ > 0) states = states_size(training(), sequences_);
  values("states of layers", {states_.data(), states});
  object("steps", iterations_);
  object("random seed", seed_);
  if (optimizer_.learning_rate.is_constant()) {
    double rate = optimizer_.learning_rate.at(0);
    object("learning rate", rate);
    optimizer_.learning_rate = rate;
  }
  each_output([&](std::size_t, auto& head) {
    object("mean loss", head.loss);
    std::apply([&](auto&... metric) { (object(metric.name, metric), ...); }, head.of_metrics);
  });
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
