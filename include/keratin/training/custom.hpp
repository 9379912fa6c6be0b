#pragma once
// Training steps of your own: several models in one step, losses of your own, gradients by hand. compile()
// without a loss makes a trainer that runs the passes one by one:
//   auto critic = compile(critic_model, Adam{});
//   auto generator = compile(generator_model, Adam{});
//   critic.forward(generator.forward(noise));                  // training mode; what backward needs is kept
//   critic.loss(BinaryCrossentropy<FromLogits>{}, real);       // or write into critic.output_gradient()
//   generator.backward(critic.backward_frozen());              // the gradients of the critic's inputs
//   generator.apply_gradients();                               // one step with the sum of all gradients
// fit() runs an object's train_step(run, batch) in the place of its own; the object may be a callback as
// well.
#include <keratin/training/fit.hpp>

namespace keratin {

/// A trainer without a loss. compile<32>(...) makes one for batches of at most 32 that never touches the
/// heap.
template <int Capacity = 0, Trainable Model, IsOptimizer Optimizer>
auto compile(Model& model, const Optimizer& optimizer) {
  static_assert(
      Capacity == 0 || requires { typename Model::Network; },
      "keratin: compile<N> with a batch size needs a static network");
  return Trainer<Capacity, Model, Optimizer>(model, optimizer);
}

/// What the model makes of a batch in training: dropout drops, moving statistics move. Outputs are behind
/// their activation, as in predict; they and their gradients, which are zeros then, are there until the next
/// forward. The outputs of the first one; output(k) has the others. Error: as of train_on_batch; nothing
/// then. Keras: model(x, training=True) inside a GradientTape.
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::forward(const Arrays& x) -> std::span<const S> {
  static_assert(!has_loss, "keratin: forward is for a trainer without a loss: compile(model, optimizer)");
  pending_ = false;
  const Arrays none;
  const Weights no_weights;
  Layouts no_targets;
  if (!check(x, none, no_weights, no_targets)) return {};
  const std::size_t samples = samples_of(x);
  const int n = static_cast<int>(samples);
  if (!reserve(samples) || !continues({samples}, n)) return {};
  const FlushDenormals flush;
  passed_ = n;
  ++passes_;
  activity_penalty_ =
      forward({.x = x, .y = none, .targets = no_targets, .weights = no_weights, .samples = {.n = n}},
              parts_of(n), model_.block().data(), states());
  pending_ = true;
  for (std::size_t k = 0; k < plan().outputs.size(); ++k) {
    const std::span<S> dy = output_gradient(k);
    std::fill(dy.begin(), dy.end(), S{});
  }
  return output();
}

// Of the last forward; sample by sample.
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::rows_there(std::size_t part_of_memory, const auto& ports,
                                                               std::size_t k) const -> std::span<S> {
  if (k >= ports.size()) {
    report(Text("array ", k, " of ", ports.size(), " came"));
    return {};
  }
  std::size_t first = part_of_memory;
  detail::with_unit<S>(training(), [&]<class T>() {
    first += region(ports, k, static_cast<std::size_t>(detail::units<T>(passed_)) * Unit<T>::samples);
  });
  return {const_cast<S*>(memory_.data()) + first, static_cast<std::size_t>(passed_) * ports[k].size};
}

/// The k-th output of the last forward, and the gradient of the loss by it: to be written before backward().
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::output(std::size_t k) const -> std::span<const S> {
  return rows_there(layout_.outputs, plan().outputs, k);
}
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::output_gradient(std::size_t k) -> std::span<S> {
  return rows_there(layout_.gradients, plan().outputs, k);
}

/// The mean of a loss over the rows of the k-th output; its gradient becomes output_gradient(k). One on
/// probabilities comes with FromLogits, for an output without activation. Error: no forward before, or
/// targets that do not fit; NaN then. Keras: compute_loss.
template <int Capacity, class Model, class Optimizer, class... Heads>
template <class Loss>
double Trainer<Capacity, Model, Optimizer, Heads...>::loss(const Loss&, const Array& y, std::size_t k) {
  static_assert(!has_loss, "keratin: loss is for a trainer without a loss: compile(model, optimizer)");
  static_assert(
      std::is_same_v<typename Loss::Link, Linear>,
      "keratin: forward leaves probabilities, and not the logits that this loss works on; an output "
      "without activation and the loss with FromLogits wanted");
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
  const std::span<S> dy = output_gradient(k);
  if (!pending_) {
    report(Text("loss: no outputs came, forward wanted before"));
    return nothing;
  }
  if (dy.empty()) return nothing;
  if (const Fit fit = Loss::fit(output_shape(k), model_.output_activation(k)); fit.broken) {
    report(Text(Loss::name, " got an output of ", output_shape(k), ": ", fit.broken->text));
    return nothing;
  }
  detail::TargetLayout targets;
  const int which = plan().outputs.size() > 1 ? static_cast<int>(k) : -1;
  if (!detail::check_targets<S, Loss>(y, static_cast<std::size_t>(passed_), output_shape(k), which, targets))
    return nothing;
  if constexpr (requires { Loss::scratch(Shape(), 1); }) {
    static_assert(Capacity == 0,
                  "keratin: this loss works with memory that compile<N> knows only where it gets the loss");
    loss_scratch_.resize(Loss::scratch(output_shape(k), targets.per_sample));
  }
  LossInput<S> in = load_targets(y, targets, {.n = passed_}, k);
  in.y = rows_there(layout_.outputs, plan().outputs, k).data();
  in.gradient = dy.data();
  const double divisor =
      detail::divisor<Loss>(in, static_cast<const S*>(nullptr), static_cast<const S*>(nullptr));
  in.weight = divisor == 0 ? S{0} : S{1} / static_cast<S>(divisor);
  const double sum = Loss::evaluate(in);
  return divisor == 0 ? 0 : sum / divisor;
}

// Gradients from the outputs' back; those of the weights are added to the sum.
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::go_back(bool adds) -> std::span<const S> {
  static_assert(!has_loss, "keratin: backward is for a trainer without a loss: compile(model, optimizer)");
  if (!pending_) {
    report(Text("backward: no forward came, one wanted before each"));
    return {};
  }
  pending_ = false;
  const FlushDenormals flush;
  const Parts parts = parts_of(passed_);
  sum_gradients(parts, [&](std::size_t offset, std::size_t n, const Regularizer&) {
    if (!adds) return;
    const S* const from = gradient_.data() + offset;
    S* const to = accumulated_.data() + offset;
    kernels::for_each_vector<S>(static_cast<std::ptrdiff_t>(n), [=](std::ptrdiff_t i, auto part) {
      part.store(to + i, part.load(to + i) + part.load(from + i));
    });
  });
  detail::with_unit<S>(training(), [&]<class T>() {
    for (std::size_t k = 0; k < plan().inputs.size(); ++k)
      for (int part = 0; part < parts.count; ++part)
        if (const Port& port = plan().inputs[k]; port.gradient != Step::none)
          store_samples(memory_of<T>(parts, part)(plan(), port.gradient), port.size, parts.samples_of(part),
                        rows_there(layout_.inputs, plan().inputs, k).data() +
                            static_cast<std::size_t>(parts.first(part)) * port.size);
  });
  return input_gradient();
}

/// Pushes output_gradient(), or dy, back: adds the gradients of all weights that are trained to gradients().
/// The gradient by the first input, until the next backward; input_gradient(k) has the others. Error: not one
/// forward before each backward, without a step between them, or sizes that do not match.
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::backward() -> std::span<const S> {
  return go_back(true);
}
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::backward(const Arrays& dy) -> std::span<const S> {
  const auto& ports = plan().outputs;
  if (dy.size() != ports.size()) {
    report(Text("backward: gradients of ", dy.size(), " outputs came, ", ports.size(), " wanted"));
    return {};
  }
  for (std::size_t k = 0; k < dy.size(); ++k) {
    const std::span<S> to = output_gradient(k);
    if (dy[k].size() != to.size()) {
      report(Text("backward: a gradient of ", dy[k].size(), " values came, ", passed_, " * ", ports[k].size,
                  " wanted"));
      return {};
    }
    copy_values(dy[k], 0, to.size(), to.data());
  }
  return go_back(true);
}
/// The same for a model that others are trained through: leaves gradients() alone.
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::backward_frozen() -> std::span<const S> {
  return go_back(false);
}
/// Nothing for an input that nothing is differentiated by.
template <int Capacity, class Model, class Optimizer, class... Heads>
auto Trainer<Capacity, Model, Optimizer, Heads...>::input_gradient(std::size_t k) const
    -> std::span<const S> {
  if (k < plan().inputs.size() && plan().inputs[k].gradient == Step::none) return {};
  return rows_there(layout_.inputs, plan().inputs, k);
}

/// One step of the optimizer with gradients(), which begin at zero again. Penalties of weights are added
/// here, once a step; penalties() is what they and those of the last forward's activities add to the loss.
/// Keras: optimizer.apply_gradients.
template <int Capacity, class Model, class Optimizer, class... Heads>
void Trainer<Capacity, Model, Optimizer, Heads...>::apply_gradients() {
  static_assert(!has_loss,
                "keratin: apply_gradients is for a trainer without a loss: compile(model, optimizer)");
  if (!prepare_optimizer()) return;
  pending_ = false;
  passes_ = 0;
  const FlushDenormals flush;
  const auto hand_on = [&](auto& sink) {
    each_handed_on([&](std::size_t offset, std::size_t n, const Regularizer& penalty) {
      sink.take(offset, static_cast<int>(n), accumulated_.data() + offset, penalty);
    });
  };
  if constexpr (WaitsForGradient<Optimizer>) {
    Store<S> store(model_.block().data(), gradient_.data());
    with_angles(store, hand_on);
    update_waiting();
  } else {
    auto update = update_of(optimizer_, iterations_ + 1, model_.block().data(), slots_.data(), block_size());
    with_angles(update, hand_on);
  }
  finish_step();
  zero_gradients();
}

}  // namespace keratin
