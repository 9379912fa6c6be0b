// The library against by_hand.hpp and against the machine's peak.
#include "by_hand.hpp"
#include "table.hpp"

#include <keratin/data/fashion_mnist.hpp>

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
  alignas(alignment) float p[64];
  hand->predict(sample.data(), p);
  expect_equal(model.predict(sample), p, 1e-4f);

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
