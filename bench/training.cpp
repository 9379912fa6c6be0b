// A step of training 784-32-10: what the batch size and the optimizer change.
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

}  // namespace

BENCHMARK_MAIN();
