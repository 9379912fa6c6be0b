#pragma once
// KERATIN_BENCHMARK: how fast a network of yours is on this machine, each layer and the whole. A program:
//   using Net = keratin::Sequential<...>;
//   KERATIN_BENCHMARK(Net);
//   BENCHMARK_MAIN();
// linked with Google Benchmark. Times are those of one core.
#include <keratin/keratin.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace keratin {

namespace detail {

// v, which is needed in a register here, and may have changed.
template <class V> [[gnu::always_inline]] inline V in_register(V v) {
#if defined __x86_64__
  asm volatile("" : "+v"(v));
#elif defined __aarch64__
  asm volatile("" : "+w"(v));
#else
  ::benchmark::DoNotOptimize(v);
#endif
  return v;
}

// Multiply-adds that never leave their registers. Two a cycle with a latency of 4 or 5: 12 at a time are
// enough.
inline constexpr int fma_chains = 12;
[[gnu::noinline]] inline void multiply_add(int rounds) {
  using V = kernels::Vec<float>;
  const V factor = in_register(kernels::broadcast<V>(0.999f)),
          term = in_register(kernels::broadcast<V>(0.001f));
  V a[fma_chains];
#pragma GCC unroll 12
  for (int c = 0; c < fma_chains; ++c) a[c] = term;
  for (int r = 0; r < rounds; ++r)
#pragma GCC unroll 12
    for (int c = 0; c < fma_chains; ++c) a[c] = in_register(a[c] * factor + term);
}

// Reads so many values and writes so many, in whole vectors, and does nothing else with them.
[[gnu::noinline]] inline void move_values(const float* from, std::size_t read, float* to,
                                          std::size_t written) {
  using V = kernels::Vec<float>;
  const std::size_t both = std::min(read, written);
  std::size_t i = 0;
  for (; i < both; i += lanes<float>) kernels::store(to + i, in_register(kernels::load(from + i)));
  for (std::size_t k = i; k < read; k += lanes<float>) in_register(kernels::load(from + k));
  for (std::size_t k = i; k < written; k += lanes<float>) kernels::store(to + k, V{});
}

// How much a second f does at most, of so much a call: the best of tries for so many seconds.
inline double best_rate(double seconds, double amount, auto& f) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  double best = 0;
  auto now = Clock::now();
  for (const auto start = now; now - start < Seconds(seconds);) {
    const auto before = now;
    f();
    now = Clock::now();
    best = std::max(best, amount / Seconds(now - before).count());
  }
  return best;
}

}  // namespace detail

/// Floating-point operations a second that one core can do at most, the best of tries for so many seconds.
inline double measure_peak_flops(double seconds) {
  constexpr int rounds = 1 << 13;
  const auto add = [] { detail::multiply_add(rounds); };
  return detail::best_rate(seconds, 2. * rounds * detail::fma_chains * lanes<float>, add);
}

/// measure_peak_flops(), once per program.
inline double peak_flops() {
  static const double value = measure_peak_flops(0.05);
  return value;
}

namespace detail {

inline Block<float> random_values(std::size_t n) {
  Block<float> values(n);
  for (std::size_t i = 0; i < n; ++i)
    values.data()[i] = static_cast<float>(uniform(Random{}.word(static_cast<std::uint32_t>(i))) - 0.5);
  return values;
}

// A loop that only moves values: reads so many, and writes so many, over the first of those or elsewhere.
class Movement {
 public:
  Movement(std::size_t read, std::size_t written, bool in_place)
      : read_(read),
        written_(written),
        from_(random_values(aligned(std::max(read, written)))),
        to_(in_place ? 0 : aligned(written)) {}

  void operator()() {
    move_values(from_.data(), read_, to_.size() > 0 ? to_.data() : from_.data(), written_);
  }
  double bytes() const { return static_cast<double>((read_ + written_) * sizeof(float)); }

 private:
  std::size_t read_, written_;
  Block<float> from_, to_;
};

}  // namespace detail

/// Bytes a second that one core can read and write at most, of so many values in and out, or in place, that
/// are gone through again and again.
inline double measure_bandwidth(std::size_t read, std::size_t written, bool in_place = false) {
  detail::Movement move(read, written, in_place);
  // Several between two looks at the clock, which alone take longer than few values.
  const int rounds = 1 + static_cast<int>(1e6 / move.bytes());
  const auto moves = [&] {
    for (int i = 0; i < rounds; ++i) move();
  };
  return detail::best_rate(0.02, rounds * move.bytes(), moves);
}

/// measure_bandwidth(), once per program for the same values.
inline double bandwidth(std::size_t read, std::size_t written, bool in_place = false) {
  static std::map<std::tuple<std::size_t, std::size_t, bool>, double> known;
  const auto [at, is_new] = known.try_emplace({read, written, in_place});
  if (is_new) at->second = measure_bandwidth(read, written, in_place);
  return at->second;
}

namespace detail {

inline constexpr int benchmark_samples = 128;

template <Shape S> struct InputOf {
  static constexpr Shape shape = S;
};

// What a pass does for one sample: operations, values that it reads and that it writes, and whether it writes
// them over some that it read. Backward does a layer's operations once for its weights, and once for its
// input where that gradient is wanted; where it is not, a recurrent layer still goes back through its steps.
struct Work {
  double flops = 0;
  std::size_t read = 0, written = 0;
  bool in_place = true;

  template <class Net, Mode M> static constexpr Work of(bool forward, bool backward) {
    Work work;
    if (forward) work.read += Net::input_size, work.written += Net::output_size;
    if (backward) work.read += Net::output_size, work.written += Net::input_size;
    for (const Step& step : plan<Net, M>().steps) {
      const LayerPlan& layer = plan<Net, M>().layer_of(step);
      if (forward) {
        work.flops += layer.flops;
        work.in_place = work.in_place && step.output == step.inputs[0];
      }
      if (!backward || step.output_gradient == Step::none) continue;
      work.flops += layer.flops * (layer.tensors.values() > 0) +
                    (step.input_gradients[0] != Step::none ? layer.flops : recurrent_flops(layer));
      work.in_place = work.in_place && step.output_gradient == step.input_gradients[0];
      if (layer.traits.reads_input) work.read += static_cast<std::size_t>(layer.in.size());
      if (layer.traits.reads_output) work.read += static_cast<std::size_t>(layer.out.size());
      work.read += layer.kept;
    }
    return work;
  }

 private:
  static constexpr double recurrent_flops(const LayerPlan& layer) {
    for (int i = 0; i < layer.tensors.count(); ++i)
      if (std::string_view(layer.tensors[i].name) == "recurrent_kernel")
        return 2. * layer.in[0] * layer.tensors[i].shape.size();
    return 0;
  }
};

// Times f, which does this work for so many samples.
void measure(::benchmark::State& state, const Work& work, int samples, auto f) {
  const FlushDenormals flush;
  const std::clock_t start = std::clock();
  for (auto _ : state) {
    f();
    ::benchmark::ClobberMemory();
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const double rate = static_cast<double>(state.iterations()) * samples / seconds,
               values = static_cast<double>(work.read + work.written);
  state.counters["samples/s"] = rate;
  if (work.flops > values) {
    state.counters["GFLOP/s"] = rate * work.flops / 1e9;
    state.counters["% of peak"] = 100 * rate * work.flops / peak_flops();
  }
  if (work.flops < 16 * values) {  // moving the values may take longer than working on them
    const std::size_t n = static_cast<std::size_t>(samples);
    const double bytes_per_second = rate * values * sizeof(float);
    state.counters["GB/s"] = bytes_per_second / 1e9;
    state.counters["% of bandwidth"] =
        100 * bytes_per_second / bandwidth(n * work.read, n * work.written, work.in_place);
  }
}

// The passes of a network planned for M over a batch of T's, and the memory they need.
template <class Net, Mode M, class T> class Passes {
 public:
  explicit Passes(int samples) : count_(samples / Unit<T>::samples), n_(static_cast<std::size_t>(samples)) {}

  void forward(auto count) { Executor::forward(count, block_.data(), at(x_), at(y_), at(workspace_), run()); }
  void backward() {
    Executor::backward(count_, block_.data(), at(workspace_), scratch_.data(), segment_.data(), store_,
                       run());
  }
  int count() const { return count_; }

 private:
  using Executor = Execute<Net, M>;
  static constexpr const auto& plan = Executor::plan;
  Run<float> run() { return {static_cast<int>(n_), M.training ? block_.data() : nullptr}; }
  static T* at(Block<float>& values) { return reinterpret_cast<T*>(values.data()); }

  int count_;
  std::size_t n_;
  Block<float> block_ = random_values(plan.block), x_ = random_values(n_ * Net::input_size),
               y_{n_ * Net::output_size}, workspace_ = random_values(n_ * plan.workspace),
               scratch_{Executor::template scratch<T>(count_)}, segment_{plan.block}, gradient_{plan.block};
  Store<float> store_{block_.data(), gradient_.data()};
};

template <class Net, Mode M, class T>
void register_forward(const std::string& name, const std::string& label, auto count) {
  ::benchmark::RegisterBenchmark(name.c_str(), [=](::benchmark::State& state) {
    const int samples = static_cast<int>(count) * Unit<T>::samples;
    Passes<Net, M, T> passes(samples);
    measure(state, Work::of<Net, M>(true, false), samples, [&] { passes.forward(count); });
    state.SetLabel(label);
  });
}
template <class Net, Mode M, class T>
void register_backward(const std::string& name, const std::string& label) {
  ::benchmark::RegisterBenchmark(name.c_str(), [=](::benchmark::State& state) {
    Passes<Net, M, T> passes(benchmark_samples);
    passes.forward(passes.count());
    measure(state, Work::of<Net, M>(false, true), benchmark_samples, [&] { passes.backward(); });
    state.SetLabel(label);
  });
}

}  // namespace detail

/// Registers the benchmarks of one layer: forward on a sample, forward and backward on a batch, and the same
/// in Lanes. A layer that does nothing has none; one that works in training alone is timed there.
template <class Layer, class In> void benchmark_layer(const std::string& name) {
  using Net = Sequential<In, Layer>;
  constexpr Mode training{.training = true, .input_gradient = true};
  constexpr Mode forward = plan<Net>().steps.size() > 0 ? Mode{} : training;
  constexpr int samples = detail::benchmark_samples;
  if constexpr (plan<Net, training>().steps.size() > 0) {
    const Text shapes(Net::input_shape, " -> ", Net::output_shape);
    const std::string batch = std::to_string(samples), label(shapes.view());
    detail::register_forward<Net, forward, float>(name + "/forward/1", label, One{});
    detail::register_forward<Net, forward, float>(name + "/forward/" + batch, label, samples);
    detail::register_forward<Net, forward, Lanes>(name + "/forward/" + batch + " in lanes", label,
                                                  samples / lanes<float>);
    detail::register_backward<Net, training, float>(name + "/backward/" + batch, label);
    detail::register_backward<Net, training, Lanes>(name + "/backward/" + batch + " in lanes", label);
  }
}

namespace detail {

template <class Net> void predict_one(::benchmark::State& state) {
  const Model<Net> model;
  const Block<float> x = random_values(Net::input_size);
  const std::span sample(x.data(), x.size());
  measure(state, Work::of<Net, Mode{}>(true, false), 1, [&] {
    auto y = model.predict(sample);
    ::benchmark::DoNotOptimize(y);
  });
}
template <class Net> void predict_batch(::benchmark::State& state) {
  const Model<Net> model;
  const Block<float> x = random_values(std::size_t{benchmark_samples} * Net::input_size);
  Block<float> y(std::size_t{benchmark_samples} * Net::output_size);
  measure(state, Work::of<Net, Mode{}>(true, false), benchmark_samples,
          [&] { model.predict({x.data(), x.size()}, {y.data(), y.size()}); });
}
// Class numbers for a network that ends with Softmax, values for any other.
template <class Net> void train_batch(::benchmark::State& state) {
  constexpr bool classifies = Model<Net>::output_activation() == Softmax{};
  Model<Net> model;
  auto trainer = compile(model, Adam{},
                         std::conditional_t<classifies, SparseCategoricalCrossentropy<>, MeanSquaredError>{});
  const Block<float> x = random_values(std::size_t{benchmark_samples} * Net::input_size);
  constexpr int targets = classifies ? Net::output_size / Net::output_shape.last() : Net::output_size;
  const std::vector<float> y(std::size_t{benchmark_samples} * targets, 1.f);
  measure(state, Work::of<Net, Mode{.training = true}>(true, true), benchmark_samples,
          [&] { trainer.train_on_batch({x.data(), x.size()}, y); });
}

}  // namespace detail

/// Registers the benchmarks of a network: each layer by itself, prediction of a sample and of a batch, and a
/// step of training with Adam. Returns true.
template <class Net> bool benchmark_network(const std::string& name) {
  const std::vector<std::string> layers = layer_names(plan<Net>().layers);
  const auto layer = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    if constexpr (Net::Flat::inputs[I].count == 1)  // others do not run by themselves
      benchmark_layer<typename Net::template Layer<I>, detail::InputOf<Net::template shape<I>>>(name + "/" +
                                                                                                layers[I]);
    return 0;
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    [[maybe_unused]] const int in_order[] = {0, layer(std::integral_constant<std::size_t, I>{})...};
  }(std::make_index_sequence<Net::depth>());
  const std::string batch = std::to_string(detail::benchmark_samples);
  ::benchmark::RegisterBenchmark((name + "/predict/1").c_str(), detail::predict_one<Net>);
  ::benchmark::RegisterBenchmark((name + "/predict/" + batch).c_str(), detail::predict_batch<Net>);
  ::benchmark::RegisterBenchmark((name + "/train/" + batch).c_str(), detail::train_batch<Net>);
  return true;
}

}  // namespace keratin

/// At namespace scope, one line a network.
#define KERATIN_BENCHMARK(...)                                         \
  [[maybe_unused]] static const bool BENCHMARK_PRIVATE_NAME(keratin) = \
      ::keratin::benchmark_network<__VA_ARGS__>(#__VA_ARGS__)
