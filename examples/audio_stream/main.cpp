// A distortion pedal, learnt from examples: a network of causal convolutions and an LSTM learn what a
// distortion makes of a signal, and then do the same to a signal that comes block by block, as in an audio
// plug-in.
#include <keratin/keratin.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>

using namespace keratin;

constexpr int sample_rate = 48'000, window = 128, windows = 1'000, block = 64;

using Convolutions = Sequential<Input<window, 1>,                                  //
                                Conv1D<16, Kernel<3>, Causal, Tanh>,               //
                                Conv1D<16, Kernel<3>, Causal, Dilation<2>, Tanh>,  //
                                Conv1D<16, Kernel<3>, Causal, Dilation<4>, Tanh>,  //
                                Conv1D<16, Kernel<3>, Causal, Dilation<8>, Tanh>,  //
                                Dense<1>>;
using Recurrent = Sequential<Input<window, 1>, LSTM<20, ReturnSequences>, Dense<1>>;

/// Chords whose pitch and loudness wander: n samples, others for every seed.
std::vector<float> play(std::size_t n, std::uint64_t seed) {
  std::vector<float> x(n);
  for (std::size_t t = 0; t < n; ++t) {
    double sample = 0;
    for (std::uint32_t note = 0; note < 3; ++note) {
      const double hertz = 80 * std::pow(2.0, 3 * uniform(Random{seed}.word(note)));
      const double second = static_cast<double>(t) / sample_rate;
      sample += std::sin(2 * std::numbers::pi * hertz * second * (1 + 0.05 * std::sin(3 * second)) + note);
    }
    x[t] = static_cast<float>(sample / 3);
  }
  return x;
}

/// The pedal: a lopsided soft clipper with a low-pass behind it, which gives it a memory.
std::vector<float> distort(const std::vector<float>& x) {
  std::vector<float> y(x.size());
  float low = 0;
  for (std::size_t t = 0; t < x.size(); ++t) y[t] = low += 0.4f * (std::tanh(4 * x[t] + 0.5f) - 0.46f - low);
  return y;
}

/// Learns the pedal, then plays a second of another signal through the network; whether it sounds alike.
template <class Net> bool run(const char* name) {
  std::vector<float> x, y;
  for (std::uint64_t seed = 1; seed <= windows; ++seed) {
    const std::vector<float> signal = play(window, seed), target = distort(signal);
    x.insert(x.end(), signal.begin(), signal.end());
    y.insert(y.end(), target.begin(), target.end());
  }
  std::printf("\n%s\n", name);
  Model<Net> model;
  auto trainer = compile(model, Adam{.learning_rate = 0.005}, MeanSquaredError{});
  trainer.fit(x, y, {.epochs = 10, .batch_size = 32, .verbose = 2});

  const std::vector<float> signal = play(sample_rate, 0), wanted = distort(signal);
  std::vector<float> heard(signal.size());
  Stream stream(model);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t t = 0; t < signal.size(); t += block)
    stream.process({signal.data() + t, block}, {heard.data() + t, block});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  double error = 0, power = 0;
  for (std::size_t t = 0; t < heard.size(); ++t) {
    error += std::pow(heard[t] - wanted[t], 2);
    power += std::pow(wanted[t], 2);
  }
  const double ratio = std::sqrt(error / power);
  std::printf("%s: error %.1f %% of the signal, real-time factor %.0f (1 s of audio in %.2f ms)\n", name,
              100 * ratio, 1 / seconds, 1e3 * seconds);
  return ratio < 0.1;
}

int main() {
  const bool convolutions = run<Convolutions>("causal convolutions"), recurrent = run<Recurrent>("LSTM");
  return convolutions && recurrent ? EXIT_SUCCESS : EXIT_FAILURE;
}
