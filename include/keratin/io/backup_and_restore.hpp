#pragma once
#include <keratin/io/checkpoint.hpp>

#include <filesystem>
#include <string>

namespace keratin::io {

/// Saves the training after each epoch, or after every save_freq steps, as backup_dir/latest.checkpoint, and
/// goes on from there: the same program, started again after whatever stopped it, ends with the weights that
/// it would have ended with, to the last bit. Also in the middle of an epoch, where Keras begins it again,
/// and with what the callbacks in front of it remember (their each_state), which Keras forgets: it has to be
/// the last one. delete_checkpoint: when training has ended. Error: FileError; the folder cannot be written
/// to, or what is in the file is damaged or of another trainer: it stays as it is, and so does the trainer.
/// Keras: BackupAndRestore.
struct BackupAndRestore {
  std::string backup_dir{};
  int save_freq = 0;  // 0: after each epoch
  bool delete_checkpoint = true;

  int steps_since_saving = 0;

  void on_train_begin(auto& run) {
    if (backup_dir.empty()) throw FileError("BackupAndRestore: no backup_dir came");
    if (save_freq < 0) report(Text("BackupAndRestore: save_freq ", save_freq, " came, 0 or more wanted"));
    std::error_code error;
    std::filesystem::create_directories(backup_dir, error);
    if (error) throw FileError(backup_dir + ": cannot be made: " + error.message());
    remove_unfinished();
    const AtomicFile trial(path());  // says now whether it can be written, not when an epoch is done
    steps_since_saving = 0;
    if (std::filesystem::exists(path())) load_checkpoint(run.trainer, run, path());
  }
  void on_train_batch_end(auto& run) {
    if (save_freq == 0 || ++steps_since_saving < save_freq) return;
    steps_since_saving = 0;
    save(run, run.epoch, run.step + 1);
  }
  void on_epoch_end(auto& run) {
    if (save_freq == 0) save(run, run.epoch + 1, 0);
  }
  void on_train_end(TrainingState&) const {
    std::error_code none;
    if (!delete_checkpoint) return;
    std::filesystem::remove(path(), none);
    std::filesystem::remove(backup_dir, none);  // if nothing else is in it
  }

 private:
  std::string path() const { return backup_dir + "/latest.checkpoint"; }
  void save(auto& run, int epoch, int step) const {
    TrainingState state = run;
    state.epoch = epoch;
    state.step = step;
    save_checkpoint(run.trainer, state, path());
  }
  // What a process that was killed was writing.
  void remove_unfinished() const {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(backup_dir, none)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(".keratin-") && name.ends_with(".tmp"))
        std::filesystem::remove(entry.path(), none);
    }
  }
};

}  // namespace keratin::io
