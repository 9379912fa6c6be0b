// The library against by_hand.hpp and against the machine's peak.
#include "by_hand.hpp"
#include "table.hpp"

#include <keratin/data/fashion_mnist.hpp>

#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>

using namespace keratin;

namespace {

using Small = Sequential<Input<784>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Large = Sequential<Input<784>, Dense<256, ReLU>, Dense<128, ReLU>, Dense<10, Softmax>>;
using Controller = Sequential<Input<16>, Dense<64, Tanh>, Dense<64, Tanh>, Dense<4>>;

// Fashion-MNIST's training images, or noise of that size where it is not installed.
struct Data {
  static constexpr std::size_t count = 60'000, pixels = 784;
  std::vector<std::uint8_t> images, labels;
  Array x, y{};

  Data() {
    try {
      datasets::ImageSet set = datasets::fashion_mnist::load().train;
      images = std::move(set.images.values), labels = std::move(set.labels.values);
    } catch (const std::runtime_error&) {
      std::puts("(noise instead of Fashion-MNIST)");
      std::mt19937 random;
      for (std::size_t i = 0; i < count * pixels; ++i) images.push_back(static_cast<std::uint8_t>(random()));
      for (std::size_t i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(random() % 10));
    }
    x = Array(images, 1 / 255.).rows_of(pixels), y = labels;
  }
};

template <class Hand> std::unique_ptr<Hand> with_weights_of(const auto& model) {
  std::vector<float> weights(model.count_params());
  model.get_weights(weights);
  auto hand = std::make_unique<Hand>();
  hand->set_weights(weights.data());
  return hand;
}

void expect_equal(const auto& model, const auto& hand, const float* x, float tolerance) {
  alignas(64) float other[64];
  const auto y = model.predict(Array(x, static_cast<std::size_t>(model.input_size)));
  hand.predict(x, other);
  for (std::size_t i = 0; i < y.size(); ++i)
    if (!(std::fabs(y[i] - other[i]) <= tolerance)) {
      std::fprintf(stderr, "output %zu: %g from the library, %g by hand\n", i, y[i], other[i]);
      std::exit(1);
    }
}

void train_small(const Data& data) {
  Model<Small> model;
  const auto hand = with_weights_of<by_hand::Mlp>(model);
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
  std::vector<std::uint32_t> order(Data::count);
  std::iota(order.begin(), order.end(), 0u);
  std::mt19937 random;

  constexpr std::size_t batch = by_hand::Mlp::batch;
  trainer.train_on_batch(data.x.slice(0, batch * Data::pixels), data.y.slice(0, batch));
  hand->train(data.images.data(), data.labels.data(), order.data(), nullptr);
  std::vector<float> sample(Data::pixels);
  copy_values(data.x, 0, Data::pixels, sample.data());
  expect_equal(model, *hand, sample.data(), 1e-4f);

  against_hand(
      "784-32-10, batch 32, Adam: ms an epoch", 9, 1e3,
      [&] { trainer.fit(data.x, data.y, {.batch_size = batch, .verbose = 0}); },
      [&] {
        const FlushDenormals flush;
        std::shuffle(order.begin(), order.end(), random);
        for (std::size_t i = 0; i < Data::count; i += batch)
          hand->train(data.images.data(), data.labels.data(), &order[i],
                      i + batch < Data::count ? &order[i + batch] : nullptr);
      });
}

void train_large(const Data& data) {
  constexpr std::size_t images = 100 * 128;
  Model<Large> model;
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
  const double flops = images * detail::Work::of<Large, Mode{.training = true}>(true, true).flops;
  against_peak("784-256-128-10, batch 128, Adam: % of peak", flops, [&] {
    trainer.fit(data.x.slice(0, images * Data::pixels), data.y.slice(0, images),
                {.batch_size = 128, .verbose = 0});
  });
}

template <class Net, class Hand> void predict_one(const char* what) {
  constexpr std::size_t calls = 5000, inputs = 64, in = Net::input_size;
  const Model<Net> model;
  const auto hand = with_weights_of<Hand>(model);
  const Block<float> x = detail::random_values(inputs * in);
  const auto input = [&](std::size_t call) {
    return std::span<const float, in>(x.data() + call % inputs * in, in);
  };
  for (std::size_t i = 0; i < inputs; ++i) expect_equal(model, *hand, input(i).data(), 1e-5f);
  against_hand(
      what, 51, 1e9 / calls,
      [&] {
        for (std::size_t i = 0; i < calls; ++i) {
          auto y = model.predict(input(i));
          benchmark::DoNotOptimize(y);
        }
      },
      [&] {
        alignas(64) float y[64];
        for (std::size_t i = 0; i < calls; ++i) {
          hand->predict(input(i).data(), y);
          benchmark::DoNotOptimize(y);
        }
      });
}

}  // namespace

int main() {
  const Data data;
  train_small(data);
  train_large(data);
  predict_batch<Small>("784-32-10, predict 128: % of peak");
  predict_batch<Large>("784-256-128-10, predict 128: % of peak");
  predict_one<Small, by_hand::Mlp>("784-32-10, predict 1: ns");
  predict_one<Controller, by_hand::TanhMlp>("16-64-64-4 tanh, predict 1: ns");
}
