// train and evaluate.
#include "load.hpp"
#include "trainer.hpp"

#include <keratin/io/atomic.hpp>

#include <unistd.h>

namespace tool {
namespace {

// NAME or NAME:logits
const AnyLoss& loss_named(std::string name) {
  const std::string_view logits = ":logits";
  const bool from_logits = name.ends_with(logits);
  if (from_logits) name.resize(name.size() - logits.size());
  return find_loss(name, from_logits);
}

void choose_losses(const std::string& list, const functional::Model& model, Compilation& to) {
  const std::vector<std::string> names = split(list);
  if (names.size() != 1 && names.size() != model.outputs())
    throw UsageError("--loss: " + std::to_string(names.size()) + " losses came, one or " +
                     std::to_string(model.outputs()) + " wanted, one for each output");
  for (std::size_t k = 0; k < model.outputs(); ++k)
    to.outputs.push_back({{&loss_named(names[names.size() > 1 ? k : 0])}});
}
void choose_metrics(const std::string& list, const functional::Model& model, Compilation& to) {
  for (Compilation::Output& output : to.outputs) output.metrics.clear();
  if (list == "none") return;
  const std::vector<std::string> names = split(list);
  if (model.outputs() > 1 && names.size() != model.outputs())
    throw UsageError("--metrics: " + std::to_string(names.size()) + " metrics came, " +
                     std::to_string(model.outputs()) + " wanted, one for each output, - for none");
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] != "-") to.outputs[model.outputs() > 1 ? i : 0].metrics.push_back(find_metric(names[i]));
}

// f(), which takes what a file says by its name.
template <class F> void from_file(const std::string& file, const char* options, F f) {
  try {
    f();
  } catch (const UsageError& e) {
    throw UsageError(file + ": compiled with what this program lacks, " + options + ": " + e.what());
  }
}

// The loss of an output in a file, with its settings.
LossChoice loss_of(const io::CompiledOutput& output) {
  const AnyLoss& loss = find_loss(output.loss, output.from_logits);
  LossChoice choice{&loss};
  const auto refuse = [&](const std::string& what) {
    throw UsageError("loss '" + output.loss + "' with " + what);
  };
  std::vector<io::CompiledSetting> others;
  for (const io::CompiledSetting& setting : output.settings) {
    if (setting.name != "label_smoothing" || loss.smoothing == Smoothing::none) {
      others.push_back(setting);
      continue;
    }
    if (!(setting.value > 0 && setting.value <= 1)) refuse(setting.name + " " + text_of(setting));
    choice.label_smoothing = setting.value;
  }
  check_settings("loss '" + output.loss + "'", others, loss.settings);
  if (output.reduction != enum_name(choice.reduction)) {
    constexpr auto names = names_of(LossReduction());
    const auto at = std::find(names.begin(), names.end(), output.reduction);
    if (!loss.reduces || at == names.end()) refuse("reduction " + output.reduction);
    choice.reduction = static_cast<LossReduction>(at - names.begin());
  }
  return choice;
}

// What the options say, and otherwise the file.
Compilation choose(const std::string& file, const CompileOptions& options,
                   const std::optional<io::CompiledWith>& compiled, const functional::Model& model) {
  if (model.outputs() > most_outputs)
    throw UsageError(file + ": a model of " + std::to_string(model.outputs()) + " outputs came, at most " +
                     std::to_string(most_outputs) + " are known here");
  Compilation chosen;
  if (!options.loss.empty()) {
    choose_losses(options.loss, model, chosen);
  } else if (!compiled) {
    throw UsageError(file + ": the model was not compiled: --loss wanted");
  } else {
    for (std::size_t k = 0; k < model.outputs(); ++k) {
      const io::CompiledOutput& output = compiled->outputs[k];
      if (output.loss.empty())
        throw UsageError(file + ": no loss for the output '" + model.output_name(k) + "': --loss wanted");
      Compilation::Output& to = chosen.outputs.emplace_back();
      from_file(file, "--loss and --metrics say others", [&] {
        to.loss = loss_of(output);
        if (options.metrics.empty() && !output.weighted_metrics.empty()) throw UsageError("weighted metrics");
        if (options.metrics.empty())
          for (const io::CompiledMetric& metric : output.metrics) to.metrics.push_back(find_metric(metric));
      });
    }
  }
  if (!options.metrics.empty()) choose_metrics(options.metrics, model, chosen);
  if (const std::size_t n = options.loss_weights.size(); n > 0 && n != model.outputs())
    throw UsageError("--loss-weights: " + std::to_string(n) + " came, " + std::to_string(model.outputs()) +
                     " wanted, one for each output");
  for (std::size_t k = 0; k < model.outputs(); ++k)
    if (!options.loss_weights.empty())
      chosen.outputs[k].weight = options.loss_weights[k];
    else if (compiled)
      chosen.outputs[k].weight = compiled->outputs[k].weight;
  const std::size_t most = model.outputs() > 1 ? 1 : 2;
  for (const Compilation::Output& output : chosen.outputs)
    if (output.metrics.size() > most)
      throw UsageError("--metrics: at most " + std::to_string(most) + " for each output wanted");
  return chosen;
}

// Trainers are made for as many metrics for each output.
bool same_number_of_metrics(const Compilation& compilation) {
  for (const Compilation::Output& output : compilation.outputs)
    if (output.metrics.size() != compilation.outputs[0].metrics.size()) return false;
  return true;
}

}  // namespace

std::unique_ptr<AnyTrainer> make_trainer(functional::Model& model, const Compilation& compilation) {
  switch (compilation.outputs.size()) {
    case 1:
      return make_trainer_of<1>(model, compilation);
    case 2:
      return make_trainer_of<2>(model, compilation);
    case 3:
      return make_trainer_of<3>(model, compilation);
    default:
      return make_trainer_of<4>(model, compilation);
  }
}

int evaluate(const Evaluate& options) {
  functional::Model model = load(options.file);
  const auto compiled = compiled_with(options.file, model);
  Compilation chosen = choose(options.file, options.compile, compiled, model);
  const Data data = read_data(options.data, model, false);
  // An output without a metric beside one with: it is given one, which is not shown.
  std::vector<bool> shown(1 + (model.outputs() > 1 ? model.outputs() : 0), true);
  const bool padded = !same_number_of_metrics(chosen);
  for (Compilation::Output& output : chosen.outputs) {
    shown.insert(shown.end(), std::max<std::size_t>(output.metrics.size(), padded), !output.metrics.empty());
    if (padded && output.metrics.empty()) output.metrics.push_back(find_metric("accuracy"));
  }
  const auto trainer = about(options.file, [&] { return make_trainer(model, chosen); });
  const auto logs = about(options.data.paths[0], [&] { return trainer->evaluate(data, !padded); });
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (shown[i]) std::printf("%s %.6g\n", logs[i].first.c_str(), logs[i].second);
  return ok;
}

int train(const Train& options) {
  if (!options.output.ends_with(".keras"))
    throw UsageError("--output: " + options.output + " came, a .keras wanted");
  functional::Model model = load(options.file);
  const auto compiled = compiled_with(options.file, model);
  Compilation chosen = choose(options.file, options.compile, compiled, model);
  if (!same_number_of_metrics(chosen)) {
    std::fprintf(stderr, "keratin: %s: metrics for some outputs only: left out\n", options.file.c_str());
    for (Compilation::Output& output : chosen.outputs) output.metrics.clear();
  }
  const bool goes_on = options.compile.optimizer.empty() && compiled && !compiled->optimizer.empty();
  if (!options.compile.optimizer.empty()) chosen.optimizer = find_optimizer(options.compile.optimizer);
  if (goes_on)
    from_file(options.file, "--optimizer says another", [&] { find_optimizer(compiled->optimizer); });
  io::AtomicFile(options.output);  // says now whether it can be written, not when all is done

  const Data data = read_data(options.data, model, true);
  const auto trainer = about(options.file, [&] { return make_trainer(model, chosen); });
  if (goes_on) trainer->load(options.file);
  if (options.compile.learning_rate > 0) trainer->set_learning_rate(options.compile.learning_rate);
  const FitOptions fit{.epochs = options.epochs,
                       .batch_size = options.batch_size,
                       .validation_split = options.validation_split,
                       .verbose = isatty(STDOUT_FILENO) ? 1 : 2};
  about(options.data.paths[0], [&] { trainer->fit(data, fit, options.seed); });
  trainer->save(options.output);
  return ok;
}

}  // namespace tool
