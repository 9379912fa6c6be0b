// The rest of a program, for the Net, the Loss and the Output of the case that includes it. It uses the network in
// every way there is, so that a second error would show.
#include <cstdio>

static_assert(plan<Net>().workspace_bytes <= 1 << 20);

template class keratin::Model<Net>;

float first(const Model<Net>& model, std::span<const float, Net::input_size> x) { return model.predict(x)[0]; }

int main() {
  constexpr std::size_t samples = 64, inputs = 24, outputs = std::tuple_size_v<Output>;
  const std::vector<float> x(samples * inputs), y(samples * outputs);
  const std::vector<std::uint8_t> pixels(samples * inputs);
  const std::array<float, inputs> sample{};

  Model<Net> model(7);
  auto trainer = compile(model, Adam{}, Loss{}, metrics::Accuracy{}, metrics::MeanSquaredError{});
  trainer.set_random_seed(3);
  const History history = trainer.fit(x, y, {.epochs = 2, .batch_size = 32, .validation_split = 0.25});
  const auto more = trainer.fit({pixels, 1.0 / 255}, y);
  const auto [loss, accuracy, error] = trainer.evaluate(x, y);
  const auto [batch_loss, batch_accuracy, batch_error] = trainer.train_on_batch(x, y);
  trainer.optimizer().learning_rate = 1e-4;
  const std::span<const float> gradient = trainer.gradient(x, y);
  std::printf("%g %g %g %g %g %g %g\n", loss, accuracy, error, batch_loss, batch_accuracy, batch_error, gradient[0]);
  for (double l : history["loss"]) std::printf("%g %g\n", l, more["loss"].back());

  const Output p = model.predict(sample);
  const auto q = model.predict(sample);
  const Output r = model.predict(Array(pixels, 1.0 / 255));
  std::vector<float> all(samples * outputs), workspace(plan<Net>().workspace);
  model.predict(x, all);
  model.predict(sample, std::span<float, outputs>(all.data(), outputs), workspace);
  for (float v : model.predict(sample)) std::printf("%g\n", static_cast<double>(v));
  std::printf("%zu %d %d\n", q.size(), q[0] > p[0], *std::max_element(q.begin(), q.end()) > r[0]);

  std::vector<float> weights(model.count_params());
  model.get_weights(weights);
  model.set_weights(weights);
  for (float& w : model.block()) w += first(model, std::array<float, Net::input_size>{});

  Model<Net, InPlace> small;
  auto fixed = compile<32>(small, SGD{.learning_rate = 0.1}, Loss{});
  std::printf("%g\n", fixed.fit(x, y, {.verbose = 0})["loss"][0]);
  const Model<Net, View> flash(std::span<const float, plan<Net>().block>(model.block()));
  std::printf("%g\n", static_cast<double>(flash.predict(sample)[0] + small.predict(sample)[0]));
}
