#pragma once
// With: an optimizer and the settings that Keras gives every one. It waits for the whole gradient, as do
// those that look at a whole tensor (Lamb, Adafactor): they say `static constexpr bool whole_gradient = true`
// and have an update(step, WholeTensor) instead of a step for vectors.
#include <keratin/core/error.hpp>
#include <keratin/core/names.hpp>
#include <keratin/optimizers/optimizer.hpp>

#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

namespace keratin {

/// Up to `most` values in braces. Error: more of them.
template <class V> class Few {
 public:
  static constexpr std::size_t most = 16;

  constexpr Few() = default;
  constexpr Few(std::initializer_list<V> values) {
    if (values.size() > most) report(Text("a list of ", values.size(), " came, at most ", most, " wanted"));
    for (const V& v : values)
      if (count_ < most) values_[count_++] = v;
  }
  constexpr std::size_t size() const { return count_; }
  constexpr const V* begin() const { return values_.data(); }
  constexpr const V* end() const { return begin() + count_; }
  constexpr V* begin() { return values_.data(); }
  constexpr V* end() { return begin() + count_; }

 private:
  std::size_t count_ = 0;
  std::array<V, most> values_{};
};

/// A layer learns `factor` times as fast: {"head", 10}, or by its place among the model's layers(), {0, 0.1}.
/// A factor of 0 lets its trained weights stay as they are. The name has to live as long as the optimizer.
struct LayerRate {
  std::string_view layer{};
  int index = -1;
  double factor = 1;
  std::size_t start = 0, end = 0;  // where its weights lie, once a trainer has found them

  constexpr LayerRate() = default;
  constexpr LayerRate(std::string_view name, double f) : layer(name), factor(f) {}
  constexpr LayerRate(const char* name, double f) : layer(name), factor(f) {}
  constexpr LayerRate(int i, double f) : index(i), factor(f) {}
};

/// Keras's names and defaults; 0 is its None. A step clips the gradient, by one of the three ways; takes
/// weight_decay learning_rate w off the weights; updates them; and follows them with a moving average.
struct OptimizerSettings {
  double weight_decay = 0;     // AdamW has its own
  double clipnorm = 0;         // each tensor's gradient at most so long
  double global_clipnorm = 0;  // all of them together
  double clipvalue = 0;        // each value of it
  bool use_ema = false;        // an average of the weights, which they become at the end of fit
  double ema_momentum = 0.99;
  int ema_overwrite_frequency = 0;      // and every so many updates
  int gradient_accumulation_steps = 0;  // so many batches make one update, by their mean gradient
  /// Weights with one of these words in their name do not decay: {"bias", "gamma", "beta"}. The words have to
  /// live as long as the optimizer. Keras: exclude_from_weight_decay(var_names=...); not in files, as there.
  Few<std::string_view> exclude_from_weight_decay{};
  /// Not of Keras, nor in its files.
  Few<LayerRate> learning_rates{};

  /// Whether the settings are sound, and the layers are there that have rates of their own.
  bool prepare(const auto& layers) {
    const auto refuse = [](const auto&... parts) {
      report(Text(parts...));
      return false;
    };
    using Named = std::pair<const char*, double>;
    for (const auto& [name, value] :
         {Named{"weight_decay", weight_decay}, Named{"clipnorm", clipnorm},
          Named{"global_clipnorm", global_clipnorm}, Named{"clipvalue", clipvalue}})
      if (!(value >= 0 && std::isfinite(value))) return refuse(name, " ", value, " came, 0 or more wanted");
    if ((clipnorm > 0) + (global_clipnorm > 0) + (clipvalue > 0) > 1)
      return refuse("several of clipnorm, global_clipnorm and clipvalue came, one wanted");
    if (!(ema_momentum >= 0 && ema_momentum <= 1))
      return refuse("ema_momentum ", ema_momentum, " came, from 0 to 1 wanted");
    if (ema_overwrite_frequency < 0)
      return refuse("ema_overwrite_frequency ", ema_overwrite_frequency, " came, 1 or more wanted");
    if (gradient_accumulation_steps < 0 || gradient_accumulation_steps == 1)
      return refuse("gradient_accumulation_steps ", gradient_accumulation_steps, " came, 2 or more wanted");
    for (LayerRate& rate : learning_rates) {
      if (!(rate.factor >= 0 && std::isfinite(rate.factor)))
        return refuse("learning_rates: a factor of ", rate.factor, " came, 0 or more wanted");
      if (rate.end == 0 && !find(layers, rate)) {
        if (rate.layer.empty())
          return refuse("learning_rates: layer ", rate.index, " came, one of ", layers.size(), " wanted");
        return refuse("learning_rates: layer '", rate.layer, "' came, one of the model wanted");
      }
    }
    return true;
  }
  constexpr bool accumulates() const { return gradient_accumulation_steps > 1; }
  constexpr std::int64_t batches_per_update() const {
    return accumulates() ? gradient_accumulation_steps : 1;
  }
  /// How many times as fast the weights at `offset` learn.
  constexpr double factor_at(std::size_t offset) const {
    double factor = 1;
    for (const LayerRate& rate : learning_rates)
      if (rate.start <= offset && offset < rate.end) factor *= rate.factor;
    return factor;
  }
  constexpr bool decays(std::string_view name) const {
    name.remove_prefix(name.rfind('/') + 1);  // of a layer inside another: kernel of dense/kernel
    for (const std::string_view word : exclude_from_weight_decay)
      if (name.find(word) != name.npos) return false;
    return true;
  }

 private:
  static bool find(const auto& layers, LayerRate& rate) {
    const auto found = [&](std::size_t i) {
      rate.start = layers[i].tensors.start;
      rate.end = std::max<std::size_t>(layers[i].tensors.end, 1);
      return true;
    };
    if (rate.layer.empty())
      return rate.index >= 0 && rate.index < static_cast<int>(layers.size()) &&
             found(static_cast<std::size_t>(rate.index));
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (layers[i].name == rate.layer) return found(i);
    const auto names = layer_names(layers);
    const auto at = std::find(names.begin(), names.end(), rate.layer);
    return at != names.end() && found(static_cast<std::size_t>(at - names.begin()));
  }
};

/// With{Adam{.learning_rate = 0.01}, {.weight_decay = 0.004, .clipnorm = 1}}: an optimizer with these
/// settings. It keeps a whole gradient; with use_ema an average and with gradient_accumulation_steps a sum as
/// well. Its own learning_rate may be a schedule, which then counts batches.
template <class Optimizer> struct With : Optimizer, OptimizerSettings {
  using Inner = Optimizer;
  static constexpr bool whole_gradient = true;

  /// Of every weight that is not excluded.
  constexpr double decay() const {
    if constexpr (requires(Optimizer o) { o.weight_decay; })
      if (OptimizerSettings::weight_decay == 0) return Optimizer::weight_decay;
    return OptimizerSettings::weight_decay;
  }
};
template <class Optimizer> With(Optimizer) -> With<Optimizer>;
template <class Optimizer> With(Optimizer, OptimizerSettings) -> With<Optimizer>;

/// An optimizer whose step begins when backward is done.
template <class Optimizer>
concept WaitsForGradient = requires { requires Optimizer::whole_gradient; };
template <class Optimizer>
concept HasSettings = std::derived_from<Optimizer, OptimizerSettings>;

/// A tensor as such an optimizer sees it. The gradient may be written over.
template <class S> struct WholeTensor {
  Shape shape;
  S *w, *g;
  S* slots;          // the first of this tensor's
  std::size_t size;  // from one slot's to the next one's

  std::ptrdiff_t n() const { return shape.size(); }
  S* slot(std::size_t k) const { return slots + k * size; }
};

/// What a step works on: blocks that are laid out as the model's. averages and sums: null where they are not
/// in use.
template <class S> struct TrainedBlock {
  S *w, *slots, *gradient, *averages, *sums;
  std::size_t size;
};

/// f(parameter, its offset) for every tensor of a plan that is trained, once.
void each_trained(const auto& plan, auto f) {
  std::size_t end = 0;  // a layer that is called again has the tensors of its first call
  for (const LayerPlan& layer : plan.layers) {
    if (layer.tensors.end <= end) continue;
    end = layer.tensors.end;
    for (int i = 0; i < layer.tensors.count(); ++i)
      if (layer.tensors[i].trainable) f(layer.tensors[i], layer.tensors.offset(i));
  }
}

namespace detail {

// f(i, part) with the vectors of an array, and the sum of what it answers.
template <class S> double sum_over(std::ptrdiff_t n, auto f) {
  constexpr std::ptrdiff_t chunk = Regularizer::chunk;  // so that a long sum keeps its precision in float
  double sum = 0;
  for (std::ptrdiff_t first = 0; first < n; first += chunk) {
    kernels::Vec<S> part_sum = {};
    kernels::for_each_vector<S>(std::min(chunk, n - first),
                                [&](std::ptrdiff_t i, auto part) { part_sum += f(first + i, part); });
    sum += kernels::sum(part_sum);
  }
  return sum;
}
template <class S> [[gnu::noinline]] double sum_of_squares(const S* v, std::ptrdiff_t n) {
  return sum_over<S>(n, [=](std::ptrdiff_t i, auto part) {
    const auto x = part.load(v + i);
    return x * x;
  });
}
template <class S> [[gnu::noinline]] void scale(S* v, std::ptrdiff_t n, double by) {
  kernels::for_each_vector<S>(
      n, [=](std::ptrdiff_t i, auto part) { part.store(v + i, part.load(v + i) * static_cast<S>(by)); });
}

// The optimizer with a constant rate, and without a decay of its own.
template <class Optimizer> Optimizer at_rate(Optimizer optimizer, double rate) {
  optimizer.learning_rate = rate;
  if constexpr (requires { optimizer.weight_decay; }) optimizer.weight_decay = 0;
  return optimizer;
}

template <class S> void clip(const OptimizerSettings& settings, const WholeTensor<S>& tensor) {
  S* const g = tensor.g;
  if (settings.clipnorm > 0) {
    const double norm = std::sqrt(sum_of_squares(g, tensor.n()));
    if (!(norm <= settings.clipnorm)) scale(g, tensor.n(), settings.clipnorm / norm);
  }
  if (settings.clipvalue > 0)
    kernels::for_each_vector<S>(tensor.n(), [&](std::ptrdiff_t i, auto part) {
      using V = kernels::Vec<S>;
      const V most = kernels::broadcast<V>(static_cast<S>(settings.clipvalue));
      part.store(g + i, kernels::max(kernels::min(part.load(g + i), most), -most));
    });
}

// Updates one tensor. t: updates, from 1.
template <class S, class Optimizer>
void update_tensor(const Optimizer& optimizer, std::int64_t t, const WholeTensor<S>& tensor) {
  if constexpr (WaitsForGradient<Optimizer>)
    optimizer.update(t, tensor);
  else
    update_of(optimizer, t, tensor.w, tensor.slots, tensor.size)
        .take(0, static_cast<int>(tensor.n()), tensor.g, {});
}

// One update with the gradient as it lies there. iterations: batches before.
template <class S, class Optimizer>
void update_all(const Optimizer& optimizer, const OptimizerSettings& settings, double decay,
                std::int64_t iterations, const auto& plan, const TrainedBlock<S>& block) {
  const double rate = optimizer.learning_rate.at(iterations);
  const std::int64_t t = iterations / settings.batches_per_update() + 1;
  const Optimizer usual = at_rate(optimizer, rate);
  std::optional<double> shrinks;
  if (const double most = settings.global_clipnorm; most > 0) {
    double squares = 0;
    each_trained(plan, [&](const Parameter& p, std::size_t offset) {
      squares += sum_of_squares(block.gradient + offset, p.shape.size());
    });
    if (const double norm = std::sqrt(squares); !(norm <= most)) shrinks = most / norm;
  }
  each_trained(plan, [&](const Parameter& p, std::size_t offset) {
    const WholeTensor<S> tensor{p.shape, block.w + offset, block.gradient + offset, block.slots + offset,
                                block.size};
    const double factor = settings.factor_at(offset);
    if (factor == 0) return;
    if (shrinks) scale(tensor.g, tensor.n(), *shrinks);
    clip(settings, tensor);
    if (decay > 0 && settings.decays(p.name))
      kernels::for_each_vector<S>(tensor.n(), [&](std::ptrdiff_t i, auto part) {
        const auto w = part.load(tensor.w + i);
        part.store(tensor.w + i, w - w * static_cast<S>(decay * rate * factor));
      });
    if (factor == 1)
      update_tensor(usual, t, tensor);
    else
      update_tensor(at_rate(optimizer, rate * factor), t, tensor);
  });
}

// The average follows the weights; where it is due they become the average.
template <class S>
void follow(const OptimizerSettings& settings, std::int64_t updates, const auto& plan,
            const TrainedBlock<S>& block) {
  const S keeps = updates == 0 ? S{} : static_cast<S>(settings.ema_momentum);
  const bool overwrites =
      settings.ema_overwrite_frequency > 0 && (updates + 1) % settings.ema_overwrite_frequency == 0;
  each_trained(plan, [&](const Parameter& p, std::size_t offset) {
    S *const w = block.w + offset, *const average = block.averages + offset;
    kernels::for_each_vector<S>(p.shape.size(), [=](std::ptrdiff_t i, auto part) {
      const auto next = part.load(average + i) * keeps + part.load(w + i) * (1 - keeps);
      part.store(average + i, next);
      if (overwrites) part.store(w + i, next);
    });
  });
}

// Adds the gradient to the sum; at the last of `batches` it becomes the mean, and the sum begins anew.
template <class S> void accumulate(S* gradient, S* sums, std::size_t size, bool last, std::int64_t batches) {
  const S n = static_cast<S>(batches);
  kernels::for_each_vector<S>(static_cast<std::ptrdiff_t>(size), [=](std::ptrdiff_t i, auto part) {
    const auto sum = part.load(gradient + i) + part.load(sums + i);
    if (last) part.store(gradient + i, sum / n);
    part.store(sums + i, last ? kernels::Vec<S>{} : sum);
  });
}

}  // namespace detail

/// The step of an optimizer that waits for the whole gradient, which may be written over. iterations: steps
/// before this one.
template <class S, WaitsForGradient Optimizer>
void apply_gradient(const Optimizer& optimizer, std::int64_t iterations, const auto& plan,
                    const TrainedBlock<S>& block) {
  if constexpr (HasSettings<Optimizer>) {
    const OptimizerSettings& settings = optimizer;
    const std::int64_t batches = settings.batches_per_update();
    const bool updates = (iterations + 1) % batches == 0;
    if (batches > 1) detail::accumulate(block.gradient, block.sums, block.size, updates, batches);
    if (updates)
      detail::update_all<S, typename Optimizer::Inner>(optimizer, settings, optimizer.decay(), iterations,
                                                       plan, block);
    if (settings.use_ema) detail::follow(settings, iterations / batches, plan, block);
  } else {
    detail::update_all(optimizer, OptimizerSettings{}, 0, iterations, plan, block);
  }
}

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::OptimizerSettings, weight_decay, clipnorm, global_clipnorm, clipvalue, use_ema,
                     ema_momentum, ema_overwrite_frequency, gradient_accumulation_steps,
                     exclude_from_weight_decay, learning_rates);
