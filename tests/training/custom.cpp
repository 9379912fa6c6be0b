// Steps of the user's own: passes one by one, several models in one step, and fit with a train_step.
#include <keratin/data/dataset.hpp>
#include <keratin/training/fit_dataset.hpp>

#include "../check.hpp"

using namespace keratin;

namespace {

using Net =
    Sequential<Input<6, 6, 1>, Conv2D<4, Kernel<3>, ReLU, L2<0.01>>, Flatten, Dropout<0.25>, Dense<3>>;
constexpr MeanSquaredError squares;
constexpr BinaryCrossentropy<FromLogits> crossentropy;

struct Data {
  std::vector<float> x = filled_array(20 * 36, 0), y = filled_array(20 * 3, 1), w = filled_array(20, 2);
};

// The built-in step, made by hand.
struct Supervised {
  std::size_t samples = 0;
  double train_step(auto& run, const TrainingBatch& batch) {
    auto& trainer = run.trainer;
    trainer.forward(batch.x);
    const double loss = trainer.loss(squares, batch.y[0]);
    trainer.backward();
    const double penalties = trainer.penalties();
    trainer.apply_gradients();
    samples += batch.samples;
    return loss + penalties;
  }
};

// The same in a trainer with a loss.
struct Weighted {
  double sum = 0;
  double train_step(auto& run, const TrainingBatch& batch) {
    for (std::size_t i = 0; i < batch.samples; ++i) sum += batch.sample_weight[0](i);
    return run.trainer.train_on_batch(batch.x, batch.y, {.sample_weight = batch.sample_weight})[0];
  }
};

bool same(const auto& a, const auto& b) { return std::ranges::equal(a.model().block(), b.model().block()); }

// Critic and generator of numbers, which are around -2 or around 2.
using Generator = Sequential<Input<2>, Dense<16, Tanh>, Dense<16, Tanh>, Dense<1>>;
using Critic = Sequential<Input<1>, Dense<16, Tanh>, Dense<16, Tanh>, Dense<1>>;
constexpr int batch_size = 32;

// Normally distributed.
void draw(std::span<double> values, std::uint32_t purpose, std::uint32_t step) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Words words = Random{7, purpose, 0, step}.block(static_cast<std::uint32_t>(i));
    values[i] = normal(words[0], words[1]);
  }
}

struct Gan {
  Model<Critic, InPlace, double> critic_model{2};
  Model<Generator, InPlace, double> generator_model{1};
  decltype(compile<batch_size>(critic_model, Adam{})) critic =
      compile<batch_size>(critic_model, Adam{.learning_rate = 0.005, .beta_1 = 0.5});
  decltype(compile<batch_size>(generator_model, Adam{})) generator =
      compile<batch_size>(generator_model, Adam{.learning_rate = 0.005, .beta_1 = 0.5});
  std::array<double, batch_size> ones, zeros{};
  std::array<double, 2 * batch_size> noise{};
  double generator_loss = 0;

  Gan() { ones.fill(1); }
  std::span<const double> fakes(std::uint32_t purpose) {
    draw(noise, purpose, static_cast<std::uint32_t>(critic.iterations()));
    return generator.forward(noise);
  }
  double train_step(auto&, const TrainingBatch& real) {
    critic.forward(real.x);
    double loss = critic.loss(crossentropy, ones);
    critic.backward();
    critic.forward(fakes(51));
    loss += critic.loss(crossentropy, zeros);
    critic.backward();
    critic.apply_gradients();
    critic.forward(fakes(52));
    generator_loss = critic.loss(crossentropy, ones);
    generator.backward(critic.backward_frozen());
    generator.apply_gradients();
    return loss;
  }
  void on_epoch_end(auto& run) { run.logs.add("generator_loss", generator_loss); }
};

std::vector<double> real_numbers() {
  std::vector<double> x(20 * batch_size);
  draw(x, 50, 0);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.3 * x[i] + (i % 2 == 0 ? 2 : -2);
  return x;
}

// The central difference of f by a value.
double slope(double& value, auto f) {
  const double h = 1e-5, before = value;
  value = before + h;
  const double above = f();
  value = before - h;
  const double below = f();
  value = before;
  return (above - below) / (2 * h);
}
void check_gradient(std::span<double> values, std::span<const double> gradient, auto f) {
  REQUIRE(values.size() == gradient.size());
  double largest = 0;
  for (std::size_t i = 0; i < values.size(); i += 3) {
    CAPTURE(i);
    CHECK(gradient[i] == doctest::Approx(slope(values[i], f)).epsilon(1e-6));
    largest = std::max(largest, std::fabs(gradient[i]));
  }
  CHECK(largest > 1e-3);
}

}  // namespace

TEST_CASE("a step by hand has the bits of the built-in one") {
  const Data data;
  const auto check = [&](const auto& optimizer) {
    Model<Net> model(3), other(3);
    auto built_in = compile(model, optimizer, squares);
    auto by_hand = compile(other, optimizer);
    TrainingRun run(by_hand);
    Supervised step;
    for (int i = 0; i < 3; ++i) {
      const Arrays x = data.x, y = data.y, none;
      CHECK(step.train_step(run, {x, y, none, 20}) == doctest::Approx(built_in.train_on_batch(x, y)[0]));
    }
    CHECK(same(built_in, by_hand));
    CHECK(std::ranges::equal(built_in.slots(), by_hand.slots()));
    CHECK(by_hand.iterations() == 3);
  };
  check(Adam{});
  check(With{Adam{}, {.clipnorm = 0.1}});  // waits for the whole gradient
}

TEST_CASE("losses that are reduced otherwise, and of sequences") {
  using Steps = Sequential<Input<5, 2>, Dense<3>>;
  const std::vector<float> x = filled_array(20, 0), y = filled_array(30, 1);
  const std::vector<int> labels{1, 2, 0, 2, 1, 2};
  const auto check = [&](const auto& loss, const Array& targets) {
    Model<Steps> model(3), other(3);
    auto built_in = compile(model, SGD{}, loss);
    auto by_hand = compile(other, SGD{});
    by_hand.forward(x);
    const double value = by_hand.loss(loss, targets);
    by_hand.backward();
    CHECK(std::ranges::equal(by_hand.gradients(), built_in.gradient(x, targets)));
    CHECK(value == doctest::Approx(built_in.train_on_batch(x, targets)[0]));
  };
  check(CTC{}, labels);
  check(Reduced<MeanSquaredError, LossReduction::sum>{}, y);
}

TEST_CASE("fit with a train_step") {
  const Data data;
  Model<Net> model(3), other(3), third(3), fourth(3);
  auto built_in = compile(model, Adam{}, squares);
  auto by_hand = compile(other, Adam{}), of_data = compile(third, Adam{}),
       unshuffled = compile(fourth, Adam{});
  const FitOptions options{.epochs = 2, .batch_size = 8, .verbose = 0};
  const History wanted = built_in.fit(data.x, data.y, options);
  Supervised step;
  const History came = by_hand.fit(data.x, data.y, options, step);
  CHECK(step.samples == 40);
  CHECK(same(built_in, by_hand));  // the same batches, and the same numbers for dropout
  CHECK(all_near(came["loss"], wanted["loss"], 1e-6));
  auto batches = data::from_arrays(Array(data.x).rows_of(36), Array(data.y).rows_of(3)) | data::batch(8);
  of_data.fit(batches, options, step);
  unshuffled.fit(data.x, data.y, {.epochs = 2, .batch_size = 8, .shuffle = false, .verbose = 0}, step);
  CHECK(same(of_data, unshuffled));
  CHECK(!same(of_data, by_hand));

  // Also of a trainer with a loss, with whatever else is in the batch.
  Weighted weighted;
  Model<Net> fifth(3), sixth(3);
  auto fitted = compile(fifth, Adam{}, squares), stepped = compile(sixth, Adam{}, squares);
  const FitOptions weights{.batch_size = 8, .validation_split = 0.2, .sample_weight = data.w, .verbose = 0};
  const History a = fitted.fit(data.x, data.y, weights), b = stepped.fit(data.x, data.y, weights, weighted);
  CHECK(same(fitted, stepped));
  CHECK(a["val_loss"] == b["val_loss"]);
  double sum = 0;
  for (std::size_t i = 0; i < 16; ++i) sum += static_cast<double>(data.w[i]);
  CHECK(weighted.sum == doctest::Approx(sum));
}

TEST_CASE("gradients of two models in a chain are the numeric ones") {
  Gan gan;
  draw(gan.noise, 1, 0);
  const auto loss = [&] {
    gan.critic.forward(gan.generator.forward(gan.noise));
    return gan.critic.loss(crossentropy, gan.ones);
  };
  const double value = loss();
  double by_hand = 0;
  for (const double z : gan.critic.output()) by_hand += std::log1p(std::exp(-z)) / batch_size;
  CHECK(value == doctest::Approx(by_hand));
  const auto dx = gan.critic.backward_frozen();
  CHECK(std::ranges::count(gan.critic.gradients(), 0) == std::ssize(gan.critic.gradients()));
  const auto dz = gan.generator.backward(dx);
  CHECK(dz.data() == gan.generator.input_gradient().data());
  check_gradient(gan.noise, std::vector(dz.begin(), dz.end()), loss);
  check_gradient(gan.generator_model.block(), gan.generator.gradients(), loss);
  loss();
  gan.critic.backward();
  check_gradient(gan.critic_model.block(), gan.critic.gradients(), loss);
}

TEST_CASE("gradients are summed over passes, and begin anew with a step") {
  Gan gan;
  draw(gan.noise, 1, 0);
  auto& trainer = gan.generator;
  const auto pass = [&](int samples, double dy) {
    trainer.forward(Array(gan.noise).slice(0, static_cast<std::size_t>(2 * samples)));
    std::ranges::fill(trainer.output_gradient(), dy);
    trainer.backward();
    return std::vector(trainer.gradients().begin(), trainer.gradients().end());
  };
  const auto once = pass(5, 1);
  const auto twice = pass(5, 1);
  const auto thrice = pass(20, 0);  // a larger batch than before
  for (std::size_t i = 0; i < once.size(); ++i) CHECK(twice[i] == 2 * once[i]);
  CHECK(thrice == twice);
  trainer.zero_gradients();
  CHECK(pass(5, 1) == once);
  trainer.apply_gradients();
  CHECK(trainer.iterations() == 1);
  CHECK(std::ranges::count(trainer.gradients(), 0) == std::ssize(trainer.gradients()));
}

TEST_CASE("each pass of a step draws its own random numbers") {
  using Drops = Sequential<Input<64>, Dropout<0.5>, Dense<1>>;
  Model<Drops> model(1);
  auto trainer = compile(model, SGD{});
  const std::vector<float> x(64, 1.f), dy(1, 1.f);
  const auto dropped = [&] {
    trainer.forward(x);
    const auto dx = trainer.backward(dy);  // 0 where a value was dropped
    std::vector<bool> mask;
    for (const float v : dx) mask.push_back(v == 0);
    return mask;
  };
  const auto first = dropped(), second = dropped();
  CHECK(first != second);
  CHECK(std::ranges::count(first, true) > 10);
  trainer.zero_gradients();
  trainer.apply_gradients();
  trainer.set_iterations(0);
  CHECK(dropped() == first);
}

TEST_CASE("a GAN learns both humps, to the same bits each time") {
  const std::vector<double> real = real_numbers();
  const auto train = [&](Gan& gan) {
    return gan.critic.fit(real, {}, {.epochs = 35, .batch_size = batch_size, .verbose = 0}, gan);
  };
  Gan gan, again;
  const History history = train(gan);
  CHECK(history["generator_loss"].size() == 35);
  CHECK(gan.generator.iterations() == 35 * 20);
  double low = 0, high = 0;
  std::vector<double> noise(2 * 1000);
  draw(noise, 60, 0);
  for (std::size_t i = 0; i < noise.size(); i += 2) {
    const double y = gan.generator_model.predict(std::array{noise[i], noise[i + 1]})[0];
    low += std::fabs(y + 2) < 0.9;
    high += std::fabs(y - 2) < 0.9;
  }
  CAPTURE(low);
  CAPTURE(high);
  CHECK(low > 300);
  CHECK(high > 300);
  CHECK(low + high > 850);
  train(again);
  CHECK(same(gan.critic, again.critic));
  CHECK(same(gan.generator, again.generator));
}

TEST_CASE("trainers for a known batch size never touch the heap") {
  REQUIRE(testing::allocations_are_counted());
  const std::vector<double> real = real_numbers();
  const long before = testing::allocations;
  Gan gan;
  TrainingRun run(gan.critic);
  const Arrays x = Array(real).slice(0, batch_size), none;
  for (int step = 0; step < 3; ++step) gan.train_step(run, {x, none, none, batch_size});
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
  CHECK(gan.critic.iterations() == 3);
}

TEST_CASE("passes in the wrong order, and what does not fit, are named") {
  Gan gan;
  const std::vector<double> x(3, 0.5), y(2, 1), five(5), many(batch_size + 1);
  auto& critic = gan.critic;
  const std::vector<double> weights(gan.critic_model.block().begin(), gan.critic_model.block().end());
  CHECK_THROWS_WITH(critic.backward(), "backward: no forward came, one wanted before each");
  CHECK_THROWS_WITH(critic.loss(crossentropy, y), "loss: no outputs came, forward wanted before");
  CHECK_THROWS_WITH(critic.forward(many),
                    "a batch of 33 samples came, at most 32 wanted, as given to compile");
  CHECK_THROWS_WITH(gan.generator.forward(five),
                    "x: 5 values came, a multiple of 2 wanted, for the input (2)");
  critic.forward(x);
  CHECK_THROWS_WITH(critic.loss(crossentropy, y), "y: 2 values came, 3 wanted, for 3 samples");
  CHECK_THROWS_WITH(critic.backward(y), "backward: a gradient of 2 values came, 3 * 1 wanted");
  CHECK_THROWS_WITH(critic.backward({x, x}), "backward: gradients of 2 outputs came, 1 wanted");
  CHECK_THROWS_WITH(critic.output(1), "array 1 of 1 came");
  critic.backward(x);
  CHECK_THROWS_WITH(critic.backward(x), "backward: no forward came, one wanted before each");
  critic.zero_gradients();
  critic.forward(x);
  critic.apply_gradients();  // after it the weights are others
  CHECK_THROWS_WITH(critic.backward_frozen(), "backward: no forward came, one wanted before each");
  CHECK(std::ranges::equal(weights, gan.critic_model.block()));

  const FitOptions quiet{.verbose = 0};
  CHECK_THROWS_WITH(critic.fit(x, y, quiet, gan),
                    "y: 2 values came, a multiple of 3 wanted, the number of samples");
  CHECK_THROWS_WITH(critic.fit(x, {}, {.sample_weight = y, .verbose = 0}, gan),
                    "sample_weight: 2 values came, a multiple of 3 wanted, the number of samples");
  CHECK_THROWS_WITH(critic.fit(x, {}, {.class_weight = y, .verbose = 0}, gan),
                    "class_weight came, and a trainer without a loss");
  CHECK_THROWS_WITH(critic.fit(x, {}, {.validation_split = 0.4, .verbose = 0}, gan),
                    "fit: validation data came, and a trainer without a loss");
  CHECK(critic.iterations() == 1);
}
