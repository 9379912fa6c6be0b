#pragma once
// What all commands share: their options, how they end, and models out of files.

#include <keratin/functional/model.hpp>
#include <keratin/io/file_error.hpp>

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace tool {

using namespace keratin;

/// Exit codes. Also of a command that returns: ok, or differ.
enum Exit { ok = 0, differ = 1, bad_usage = 2, bad_file = 3 };

/// What was asked for cannot be: ends the program with bad_usage.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// f(), and what it finds wrong names the file.
template <class F> auto about(const std::string& file, F f) {
  try {
    return f();
  } catch (const std::exception& e) {
    const std::string what = e.what();
    if (dynamic_cast<const UsageError*>(&e)) throw;
    throw io::FileError(what.starts_with(file) ? what : file + ": " + what);
  }
}
/// The names in a list with commas; none of an empty text.
inline std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from < list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    names.push_back(list.substr(from, comma - from));
    from = comma + 1;
  }
  return names;
}

/// How far long work is, on one line of the terminal; nothing where errors go elsewhere.
class Waiting {
 public:
  explicit Waiting(const char* what) : what_(what), shows_(isatty(STDERR_FILENO) != 0) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }
  void show(std::size_t done, std::size_t all) {
    if (!shows_) return;
    shown_ = true;
    std::fprintf(stderr, "\r%s %zu of %zu", what_, done, all);
  }

 private:
  const char* what_;
  bool shows_, shown_ = false;
};

/// A whole model out of a .keras or .h5.
functional::Model load(const std::string& path);

int summary(const std::string& file);
int plot(const std::string& file, const std::string& output);

struct Codegen {
  std::string file, output, name = "model", weights = "float32";
};
int codegen(const Codegen& options);

struct Predict {
  std::string file, input, output;
};
int predict(const Predict& options);

/// Where samples and their targets come from.
struct DataOptions {
  std::vector<std::string> paths;  // a folder, or images and labels; or one .csv or .npz
  std::string label = "-1";        // of a .csv
  char separator = ',';
  bool no_header = false;
};
struct CompileOptions {
  std::string loss, metrics, optimizer;  // empty: as the file says
  std::vector<double> loss_weights{};    // none: as the file says, otherwise 1
  double learning_rate = 0;              // 0: as the file says, or the optimizer's own
};
struct Evaluate {
  std::string file;
  DataOptions data;
  CompileOptions compile;
};
int evaluate(const Evaluate& options);

struct Train {
  std::string file, output;
  DataOptions data;
  CompileOptions compile;
  int epochs = 1, batch_size = 32;
  double validation_split = 0;
  std::uint64_t seed = 0;
};
int train(const Train& options);

struct Convert {
  std::string from, to, model;  // model: what has the architecture, where `from` has none
};
int convert(const Convert& options);

int diff(const std::string& a, const std::string& b);

struct Bench {
  std::string file;
  std::vector<int> batches{1, 32, 256};
  int length = 0;  // of open axes, 0: as the model shows them
};
int bench(const Bench& options);

}  // namespace tool
