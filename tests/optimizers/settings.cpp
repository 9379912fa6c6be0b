// What every optimizer may be given, and optimizers that look at whole tensors, against Keras.
#include <keratin/functional.hpp>
#include <keratin/optimizers.hpp>
#include <keratin/sequential/model.hpp>
#include <keratin/training/fit.hpp>

#include "../check.hpp"

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
// As golden.py fills them: the trained ones, moving statistics 1 more.
void fill_weights(auto& model) {
  std::vector<float> all;
  int j = 0;
  for (const LayerPlan& layer : model.layers())
    for (const Parameter& p : *layer.tensors.parameters) {
      for (float v : filled_array(static_cast<std::size_t>(p.shape.size()), ++j))
        all.push_back(v + (p.trainable ? 0.f : 1.f));
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
  fill_weights(model);
  auto trainer = compile<8>(model, optimizer, MeanSquaredError{});
  train(trainer, 0, 3);
  const long before = testing::allocations;
  train(trainer, 3, 7);
  CHECK(testing::allocations == before);
  CHECK(all_near(weights_of(model), golden("settings/" + name), tolerance));

  Graph run_time = graph();
  fill_weights(run_time);
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
std::string message_of(auto f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
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
