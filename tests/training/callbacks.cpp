// Callbacks: what they decide is what Keras's decide, on scripts of tests/keras/callbacks.py; fit() calls
// them when Keras does.
#include "../check.hpp"
#include "../files.hpp"

using namespace keratin;

namespace {

constexpr double no_value = 8e9, nan_value = 9e9;  // in the files

std::vector<float> of(const std::string& name) { return golden("callbacks/" + name); }
std::string text_of(const std::string& name) {
  std::string text;
  for (const float c : of(name)) text += static_cast<char>(static_cast<int>(c));
  return text;
}
std::optional<double> optional_of(float value) {
  return value == static_cast<float>(no_value) ? std::nullopt : std::optional<double>(value);
}
double value_of(float value) { return value == static_cast<float>(nan_value) ? NAN : value; }
bool same(std::optional<double> value, float wanted) {
  if (!value || wanted == static_cast<float>(no_value)) return optional_of(wanted) == value;
  return std::isnan(*value) ? wanted == static_cast<float>(nan_value) : *value == wanted;
}
const std::string monitors[] = {"val_loss", "val_accuracy", "loss"};

// What callbacks need of a trainer.
struct Stub {
  std::array<float, 3> weights{};
  SGD settings{.learning_rate = 0.1f};

  std::span<float> block() { return weights; }
  Stub& model() { return *this; }
  SGD& optimizer() { return settings; }
  const SGD& optimizer() const { return settings; }
  std::int64_t iterations() const { return 0; }
};
// Calls what fit() would, with these values; after each epoch `seen`.
void drive(Stub& stub, auto& callback, const std::string& monitor, const std::vector<float>& script,
           auto seen) {
  TrainingRun<Stub> run(stub);
  detail::call<detail::hooks::on_train_begin>(run, callback);
  for (run.epoch = 0; run.epoch < static_cast<int>(script.size()) && !run.stop_training; ++run.epoch) {
    stub.weights.fill(static_cast<float>(run.epoch + 1));
    run.logs.clear();
    run.logs.add(monitor, value_of(script[static_cast<std::size_t>(run.epoch)]));
    detail::call<detail::hooks::on_epoch_begin>(run, callback);
    detail::call<detail::hooks::on_epoch_end>(run, callback);
    seen();
  }
  detail::call<detail::hooks::on_train_end>(run, callback);
}

using Net = Sequential<Input<1>, Dense<1>>;
const std::vector<float> xs(9, 0.f);

}  // namespace

TEST_CASE("EarlyStopping stops and restores where Keras does") {
  for (int i = 0; i < 20; ++i) {
    const std::string name = "early_stopping/" + std::to_string(i) + "/";
    CAPTURE(name);
    const auto o = of(name + "options"), found = of(name + "found");
    const std::string& monitor = monitors[static_cast<int>(o[0])];
    EarlyStopping callback{.monitor = monitor,
                           .min_delta = o[2],
                           .patience = static_cast<int>(o[3]),
                           .mode = static_cast<Direction>(static_cast<int>(o[1])),
                           .baseline = optional_of(o[4]),
                           .restore_best_weights = o[5] != 0,
                           .start_from_epoch = static_cast<int>(o[6])};
    std::size_t at = 0;
    Stub stub;
    for (int times = 0; times < 2; ++times) {  // it begins anew
      at = 0;
      drive(stub, callback, monitor, of(name + "script"), [&] {
        REQUIRE(at + 5 <= found.size());
        CHECK(callback.wait == static_cast<int>(found[at]));
        CHECK(same(callback.best, found[at + 1]));
        CHECK(callback.best_epoch == static_cast<int>(found[at + 2]));
        at += 3;
      });
    }
    REQUIRE(at + 2 == found.size());
    CHECK(callback.stopped_epoch == static_cast<int>(found[at]));
    for (const float w : stub.weights) CHECK(w == found[at + 1]);
  }
}

TEST_CASE("ReduceLROnPlateau has Keras's learning rates") {
  for (int i = 0; i < 16; ++i) {
    const std::string name = "plateau/" + std::to_string(i) + "/";
    CAPTURE(name);
    const auto o = of(name + "options"), found = of(name + "found");
    const std::string& monitor = monitors[static_cast<int>(o[0])];
    ReduceLROnPlateau callback{.monitor = monitor,
                               .factor = o[2],
                               .patience = static_cast<int>(o[3]),
                               .mode = static_cast<Direction>(static_cast<int>(o[1])),
                               .min_delta = o[4],
                               .cooldown = static_cast<int>(o[5]),
                               .min_lr = o[6]};
    std::size_t at = 0;
    Stub stub;
    drive(stub, callback, monitor, of(name + "script"), [&] {
      REQUIRE(at + 4 <= found.size());
      CHECK(callback.wait == static_cast<int>(found[at]));
      CHECK(callback.cooldown_counter == static_cast<int>(found[at + 1]));
      CHECK(same(callback.best, found[at + 2]));
      CHECK(static_cast<float>(stub.settings.learning_rate.at(0)) == found[at + 3]);
      at += 4;
    });
    CHECK(at == found.size());
  }
}

TEST_CASE("callbacks say what Keras's say") {
  const auto says = [](auto callback, const std::vector<float>& values) {
    Stub stub;
    return printed_by([&] { drive(stub, callback, "val_loss", values, [] {}); });
  };
  CHECK(says(EarlyStopping{.patience = 1, .verbose = 1, .restore_best_weights = true}, {1, 0.5f, 0.75f}) ==
        text_of("says/early_stopping"));
  CHECK(says(ReduceLROnPlateau{.patience = 1, .verbose = 1, .min_lr = 0.004f}, {1, 1, 1, 1}) ==
        text_of("says/plateau"));
  CHECK(says(LearningRateScheduler([](int epoch, double) { return epoch == 0 ? 1e-5 : 1e-4; }, 1), {1, 1}) ==
        text_of("says/scheduler"));
}

TEST_CASE("numbers are printed as Python prints them") {
  std::string all;
  for (const double value : {0.0,
                             -0.0,
                             1.0,
                             100.0,
                             0.1,
                             1 / 3.0,
                             1e-4,
                             9.99e-5,
                             1e-5,
                             1.5e-9,
                             123456789.0,
                             1e15,
                             1e16,
                             1.5e16,
                             5e-324,
                             1.7976931348623157e308,
                             -2.5,
                             double{NAN},
                             double{INFINITY},
                             -double{INFINITY},
                             0.001000000047497451})
    all.append(all.empty() ? "" : "\n").append(repr(value).view());
  CHECK(all == text_of("repr"));
}

namespace {

// The number of each hook and the epoch or batch, as callbacks.py notes them; stops at one.
struct Record {
  std::vector<float> calls{};
  std::pair<int, int> stop{-1, -1};

  void note(TrainingState& run, int hook, int at) {
    calls.push_back(static_cast<float>(hook));
    calls.push_back(static_cast<float>(at));
    if (stop == std::pair(hook, at)) run.stop_training = true;
  }
  void on_train_begin(TrainingState& run) { note(run, 0, -1); }
  void on_train_end(TrainingState& run) { note(run, 1, -1); }
  void on_epoch_begin(TrainingState& run) { note(run, 2, run.epoch); }
  void on_epoch_end(TrainingState& run) { note(run, 3, run.epoch); }
  void on_train_batch_begin(TrainingState& run) { note(run, 4, run.step); }
  void on_train_batch_end(TrainingState& run) { note(run, 5, run.step); }
  void on_test_begin(TrainingState& run) { note(run, 6, -1); }
  void on_test_end(TrainingState& run) { note(run, 7, -1); }
  void on_test_batch_begin(TrainingState& run) { note(run, 8, run.step); }
  void on_test_batch_end(TrainingState& run) { note(run, 9, run.step); }
};

}  // namespace

TEST_CASE("fit calls callbacks when Keras does, and stops when one says so") {
  using Freq = decltype(FitOptions::validation_freq);
  const auto run = [](const std::string& name, std::pair<int, int> stop, const Freq& freq,
                      const std::vector<int>& epochs, const std::vector<int>& validated) {
    CAPTURE(name);
    Model<Net> model;
    auto trainer = compile(model, SGD{}, MeanSquaredError{}, metrics::MeanAbsoluteError{});
    Record record{.stop = stop};
    const History history = trainer.fit(xs, xs,
                                        {.epochs = 4,
                                         .batch_size = 2,
                                         .validation_data = {Array(xs).slice(0, 5), Array(xs).slice(0, 5)},
                                         .verbose = 0,
                                         .initial_epoch = 1,
                                         .validation_steps = 2,
                                         .validation_freq = freq},
                                        record);
    CHECK(record.calls == of("order/" + name));
    CHECK(history.epochs("loss") == epochs);
    CHECK(history.epochs("val_loss") == validated);
  };
  run("all", {-1, -1}, 3, {1, 2, 3}, {2});
  run("listed", {-1, -1}, std::vector{1, 4, 2, 9}, {1, 2, 3}, {1, 3});
  run("stopped_in_batch", {5, 1}, 1, {1}, {1});
  run("stopped_in_epoch", {3, 1}, 2, {1}, {1});
}

TEST_CASE("SwapEMAWeights has the averages in the model when Keras's has") {
  const std::vector<float> x{0, 0.125f, 0.25f, 0.375f, 0.5f, 0.625f, 0.75f, 0.875f},
      y{1, 0.875f, 0.75f, 0.625f, 0.5f, 0.375f, 0.25f, 0.125f};
  Model<Net> model;
  const With settings{SGD{.learning_rate = 0.25}, {.use_ema = true, .ema_momentum = 0.75}};
  FitOptions options{.epochs = 3, .batch_size = 4, .validation_data = {x, y}, .shuffle = false, .verbose = 0};
  std::vector<float> seen;
  double last = 0;
  int stop = -1;
  const auto note = [&](float hook) {
    return [&, hook](TrainingState& run) {
      seen.insert(seen.end(), {hook, model.block()[0]});
      last = model.block()[0];
      run.stop_training = hook == 3 && run.epoch == stop;
    };
  };
  const LambdaCallback spy{
      .on_epoch_begin = note(2), .on_epoch_end = note(3), .on_test_begin = note(6), .on_test_end = note(7)};
  const auto run = [&](const std::string& name, const SwapEMAWeights& swap) {
    CAPTURE(name);
    seen.clear();
    model.set_weights(std::vector{0.5f, 0.f});
    auto trainer = compile(model, settings, MeanSquaredError{});
    const History history = trainer.fit(x, y, options, swap, spy);
    CHECK(all_near(seen, of("averages/" + name + "/seen"), 1e-6));
    CHECK(all_near(history["val_loss"], of("averages/" + name + "/val_loss"), 1e-6));
    CHECK(trainer.averages()[0] == model.block()[0]);
    return model.block()[0];
  };
  CHECK(near(run("tests", {}), of("averages/tests/kernel")[0], 1e-6));
  options.validation_freq = 2;
  CHECK(near(run("epochs", {.swap_on_epoch = true}), of("averages/epochs/kernel")[0], 1e-6));
  options.validation_freq = 1;
  stop = 1;  // Keras ends with the weights that are behind the averages
  CHECK(run("stopped", {.swap_on_epoch = true}) == last);
  CHECK(!near(last, of("averages/stopped/kernel")[0], 0.1));

  auto trainer = compile(model, settings, MeanSquaredError{});
  trainer.train_on_batch(x, y);
  const float weight = model.block()[0], average = trainer.averages()[0];
  seen.clear();
  const auto logs = trainer.evaluate(x, y, 8, {}, SwapEMAWeights{}, spy);
  CHECK(seen == std::vector<float>{6, average, 7, weight});
  trainer.swap_averages();
  CHECK(trainer.evaluate(x, y) == logs);
  seen.clear();
  trainer.fit(x, y, options, SwapEMAWeights{}, spy);  // trains the weights, whoever exchanged them
  CHECK(seen[1] == weight);
  trainer.optimizer().use_ema = false;
  CHECK_THROWS_WITH(trainer.fit(x, y, options, SwapEMAWeights{}),
                    "SwapEMAWeights: an optimizer without use_ema came, one with it wanted");
}

TEST_CASE("steps_per_epoch goes on with the batches that are left, as Keras's iterator does") {
  for (const auto& [batches, steps] : {std::pair(5, 3), std::pair(5, 5), std::pair(3, 7), std::pair(4, 2),
                                       std::pair(5, 4), std::pair(2, 1)}) {
    CAPTURE(batches);
    CAPTURE(steps);
    // Nothing is learned, and the loss of batch i is i.
    const std::vector<float> x(static_cast<std::size_t>(2 * batches), 0.f);
    std::vector<float> y;
    for (int i = 0; i < 2 * batches; ++i) y.push_back(std::sqrt(static_cast<float>(i / 2)));
    std::vector<float> seen;
    double before = 0;
    LambdaCallback spy{
        .on_epoch_end = [&](TrainingState&) { seen.push_back(-1); },
        .on_train_batch_end =
            [&](TrainingState& run) {
              const double sum = run.logs["loss"] * (run.step + 1);
              seen.push_back(static_cast<float>(std::lround(run.step == 0 ? sum : sum - before)));
              before = sum;
            }};
    Model<Net> model;
    auto trainer = compile(model, SGD{.learning_rate = 0}, MeanSquaredError{}, metrics::MeanAbsoluteError{});
    trainer.fit(
        x, y, {.epochs = 5, .batch_size = 2, .shuffle = false, .verbose = 0, .steps_per_epoch = steps}, spy);
    CHECK(seen == of("batches/" + std::to_string(batches) + "_" + std::to_string(steps)));
  }
}

TEST_CASE("logs have Keras's order, and what callbacks add is in the history") {
  Model<Net> model;
  auto trainer = compile(model, SGD{.learning_rate = 0.5}, MeanSquaredError{}, metrics::MeanAbsoluteError{});
  LearningRateScheduler halves([](int epoch, double rate) { return epoch == 0 ? rate : rate / 2; });
  std::string names;
  double tested = -1;
  std::vector<LambdaCallback> spies(2);
  spies[1].on_epoch_end = [&](TrainingState& run) { names = run.logs.names().view(); };
  spies[0].on_test_end = [&](TrainingState& run) { tested = run.logs["loss"]; };
  std::tuple more(TerminateOnNaN{}, EarlyStopping{.monitor = "loss", .patience = 9});
  const History history =
      trainer.fit(xs, xs, {.epochs = 3, .validation_split = 0.4, .verbose = 0}, halves, spies, more);
  CHECK(names == "loss, mean_absolute_error, val_loss, val_mean_absolute_error, learning_rate");
  CHECK(history["learning_rate"] == std::vector{0.5, 0.25, 0.125});
  CHECK(tested == history["val_loss"].back());
  CHECK(std::get<1>(more).best.has_value());
  CHECK(trainer.optimizer().learning_rate.at(0) == 0.125);
  int batches = 0;
  trainer.evaluate(xs, xs, 3, {}, LambdaCallback{.on_test_batch_end = [&](TrainingState&) { ++batches; }});
  CHECK(batches == 3);
}

TEST_CASE("TerminateOnNaN ends training at a loss that is not finite") {
  const std::vector<float> x(8, 1e20f), y(8, 0.f);
  Model<Net> model(1);
  auto trainer = compile(model, SGD{.learning_rate = 1e20}, MeanSquaredError{}, metrics::MeanAbsoluteError{});
  const FitOptions options{.epochs = 3, .batch_size = 2, .verbose = 0};
  const TerminateOnNaN terminate;
  CHECK(printed_by([&] { CHECK(trainer.fit(x, y, options, terminate)["loss"].size() == 1); }) ==
        "Batch 1: Invalid loss, terminating training\n");
  CHECK(trainer.iterations() == 2);
  CHECK_THROWS_WITH(trainer.fit(x, y, options, TerminateOnNaN{.raise_error = true}),
                    doctest::Contains("TerminateOnNaN: a loss of "));
}

TEST_CASE("restored weights are the best epoch's, bit for bit") {
  std::vector<float> x = filled_array(9, 0), y = filled_array(9, 1), best;
  Model<Net> model(2);
  auto trainer = compile(model, SGD{.learning_rate = 0.4}, MeanSquaredError{}, metrics::MeanAbsoluteError{});
  LambdaCallback spy{.on_epoch_end = [&](TrainingState& run) {
    run.logs.set("score", run.epoch == 2 ? 1.0 : 0.0);
    if (run.epoch == 2) best.assign(model.block().begin(), model.block().end());
  }};
  EarlyStopping stopping{
      .monitor = "score", .patience = 2, .mode = Direction::max, .restore_best_weights = true};
  const History history = trainer.fit(x, y, {.epochs = 20, .verbose = 0}, spy, stopping);
  CHECK(history["loss"].size() == 5);
  CHECK(std::ranges::equal(model.block(), best));
}

TEST_CASE("three callbacks and two metrics allocate nothing in a step") {
  const std::vector<float> x = filled_array(200, 0), y = filled_array(200, 1);
  Model<Net> model;
  auto trainer =
      compile(model, Adam{}, MeanSquaredError{}, metrics::MeanAbsoluteError{}, metrics::MeanSquaredError{});
  struct Counter {
    long steps = 0;
    double last = 0;
    void on_train_batch_end(TrainingState& run) {
      ++steps;
      last = run.logs["mean_squared_error"];
    }
  } counter;
  EarlyStopping stopping{.patience = 100, .restore_best_weights = true};
  const auto fit = [&](int epochs, int batch_size) {
    const long before = testing::allocations;
    trainer.fit(x, y, {.epochs = epochs, .batch_size = batch_size, .validation_split = 0.5, .verbose = 0},
                counter, TerminateOnNaN{}, stopping);
    return testing::allocations - before;
  };
  REQUIRE(testing::allocations_are_counted());
  fit(1, 50);
  const long few = fit(2, 50), many = fit(20, 1);
  CHECK(few == many);
  CHECK(counter.steps == 2 + 4 + 2000);
}

TEST_CASE("an interrupted training shuffles as one that goes on") {
  const std::vector<float> x = filled_array(20, 0), y = filled_array(20, 1);
  const auto weights = [&](std::initializer_list<std::pair<int, int>> parts) {
    Model<Net> model(1);
    auto trainer = compile(model, SGD{}, MeanSquaredError{}, metrics::MeanAbsoluteError{});
    for (const auto& [first, last] : parts)
      trainer.fit(x, y, {.epochs = last, .batch_size = 3, .verbose = 0, .initial_epoch = first});
    return std::vector<float>(model.block().begin(), model.block().end());
  };
  CHECK(weights({{0, 4}}) == weights({{0, 1}, {1, 4}}));
}

TEST_CASE("what a callback cannot do is said before training") {
  Model<Net> model;
  auto trainer = compile(model, SGD{.learning_rate = ExponentialDecay{}}, MeanSquaredError{},
                         metrics::Named<"score", metrics::MeanAbsoluteError>{});
  FitOptions quiet{.verbose = 0};
  const auto with = [&](auto callback) { trainer.fit(xs, xs, quiet, callback); };
  CHECK_THROWS_WITH(with(EarlyStopping{.monitor = "score"}),
                    "EarlyStopping: nothing is known of 'score', Direction::min or Direction::max wanted");
  CHECK_THROWS_WITH(
      with(EarlyStopping{.monitor = "los"}),
      "EarlyStopping: there is no 'los', there are loss, score; one that a callback adds wants a "
      "mode, Direction::min or Direction::max");
  quiet.validation_split = 0.4;
  CHECK_THROWS_WITH(with(ReduceLROnPlateau{.monitor = "val_los"}),
                    doctest::Contains("no 'val_los', there are loss, score, val_loss, val_score; "));
  quiet.validation_split = 0;
  CHECK_THROWS_WITH(with(ReduceLROnPlateau{}),
                    "ReduceLROnPlateau: an optimizer with a schedule came, one with a number wanted");
  CHECK_THROWS_WITH(with(LearningRateScheduler([](int, double rate) { return rate; })),
                    "LearningRateScheduler: an optimizer with a schedule came, one with a number wanted");
  CHECK_THROWS_WITH(with(LambdaCallback{.on_epoch_end = [](TrainingState& run) { run.logs["los"]; }}),
                    "logs: there is no 'los', there are loss, score");
  const auto refused = [&](const FitOptions& options, const char* why) {
    CHECK_THROWS_WITH(trainer.fit(xs, xs, options), why);
  };
  refused({.epochs = 2, .initial_epoch = 3}, "fit: initial_epoch 3 came, from 0 to epochs, 2, wanted");
  refused({.initial_epoch = -1}, "fit: initial_epoch -1 came, from 0 to epochs, 1, wanted");
  refused({.steps_per_epoch = -2},
          "fit: steps_per_epoch -2 and validation_steps 0 came, 1 or more wanted, or 0 for all");
  refused({.validation_freq = 0}, "fit: validation_freq 0 came, at least 1 wanted");
}
