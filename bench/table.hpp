#pragma once
// Rows of a table: the library against other code and against the machine's peak, one core, processor time,
// medians. What is compared takes turns in short runs, so that what else the machine does falls on both.
#include <keratin/benchmark.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace keratin {

inline void print(const char* what, double value) {
  std::printf("%-50s %8.*f\n", what, value < 10 ? 3 : 1, value);
}

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Seconds of f and of g, and how much longer f takes.
struct Comparison {
  double f, g, ratio;
};
inline Comparison compare(int rounds, auto f, auto g) {
  const auto seconds = [](auto& run) {
    const std::clock_t start = std::clock();
    run();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  f(), g();
  std::vector<double> fs, gs, ratios;
  for (int i = 0; i < rounds; ++i) {
    fs.push_back(seconds(f));
    gs.push_back(seconds(g));
    ratios.push_back(fs.back() / gs.back());
  }
  return {median(fs), median(gs), median(ratios)};
}

// Percent of peak of f, which does so many operations. Returns its seconds.
double against_peak(const char* what, double flops, auto f) {
  constexpr int rounds = 2'000'000;  // some milliseconds
  constexpr double peak_flops = 2. * rounds * detail::fma_chains * lanes<float>;
  const Comparison c = compare(11, f, [] { detail::multiply_add(rounds); });
  print(what, 100 * flops / peak_flops / c.ratio);
  return c.f;
}

void against_hand(const char* what, int rounds, double per_second, auto library, auto by_hand) {
  const Comparison c = compare(rounds, library, by_hand);
  print(what, c.f * per_second);
  print("  by hand", c.g * per_second);
  print("  library / by hand", c.ratio);
}

// How often so many operations fit a run of some milliseconds.
inline int repeats(double flops) { return 1 + static_cast<int>(1e9 / flops); }

// The same network by hand.
template <class Hand> std::unique_ptr<Hand> with_weights_of(const auto& model) {
  std::vector<float> weights(model.count_params());
  model.get_weights(weights);
  auto hand = std::make_unique<Hand>();
  hand->set_weights(weights.data());
  return hand;
}

void expect_equal(std::span<const float> y, const float* by_hand, float tolerance) {
  for (std::size_t i = 0; i < y.size(); ++i)
    if (!(std::fabs(y[i] - by_hand[i]) <= tolerance)) {
      std::fprintf(stderr, "output %zu: %g from the library, %g by hand\n", i, y[i], by_hand[i]);
      std::exit(1);
    }
}

template <class Net, class Hand> void predict_one(const char* what) {
  constexpr std::size_t inputs = 64, in = Net::input_size;
  const std::size_t calls = static_cast<std::size_t>(repeats(plan<Net>().flops));
  const Model<Net> model;
  const auto hand = with_weights_of<Hand>(model);
  const Block<float> x = detail::random_values(inputs * in + lanes<float>);
  const auto input = [&](std::size_t call) {
    return std::span<const float, in>(x.data() + call % inputs * in, in);
  };
  alignas(alignment) float p[64];
  for (std::size_t i = 0; i < inputs; ++i) {
    hand->predict(input(i).data(), p);
    expect_equal(model.predict(input(i)), p, 1e-5f);
  }
  against_hand(
      what, 11, 1e9 / static_cast<double>(calls),
      [&] {
        for (std::size_t i = 0; i < calls; ++i) {
          auto y = model.predict(input(i));
          benchmark::DoNotOptimize(y);
        }
      },
      [&] {
        for (std::size_t i = 0; i < calls; ++i) {
          hand->predict(input(i).data(), p);
          benchmark::DoNotOptimize(p);
        }
      });
}

template <class Net> void predict_batch(const char* what) {
  constexpr std::size_t repeats = 20, samples = 128;
  const Model<Net> model;
  const Block<float> x = detail::random_values(samples * Net::input_size);
  std::vector<float> y(samples * Net::output_size);
  against_peak(what, repeats * samples * plan<Net>().flops, [&] {
    for (std::size_t i = 0; i < repeats; ++i) {
      model.predict({x.data(), x.size()}, y);
      benchmark::ClobberMemory();
    }
  });
}

// A layer by itself in Lanes, 32 samples: forward, and backward with the gradient by its input.
template <class Layer, class In> void both_passes(const char* what) {
  using Net = Sequential<In, Layer>;
  constexpr Mode training{.training = true, .input_gradient = true};
  constexpr int samples = 32;
  detail::Passes<Net, training, Lanes> passes(samples);
  const auto row = [](const char* title, double flops, auto pass) {
    const int n = repeats(samples * flops);
    against_peak(title, n * samples * flops, [&] {
      for (int i = 0; i < n; ++i) pass();
    });
  };
  row(what, detail::Work::of<Net, training>(true, false).flops, [&] { passes.forward(passes.count()); });
  row("  gradients", detail::Work::of<Net, training>(false, true).flops, [&] { passes.backward(); });
}

}  // namespace keratin
