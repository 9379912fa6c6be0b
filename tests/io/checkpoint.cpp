// A training that was broken off after any of its steps ends with the bits of one that was not.
#include <keratin/data/dataset.hpp>
#include <keratin/functional.hpp>
#include <keratin/io/backup_and_restore.hpp>
#include <keratin/keratin.hpp>
#include <keratin/optimizers/with.hpp>
#include <keratin/training/fit_dataset.hpp>

#include "../check.hpp"
#include "files.hpp"

using namespace keratin;

namespace {

using Net = Sequential<Input<6>, Dense<8, Tanh>, BatchNormalization<>, Dropout<0.3>, Dense<3, Softmax>>;
const std::vector<float>& inputs() {
  static const std::vector<float> x = filled_array(22 * 6, 0);
  return x;
}
const std::vector<int>& labels() {
  static const std::vector<int> y = [] {
    std::vector<int> all(22);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i % 3);
    return all;
  }();
  return y;
}

struct PowerCut {
  int steps;
  void on_train_batch_end(TrainingState&) {
    if (steps-- == 0) throw std::runtime_error("power cut");
  }
};

// Breaks a training off again and again, each time in a trainer of its own, until one comes to its end.
template <class Model>
void check_fit_resumes(const Model& model, auto compiled, FitOptions options, int save_freq, auto fit,
                       auto... callbacks) {
  options.verbose = 0;
  Model whole = model;
  auto trainer = compiled(whole);
  trainer.set_random_seed(5);
  const History wanted = fit(trainer, options, callbacks...);
  const TemporaryFolder folder;
  const io::BackupAndRestore backup{.backup_dir = folder.file("backup"), .save_freq = save_freq};
  for (int cuts = 0;; ++cuts) {
    REQUIRE(cuts < 100);
    Model again = model;
    auto other = compiled(again);
    other.set_random_seed(std::filesystem::exists(folder.file("backup/latest.checkpoint")) ? 0 : 5);
    try {
      const History history = fit(other, options, callbacks..., io::BackupAndRestore(backup),
                                  PowerCut{cuts % 3 + (save_freq > 0 ? save_freq : 4)});
      CHECK(cuts > 2);
      CHECK(std::ranges::equal(whole.block(), again.block()));
      CHECK(std::ranges::equal(trainer.slots(), other.slots()));
      CHECK(trainer.iterations() == other.iterations());
      for (const auto& [name, values] : wanted) CHECK(history[name].back() == values.back());
      CHECK(folder.files() == 0);
      return;
    } catch (const std::runtime_error& error) {
      REQUIRE(std::string(error.what()) == "power cut");
    }
  }
}

void check_resumes(const auto& model, auto compiled, const FitOptions& options, int save_freq,
                   auto... callbacks) {
  const auto fit = [](auto& trainer, const FitOptions& with, auto&&... all) {
    return trainer.fit(inputs(), labels(), with, all...);
  };
  check_fit_resumes(model, compiled, options, save_freq, fit, callbacks...);
}

const auto classifier = [](auto& model) {
  return compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
};

}  // namespace

TEST_CASE("a training goes on from any step") {
  const FitOptions options{.epochs = 5, .batch_size = 4, .validation_split = 0.2};
  for (const int save_freq : {0, 1, 2, 5}) check_resumes(Model<Net>(1), classifier, options, save_freq);
  const auto x = functional::Input({6});
  const auto y = Dense<3, Softmax>{}(Dropout<0.3>{}(BatchNormalization<>{}(Dense<8, Tanh>{}(x))));
  check_resumes(functional::Model(x, y), classifier, options, 2);
}

TEST_CASE("epochs of some of the batches, an optimizer with averages and sums, a rate that is changed") {
  FitOptions options{.epochs = 6, .batch_size = 4, .shuffle = true, .steps_per_epoch = 4};
  check_resumes(Model<Net>(1), classifier, options, 3);
  check_resumes(Model<Net>(1), classifier, options, 0);
  const auto averaging = [](auto& model) {
    OptimizerSettings settings;
    settings.use_ema = true;
    settings.gradient_accumulation_steps = 3;
    return compile(model, With{RMSprop{}, settings}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  };
  check_resumes(Model<Net>(1), averaging, {.epochs = 5, .batch_size = 4}, 2);
  check_resumes(Model<Net>(1), averaging, {.epochs = 5, .batch_size = 4, .validation_split = 0.2}, 0,
                SwapEMAWeights{.swap_on_epoch = true});
  Model<Net> model(1), other(1);
  auto trainer = classifier(model);
  auto resumed = classifier(other);
  trainer.optimizer().learning_rate = 0.5;
  const TemporaryFolder folder;
  TrainingState run;
  io::save_checkpoint(trainer, run, folder.file("a"));
  io::load_checkpoint(resumed, run, folder.file("a"));
  CHECK(resumed.optimizer().learning_rate.at(0) == 0.5);
}

TEST_CASE("what callbacks remember") {
  const FitOptions options{.epochs = 14, .batch_size = 4};
  for (const int save_freq : {0, 5})
    check_resumes(
        Model<Net>(1), classifier, options, save_freq,
        ReduceLROnPlateau{.monitor = "loss", .factor = 0.5, .patience = 2, .min_delta = 0.05, .cooldown = 1},
        EarlyStopping{.monitor = "loss", .min_delta = 0.04, .patience = 3, .restore_best_weights = true});
  Model<Net> model(1);
  auto trainer = classifier(model);
  const TemporaryFolder folder;
  const io::BackupAndRestore backup{.backup_dir = folder.path, .delete_checkpoint = false};
  trainer.fit(inputs(), labels(), {.verbose = 0}, EarlyStopping{.monitor = "loss"},
              io::BackupAndRestore(backup));
  CHECK(message_of([&] {
          trainer.fit(inputs(), labels(), {.verbose = 0}, ReduceLROnPlateau{.monitor = "loss"},
                      io::BackupAndRestore(backup));
        }).find("compiled otherwise came: ReduceLROnPlateau's best wanted") != std::string::npos);
}

TEST_CASE("data sets: each round has the order that it would have had") {
  const auto rows = [i = std::size_t{0}](std::span<float> x, std::span<float> y) mutable {
    if (i == 22) return false;  // how many there are is not said
    std::copy_n(inputs().begin() + static_cast<std::ptrdiff_t>(i * 6), 6, x.begin());
    y[0] = static_cast<float>(labels()[i++]);
    return true;
  };
  const auto fit = [&](auto& trainer, const FitOptions& with, auto&&... all) {
    const auto data = data::from_generator({.x = {6}, .y = {1}}, rows) | data::shuffle(9) | data::batch(4);
    return trainer.fit(data::AnyDataset(data), data::AnyDataset(data), with, all...);
  };
  for (const int save_freq : {0, 4})
    check_fit_resumes(Model<Net>(1), classifier, {.epochs = 5}, save_freq, fit);
}

TEST_CASE("states of layers") {
  using Recurrent = Sequential<Input<3, 2>, LSTM<4, Stateful>, Dense<3, Softmax>>;
  check_resumes(Model<Recurrent>(1), classifier, {.epochs = 5, .batch_size = 2, .shuffle = false}, 2);
}

TEST_CASE("a checkpoint that is damaged or of another trainer is refused, and changes nothing") {
  const TemporaryFolder folder;
  Model<Net> model(1), other(2);
  auto trainer = classifier(model);
  trainer.train_on_batch(inputs(), labels());
  TrainingState run;
  run.epoch = 3;
  const std::string path = folder.file("a.checkpoint");
  io::save_checkpoint(trainer, run, path);
  const std::string bytes = contents(path);
  auto reads = classifier(other);
  const std::vector<float> before(other.block().begin(), other.block().end());
  TrainingState read;
  const auto message = [&](auto& into, const std::string& file) {
    folder.write("b.checkpoint", file);
    return message_of([&] { io::load_checkpoint(into, read, folder.file("b.checkpoint")); });
  };
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    CHECK(message(reads, damaged) != "");
    CHECK(message(reads, bytes.substr(0, i)) != "");
  }
  CHECK(message(reads, bytes + "x") == folder.file("b.checkpoint") + ": is a damaged checkpoint");
  CHECK(message(reads, "{}") == folder.file("b.checkpoint") + ": is no checkpoint");
  CHECK(message_of([&] { io::load_checkpoint(reads, read, folder.file("none")); }) ==
        folder.file("none") + ": cannot be opened: No such file or directory");
  auto of_sgd = compile(other, SGD{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  CHECK(message(of_sgd, bytes).find("Adam, loss, accuracy came, ") != std::string::npos);
  auto of_schedule = compile(other, Adam{.learning_rate = ExponentialDecay{.decay_steps = 10}},
                             SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  CHECK(message(of_schedule, bytes).find("compiled otherwise came: mean loss wanted") != std::string::npos);
  Model<Sequential<Input<6>, Dense<3, Softmax>>> small(1);
  auto of_small = classifier(small);
  CHECK(message(of_small, bytes).find(" came, ") != std::string::npos);
  run.step = 2;
  run.steps = 10;
  io::save_checkpoint(trainer, run, path);
  read.steps = 5;
  CHECK(message(reads, contents(path)) ==
        folder.file("b.checkpoint") + ": a checkpoint in an epoch of 10 steps came, 5 wanted");
  CHECK(std::ranges::equal(before, other.block()));
  CHECK(reads.iterations() == 0);
  CHECK(read.epoch == 0);
  // fit says so, and leaves the file for whoever can use it.
  std::filesystem::create_directory(folder.file("backup"));
  folder.write("backup/latest.checkpoint", bytes.substr(1));
  CHECK(message_of([&] {
          reads.fit(inputs(), labels(), {.verbose = 0},
                    io::BackupAndRestore{.backup_dir = folder.file("backup")});
        }) == folder.file("backup/latest.checkpoint") + ": is no checkpoint");
  CHECK(contents(folder.file("backup/latest.checkpoint")) == bytes.substr(1));
  CHECK(std::ranges::equal(before, other.block()));
}
