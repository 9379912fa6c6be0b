// Callbacks that write files: names and bytes are Keras's, an old checkpoint outlives whatever goes wrong,
// and TensorBoard reads its events.
#include <keratin/io/backup_and_restore.hpp>
#include <keratin/io/blob.hpp>
#include <keratin/io/csv_logger.hpp>
#include <keratin/io/model_checkpoint.hpp>
#include <keratin/io/npy.hpp>
#include <keratin/io/plot_history.hpp>
#include <keratin/io/safetensors.hpp>
#include <keratin/io/tensorboard.hpp>
#include <keratin/io/training_state.hpp>

#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>

#include "../check.hpp"
#include "files.hpp"

using namespace keratin;

namespace {

using Net = Sequential<Input<1>, Dense<1>>;

std::string text_of(const std::string& name) {
  std::string text;
  for (const float c : golden("callbacks/" + name)) text += static_cast<char>(static_cast<int>(c));
  return text;
}
auto trainer_for(auto& model) {
  return compile(model, SGD{}, MeanSquaredError{}, metrics::MeanAbsoluteError{});
}

// The files of a folder and of those in it, sorted.
std::vector<std::string> all_files(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) names.push_back(entry.path().string().substr(folder.size() + 1));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("ModelCheckpoint saves when Keras does, under Keras's names") {
  Model<Net> model;
  auto trainer = trainer_for(model);
  for (int i = 0; i < 12; ++i) {
    const std::string name = "callbacks/checkpoint/" + std::to_string(i) + "/";
    CAPTURE(name);
    const std::vector<float> o = golden(name + "options");
    const std::string monitor =
                          std::array{"val_loss", "val_accuracy", "loss"}[static_cast<std::size_t>(o[0])],
                      end = o[3] != 0 ? ".weights.h5" : ".keras";
    const int freq = static_cast<int>(o[4]);
    const TemporaryFolder folder;
    io::ModelCheckpoint callback{
        .filepath = folder.path + "/" +
                    (freq > 0 ? "m_{batch:02d}_{epoch}_{loss:.2f}" : "m_{epoch:02d}-{" + monitor + ":.3f}") +
                    end,
        .monitor = monitor,
        .save_best_only = o[2] != 0,
        .save_weights_only = o[3] != 0,
        .mode = static_cast<Direction>(static_cast<int>(o[1])),
        .save_freq = freq,
        .initial_value_threshold = o[5] == 8e9f ? std::nullopt : std::optional<double>(o[5])};
    std::string saved;
    const auto collect = [&] {
      for (const std::string& file : all_files(folder.path)) {
        saved += (o[3] != 0 ? "+" : "") + file + "\n";
        std::filesystem::remove(folder.file(file));
      }
    };
    TrainingRun run(trainer);
    callback.on_train_begin(run);
    for (const float value : golden(name + "script")) {
      for (run.step = 0; run.step < 3; ++run.step) {
        run.logs.clear();
        run.logs.add("loss", run.epoch + run.step / 8.0);
        callback.on_train_batch_end(run);
        collect();
      }
      run.logs.clear();
      run.logs.add(monitor, value == 9e9f ? NAN : value);
      callback.on_epoch_end(run);
      collect();
      saved += "!\n";
      ++run.epoch;
    }
    saved.pop_back();
    CHECK(saved == text_of(name.substr(10) + "saved"));
  }
}

TEST_CASE("ModelCheckpoint says what Keras's says") {
  Model<Net> model;
  auto trainer = trainer_for(model);
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  const auto says = [&](io::ModelCheckpoint callback, std::initializer_list<double> values) {
    return printed_by([&] {
      std::filesystem::current_path(folder.path);
      TrainingRun run(trainer);
      for (const double value : values) {
        run.logs.set("val_loss", value);
        callback.on_epoch_end(run);
        ++run.epoch;
      }
      std::filesystem::current_path(before);
    });
  };
  CHECK(says({.filepath = "m_{epoch}.keras", .verbose = 1, .save_best_only = true}, {1, NAN, 0.125}) ==
        text_of("says/checkpoint"));
  CHECK(says({.filepath = "m.keras", .verbose = 1}, {1}) == text_of("says/checkpoints"));
}

TEST_CASE("names have values in them as in Python") {
  const std::vector<io::Field> fields{
      {"epoch", 7, true}, {"batch", 12, true}, {"val_loss", 0.0123456}, {"loss", 1234.5}, {"nan", NAN}};
  std::string all;
  for (const char* name :
       {"plain.keras", "{epoch}", "{epoch:02d}-{val_loss:.2f}", "{epoch:5d}|{batch:04d}", "{{x}}{epoch:d}",
        "{loss}", "{loss:.3e}", "{loss:g}", "{loss:10.1f}|{loss:010.1f}", "{val_loss:.4f}{val_loss:E}",
        "{nan:.2f}{nan}{nan:06.1f}", "{epoch:.1f}", "{loss:.0f}", "{val_loss:+.2f}", "{loss:G}"})
    all += (all.empty() ? "" : "\n") + io::format_name(name, fields);
  CHECK(all == text_of("names"));
  refuses([&] { io::format_name("a{mape:.2f}", fields); },
          "'a{mape:.2f}': 'mape' came, one of epoch, batch, ");
  refuses([&] { io::format_name("{epoch", fields); }, "'{epoch': a brace that stands alone came");
  refuses([&] { io::format_name("a}", fields); }, "a brace that stands alone came");
  for (const char* spec :
       {"{loss:d}", "{loss:.f}", "{loss:.3}", "{loss:x}", "{epoch:.2d}", "{loss:999f}", "{loss:<4}"})
    refuses([&] { io::format_name(spec, fields); }, "}' came, a format such as {");
}

TEST_CASE("a checkpoint goes on where training stood") {
  const TemporaryFolder folder;
  const std::vector<float> x = filled_array(12, 0), y = filled_array(12, 1);
  Model<Net> model(1), other;
  auto trainer = trainer_for(model), later = trainer_for(other);
  trainer.fit(x, y, {.epochs = 2, .batch_size = 4, .verbose = 0},
              io::ModelCheckpoint{.filepath = folder.path + "/deep/er/{epoch}.keras"});
  CHECK(all_files(folder.path) == std::vector<std::string>{"deep/er/1.keras", "deep/er/2.keras"});
  io::load_training(later, folder.file("deep/er/2.keras"));
  CHECK(std::ranges::equal(model.block(), other.block()));
  CHECK(later.iterations() == 6);
  CHECK_THROWS_WITH(trainer.fit(x, y, {.verbose = 0}, io::ModelCheckpoint{.filepath = "a.h4"}),
                    "a.h4: a name that ends with .keras or .h5 wanted");
  CHECK_THROWS_WITH(
      trainer.fit(x, y, {.verbose = 0}, io::ModelCheckpoint{.filepath = "a.h5", .save_weights_only = true}),
      "a.h5: a name that ends with .weights.h5 wanted");
}

namespace {

// Calls f() where no file may grow beyond that.
void with_files_up_to(rlim_t bytes, auto f) {
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{bytes, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  f();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
}

// A small disk, for who may mount one.
struct Disk {
  TemporaryFolder folder;
  bool mounted = ::mount("tmpfs", folder.path.c_str(), "tmpfs", 0, "size=256k") == 0;

  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk() {
    if (mounted) ::umount2(folder.path.c_str(), MNT_DETACH);
  }
  void fill() const {
    const std::string piece(4096, 'x');
    std::ofstream filler(folder.file("filler"));
    for (int pieces = 0; filler.write(piece.data(), 4096).flush(); ++pieces) REQUIRE(pieces < 64);
  }
  void allow_writing(bool allowed) const {
    const unsigned long flags = allowed ? MS_REMOUNT : MS_REMOUNT | MS_RDONLY;
    REQUIRE(::mount("tmpfs", folder.path.c_str(), "tmpfs", flags, "size=256k") == 0);
  }
};

}  // namespace

TEST_CASE("files stay what they were where there is no room for new ones, and are written once there is") {
  const Disk disk;
  const TemporaryFolder& folder = disk.folder;
  const std::vector<float> x = filled_array(4, 0);
  Model<Net> model(1);
  auto trainer = trainer_for(model);
  TrainingState run;
  History history;
  int epochs = 0;
  using Write = std::function<void(const std::string& path)>;
  const std::pair<std::string, Write> writers[] = {
      {"m.keras", [&](const std::string& path) { io::save_model(trainer, path); }},
      {"m.h5", [&](const std::string& path) { io::save_model(trainer, path); }},
      {"m.weights.h5", [&](const std::string& path) { io::save_weights(model, path); }},
      {"m.safetensors", [&](const std::string& path) { io::save_safetensors(model, path); }},
      {"m.blob", [&](const std::string& path) { io::save_blob(model, path); }},
      {"m.checkpoint", [&](const std::string& path) { io::save_checkpoint(trainer, run, path); }},
      {"a.npy", [&](const std::string& path) { io::write_npy(path, x); }},
      {"a.npz", [&](const std::string& path) { io::write_npz(path, {{"a", x}}); }},
      {"a.svg", [&](const std::string& path) { io::plot_history(history, path); }},
      {"backup/latest.checkpoint", [&](const std::string&) {
         const io::BackupAndRestore backup{.backup_dir = folder.file("backup"), .delete_checkpoint = false};
         trainer.fit(x, x, {.epochs = ++epochs, .verbose = 0}, io::BackupAndRestore(backup));
       }}};
  std::vector<std::string> old;
  const auto write_all = [&] {
    old.clear();
    history.add(epochs, "loss", epochs);
    for (const auto& [name, write] : writers) {
      CHECK(message_of([&, &write = write, &name = name] { write(folder.file(name)); }) == "");
      old.push_back(contents(folder.file(name)));
      CHECK(old.back() != "");
    }
  };
  const auto refuse_all = [&](const std::string& why) {
    const std::vector<std::string> files = all_files(folder.path);
    auto before = old.begin();
    for (const auto& [name, write] : writers) {
      CHECK(message_of([&, &write = write, &name = name] { write(folder.file(name)); }) ==
            folder.file(name) + ": cannot be written: " + why);
      CHECK(contents(folder.file(name)) == *before++);
    }
    CHECK(all_files(folder.path) == files);
  };
  write_all();
  with_files_up_to(10, [&] { refuse_all("File too large"); });
  write_all();
  if (!disk.mounted) {
    MESSAGE("no disk can be mounted here");
    return;
  }
  disk.fill();
  refuse_all("No space left on device");
  std::filesystem::remove(folder.file("filler"));
  write_all();
  disk.allow_writing(false);
  refuse_all("Read-only file system");
  disk.allow_writing(true);
  write_all();
}

TEST_CASE("the old checkpoint outlives a full disk and a folder that cannot be written to") {
  const TemporaryFolder folder;
  const std::vector<float> x = filled_array(4, 0);
  Model<Net> model(1);
  auto trainer = trainer_for(model);
  const std::string path = folder.file("m.keras");
  const auto fit = [&](const std::string& to) {
    return message_of([&] { trainer.fit(x, x, {.verbose = 0}, io::ModelCheckpoint{.filepath = to}); });
  };
  REQUIRE(fit(path) == "");
  const std::string old = contents(path);

  std::string full;
  with_files_up_to(1000, [&] { full = fit(path); });
  CHECK(full == path + ": cannot be written: File too large");
  CHECK(contents(path) == old);
  CHECK(folder.files() == 1);

  // Where a folder would have to be made stands a file; who is root may write to any folder.
  const std::int64_t steps = trainer.iterations();
  CHECK(fit(path + "/below.keras") == path + "/below.keras: its folder cannot be made: Not a directory");
  CHECK(fit(path + "/{epoch}/below.keras") == path + "/{epoch}: its folder cannot be made: Not a directory");
  std::filesystem::create_directory(folder.file("folder.keras"));
  CHECK(fit(folder.file("folder.keras")) ==
        folder.file("folder.keras") + ": is no regular file, and stays as it is");
  std::filesystem::create_directories(folder.file("backup/latest.checkpoint"));
  CHECK(message_of([&] {
          trainer.fit(x, x, {.verbose = 0}, io::BackupAndRestore{.backup_dir = folder.file("backup")});
        }) == folder.file("backup/latest.checkpoint") + ": is no regular file, and stays as it is");
  CHECK(trainer.iterations() == steps);                   // it is known before training
  CHECK(fit(folder.file("{epoch}/folder.keras")) == "");  // not where the folder stands
  CHECK(contents(path) == old);
  if (::geteuid() != 0) {
    std::filesystem::permissions(folder.path, std::filesystem::perms(0500));
    CHECK(fit(path) == path + ": cannot be written: Permission denied");
    std::filesystem::permissions(folder.path, std::filesystem::perms(0700));
    CHECK(contents(path) == old);
  }
}

TEST_CASE("a training that breaks off in an epoch goes on from its backup, and ends with the same bits") {
  const TemporaryFolder folder;
  const std::vector<float> x = filled_array(20, 0), y = filled_array(20, 1);
  Model<Net> whole(1), broken(1), resumed(5);
  const FitOptions options{.epochs = 5, .batch_size = 3, .verbose = 0};
  auto trainer = compile(whole, Adam{}, MeanSquaredError{});
  trainer.fit(x, y, options);
  auto first = compile(broken, Adam{}, MeanSquaredError{}),
       second = compile(resumed, Adam{}, MeanSquaredError{});
  io::BackupAndRestore backup{.backup_dir = folder.file("backup")};
  int epochs = 0;
  LambdaCallback breaks{.on_train_batch_end =
                            [](TrainingState& run) {
                              if (run.epoch == 2 && run.step == 1) throw std::runtime_error("power cut");
                            }},
      counts{.on_epoch_end = [&](TrainingState&) { ++epochs; }};
  CHECK_THROWS_WITH(first.fit(x, y, options, backup, breaks), "power cut");
  CHECK(all_files(folder.path) == std::vector<std::string>{"backup/latest.checkpoint"});
  folder.write("backup/notes.txt", "of somebody else");
  folder.write("backup/.keratin-1-2.tmp", "of a process that was killed");
  second.fit(x, y, options, backup, counts);
  CHECK(epochs == 3);
  CHECK(std::ranges::equal(whole.block(), resumed.block()));
  CHECK(all_files(folder.path) == std::vector<std::string>{"backup/notes.txt"});
}

TEST_CASE("a history is drawn into a file, as a whole") {
  const TemporaryFolder folder;
  History history;
  history.add(0, "loss", 0.5);
  io::plot_history(history, folder.file("a.svg"));
  CHECK(contents(folder.file("a.svg")) == plot_svg(history));
  CHECK(refuses([&] { io::plot_history(history, folder.file("none/a.svg")); },
                "none/a.svg: cannot be written"));
}

TEST_CASE("CSVLogger writes Keras's bytes") {
  const auto logs = [](std::initializer_list<Log> values) {
    NamedLogs all;
    for (const Log& log : values) all.add(log.name, log.value);
    return all;
  };
  const NamedLogs full = logs({{"accuracy", 0.5}, {"loss", 1e-9}, {"val_accuracy", 100}, {"val_loss", NAN}}),
                  rate = logs({{"loss", 0.1}, {"learning_rate", 0.001f}}),
                  odd = logs({{"loss", -2e16}, {"accuracy", 0.1 + 0.2}}),
                  endless = logs({{"loss", INFINITY}});
  const auto written = [](std::string& path, char separator, bool append,
                          std::initializer_list<NamedLogs> epochs) {
    io::CSVLogger callback(path, separator, append);
    TrainingState run;
    callback.on_train_begin(run);
    for (const NamedLogs& epoch : epochs) {
      run.logs = epoch;
      callback.on_epoch_end(run);
      ++run.epoch;
    }
    const std::string before_the_end = contents(path);
    callback.on_train_end(run);
    return before_the_end;
  };
  const TemporaryFolder folder;
  std::string path = folder.write("log.csv", "something that was there");
  CHECK(written(path, ',', false, {full, odd}) == text_of("csv/validation"));
  CHECK(written(path, ';', false, {rate, endless}) == text_of("csv/bare"));
  written(path, ',', false, {full});
  CHECK(written(path, ',', true, {full, full}) == text_of("csv/appended"));
  std::string fresh = folder.file("fresh.csv"), nowhere = folder.file("none/log.csv");
  CHECK(written(fresh, '\t', true, {rate}) == text_of("csv/fresh"));
  CHECK(message_of([&] { written(nowhere, ',', false, {}); }) ==
        nowhere + ": cannot be written: No such file or directory");
  std::string device = "/dev/full";
  CHECK(message_of([&] { written(device, ',', false, {full}); }) ==
        "/dev/full: cannot be written: No space left on device");
}

namespace {

// The payloads of a file of records, once their checksums are right.
std::vector<std::string> records(const std::string& bytes) {
  const auto number = [&](std::size_t at, int size) {
    std::uint64_t n = 0;
    for (int i = size; i-- > 0;)
      n = n << 8 | static_cast<unsigned char>(bytes.at(at + static_cast<std::size_t>(i)));
    return n;
  };
  std::vector<std::string> all;
  for (std::size_t at = 0; at < bytes.size(); at += 16 + all.back().size()) {
    all.push_back(bytes.substr(at + 12, number(at, 8)));
    CHECK(number(at + 8, 4) == io::detail::masked(io::detail::crc32c(std::string_view(bytes).substr(at, 8))));
    CHECK(number(at + 12 + all.back().size(), 4) == io::detail::masked(io::detail::crc32c(all.back())));
  }
  return all;
}

}  // namespace

TEST_CASE("histograms are those that TensorFlow writes") {
  const TemporaryFolder folder;
  const auto names = {"wave", "whole_numbers", "outlier", "tiny", "alike", "one", "none"};
  const auto numbers = [](const std::string& name, const char* what) {
    return golden("histogram/" + name + "/" + what);
  };
  io::EventFile file(folder.path);
  for (const char* name : names) file.histogram(name, numbers(name, "values"), 0);
  const std::vector<std::string> events = records(contents(folder.file(all_files(folder.path)[0])));
  REQUIRE(events.size() == 1 + names.size());
  auto event = events.begin() + 1;
  for (const char* name : names) {
    CAPTURE(name);
    const std::vector<float> wanted = numbers(name, "buckets");
    std::vector<double> buckets(wanted.size());
    const std::size_t bytes = buckets.size() * sizeof(double);
    REQUIRE(event->size() > bytes);
    std::memcpy(buckets.data(), event->data() + event->size() - bytes, bytes);  // the event's end
    const double range = std::max(std::fabs(wanted[0]), std::fabs(wanted[wanted.size() - 2]));
    for (std::size_t i = 0; i < wanted.size(); ++i)
      CHECK(std::fabs(buckets[i] - wanted[i]) <= (i % 3 == 2 ? 0 : 1e-6 * range));
    ++event;
  }
}

TEST_CASE("TensorBoard's files have an event for each value, and TensorBoard reads them") {
  CHECK(io::detail::crc32c("123456789") == 0xE3069283);
  const TemporaryFolder folder;
  const std::vector<float> x = filled_array(20, 0), y = filled_array(20, 1);
  Model<Sequential<Input<1>, Dense<3, ReLU>, Dense<1>>> model(1);
  auto trainer = trainer_for(model);
  LambdaCallback spy{};
  std::string wanted;
  spy.on_epoch_end = [&](TrainingState& run) {
    for (const Log& log : run.logs)
      wanted.append(log.name).append(" ").append(repr(static_cast<float>(log.value)).view()).append("\n");
  };
  io::TensorBoard board{
      .log_dir = folder.path, .histogram_freq = 2, .write_steps_per_second = true, .update_freq = 2};
  const History history =
      trainer.fit(x, y, {.epochs = 3, .batch_size = 4, .validation_split = 0.2, .verbose = 0}, board, spy);
  const std::vector<std::string> files = all_files(folder.path);
  REQUIRE(files.size() == 2);
  CHECK(files[0].starts_with("train/events.out.tfevents."));
  CHECK(files[1].starts_with("validation/events.out.tfevents."));
  // The version, the graph; of each epoch 2 logs, the rate and the speed, of each second batch 2 and the
  // speed; twice 4 tensors.
  CHECK(records(contents(folder.file(files[0]))).size() == 2 + 3 * 4 + 6 * 3 + 2 * 4);
  CHECK(records(contents(folder.file(files[1]))).size() == 1 + 3 * (2 + 2));

  folder.write("wanted.txt", wanted);
  const char* const python = std::getenv("KERATIN_PYTHON");
  const std::string command = std::string(python ? python : "python3") + " '" KERATIN_TEST_DATA +
                              "/../io/tensorboard_reads.py' '" + folder.path + "'";
  const int status = std::system(command.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
    MESSAGE("the tensorboard package is not here");
  else
    CHECK(status == 0);

  io::TensorBoard nowhere{.log_dir = folder.file("wanted.txt")};
  CHECK(message_of([&] { trainer.fit(x, y, {.verbose = 0}, nowhere); }) ==
        folder.file("wanted.txt") + "/train: cannot be made: Not a directory");
}
