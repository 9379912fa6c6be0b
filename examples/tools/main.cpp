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

// A command with a line of what it does, an example, and what it runs.
class Commands {
 public:
  explicit Commands(CLI::App& app) : app_(app) {}
  CLI::App* add(const char* name, const char* what, const char* example, std::function<int()> run) {
    CLI::App* const command = app_.add_subcommand(name, what);
    command->footer(std::string("Example:\n  keratin ") + name + " " + example);
    command->callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }
  int run() const { return run_(); }

 private:
  CLI::App& app_;
  std::function<int()> run_;
};

void add_data(CLI::App* command, DataOptions& data) {
  command
      ->add_option(
          "--data", data.paths,
          "a .npz with arrays named as the model's inputs and outputs, or x and y; a .csv; a folder of "
          "IDX files (train-images-idx3-ubyte...), or one with images and one with labels, their pixels "
          "scaled by 1/255")
      ->required()
      ->expected(1, 2);
  command
      ->add_option("--label", data.label,
                   "the column of a .csv that is the target: its name, or its number from 0 on, from the end "
                   "-1, -2, ...")
      ->capture_default_str();
  command->add_option("--separator", data.separator, "between the columns of a .csv")->capture_default_str();
  command->add_flag("--no-header", data.no_header, "the first line of a .csv has numbers already");
}
void add_losses(CLI::App* command, CompileOptions& compile) {
  command->add_option("--loss", compile.loss,
                      "mean_squared_error (mse), mean_absolute_error (mae), binary_crossentropy, "
                      "categorical_crossentropy or sparse_categorical_crossentropy, these also with :logits "
                      "behind; for several outputs one for all or one for each, as in mse,mae");
  command
      ->add_option("--loss-weights", compile.loss_weights,
                   "what each output's loss counts in the sum, with commas")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  command->add_option("--metrics", compile.metrics,
                      "accuracy, mean_absolute_error, ..., with commas, or none; for several outputs one for "
                      "each, - for none");
}

int run(int argc, char** argv) {
  CLI::App app("Keras's models from the command line: .keras files, and whole models in .h5.", "keratin");
  app.set_version_flag("--version", "keratin " KERATIN_VERSION);
  app.require_subcommand(1);
  app.footer(footer);
  Commands commands(app);
  std::string file, other, output;
  const auto add_file = [&](CLI::App* command, std::string& to) {
    command->add_option("FILE", to, "a .keras or .h5 with a whole model")->required();
  };

  add_file(commands.add("summary", "shows the layers of a model, and what it was compiled with",
                        "model.keras", [&] { return summary(file); }),
           file);

  Predict of_predict;
  CLI::App* command =
      commands.add("predict", "runs a model on samples", "model.keras --input x.npy --output y.npy",
                   [&] { return predict(of_predict); });
  add_file(command, of_predict.file);
  command
      ->add_option(
          "--input", of_predict.input,
          "samples: the .npy of a model of one input, or a .npz with arrays named as the inputs; the "
          "first axis counts the samples")
      ->required();
  command
      ->add_option(
          "--output", of_predict.output,
          "where the results go: the .npy of a model of one output, or a .npz with an array for each")
      ->required();

  Evaluate of_evaluate;
  command =
      commands.add("evaluate", "measures losses and metrics on data",
                   "model.keras --data test.npz --loss sparse_categorical_crossentropy --metrics accuracy",
                   [&] { return evaluate(of_evaluate); });
  command->description(
      "measures losses and metrics on data: those that the model was compiled with, or others");
  add_file(command, of_evaluate.file);
  add_data(command, of_evaluate.data);
  add_losses(command, of_evaluate.compile);

  Train of_train;
  command = commands.add("train", "trains a model",
                         "model.keras --data fashion-mnist --epochs 5 --output trained.keras --loss "
                         "sparse_categorical_crossentropy --metrics accuracy",
                         [&] { return train(of_train); });
  command->description(
      "trains a model. One that was compiled goes on where its optimizer stands, unless --optimizer is "
      "given");
  add_file(command, of_train.file);
  add_data(command, of_train.data);
  add_losses(command, of_train.compile);
  command->add_option("--output", of_train.output, "the .keras that is written, whole or not at all")
      ->required();
  command->add_option("--optimizer", of_train.compile.optimizer, "adam or sgd, which begins anew");
  command->add_option("--learning-rate", of_train.compile.learning_rate, "of the optimizer")
      ->check(CLI::PositiveNumber);
  command->add_option("--epochs", of_train.epochs, "how often all samples are seen")
      ->required()
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--batch-size", of_train.batch_size, "samples in one step")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 24));
  command
      ->add_option("--validation-split", of_train.validation_split,
                   "the last part of the samples, from 0 to below 1")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--seed", of_train.seed, "what the order of the samples and dropout depend on")
      ->capture_default_str();

  Convert of_convert;
  command =
      commands.add("convert", "writes a model or its weights as another kind of file",
                   "weights.safetensors model.h5 --model model.keras", [&] { return convert(of_convert); });
  command->description(
      "writes a model or its weights as another kind of file: .keras and .h5 hold models; .weights.h5, "
      ".safetensors, .npz and .bin (a blob for embedding) weights alone. What a model was compiled with is "
      "not "
      "kept");
  command->add_option("FROM", of_convert.from, "a file of any of these kinds")->required();
  command->add_option("TO", of_convert.to, "the file that is written")->required();
  command->add_option("--model", of_convert.model,
                      "the model whose weights FROM has, where it has weights alone");

  Codegen of_codegen;
  command = commands.add("codegen", "writes a model as a C++ header",
                         "model.keras -o model.hpp --weights float16", [&] { return codegen(of_codegen); });
  command->description(
      "writes a model as a C++ header: its network as a type, its weights, and a test of itself");
  add_file(command, of_codegen.file);
  command->add_option("-o,--output", of_codegen.output, "the header")->required();
  command->add_option("--name", of_codegen.name, "the namespace that holds everything")
      ->capture_default_str();
  command
      ->add_option("--weights", of_codegen.weights,
                   "float32, float16, bfloat16, or blob: in a .bin beside the header")
      ->capture_default_str()
      ->check(CLI::IsMember({"float32", "float16", "bfloat16", "blob"}));

  command =
      commands.add("plot", "draws a model", "model.keras -o model.svg", [&] { return plot(file, output); });
  command->description("draws a model; .svg and .png need Graphviz's dot");
  add_file(command, file);
  command->add_option("-o,--output", output, "a .dot, .svg or .png; without it the .dot is printed");

  command = commands.add("diff", "compares two models", "before.keras after.keras",
                         [&] { return diff(file, other); });
  command->description(
      "compares two models, layer by layer and weight by weight; the exit code is 1 if they differ");
  command->add_option("A", file, "a .keras or .h5")->required();
  command->add_option("B", other, "another one")->required();

  Bench of_bench;
  command = commands.add("bench", "measures how long a model takes", "model.keras --batch-sizes 1,64",
                         [&] { return bench(of_bench); });
  command->description(
      "measures how long a model takes on one core: medians of repeated runs on random inputs. Every layer "
      "is "
      "also run alone, as a model of its own. There nothing is fused with its neighbours, so the layers' "
      "times "
      "together may be more than the model's; layers that only rename a shape are left out");
  add_file(command, of_bench.file);
  command->add_option("--batch-sizes", of_bench.batches, "samples at once, with commas")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("--length", of_bench.length, "of sequences, where the model leaves it open")
      ->check(CLI::Range(1, 1 << 20));

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);  // --help, --version
  } catch (const CLI::ParseError& e) {
    throw UsageError(std::string(e.what()) + "\nRun with --help for more information.");
  }
  return commands.run();
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
