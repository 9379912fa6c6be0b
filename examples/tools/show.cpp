// summary and plot: a model in words, and as a drawing.
#include "load.hpp"

#include <keratin/functional/plot.hpp>
#include <keratin/training/summary.hpp>

namespace tool {
namespace {

// ", thresholds 0.7, curve PR"
void print_settings(const std::vector<io::CompiledSetting>& settings) {
  for (const io::CompiledSetting& setting : settings)
    std::printf(", %s %s", setting.name.c_str(), text_of(setting).c_str());
}
void print_metrics(const char* kind, const std::vector<io::CompiledMetric>& metrics) {
  for (const io::CompiledMetric& metric : metrics) {
    std::printf("\n    %s%s", kind, metric.name.c_str());
    if (metric.name != metric.function) std::printf(", %s", metric.function.c_str());
    print_settings(metric.settings);
  }
}

}  // namespace

int summary(const std::string& file) {
  const functional::Model model = load(file);
  keratin::summary(model);
  const auto compiled = compiled_with(file, model);
  if (!compiled) return ok;
  std::printf(" Compiled with %s\n", compiled->optimizer.c_str());
  for (std::size_t k = 0; k < model.outputs(); ++k) {
    const auto& output = compiled->outputs[k];
    std::printf("  %s: %s%s", model.output_name(k).c_str(),
                output.loss.empty() ? "no loss" : output.loss.c_str(),
                output.from_logits ? " from logits" : "");
    print_settings(output.settings);
    if (output.reduction != "sum_over_batch_size") std::printf(", reduction %s", output.reduction.c_str());
    if (output.weight != 1) std::printf(", weight %g", output.weight);
    print_metrics("", output.metrics);
    print_metrics("weighted ", output.weighted_metrics);
    std::printf("\n");
  }
  return ok;
}

int plot(const std::string& file, const std::string& output) {
  const functional::Model model = load(file);
  if (output.empty()) {
    std::fputs(functional::model_to_dot(model).c_str(), stdout);
    return ok;
  }
  if (!output.ends_with(".dot") && !output.ends_with(".svg") && !output.ends_with(".png"))
    throw UsageError(output + ": a name that ends with .dot, .svg or .png wanted");
  about(output, [&] { functional::plot_model(model, output); });
  return ok;
}

}  // namespace tool
