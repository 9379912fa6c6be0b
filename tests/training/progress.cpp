// What fit(), evaluate() and predict() print: Keras's bar and lines, byte for byte, what a file gets instead
// of a bar, and drawings of its history.
#include <keratin/callbacks/progbar_logger.hpp>
#include <keratin/training/fit_dataset.hpp>
#include <keratin/training/plot.hpp>
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
struct BreaksOff {
  void on_epoch_end(const keratin::TrainingState&) { throw std::runtime_error("enough"); }
};
std::size_t times(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}
std::string keras_text(const std::string& name) {
  std::string text;
  for (const float c : golden(name)) text += static_cast<char>(static_cast<int>(c));
  return text;
}
void start_clock(std::vector<float> times) {
  ticks = std::move(times);
  tick = 0;
  clock_time = 1000;
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
      start_clock({script.begin() + 1, script.end()});
      const std::string text = written([&](std::FILE* file) {
        Progress progress(static_cast<int>(script[0]), verbose, file, Progress::On::terminal, scripted_now);
        for (int step = 0; step < updates; ++step)
          if (verbose == 1)
            progress.update(step + 1, [&] { return logs[static_cast<std::size_t>(step % 4)]; });
          else
            scripted_now();
        progress.finish(updates, logs[0]);
      });
      CHECK(text == keras_text("callbacks/bar/" + name + "/" + std::to_string(verbose)));
    }
}

TEST_CASE("evaluate and predict show what Keras's show") {
  using namespace keratin;
  const std::vector<float> x = filled_array(5 * 3, 1, 4), y = filled_array(5, 5);
  const auto check = [&](auto& model) {
    fill_weights(model);
    auto trainer = compile(model, SGD{}, MeanSquaredError{}, metrics::MeanAbsoluteError{});
    for (const int verbose : {0, 1, 2}) {
      CAPTURE(verbose);
      const auto wanted = [&](const std::string& what) {
        return verbose == 0 ? "" : keras_text("callbacks/shown/" + what + "/" + std::to_string(verbose));
      };
      start_clock(golden("callbacks/shown/times"));
      CHECK(written([&](std::FILE* file) {
              ProgbarLogger logger(verbose, file, Progress::On::terminal, scripted_now);
              trainer.evaluate(x, y, 2, {}, logger);
            }) == wanted("evaluate"));
      start_clock(golden("callbacks/shown/times"));
      CHECK(written([&](std::FILE* file) {
              auto data = data::from_arrays(Array(x).rows_of(3)) | data::batch(2);
              detail::predict(model, data, 0, {3, verbose, file, Progress::On::terminal, scripted_now});
            }) == wanted("predict"));
    }
    // A file gets one line of each test, and of those in fit none.
    const std::string lines = written([&](std::FILE* file) {
      ProgbarLogger logger(2, file);
      trainer.fit(x, y, {.validation_data = {.x = x, .y = y}, .verbose = 0}, logger);
      CHECK_THROWS_AS(trainer.fit(x, y, {.verbose = 0}, logger, BreaksOff{}), std::runtime_error);
      for (int round = 0; round < 2; ++round) trainer.evaluate(x, y, 2, {}, logger);
    });
    CHECK(times(lines, "3/3 - ") == 2);
    CHECK(times(lines, "\n") == 2);
  };
  Model<Sequential<Input<3>, Dense<1>>> model;
  check(model);
  const functional::Tensor in = functional::Input(Shape{3});
  functional::Model graph(in, in.then(DenseSpec{.units = 1}));
  check(graph);
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

namespace {

keratin::History history_of(std::string_view key, std::initializer_list<double> values) {
  keratin::History history;
  int epoch = 0;
  for (const double value : values) history.add(epoch++, key, value);
  return history;
}

}  // namespace

TEST_CASE("a terminal gets the history in Braille") {
  keratin::History history = history_of("loss", {3, 0, 1.5, 1.5});
  CHECK(plot_text(history, "loss", 4, 2) ==
        "         3 \u2847\u2800\u2880\u28c0\n"
        "         0 \u2838\u2854\u2801\u2800\n"
        "           1  4\n"
        "           \u2500\u2500 loss  \n");
  CHECK(plot_text(history, "accuracy") == "");
  history.add(1, "val_loss", 3);
  history.add(3, "val_loss", 0);
  const std::string both = plot_text(history, "loss", 20, 4);
  CHECK(both.ends_with("\u2500\u2500 loss  \u2504\u2504 val_loss  \n"));
  CHECK(both != plot_text(history_of("loss", {3, 0, 1.5, 1.5}), "loss", 20, 4));
}

TEST_CASE("an SVG has a chart for each key, with the curve of validation in it") {
  keratin::History history = history_of("loss", {3, NAN, 1.5, 1});
  for (const int epoch : {1, 3}) history.add(epoch, "val_loss", 2);
  history.add(0, "<&>", 1);
  history.add(2, "val_only", 1);
  const std::string svg = plot_svg(history);
  CHECK(times(svg, "<svg ") == 1);
  CHECK(times(svg, ">epoch</text>") == 3);
  CHECK(times(svg, "class='axis'") == 3);
  CHECK(times(svg, "class='train'") == 2 * 3);  // in the legend as well
  CHECK(times(svg, "class='val'") == 2);
  CHECK(times(svg, "&lt;&amp;>") == 2);
  CHECK(svg.find("<path d='M80.0 30.0h.1M440.0 183.8L620.0 235.0' class='train'/>") != svg.npos);  // a gap
}

TEST_CASE("whatever is in a history can be drawn") {
  constexpr double huge = 1.7e308, tiny = 5e-324;
  for (const auto values : {std::initializer_list<double>{},
                            {NAN},
                            {NAN, INFINITY},
                            {1},
                            {0, 0},
                            {huge, -huge},
                            {tiny, 0},
                            {1, 1 + 1e-16},
                            {-INFINITY, 2, NAN},
                            {huge, huge}}) {
    const keratin::History history = history_of("loss", values);
    CHECK(plot_text(history, "loss", 3, 2).size() < 200);
    const std::string svg = plot_svg(history);
    CHECK(svg.size() < 10000);
    CHECK(times(svg, "nan") + times(svg, "inf") == 0);
  }
}
