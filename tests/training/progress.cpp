// What fit() prints: Keras's bar and lines, here into a file, which is no terminal.
#include <keratin/training/progress.hpp>

#include <array>
#include <regex>
#include <string>

#include <doctest/doctest.h>

using keratin::Progress;

namespace {

std::string printed(int steps, int verbose, auto values) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  Progress progress(steps, verbose, file);
  for (int step = 1; step <= steps; ++step) progress.update(step, [&] { return values; });
  progress.finish(values);
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  REQUIRE(std::fread(text.data(), 1, text.size(), file) == text.size());
  std::fclose(file);
  return text;
}
const std::array<Progress::Value, 3> values{
    {{"", "accuracy", 0.51234}, {"", "loss", 1.2e-4}, {"val_", "loss", 12.5}}};

}  // namespace

TEST_CASE("verbose 0 prints nothing") { CHECK(printed(3, 0, values) == ""); }

TEST_CASE("verbose 2 is one line an epoch") {
  CHECK(std::regex_match(printed(100, 2, values),
                         std::regex("100/100 - 0s - [0-9]+(us|ms)/step - accuracy: 0\\.5123 - loss: "
                                    "1\\.2000e-04 - val_loss: 12\\.5000\n")));
}

TEST_CASE("verbose 1 is a bar, printed once where it cannot be redrawn") {
  std::string bar;
  for (int i = 0; i < 20; ++i) bar += "\u2501";
  const std::string text = printed(12, 1, values);
  const std::string start = "\x1b[1m12/12\x1b[0m \x1b[32m" + bar + "\x1b[0m\x1b[37m\x1b[0m \x1b[1m0s\x1b[0m ";
  CHECK(text.starts_with(start));
  CHECK(std::regex_match(
      text.substr(start.size()),
      std::regex("[0-9]+(us|ms)/step - accuracy: 0\\.5123 - loss: 1\\.2000e-04 - val_loss: 12\\.5000\n")));
}
