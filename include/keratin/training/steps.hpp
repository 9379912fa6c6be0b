#pragma once
// What a trainer does with a batch: forward, loss, backward and update, in parts where several threads may
// work on it.
#include <keratin/training/denormals.hpp>
#include <keratin/training/trainer.hpp>

namespace keratin {

// Copies targets of the k-th output, and describes them to a loss.
template <int Capacity, class Model, class Optimizer, class... Heads>
LossInput<typename Model::Scalar> Trainer<Capacity, Model, Optimizer, Heads...>::load_targets(
    const Array& y, const detail::TargetLayout& targets, const Samples& samples, std::size_t k) {
  const std::size_t per_sample = targets.per_sample, all = static_cast<std::size_t>(batch_);
  S* const values = memory_.data() + layout_.targets + region(plan().outputs, k, all);
  std::int32_t* const labels = labels_.data() + rows_before(k) * all;
  for (int i = 0; i < samples.n; ++i) {
    const std::size_t from = samples[i] * per_sample;
    const std::size_t to = static_cast<std::size_t>(i) * per_sample;
    if (targets.labels)
      for (std::size_t j = 0; j < per_sample; ++j) labels[to + j] = static_cast<std::int32_t>(y(from + j));
    else
      copy_values(y, from, per_sample, values + to);
  }
  const std::size_t rows = targets.sequence ? 1 : rows_of(output_shape(k));
  return {.rows = samples.n * static_cast<int>(rows),
          .n = static_cast<int>(output_size(k) / rows),
          .y = nullptr,
          .values = targets.labels ? nullptr : values,
          .labels = targets.labels ? labels : nullptr,
          .gradient = nullptr,
          .weight = 1,
          .length = targets.sequence ? static_cast<int>(per_sample) : 0,
          .classes = classes(k),
          .scratch = loss_scratch_.data()};
}

// A batch's k-th output for its loss.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Head>
LossInput<typename Model::Scalar> Trainer<Capacity, Model, Optimizer, Heads...>::loss_input(
    const Batch& batch, std::size_t k, const Head& head, S* outputs_of_batch, S* gradient) {
  LossInput<S> in = load_targets(batch.y[k], batch.targets[k], batch.samples, k);
  in.y = outputs_of_batch;
  in.gradient = gradient;
  in.weight = static_cast<S>(head.weight);
  in.probabilities = Head::metrics > 0;
  return in;
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

// What an output adds to the loss of a batch; its metrics see its predictions. Masked rows count for nothing.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Head>
double Trainer<Capacity, Model, Optimizer, Heads...>::measure(Head& head, LossInput<S> in, const Batch& batch,
                                                              std::size_t k, const S* mask) {
  const S* const weights = load_weights(batch, k, in);
  const auto update = [&](LossInput<S> rows, S weight) {
    const auto one = [&]<class M>(M& metric) {
      rows.count = metrics::IsWeighted<M> ? static_cast<double>(weight) : 1;
      metric.update(rows);
    };
    std::apply([&](auto&... metric) { (one(metric), ...); }, head.of_metrics);
  };
  const bool compares = Head::Loss::targets == Targets::identities;
  if (compares) in.weights = weights, in.mask = mask;
  const double divisor = detail::divisor<typename Head::Loss>(in, weights, mask);
  const auto reduced = [=]<class V>(V v) { return divisor == 0 ? V{0} : v / static_cast<V>(divisor); };
  in.weight = reduced(in.weight);
  double sum = 0;
  if (compares || (!weights && !mask)) {
    sum = Head::Loss::evaluate(in);
    update(in, 1);
  } else {
    for (int r = 0; r < in.rows; ++r) {
      LossInput<S> row = in.row(r);
      if (mask && mask[r] == 0) {
        if (row.gradient) std::fill_n(row.gradient, row.n, S{});
        continue;
      }
      const S weight = weights ? weights[r] : S{1};
      row.weight *= weight;
      sum += static_cast<double>(weight) * Head::Loss::evaluate(row);
      update(row, weight);
    }
  }
  const double mean = reduced(sum);
  head.loss.add(mean * in.rows, in.rows);
  return head.weight * mean;
}

// Those that work on parts; null: the caller alone.
template <int Capacity, class Model, class Optimizer, class... Heads>
Workers* Trainer<Capacity, Model, Optimizer, Heads...>::workers() const {
  if constexpr (Capacity > 0) return nullptr;
  Workers* all = workers_;
  if (!own_workers_ && detail::default_workers) all = detail::default_workers();
  return all && all->count() > 1 ? all : nullptr;
}

template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::each_part(const Parts& parts, auto f) {
  if constexpr (Capacity == 0)
    if (together_ && parts.count > 1)
      return workers()->for_each(static_cast<std::size_t>(parts.count),
                                 [&](std::size_t part) { f(static_cast<int>(part)); });
  for (int part = 0; part < parts.count; ++part) f(part);
}

// Parts lie one behind the other, each laid out like a batch of its own.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class T>
Memory<T> Trainer<Capacity, Model, Optimizer, Heads...>::memory_of(const Parts& parts, int part) {
  S* const begin = memory_.data() + static_cast<std::size_t>(parts.first(part)) * plan().workspace;
  return {detail::units<T>(parts.samples_of(part)), nullptr, nullptr, reinterpret_cast<T*>(begin)};
}

template <int Capacity, class Model, class Optimizer, class... Heads>
template <class T>
auto Trainer<Capacity, Model, Optimizer, Heads...>::rows_in(std::size_t part_of_memory, std::size_t k, int n)
    -> S* {
  return memory_.data() + part_of_memory +
         region(plan().outputs, k, static_cast<std::size_t>(detail::units<T>(n)) * Unit<T>::samples);
}

template <int Capacity, class Model, class Optimizer, class... Heads>
Run<typename Model::Scalar> Trainer<Capacity, Model, Optimizer, Heads...>::training_run(const Parts& parts,
                                                                                        int part,
                                                                                        S* updated) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;  // each pass of a step draws other numbers
  const std::uint64_t pass = passes_ > 0 ? passes_ - 1 : 0;
  return {parts.samples_of(part), updated,
          Random{seed_ + pass * odd, random_dropout, 0, static_cast<std::uint32_t>(iterations_),
                 static_cast<std::uint32_t>(parts.first(part))},
          nullptr};
}

// Forward and loss of a training batch; leaves the outputs' gradients where backward looks for them. What
// layers keep up to date themselves, moving statistics, they write to the block `updated`.
template <int Capacity, class Model, class Optimizer, class... Heads>
double Trainer<Capacity, Model, Optimizer, Heads...>::forward(const Batch& batch, const Parts& parts,
                                                              S* updated, S* states) {
  double loss = 0;
  std::array<double, Parts::most> penalties{};
  detail::with_unit<S>(training(), [&]<class T>() {
    const int n = batch.samples.n;
    const auto stays = [&](const Port& port) { return is_whole<T>(parts) && !port.kept; };
    each_part(parts, [&](int part) {
      const Samples samples = batch.samples.part(parts.first(part), parts.samples_of(part));
      const Memory<T> memory = memory_of<T>(parts, part);
      for (std::size_t k = 0; k < plan().inputs.size(); ++k)
        load_samples(batch.x[k], input_size(k), samples, memory(plan(), static_cast<int>(k)));
      Run<S> run = training_run(parts, part, updated);
      run.states = states;
      run.penalty = &penalties[static_cast<std::size_t>(part)];
      training().forward(memory.count, model_.block().data(), static_cast<const T*>(nullptr),
                         static_cast<T*>(nullptr), memory.workspace, run);
      for (std::size_t k = 0; k < plan().outputs.size(); ++k)
        if (const Port& port = plan().outputs[k]; !stays(port))
          store_samples(
              memory(plan(), port.buffer), port.size, samples.n,
              rows_in<T>(layout_.outputs, k, n) + static_cast<std::size_t>(parts.first(part)) * port.size);
    });
    for (const double penalty : penalties) loss += penalty;
    const Memory<T> whole = memory_of<T>(parts, 0);
    const auto rows = [&](std::size_t k) {
      const Port& port = plan().outputs[k];
      if constexpr (Unit<T>::samples == 1)
        if (stays(port)) return whole(plan(), port.buffer);
      return rows_in<T>(layout_.outputs, k, n);
    };
    each_output([&](std::size_t k, auto& head) {
      const Port& port = plan().outputs[k];
      S* dy = nullptr;
      if (port.gradient != Step::none) dy = rows_in<T>(layout_.gradients, k, n);
      if constexpr (Unit<T>::samples == 1)
        if (is_whole<T>(parts)) dy = whole(plan(), port.gradient);
      const S* const mask = port.mask < 0 ? nullptr : rows(static_cast<std::size_t>(port.mask));
      loss += measure(head, loss_input(batch, k, head, rows(k), dy), batch, k, mask);
    });
  });
  return loss;
}

// Of a part; its gradients go to the sink.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::backward(const Parts& parts, int part, auto& sink) {
  detail::with_unit<S>(training(), [&]<class T>() {
    const Memory<T> memory = memory_of<T>(parts, part);
    const auto first = static_cast<std::size_t>(parts.first(part));
    const int n = parts.samples_of(part);
    for (std::size_t k = 0; k < plan().outputs.size() && !is_whole<T>(parts); ++k)
      if (const Port& port = plan().outputs[k]; port.gradient != Step::none)
        load_samples(Array(rows_in<T>(layout_.gradients, k, parts.samples) + first * port.size,
                           static_cast<std::size_t>(n) * port.size),
                     port.size, {.n = n}, memory(plan(), port.gradient));
    // What it works with is its own where parts run at the same time.
    std::size_t room = layout_.end - layout_.scratch;
    if (together_) room = room / static_cast<std::size_t>(parts.count) / aligned(1) * aligned(1);
    S* const scratch =
        memory_.data() + layout_.scratch + (together_ ? static_cast<std::size_t>(part) * room : 0);
    training().backward(memory.count, model_.block().data(), memory.workspace, scratch,
                        scratch + room - layout_.segment, sink,
                        training_run(parts, part, model_.block().data()));
  });
}

// f(offset, how many, regularizer) for what backward hands gradients on of, tensor by tensor.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::each_handed_on(auto f) const {
  for (std::size_t s = 0; s < plan().steps.size(); ++s) {
    if (!training().hands_on(s)) continue;
    const Tensors& tensors = plan().layer_of(plan().steps[s]).tensors;
    for (int i = 0; i < tensors.count(); ++i)
      if (tensors[i].trainable)
        f(tensors.offset(i), static_cast<std::size_t>(tensors[i].shape.size()), tensors[i].regularizer);
  }
}

// The gradient of a part, without penalties: in a block of its own where several run at the same time, or
// else added to those of the parts before.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::sum_gradient(const Parts& parts, int part) {
  const std::size_t block = together_ ? static_cast<std::size_t>(part) * block_size() : 0;
  Sum<S> sum(gradient_.data() + block, part > 0 && !together_);
  backward(parts, part, sum);
}

// The gradient of a batch, without penalties, in gradient_: the sum of those of the parts, in their order
// whoever adds them. f(offset, how many, regularizer) for each piece of it when it is there.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::sum_gradients(const Parts& parts, auto f) {
  const bool together = together_ && parts.count > 1;
  each_part(parts, [&](int part) { sum_gradient(parts, part); });
  if (Capacity > 0 || !together) return each_handed_on(f);
  const std::size_t piece = aligned(std::max<std::size_t>(block_size() / 32, 4096));
  workers()->for_each((block_size() + piece - 1) / piece, [&](std::size_t k) {
    each_handed_on([&](std::size_t offset, std::size_t n, const Regularizer& penalty) {
      const std::size_t first = std::max(offset, k * piece), last = std::min(offset + n, (k + 1) * piece);
      if (first >= last) return;
      S* const to = gradient_.data() + first;
      kernels::for_each_vector<S>(static_cast<std::ptrdiff_t>(last - first),
                                  [&](std::ptrdiff_t i, auto part) {
                                    auto v = part.load(to + i);
                                    for (int other = 1; other < parts.count; ++other)
                                      v += part.load(to + static_cast<std::size_t>(other) * block_size() + i);
                                    part.store(to + i, v);
                                  });
      f(first, last - first, penalty);
    });
  });
}

// f of the sink, or of one that adds to it what orthogonal penalties say of the weights as they are now.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::with_angles(auto& sink, auto f) {
  if constexpr (may_be_orthogonal())
    if (orthogonal_) {
      const S* const w = model_.block().data();
      each_trained(plan(), [&](const Parameter& p, std::size_t offset) {
        if (p.regularizer.orthogonal != 0)
          detail::orthogonal_penalty(p.regularizer, p.shape, w + offset,
                                     orthogonal_gradient_.data() + offset);
      });
      Adds<S> adds(sink, orthogonal_gradient_.data());
      return f(adds);
    }
  f(sink);
}

// The same with penalties.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::whole_gradient(const Parts& parts) {
  Store<S> store(model_.block().data(), gradient_.data());
  with_angles(store, [&](auto& sink) {
    sum_gradients(parts, [&](std::size_t offset, std::size_t n, const Regularizer& penalty) {
      if (penalty || penalty.orthogonal != 0)
        sink.take(offset, static_cast<int>(n), gradient_.data() + offset, penalty);
    });
  });
}

// The optimizer's step, as the gradients are finished.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::update_with(const Parts& parts) {
  auto update = update_of(optimizer_, iterations_ + 1, model_.block().data(), slots_.data(), block_size());
  with_angles(update, [&](auto& sink) {
    if constexpr (Capacity == 0) {
      if (together_ && parts.count > 1)
        return sum_gradients(parts, [&](std::size_t offset, std::size_t n, const Regularizer& penalty) {
          sink.take(offset, static_cast<int>(n), gradient_.data() + offset, penalty);
        });
      for (int part = 0; part + 1 < parts.count; ++part) sum_gradient(parts, part);
      if (parts.count > 1) update.add_to(gradient_.data());
    }
    backward(parts, parts.count - 1, sink);
  });
}

template <int Capacity, class Model, class Optimizer, class... Heads>
double Trainer<Capacity, Model, Optimizer, Heads...>::train(const Batch& batch) {
  static_assert(has_loss,
                "keratin: a trainer without a loss came; give compile a loss, or fit an object with a "
                "train_step, or use forward, backward and apply_gradients");
  const Parts parts = parts_of(batch.samples.n);
  const double loss = forward(batch, parts, model_.block().data(), states()) + penalty();
  if constexpr (WaitsForGradient<Optimizer>) {
    whole_gradient(parts);
    update_waiting();
  } else {
    update_with(parts);
  }
  finish_step();
  return loss;
}

// The step of an optimizer that waits for the whole gradient, which is there.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::update_waiting() {
  apply_gradient<S>(
      optimizer_, iterations_, plan(),
      {model_.block().data(), slots_.data(), gradient_.data(), averages_.data(), sums_.data(), block_size()});
}

template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::finish_step() {
  if (constrained_)
    each_trained(plan(), [&](const Parameter& p, std::size_t offset) {
      if (p.constraint) p.constraint.apply(p.shape, model_.block().data() + offset);
    });
  ++iterations_;
}

// The mean loss of a batch in inference, without the penalties of weights.
template <int Capacity, class Model, class Optimizer, class... Heads>
double Trainer<Capacity, Model, Optimizer, Heads...>::test(const Batch& batch) {
  static_assert(has_loss, "keratin: a trainer without a loss came, one with a loss wanted");
  const int n = batch.samples.n;
  const Parts parts = parts_of(n);
  double loss = 0;
  std::array<double, Parts::most> penalties{};
  detail::with_unit<S>(inference(), [&]<class T>() {
    const auto& of = inference().plan;
    const std::size_t in_size = size_of(of.inputs), out_size = size_of(of.outputs);
    // A part's workspace, and behind it what it makes.
    const auto workspace = [&](int part) {
      return reinterpret_cast<T*>(memory_.data() + static_cast<std::size_t>(parts.first(part)) *
                                                       (of.workspace + in_size + out_size));
    };
    const auto results = [&](int part) {
      return workspace(part) +
             static_cast<std::size_t>(detail::units<T>(parts.samples_of(part))) * of.workspace;
    };
    each_part(parts, [&](int part) {
      const Samples samples = batch.samples.part(parts.first(part), parts.samples_of(part));
      const int count = detail::units<T>(samples.n);
      const auto units = static_cast<std::size_t>(count);
      T* const converted = results(part) + units * out_size;
      const T* x = nullptr;
      if constexpr (Unit<T>::samples == 1)
        if (const S* values = batch.x[0].template as<S>(); values && of.inputs.size() == 1)
          x = values + samples.first * input_size();
      if (!x) {
        for (std::size_t k = 0; k < of.inputs.size(); ++k)
          load_samples(batch.x[k], input_size(k), samples, converted + units * of.inputs[k].first);
        x = converted;
      }
      inference().forward(count, model_.block().data(), x, results(part), workspace(part),
                          {samples.n, nullptr, {}, states(), &penalties[static_cast<std::size_t>(part)]});
      for (std::size_t k = 0; k < of.outputs.size() && !is_whole<T>(parts); ++k)
        store_samples(results(part) + units * of.outputs[k].first, of.outputs[k].size, samples.n,
                      rows_in<T>(layout_.outputs, k, n) +
                          static_cast<std::size_t>(parts.first(part)) * of.outputs[k].size);
    });
    for (const double penalty : penalties) loss += penalty;
    const auto rows = [&](std::size_t k) {
      if constexpr (Unit<T>::samples == 1)
        if (is_whole<T>(parts)) return results(0) + static_cast<std::size_t>(n) * of.outputs[k].first;
      return rows_in<T>(layout_.outputs, k, n);
    };
    each_output([&](std::size_t k, auto& head) {
      const int port = of.outputs[k].mask;
      const S* const mask = port < 0 ? nullptr : rows(static_cast<std::size_t>(port));
      loss += measure(head, loss_input(batch, k, head, rows(k), nullptr), batch, k, mask);
    });
  });
  return loss;
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
  const Parts parts = parts_of(n);
  forward({.x = x, .y = y, .targets = targets, .weights = weights, .samples = {.n = n}}, parts,
          gradient_.data(), states_copy);
  std::fill_n(gradient_.data(), block_size(), S{});
  whole_gradient(parts);
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
      const S* const w = model_.block().data() + layer.tensors.offset(i);
      if (p.trainable && p.regularizer) sum += p.regularizer.penalty(w, p.shape.size());
      if (p.trainable && p.regularizer.orthogonal != 0)
        sum += detail::orthogonal_penalty(p.regularizer, p.shape, w);
    }
  return sum;
}

}  // namespace keratin
