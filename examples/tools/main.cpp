// keratin: looks into models of Keras's files, runs, trains and converts them. This file reads the command
// line.
#include "tool.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>

namespace {

using namespace tool;

constexpr const char* footer =
    "Exit codes: 0 done; 1 models differ; 2 the command line is wrong; 3 a file or its data are.\n"
    "keratin COMMAND --help has an example of each.";

// CLI11 does not break lines.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string lines, line;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t space = std::min(text.find(' ', from), text.size());
    const std::string word = text.substr(from, space - from);
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      lines += line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    from = space + 1;
  }
  return lines + line;
}
// Error: UsageError; a command got an option that it does not have. CLI11 would name a missing one first.
void refuse_unknown_option(const CLI::App& command) {
  for (const std::string& came : command.remaining()) {
    if (!came.starts_with('-')) continue;
    const std::string name = came.substr(0, came.find('='));
    std::vector<std::string> known;
    for (const CLI::Option* option : command.get_options())
      if (!option->get_positional()) known.push_back(option->get_name());
    throw UsageError(command.get_name() + ": there is no option '" + name + "', " +
                     std::string(candidates(name, known).view()) + "\nRun with --help for more information.");
  }
}
// Whole numbers from 1 on.
CLI::Validator up_to(int most) { return CLI::Range(1, most).description(""); }

// A command: its line in the list, what else there is to say, an example, and what it runs.
class Command {
 public:
  Command(CLI::App& app, const char* name, const char* what, const char* more, const char* example,
          std::function<int()> run)
      : command_(app.add_subcommand(name, what)) {
    command_->footer(wrapped(more, 100) + (*more ? "\n\n" : "") + "Example:\n  keratin " + name + " " +
                     example);
    command_->callback([run = std::move(run)] { exit_code = run(); });
  }
  template <class T> CLI::Option* option(const char* names, T& to, const char* value, const char* what) {
    return command_->add_option(names, to, wrapped(what, 70))->type_name(value);
  }
  void flag(const char* name, bool& to, const char* what) { command_->add_flag(name, to, what); }
  void model(std::string& to) { option("FILE", to, "", "a .keras or .h5 with a whole model")->required(); }

  void data(DataOptions& data) {
    option("--data", data.paths, "PATH",
           "a .npz with arrays named as the model's inputs and outputs, or x and y; a .csv; a folder of IDX "
           "files "
           "(train-images-idx3-ubyte, t10k-...), or one of images and one of labels, packed or not, whose "
           "pixels are "
           "scaled by 1/255")
        ->required()
        ->expected(1, 2);
    option("--label", data.label, "NAME",
           "the column of a .csv that is the target, by its name, or its number: 0, 1, ..., from the end -1, "
           "-2, ...")
        ->capture_default_str();
    option("--separator", data.separator, "C", "between the columns of a .csv")->capture_default_str();
    flag("--no-header", data.no_header, "the first line of a .csv has numbers already");
  }
  void losses(CompileOptions& compile) {
    option(
        "--loss", compile.loss, "LOSS",
        "mean_squared_error (mse), mean_absolute_error (mae), huber, hinge or another one of the library; "
        "binary_crossentropy, categorical_crossentropy or sparse_categorical_crossentropy, these also with "
        ":logits behind, for a model that ends without an activation. Of several outputs, at most four, "
        "one for all or one for each: mse,mae");
    option("--loss-weights", compile.loss_weights, "W",
           "what each output's loss counts in the sum: 1,0.5; without it as the file says")
        ->delimiter(',')
        ->check(CLI::NonNegativeNumber.description(""));
    option(
        "--metrics", compile.metrics, "METRIC",
        "accuracy, precision, auc, root_mean_squared_error or a loss's name; at most two: accuracy,mae; or "
        "none. Of several outputs one for each, - for none: accuracy,-. Without it as the file says, beside "
        "--loss none");
  }

  static inline int exit_code = ok;

 private:
  CLI::App* command_;
};

int run(int argc, char** argv) {
  CLI::App app("Keras's models from the command line: .keras files, and whole models in .h5.", "keratin");
  app.set_version_flag("--version", "keratin " KERATIN_VERSION);
  app.require_subcommand(1);
  app.footer(footer);

  std::string file, other, output;
  Command(app, "summary", "shows the layers of a model, and what it was compiled with", "", "model.keras",
          [&] { return summary(file); })
      .model(file);

  Predict of_predict;
  Command command(
      app, "predict", "runs a model on samples",
      "The first axis of an array counts the samples. Sequences may have any length where the model leaves "
      "it open.",
      "model.keras --input x.npy --output y.npy", [&] { return predict(of_predict); });
  command.model(of_predict.file);
  command
      .option("--input", of_predict.input, "PATH",
              "a .npy, or a .npz with arrays named as the model's inputs")
      ->required();
  command
      .option("--output", of_predict.output, "PATH",
              "a .npy, or a .npz with an array for each of the outputs")
      ->required();

  Evaluate of_evaluate;
  command = Command(app, "evaluate", "measures losses and metrics on data",
                    "They are those that the model was compiled with, unless the options say others.",
                    "model.keras --data test.npz --loss sparse_categorical_crossentropy --metrics accuracy",
                    [&] { return evaluate(of_evaluate); });
  command.model(of_evaluate.file);
  command.data(of_evaluate.data);
  command.losses(of_evaluate.compile);

  Train of_train;
  command = Command(
      app, "train", "trains a model",
      "A model that was compiled goes on where its optimizer stands, with its settings, unless --optimizer "
      "says another one; its losses, their weights and metrics are those of the file, unless the options say "
      "others. The new file is written whole or not at all.",
      "model.keras --data fashion-mnist --epochs 5 --output trained.keras --loss "
      "sparse_categorical_crossentropy",
      [&] { return train(of_train); });
  command.model(of_train.file);
  command.data(of_train.data);
  command.losses(of_train.compile);
  command.option("--output", of_train.output, "PATH", "the .keras that is written")->required();
  command.option("--optimizer", of_train.compile.optimizer, "NAME",
                 "adam, adamw, sgd, rmsprop, lion or another one of the library, from its beginning");
  command.option("--learning-rate", of_train.compile.learning_rate, "RATE", "of the optimizer")
      ->check(CLI::PositiveNumber.description(""));
  command.option("--epochs", of_train.epochs, "N", "how often all samples are seen")
      ->required()
      ->check(up_to(1'000'000));
  command.option("--batch-size", of_train.batch_size, "N", "samples in one step")
      ->capture_default_str()
      ->check(up_to(1 << 24));
  command
      .option("--validation-split", of_train.validation_split, "PART",
              "the last part of the samples, from 0 to below 1")
      ->check(CLI::Range(0.0, 1.0).description(""));
  command.option("--seed", of_train.seed, "N", "what the order of the samples and dropout depend on")
      ->capture_default_str();

  Convert of_convert;
  command = Command(
      app, "convert", "writes a model or its weights as another kind of file",
      "The names say which: .keras and .h5 hold models; .weights.h5, .safetensors, .npz and .bin, a blob to "
      "be embedded, weights alone. What a model was compiled with is not kept.",
      "weights.safetensors model.h5 --model model.keras", [&] { return convert(of_convert); });
  command.option("FROM", of_convert.from, "", "a file of any of these kinds")->required();
  command.option("TO", of_convert.to, "", "the file that is written")->required();
  command.option("--model", of_convert.model, "PATH",
                 "the model that FROM has the weights of, where it has no more");

  Codegen of_codegen;
  command = Command(app, "codegen", "writes a model as a C++ header",
                    "The header has its network as a type, its weights, and a test of itself.",
                    "model.keras -o model.hpp --weights float16", [&] { return codegen(of_codegen); });
  command.model(of_codegen.file);
  command.option("-o,--output", of_codegen.output, "PATH", "the header")->required();
  command.option("--name", of_codegen.name, "NAME", "the namespace that holds everything")
      ->capture_default_str();
  command
      .option("--weights", of_codegen.weights, "KIND",
              "float32, float16, bfloat16, or blob: in a .bin beside the header")
      ->capture_default_str()
      ->check(CLI::IsMember({"float32", "float16", "bfloat16", "blob"}).description(""));

  command = Command(app, "plot", "draws a model", "For .svg and .png Graphviz's dot is needed.",
                    "model.keras -o model.svg", [&] { return plot(file, output); });
  command.model(file);
  command.option("-o,--output", output, "PATH", "a .dot, .svg or .png; without it the .dot is printed");

  command = Command(app, "diff", "compares two models",
                    "Layer by layer and weight by weight; the exit code is 1 if they differ.",
                    "before.keras after.keras", [&] { return diff(file, other); });
  command.option("A", file, "", "a .keras or .h5")->required();
  command.option("B", other, "", "another one")->required();

  Bench of_bench;
  command = Command(
      app, "bench", "measures how long a model takes",
      "On one core, and on random inputs; times are medians of repeated runs. Each layer also runs alone, as "
      "a model of its own. There nothing is fused with its neighbours and each call is one by itself, so "
      "the layers' times together may be more than the model's; layers that only rename a shape are left "
      "out. GFLOP/s: 10^9 floating-point operations a second, as the plan of the model counts them.",
      "model.keras --batch-sizes 1,64", [&] { return bench(of_bench); });
  command.model(of_bench.file);
  command.option("--batch-sizes", of_bench.batches, "N", "samples at once")
      ->delimiter(',')
      ->capture_default_str()
      ->check(up_to(1 << 20));
  command.option("--length", of_bench.length, "N", "of sequences, where the model leaves it open")
      ->check(up_to(1 << 20));

  const auto called_so = [&](const CLI::App* command) { return command->check_name(argv[1]); };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(called_so).empty()) {
    const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
    const auto name_of = [&](std::size_t i) { return commands[i]->get_name(); };
    throw UsageError("there is no command '" + std::string(argv[1]) + "', " +
                     std::string(candidates(argv[1], commands.size(), name_of).view()) +
                     "\nRun with --help for more information.");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);  // --help, --version
  } catch (const CLI::ParseError& e) {
    for (const CLI::App* command : app.get_subcommands()) refuse_unknown_option(*command);
    throw UsageError(std::string(e.what()) + "\nRun with --help for more information.");
  }
  return Command::exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  const auto fail = [](const char* what, int code) {
    std::fflush(stdout);
    std::fprintf(stderr, "keratin: %s\n", what);
    return code;
  };
  try {
    return run(argc, argv);
  } catch (const UsageError& e) {
    return fail(e.what(), bad_usage);
  } catch (const std::bad_alloc&) {
    return fail("out of memory", bad_file);
  } catch (const std::exception& e) {
    return fail(e.what(), bad_file);
  }
}
