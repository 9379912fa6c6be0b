#pragma once
#include <keratin/io/model_checkpoint.hpp>
#include <keratin/io/training_state.hpp>

#include <charconv>
#include <filesystem>
#include <string>

namespace keratin::io {

/// Saves the trainer with its model after each epoch, as backup_dir/epoch_N.keras after N of them, and goes
/// on after the last one that is there: the same program, started again, ends where it would have ended. What
/// other callbacks keep begins anew; the trainer's random seed has to be the same. delete_checkpoint: when
/// training has ended. Error: FileError; a file cannot be written, or is that of another network. Keras:
/// BackupAndRestore.
struct BackupAndRestore {
  std::string backup_dir{};
  bool delete_checkpoint = true;
  CustomLayers custom{};  // as save_model takes them

  void on_train_begin(auto& run) {
    if (backup_dir.empty()) throw FileError("BackupAndRestore: no backup_dir came");
    const int done = epochs_done();
    if (done == 0) return;
    load_training(run.trainer, path(done), custom);
    run.epoch = done;
  }
  void on_epoch_end(auto& run) {
    const int before = epochs_done();
    detail::make_folder_of(path(1));
    save_model(run.trainer, path(run.epoch + 1), custom);
    if (before > 0 && before != run.epoch + 1) remove(before);
  }
  void on_train_end(TrainingState&) const {
    if (!delete_checkpoint) return;
    for (int done = epochs_done(); done > 0; done = epochs_done()) remove(done);
    std::error_code none;
    std::filesystem::remove(backup_dir, none);  // if nothing else is in it
  }

 private:
  std::string path(int done) const { return backup_dir + "/epoch_" + std::to_string(done) + ".keras"; }
  void remove(int done) const {
    if (!std::filesystem::remove(path(done))) throw FileError(path(done) + ": cannot be removed");
  }
  // 0 where there is no file.
  int epochs_done() const {
    int most = 0;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(backup_dir, none)) {
      const std::string name = entry.path().filename().string();
      int done = 0;
      if (!name.starts_with("epoch_")) continue;
      const auto read = std::from_chars(name.data() + 6, name.data() + name.size(), done);
      if (read.ec == std::errc() && std::string_view(read.ptr) == ".keras") most = std::max(most, done);
    }
    return most;
  }
};

}  // namespace keratin::io
