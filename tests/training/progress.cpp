// What fit() prints: Keras's bar and lines, byte for byte, and what a file gets instead of a bar.
#include <keratin/training/progress.hpp>

#include <array>
#include <regex>
#include <string>

#include "../check.hpp"

using keratin::NamedLogs;
using keratin::Progress;

namespace {

// The clock of a script: moves on by these seconds, one a call.
std::vector<float> ticks;
std::size_t tick;
double clock_time;
double scripted_now() { return clock_time += static_cast<double>(ticks.at(tick++)); }

NamedLogs logs_of(double accuracy, double loss) {
  NamedLogs logs;
  logs.add("accuracy", accuracy);
  logs.add("loss", loss);
  return logs;
}
std::string written(auto write) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  write(file);
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  REQUIRE(std::fread(text.data(), 1, text.size(), file) == text.size());
  std::fclose(file);
  return text;
}
std::string printed(int steps, int verbose) {
  return written([&](std::FILE* file) {
    Progress progress(steps, verbose, file);
    NamedLogs logs = logs_of(0.51234, 1.2e-4);
    logs.add("val_loss", 12.5);
    for (int step = 1; step <= steps; ++step) progress.update(step, [&] { return logs; });
    progress.finish(steps, logs);
  });
}

}  // namespace

TEST_CASE("a terminal gets Keras's bytes") {
  const std::array logs{logs_of(0.5, 1.25), logs_of(0.25, 9.9e-4), logs_of(0.125, -0.5), logs_of(NAN, -1e-5)};
  for (const std::string name : {"short", "one", "long", "hours", "minutes", "eta", "unknown"})
    for (const int verbose : {1, 2}) {
      CAPTURE(name);
      CAPTURE(verbose);
      const std::vector<float> script = golden("callbacks/bar/" + name + "/times");
      const int updates = static_cast<int>(script.size()) - 3;
      ticks.assign(script.begin() + 1, script.end());
      tick = 0;
      clock_time = 1000;
      const std::string text = written([&](std::FILE* file) {
        Progress progress(static_cast<int>(script[0]), verbose, file, Progress::On::terminal, scripted_now);
        for (int step = 0; step < updates; ++step)
          if (verbose == 1)
            progress.update(step + 1, [&] { return logs[static_cast<std::size_t>(step % 4)]; });
          else
            scripted_now();
        progress.finish(updates, logs[0]);
      });
      std::string wanted;
      for (const float c : golden("callbacks/bar/" + name + "/" + std::to_string(verbose)))
        wanted += static_cast<char>(static_cast<int>(c));
      CHECK(text == wanted);
    }
}

TEST_CASE("verbose 0 prints nothing") { CHECK(printed(3, 0) == ""); }

TEST_CASE("verbose 2 is one line an epoch") {
  CHECK(std::regex_match(printed(100, 2),
                         std::regex("100/100 - 0s - [0-9]+(us|ms)/step - accuracy: 0\\.5123 - loss: "
                                    "1\\.2000e-04 - val_loss: 12\\.5000\n")));
}

TEST_CASE("verbose 1 is a bar, printed once where it cannot be redrawn") {
  std::string bar;
  for (int i = 0; i < 20; ++i) bar += "\u2501";
  const std::string text = printed(12, 1);
  const std::string start = "\x1b[1m12/12\x1b[0m \x1b[32m" + bar + "\x1b[0m\x1b[37m\x1b[0m \x1b[1m0s\x1b[0m ";
  CHECK(text.starts_with(start));
  CHECK(std::regex_match(
      text.substr(start.size()),
      std::regex("[0-9]+(us|ms)/step - accuracy: 0\\.5123 - loss: 1\\.2000e-04 - val_loss: 12\\.5000\n")));
}
