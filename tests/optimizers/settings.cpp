// What every optimizer may be given, and optimizers that look at whole tensors, against Keras.
#include <keratin/functional.hpp>
#include <keratin/optimizers.hpp>
#include <keratin/sequential/model.hpp>
#include <keratin/training/fit.hpp>

#include "../check.hpp"
#include "../error_of.hpp"

using namespace keratin;

namespace {

using Net = Sequential<Input<3, 2>, Conv1D<3, Kernel<2>, Tanh>, BatchNormalization<>, Flatten, Dense<2>>;
using Graph = functional::Model;

Graph graph() {
  const functional::Tensor x = functional::Input({3, 2});
  return Graph(x, Dense<2>{}(Flatten{}(BatchNormalization<>{}(Conv1D<3, Kernel<2>, Tanh>{}(x)))));
}
const std::vector<float>& inputs() {
  static const std::vector<float> x = filled_array(40 * 6, 0, 2);
  return x;
}
const std::vector<float>& targets() {
  static const std::vector<float> y = filled_array(40 * 2, 5);
  return y;
}
std::vector<float> weights_of(const auto& model) {
  std::vector<float> all(model.count_params());
  model.get_weights(all);
  return all;
}
// As golden.py fills them, also those of layers that are frozen: moving statistics 1 more.
void fill_frozen_too(auto& model) {
  std::vector<float> all;
  int j = 0;
  for (const LayerPlan& layer : model.layers())
    for (const Parameter& p : *layer.tensors.parameters) {
      for (float v : filled_array(static_cast<std::size_t>(p.shape.size()), ++j))
        all.push_back(v + (std::string_view(p.name).starts_with("moving") ? 1.f : 0.f));
    }
  model.set_weights(all);
}
void train(auto& trainer, std::size_t from, std::size_t to) {
  for (std::size_t step = from; step < to; ++step) {
    const std::size_t row = 8 * (step % 5);
    trainer.train_on_batch(Array(inputs()).slice(row * 6, 48), Array(targets()).slice(row * 2, 16));
  }
}

// Seven steps in all front ends. tolerance: the optimizer divides by small numbers.
template <class Optimizer>
void check_run(const std::string& name, const Optimizer& optimizer, double tolerance = 2e-5) {
  CAPTURE(name);
  Model<Net> model;
  fill_frozen_too(model);
  auto trainer = compile<8>(model, optimizer, MeanSquaredError{});
  train(trainer, 0, 3);
  const long before = testing::allocations;
  train(trainer, 3, 7);
  CHECK(testing::allocations == before);
  CHECK(all_near(weights_of(model), golden("settings/" + name), tolerance));

  Graph run_time = graph();
  fill_frozen_too(run_time);
  auto of_graph = compile(run_time, optimizer, MeanSquaredError{});
  train(of_graph, 0, 7);
  CHECK(weights_of(run_time) == weights_of(model));
  if constexpr (HasSettings<Optimizer>)
    if (optimizer.use_ema) {
      trainer.swap_averages();
      CHECK(all_near(weights_of(model), golden("settings/" + name + "/averages"), tolerance));
      trainer.swap_averages();
      CHECK(weights_of(run_time) == weights_of(model));
      trainer.finalize_weights();
      of_graph.swap_averages();
      CHECK(weights_of(run_time) == weights_of(model));
    }
}
void check_settings(const std::string& name, const OptimizerSettings& settings) {
  check_run("sgd_" + name, With{SGD{.learning_rate = 0.05, .momentum = 0.9}, settings});
  check_run("adam_" + name, With{Adam{.learning_rate = 0.02}, settings});
}

}  // namespace

TEST_CASE("the settings of every optimizer") {
  REQUIRE(testing::allocations_are_counted());
  check_settings("decay", {.weight_decay = 0.2});
  check_settings("clipnorm", {.clipnorm = 0.3});
  check_settings("global_clipnorm", {.global_clipnorm = 0.4});
  check_settings("clipvalue", {.clipvalue = 0.1});
  check_settings("ema", {.use_ema = true, .ema_momentum = 0.8});
  check_settings("ema_overwrites", {.use_ema = true, .ema_momentum = 0.8, .ema_overwrite_frequency = 3});
  check_settings("accumulates", {.gradient_accumulation_steps = 2});
  check_settings("all", {.weight_decay = 0.2,
                         .global_clipnorm = 0.4,
                         .use_ema = true,
                         .ema_momentum = 0.8,
                         .ema_overwrite_frequency = 2,
                         .gradient_accumulation_steps = 3});
  check_run("sgd_excludes",
            With{SGD{.learning_rate = 0.05},
                 {.weight_decay = 0.2, .exclude_from_weight_decay = {"bias", "gamma", "beta"}}});
  check_run("adamw_excludes", With{AdamW{.learning_rate = 0.02, .weight_decay = 0.3},
                                   {.exclude_from_weight_decay = {"kernel"}}});
  check_run("nadam_accumulates", With{Nadam{.learning_rate = ExponentialDecay{0.05, 2, 0.5}},
                                      {.weight_decay = 0.2, .gradient_accumulation_steps = 2}});
}

TEST_CASE("optimizers that look at whole tensors") {
  check_run("lamb", Lamb{.learning_rate = 0.05});
  check_run("lamb_decay", With{Lamb{.learning_rate = 0.05}, {.weight_decay = 0.2, .clipnorm = 0.3}});
  check_run("adafactor", Adafactor{.learning_rate = 0.1});
  check_run("adafactor_custom", Adafactor{.learning_rate = 0.7,
                                          .beta_2_decay = -0.6,
                                          .epsilon_1 = 1e-6,
                                          .epsilon_2 = 0.3,
                                          .clip_threshold = 0.5,
                                          .relative_step = false});
  check_run("adafactor_ema", With{Adafactor{.learning_rate = 0.1},
                                  {.weight_decay = 0.2, .use_ema = true, .ema_momentum = 0.8}});
}

TEST_CASE("settings that are off leave the bits of the optimizer alone") {
  Model<Net> model, plain;
  fill_frozen_too(model);
  fill_frozen_too(plain);
  auto trainer = compile(model, With{Adam{.learning_rate = 0.02}, {}}, MeanSquaredError{});
  auto reference = compile(plain, Adam{.learning_rate = 0.02}, MeanSquaredError{});
  train(trainer, 0, 3);
  train(reference, 0, 3);
  CHECK(weights_of(model) == weights_of(plain));
  CHECK(trainer.optimizer_variables() == reference.optimizer_variables());
  trainer.optimizer().use_ema = true;  // also between steps
  trainer.optimizer().gradient_accumulation_steps = 2;
  train(trainer, 3, 5);
  CHECK(trainer.optimizer_variables() == 4 * trainer.trainable() + 2);
}

TEST_CASE("layers have learning rates of their own, and frozen ones stay as they are") {
  const auto step = [](auto&& model, double rate, const OptimizerSettings& settings) {
    fill_frozen_too(model);
    auto trainer = compile(model, With{SGD{.learning_rate = rate}, settings}, MeanSquaredError{});
    train(trainer, 0, 1);
    return weights_of(model);
  };
  constexpr std::size_t convolution = 15, dense = 27;  // their first weights
  const auto same = [](const auto& a, const auto& b, std::size_t from, std::size_t to) {
    return std::equal(a.begin() + static_cast<std::ptrdiff_t>(from),
                      a.begin() + static_cast<std::ptrdiff_t>(to),
                      b.begin() + static_cast<std::ptrdiff_t>(from));
  };
  const auto usual = step(Model<Net>(), 0.05, {.weight_decay = 0.2}),
             fast = step(Model<Net>(), 0.1, {.weight_decay = 0.2}),
             named =
                 step(Model<Net>(), 0.05, {.weight_decay = 0.2, .learning_rates = {{"conv1d", 0}, {3, 2}}}),
             of_graph = step(graph(), 0.05, {.weight_decay = 0.2, .learning_rates = {{1, 0}, {"dense", 2}}});
  Model<Net> start;
  fill_frozen_too(start);
  CHECK(same(named, weights_of(start), 0, convolution));
  CHECK(same(named, usual, convolution, dense));
  CHECK(same(named, fast, dense, named.size()));
  CHECK(named == of_graph);

  Graph frozen = graph();
  frozen.set_trainable("conv1d", false);
  const auto after = step(frozen, 0.05, {.weight_decay = 0.2, .use_ema = true, .ema_overwrite_frequency = 1});
  CHECK(same(after, weights_of(start), 0, convolution));
  CHECK(!same(after, weights_of(start), dense, after.size()));
}

TEST_CASE("at the end of fit the weights are their averages") {
  Model<Net> model, other;
  fill_frozen_too(model);
  fill_frozen_too(other);
  const With optimizer{Adam{.learning_rate = 0.02}, {.use_ema = true, .ema_momentum = 0.8}};
  auto trainer = compile(model, optimizer, MeanSquaredError{});
  auto steps = compile(other, optimizer, MeanSquaredError{});
  trainer.fit(inputs(), targets(), {.batch_size = 8, .shuffle = false, .verbose = 0});
  train(steps, 0, 5);
  CHECK(weights_of(model) != weights_of(other));
  steps.finalize_weights();
  CHECK(weights_of(model) == weights_of(other));
}

TEST_CASE("settings that make no sense are named") {
  Model<Net> model;
  const auto refused = [&](const OptimizerSettings& settings) {
    return error_of([&] { compile(model, With{Adam{}, settings}, MeanSquaredError{}); });
  };
  CHECK(refused({.weight_decay = -1}) == "weight_decay -1 came, 0 or more wanted");
  CHECK(refused({.clipnorm = 1, .clipvalue = 1}) ==
        "several of clipnorm, global_clipnorm and clipvalue came, one wanted");
  CHECK(refused({.use_ema = true, .ema_momentum = 1.5}) == "ema_momentum 1.5 came, from 0 to 1 wanted");
  CHECK(refused({.ema_overwrite_frequency = -2}) == "ema_overwrite_frequency -2 came, 1 or more wanted");
  CHECK(refused({.gradient_accumulation_steps = 1}) ==
        "gradient_accumulation_steps 1 came, 2 or more wanted");
  CHECK(refused({.learning_rates = {{"dens", 2}}}) ==
        "learning_rates: layer 'dens' came, one of the model wanted");
  CHECK(refused({.learning_rates = {{4, 2}}}) == "learning_rates: layer 4 came, one of 4 wanted");
  CHECK(refused({.learning_rates = {{0, -2}}}) == "learning_rates: a factor of -2 came, 0 or more wanted");
  auto trainer = compile(model, With{Adam{}, {}}, MeanSquaredError{});
  CHECK(error_of([&] { trainer.swap_averages(); }) ==
        "averages of the weights wanted, an optimizer without use_ema came");
  trainer.optimizer().clipnorm = -1;
  CHECK(error_of([&] { train(trainer, 0, 1); }) == "clipnorm -1 came, 0 or more wanted");
}
