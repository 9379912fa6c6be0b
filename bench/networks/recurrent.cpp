// Recurrent networks: a step of training, prediction of a batch, and one step of a stream.
#include <keratin/benchmark.hpp>

using namespace keratin;

namespace {

template <class Layer> void train(benchmark::State& state) {
  using Net = Sequential<Input<50, 16>, Layer, Dense<10, Softmax>>;
  constexpr int samples = 32;
  Model<Net> model;
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
  const Block<float> x = detail::random_values(std::size_t{samples} * Net::input_size);
  const std::vector<int> y(samples, 1);
  detail::measure(state, detail::Work::of<Net, Mode{.training = true}>(true, true), samples,
                  [&] { trainer.train_on_batch({x.data(), x.size()}, y); });
}

template <class Layer> void predict(benchmark::State& state) {
  using Net = Sequential<Input<64, 1>, Layer, Dense<1>>;
  constexpr int samples = 128;
  const Model<Net> model;
  const Block<float> x = detail::random_values(std::size_t{samples} * Net::input_size);
  Block<float> y(samples);
  detail::measure(state, {plan<Net>().flops, Net::input_size}, samples,
                  [&] { model.predict({x.data(), x.size()}, {y.data(), y.size()}); });
}

// One sample, 64 steps.
template <class Layer> void predict_one(benchmark::State& state) {
  using Net = Sequential<Input<64, 1>, Layer, Dense<1>>;
  const Model<Net> model;
  const Block<float> x = detail::random_values(Net::input_size);
  detail::measure(state, {plan<Net>().flops, Net::input_size}, 1, [&] {
    auto y = model.predict(std::span(x.data(), x.size()));
    benchmark::DoNotOptimize(y);
  });
}

// The recurrent layer's step, and the Dense layer behind it.
template <class Layer> void stream(benchmark::State& state) {
  constexpr int units = Layer::spec.units;
  using Net = Sequential<Input<1, 1>, Layer, Dense<1>>;
  constexpr const auto& layers = plan<Net>().layers;
  using Spec = typename Layer::Spec;
  const Model<Net> model;
  const Block<float> x = detail::random_values(64);
  alignas(alignment) float kept[Layer::spec.state(Shape{1, 1})] = {}, h[units], y[1];
  std::size_t i = 0;
  detail::measure(state, {plan<Net>().flops, 0}, 1, [&] {
    const float* const block = model.block().data();
    Spec::step(fixed<Layer::spec.geometry(Shape{1, 1})>{},
               Forward<float, One>{One{}, x.data() + i++ % 64, h, block, &layers[0], nullptr}, kept);
    DenseSpec::forward(fixed<Dense<1>::spec.geometry(Shape{units})>{},
                       Forward<float, One>{One{}, h, y, block, &layers[1], nullptr});
    benchmark::DoNotOptimize(y);
  });
}

BENCHMARK(train<LSTM<64>>);
BENCHMARK(train<GRU<64>>);
BENCHMARK(train<GRU<64, NoResetAfter>>);
BENCHMARK(train<SimpleRNN<64>>);
BENCHMARK(predict<LSTM<20>>);
BENCHMARK(predict<LSTM<40>>);
BENCHMARK(predict<GRU<24>>);
BENCHMARK(predict<GRU<24, NoResetAfter>>);
BENCHMARK(predict<SimpleRNN<32>>);
BENCHMARK(predict_one<LSTM<20>>);
BENCHMARK(predict_one<LSTM<40>>);
BENCHMARK(predict_one<GRU<24>>);
BENCHMARK(stream<LSTM<20>>);
BENCHMARK(stream<LSTM<40>>);
BENCHMARK(stream<GRU<24>>);
BENCHMARK(stream<GRU<24, NoResetAfter>>);
BENCHMARK(stream<SimpleRNN<32>>);

}  // namespace

BENCHMARK_MAIN();
