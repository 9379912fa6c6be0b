// Convolutional and recurrent networks as a table: percent of the machine's peak, or nanoseconds.
#include "../table.hpp"
#include "by_hand.hpp"

using namespace keratin;

namespace {

using LeNet5 =
    Sequential<Input<28, 28, 1>, Conv2D<6, Kernel<5>, ReLU>, MaxPooling2D<>, Conv2D<16, Kernel<5>, ReLU>,
               MaxPooling2D<>, Flatten, Dense<120, ReLU>, Dense<84, ReLU>, Dense<10, Softmax>>;
using Cnn = Sequential<Input<28, 28, 1>, Conv2D<8, Kernel<3>, ReLU>, MaxPooling2D<>,
                       Conv2D<16, Kernel<3>, ReLU>, MaxPooling2D<>, Flatten, Dense<10, Softmax>>;
using Normalized = Sequential<Input<28, 28, 1>, Conv2D<16, Kernel<3>>, BatchNormalization<>, Activation<ReLU>,
                              Conv2D<32, Kernel<3>>, BatchNormalization<>, Activation<ReLU>, MaxPooling2D<>,
                              GlobalAveragePooling2D, Dense<10, Softmax>>;
template <class Layer> using Classifier = Sequential<Input<50, 16>, Layer, Dense<10, Softmax>>;
template <class Layer> using Regression = Sequential<Input<64, 1>, Layer, Dense<1>>;
template <int N> using Causal3 = Conv1D<16, Kernel<3>, Causal, Dilation<N>, Tanh>;
using Temporal = Sequential<Input<64, 1>, Causal3<1>, Causal3<2>, Causal3<4>, Causal3<8>, Dense<1>>;

template <class Net> void train(const char* what, int batch) {
  Model<Net> model;
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
  const std::size_t samples = static_cast<std::size_t>(batch);
  const Block<float> x = detail::random_values(samples * Net::input_size);
  const std::vector<int> y(samples, 1);
  const double flops = batch * detail::Work::of<Net, Mode{.training = true}>(true, true).flops;
  const int n = repeats(flops);
  against_peak(what, n * flops, [&] {
    for (int i = 0; i < n; ++i) trainer.train_on_batch({x.data(), x.size()}, y);
  });
}

// One after the other: percent of peak, and nanoseconds a call.
template <class Net> void one(const char* what) {
  const Model<Net> model;
  const Block<float> x = detail::random_values(Net::input_size);
  const int n = repeats(plan<Net>().flops);
  const double seconds = against_peak(what, n * plan<Net>().flops, [&] {
    for (int i = 0; i < n; ++i) {
      auto y = model.predict(std::span(x.data(), x.size()));
      benchmark::DoNotOptimize(y);
    }
  });
  print("  ns", seconds / n * 1e9);
}

// Blocks of a voice, by the library and by hand: f(hand, x, y) makes one.
template <class Net, class Hand, int Block_> void stream(const char* what, auto by_hand) {
  const Model<Net> model;
  Stream voice(model);
  const auto hand = with_weights_of<Hand>(model);
  constexpr int blocks = 4096 / Block_;
  const Block<float> x = detail::random_values(blocks * Block_);
  std::array<float, Block_> y, other;
  const auto block = [&](int i) { return std::span(x.data() + i * Block_, std::size_t{Block_}); };
  for (int i = 0; i < 4; ++i) {
    voice.process(block(i), y);
    by_hand(*hand, block(i).data(), other.data());
    expect_equal(y, other.data(), 1e-5f);
  }
  against_hand(
      what, 51, 1e9 / (blocks * Block_),
      [&] {
        for (int i = 0; i < blocks; ++i) {
          voice.process(block(i), y);
          benchmark::DoNotOptimize(y);
        }
      },
      [&] {
        for (int i = 0; i < blocks; ++i) {
          by_hand(*hand, block(i).data(), other.data());
          benchmark::DoNotOptimize(other);
        }
      });
}
template <class Layer, class Hand> void steps(const char* what) {
  stream<Regression<Layer>, Hand, 1>(what, [](Hand& hand, const float* x, float* y) { *y = hand.step(*x); });
}

template <int Size, int Channels, int Window, int Filters> void convolution(const char* what) {
  both_passes<Conv2D<Filters, Kernel<Window>>, Input<Size, Size, Channels>>(what);
}

}  // namespace

int main() {
  train<LeNet5>("LeNet-5, batch 32, Adam: % of peak", 32);
  train<LeNet5>("LeNet-5, batch 128, Adam: % of peak", 128);
  train<Normalized>("conv-bn-relu twice, batch 32, Adam: % of peak", 32);
  train<Classifier<LSTM<64>>>("LSTM 64, batch 32, Adam: % of peak", 32);
  train<Classifier<GRU<64>>>("GRU 64, batch 32, Adam: % of peak", 32);
  predict_batch<LeNet5>("LeNet-5, predict 128: % of peak");
  predict_batch<Cnn>("conv 8-16, predict 128: % of peak");
  predict_batch<Temporal>("causal conv 4 x 16, predict 128: % of peak");
  predict_batch<Regression<LSTM<20>>>("LSTM 20, predict 128: % of peak");
  predict_batch<Regression<LSTM<40>>>("LSTM 40, predict 128: % of peak");
  predict_batch<Regression<GRU<24>>>("GRU 24, predict 128: % of peak");
  one<LeNet5>("LeNet-5, predict 1: % of peak");
  one<Cnn>("conv 8-16, predict 1: % of peak");
  predict_one<Cnn, by_hand::Cnn>("conv 8-16, predict 1: ns");
  stream<Temporal, by_hand::Temporal, 64>("causal conv 4 x 16, blocks of 64: ns a step",
                                          [](auto& hand, const float* x, float* y) { hand.process(x, y); });
  steps<LSTM<20, ReturnSequences>, by_hand::Lstm<20>>("LSTM 20, step by step: ns");
  steps<LSTM<40, ReturnSequences>, by_hand::Lstm<40>>("LSTM 40, step by step: ns");
  steps<GRU<24, ReturnSequences>, by_hand::Gru<24>>("GRU 24, step by step: ns");
  convolution<16, 8, 3, 8>("conv 3x3, 8 to 8, forward: % of peak");
  convolution<16, 16, 3, 32>("conv 3x3, 16 to 32, forward: % of peak");
  convolution<12, 64, 3, 64>("conv 3x3, 64 to 64, forward: % of peak");
  convolution<16, 8, 5, 16>("conv 5x5, 8 to 16, forward: % of peak");
  convolution<14, 32, 5, 32>("conv 5x5, 32 to 32, forward: % of peak");
}
