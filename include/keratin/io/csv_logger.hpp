#pragma once
#include <keratin/core/repr.hpp>
#include <keratin/io/output_file.hpp>
#include <keratin/training/callback.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace keratin::io {

/// Writes a line for each epoch: its number, from 0, and the logs, by name; NA where one is missing. The
/// first epoch decides on the columns. append: behind what the file holds, which then has the header. A line
/// is in the file when its epoch has ended. Error: FileError; the file cannot be written. Keras: CSVLogger.
class CSVLogger {
 public:
  explicit CSVLogger(std::string filename, char separator = ',', bool append = false)
      : filename_(std::move(filename)), separator_(separator), append_(append) {}

  void on_train_begin(TrainingState&) {
    keys_.clear();
    file_ = OutputFile(filename_, append_ ? OutputFile::To::append : OutputFile::To::begin);
  }
  void on_epoch_end(const TrainingState& run) {
    if (keys_.empty()) begin(run.logs);
    line_ = Text(run.epoch).view();
    for (const std::string& key : keys_) {
      const double* const value = run.logs.find(key);
      put(value ? repr(*value).view() : "NA");
    }
    write();
  }
  void on_train_end(TrainingState&) { file_ = OutputFile(); }

 private:
  void begin(const NamedLogs& logs) {
    for (const Log& log : logs) keys_.emplace_back(log.name);
    std::sort(keys_.begin(), keys_.end());
    const auto of_validation = [](const std::string& key) { return key.starts_with("val_"); };
    if (std::none_of(keys_.begin(), keys_.end(), of_validation))
      for (std::size_t i = 0, n = keys_.size(); i < n; ++i) keys_.push_back("val_" + keys_[i]);
    if (append_ && file_.size() > 0) return;
    line_ = "epoch";
    for (const std::string& key : keys_) put(key);
    write();
  }
  // Quoted where the separator stands in it.
  void put(std::string_view cell) {
    line_ += separator_;
    const char* const quote = cell.find(separator_) == cell.npos ? "" : "\"";
    line_.append(quote).append(cell).append(quote);
  }
  void write() {
    line_ += "\r\n";
    file_.write(std::as_bytes(std::span(line_)));
  }

  std::string filename_;
  char separator_;
  bool append_;
  OutputFile file_;
  std::vector<std::string> keys_;
  std::string line_;
};

}  // namespace keratin::io
