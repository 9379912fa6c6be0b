#pragma once
#include <keratin/callbacks/monitor.hpp>
#include <keratin/io/format.hpp>
#include <keratin/io/save.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace keratin::io {
namespace detail {

// Error: FileError; the folder that the file is to be in cannot be made.
inline void make_folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) throw FileError(path + ": its folder cannot be made: " + error.message());
}

}  // namespace detail

/// Saves the trainer with its model after each epoch, or every save_freq batches: as a .keras or .h5 that
/// training goes on from, or with save_weights_only as a .weights.h5. The name may have values in it:
/// "model_{epoch:02d}-{val_loss:.2f}.keras"; epoch and batch count from 1. save_best_only: when what is
/// monitored is better than ever, or than initial_value_threshold. Folders are made. A file is the old or the
/// new one, whatever happens. Errors: FileError, where it can be known before the first epoch; a metric of
/// unknown direction. Keras: ModelCheckpoint.
struct ModelCheckpoint {
  std::string filepath{};
  std::string monitor = "val_loss";
  int verbose = 0;
  bool save_best_only = false, save_weights_only = false;
  Direction mode = Direction::automatic;
  int save_freq = 0;  // 0: after each epoch
  std::optional<double> initial_value_threshold{};
  CustomLayers custom{};  // as save_model takes them
  // What it found; it goes on from one fit() to the next.
  std::optional<double> best{};
  int batches_since_saving = 0;

  void on_train_begin(TrainingState& run) {
    if (save_best_only) direction(run);
    if (save_freq < 0) report(Text("ModelCheckpoint: save_freq ", save_freq, " came, 0 or more wanted"));
    const bool right = save_weights_only ? filepath.ends_with(".weights.h5")
                                         : !filepath.ends_with(".weights.h5") &&
                                               (filepath.ends_with(".keras") || filepath.ends_with(".h5"));
    if (!right)
      throw FileError(filepath + ": a name that ends with " +
                      (save_weights_only ? ".weights.h5" : ".keras or .h5") + " wanted");
    // Says now whether it can be written, not when an epoch is done: up to the first part with values.
    const std::string path = filepath.substr(0, filepath.find('/', filepath.find('{')));
    detail::make_folder_of(path);
    const AtomicFile trial(path);
  }
  void on_train_batch_end(auto& run) {
    if (save_freq == 0 || ++batches_since_saving < save_freq) return;
    batches_since_saving = 0;
    save(run, fields(run, run.step + 1));
  }
  void on_epoch_end(auto& run) {
    if (save_freq == 0) save(run, fields(run, 0));
  }
  void each_state(auto& f) {
    f("ModelCheckpoint's best", best);
    f("ModelCheckpoint's batches", batches_since_saving);
  }

 private:
  Direction direction(const TrainingState& run) const {
    return keratin::detail::direction_of(monitor, mode, "ModelCheckpoint", run.logs);
  }
  static std::vector<Field> fields(const TrainingState& run, int batch) {
    std::vector<Field> all{{"epoch", run.epoch + 1.0, true}};
    if (batch > 0) all.push_back({"batch", static_cast<double>(batch), true});
    for (const Log& log : run.logs) all.push_back({log.name, log.value});
    return all;
  }
  void tell(int epoch, const auto&... parts) const {
    if (verbose > 0) keratin::detail::tell(Text("\nEpoch ", epoch + 1, ": ", parts...));
  }
  bool wants(const TrainingState& run, const std::string& path) {
    if (!save_best_only) {
      tell(run.epoch, "saving model to ", path);
      return true;
    }
    const double* const value = keratin::detail::monitored(run, monitor, "ModelCheckpoint");
    if (!value) return true;
    const auto digits = [](const std::optional<double>& number) {
      return number ? detail::formatted({"", *number}, ".5f") : std::string("None");
    };
    const std::optional<double> before = best ? best : initial_value_threshold;
    if (!keratin::detail::improves(*value, before, direction(run))) {
      tell(run.epoch, monitor, " did not improve from ", digits(before));
      return false;
    }
    tell(run.epoch, monitor, " improved from ", digits(before), " to ", digits(*value), ", saving model to ",
         path);
    best = *value;
    return true;
  }
  void save(auto& run, const std::vector<Field>& values) {
    const std::string path = format_name(filepath, values);
    if (!wants(run, path)) return;
    detail::make_folder_of(path);
    if (save_weights_only)
      save_weights(run.model(), path, custom);
    else
      save_model(run.trainer, path, custom);
    tell(run.epoch, "finished saving model to ", path);
  }
};

}  // namespace keratin::io
