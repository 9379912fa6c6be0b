// Steps of training and batches of predict, on one thread and on several: the argument is how many.
#include <keratin/keratin.hpp>
#include <keratin/threads.hpp>

#include <benchmark/benchmark.h>

using namespace keratin;

namespace {

using LeNet5 =
    Sequential<Input<28, 28, 1>, Conv2D<6, Kernel<5>, ReLU>, MaxPooling2D<>, Conv2D<16, Kernel<5>, ReLU>,
               MaxPooling2D<>, Flatten, Dense<120, ReLU>, Dense<84, ReLU>, Dense<10, Softmax>>;
using Small = Sequential<Input<784>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Wide = Sequential<Input<784>, Dense<256, ReLU>, Dense<128, ReLU>, Dense<10, Softmax>>;

std::vector<float> images(std::size_t samples) {
  std::vector<float> x(samples * 784);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 37) / 37 - 0.5f;
  return x;
}

template <class Net, std::size_t Samples> void train(benchmark::State& state) {
  Threads threads(static_cast<int>(state.range(0)));
  Model<Net> model;
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
  trainer.set_workers(&threads);
  const std::vector<float> x = images(Samples);
  std::vector<int> y(Samples);
  for (std::size_t i = 0; i < Samples; ++i) y[i] = static_cast<int>(i % 10);
  for (auto _ : state) trainer.train_on_batch(x, y);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(Samples));
}
template <class Net, std::size_t Samples> void predict_batch(benchmark::State& state) {
  Threads threads(static_cast<int>(state.range(0)));
  const Model<Net> model;
  const std::vector<float> x = images(Samples);
  std::vector<float> y(Samples * Net::output_size);
  for (auto _ : state) predict(model, x, y, threads);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(Samples));
}

BENCHMARK(train<LeNet5, 32>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(train<LeNet5, 128>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(train<Small, 32>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(train<Wide, 128>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(predict_batch<LeNet5, 128>)->Arg(1)->Arg(2)->UseRealTime();
BENCHMARK(predict_batch<Small, 32>)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
