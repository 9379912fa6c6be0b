// A step of training 784-32-10: what the batch size and the optimizer change; and an epoch of LeNet-5: what
// metrics and callbacks cost.
#include <keratin/callbacks.hpp>
#include <keratin/keratin.hpp>

#include <benchmark/benchmark.h>

using namespace keratin;

namespace {

using Net = Sequential<Input<784>, Dense<32, ReLU>, Dense<10, Softmax>>;

template <class Optimizer> void train(benchmark::State& state, const Optimizer& optimizer) {
  const auto samples = static_cast<std::size_t>(state.range(0));
  Model<Net> model;
  auto trainer = compile(model, optimizer, SparseCategoricalCrossentropy{});
  const std::vector<float> x(samples * Net::input_size, 0.5f);
  const std::vector<int> y(samples, 1);
  for (auto _ : state) trainer.train_on_batch(x, y);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK_CAPTURE(train, sgd, SGD{})->Arg(1)->Arg(8)->Arg(32)->Arg(128)->Arg(512);
BENCHMARK_CAPTURE(train, sgd_momentum, SGD{.momentum = 0.9})->Arg(32)->Arg(512);
BENCHMARK_CAPTURE(train, adam, Adam{})->Arg(1)->Arg(8)->Arg(32)->Arg(128)->Arg(512);

using LeNet5 =
    Sequential<Input<28, 28, 1>, Conv2D<6, Kernel<5>, ReLU>, MaxPooling2D<>, Conv2D<16, Kernel<5>, ReLU>,
               MaxPooling2D<>, Flatten, Dense<120, ReLU>, Dense<84, ReLU>, Dense<10, Softmax>>;

struct Count {
  int batches = 0;
  void on_train_batch_end(auto&) { ++batches; }
};

// Epochs of 64 steps.
template <class... Metrics> void epoch(benchmark::State& state, const Metrics&... metrics) {
  constexpr std::size_t samples = 64 * 32;
  Model<LeNet5> model;
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics...);
  std::vector<float> x(samples * LeNet5::input_size);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 37) / 37 - 0.5f;
  std::vector<int> y(samples);
  for (std::size_t i = 0; i < samples; ++i) y[i] = static_cast<int>(i % 10);
  const FitOptions options{.verbose = 0};
  for (auto _ : state)
    if constexpr (sizeof...(metrics) == 0)
      trainer.fit(x, y, options);
    else
      trainer.fit(x, y, options, Count{}, TerminateOnNaN{}, EarlyStopping{.monitor = "loss"});
}
void epoch_bare(benchmark::State& state) { epoch(state); }
void epoch_with_two_metrics_and_three_callbacks(benchmark::State& state) {
  epoch(state, metrics::Accuracy{}, metrics::TopKCategoricalAccuracy<3>{});
}
BENCHMARK(epoch_bare);
BENCHMARK(epoch_with_two_metrics_and_three_callbacks);

}  // namespace

BENCHMARK_MAIN();
