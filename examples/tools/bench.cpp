#include "tool.hpp"

#include <keratin/core/random.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

namespace tool {
namespace {

using functional::Graph;
using functional::Tensor;

constexpr int repeats = 11;
constexpr double shortest_repeat = 3e-3;  // seconds

double seconds_of(auto f, int runs) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; ++i) f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / runs;
}
/// Seconds that f() takes: the median of repeats, each so many runs that the clock does not count.
double measure(auto f) {
  f();
  int runs = 1;
  while (runs < 1 << 24 && seconds_of(f, runs) * runs < shortest_repeat) runs *= 2;
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) times.push_back(seconds_of(f, runs));
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[repeats / 2];
}

/// What random inputs hold: values from -1 to 1, or class numbers below `classes`, or where it is 1 ones.
std::vector<float> random_values(std::size_t n, int classes, std::uint32_t stream) {
  std::vector<float> values(n);
  const Random random{stream};
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t word = random.word(i);
    values[i] = classes == 1  ? 1
                : classes > 0 ? static_cast<float>(word % static_cast<std::uint32_t>(classes))
                              : static_cast<float>(word >> 8) * 0x1p-23f - 1;
  }
  return values;
}

/// A model with random samples to run it on.
class Runner {
 public:
  Runner(const functional::Model& model, const functional::Lengths& lengths, std::vector<int> classes,
         int samples)
      : model_(model) {
    const auto n = static_cast<std::size_t>(samples);
    const auto executor = model.executor<Mode{}>().of(lengths);
    std::vector<Array> arrays;
    for (std::size_t k = 0; k < model.inputs(); ++k) {
      const std::size_t size = executor->plan.inputs[k].size;
      x_.push_back(random_values(n * size, classes[k], static_cast<std::uint32_t>(k)));
      arrays.push_back(Array(x_.back()).rows_of(size));
    }
    arrays_ = Arrays(arrays.data(), arrays.size());
    for (const Port& port : executor->plan.outputs) {
      y_.emplace_back(n * port.size);
      spans_.emplace_back(y_.back());
    }
  }
  double seconds() {
    return measure([&] { model_.predict(arrays_, spans_); });
  }

 private:
  const functional::Model& model_;
  std::vector<std::vector<float>> x_, y_;
  Arrays arrays_;
  std::vector<std::span<float>> spans_;
};

int classes_of(const functional::Node& node) {
  const auto* const embedding = functional::spec_of<EmbeddingSpec>(node);
  return embedding ? embedding->input_dim : 0;
}

/// The layer of a call as a model of its own, with the same weights.
functional::Model alone(const functional::Model& model, const Graph::Entry& entry) {
  std::vector<Tensor> inputs;
  for (const Shape& shape : entry.in) inputs.push_back(functional::Input(shape));
  const functional::Layer layer(entry.layer);
  const functional::Extras extras = entry.node->extras();
  if (!entry.node->reads_mask())  // attention is measured without its masks
    inputs.erase(inputs.end() - extras.masks.count(), inputs.end());
  std::vector<Tensor> reads = inputs;
  const auto y = [&]() -> Tensor {
    if (entry.node->attends())
      return extras.return_more ? layer.with_scores(reads).output : layer.with_attention_mask(reads, {});
    if (extras.masks.count() == 0 && !extras.return_more) return layer(reads);
    const Tensor mask = reads.back();
    const bool masked = extras.masks.count() > 0;
    if (masked) reads.pop_back();
    if (entry.node->states() == 0) return layer(reads[0].with_mask(mask));
    return layer
        .all(reads[0], {reads.begin() + 1, reads.end()}, masked ? std::optional(mask) : std::nullopt,
             extras.return_more)
        .front();
  }();
  functional::Model made(inputs, y);
  made.set_weights_from(model);
  return made;
}

struct Row {
  std::string name, type, shape;
  double flops;
  std::vector<double> seconds;  // for each batch
};

// The model's layers, call by call; nothing for those that do no work.
std::vector<Row> measure_layers(const functional::Model& model, const Graph& graph,
                                const functional::Plan& plan, const std::vector<int>& batches) {
  std::vector<Row> rows;
  const std::vector<std::string> names = layer_names(model.layers());
  Waiting waiting("measuring layer");
  for (int i = 0; i < graph.needed; ++i) {
    waiting.show(static_cast<std::size_t>(i) + 1, static_cast<std::size_t>(graph.needed));
    const Graph::Entry& entry = graph.entry(i);
    const LayerPlan& layer = plan.layers[static_cast<std::size_t>(i)];
    if (entry.layer->piece >= 0 || layer.traits.view || layer.traits.only_in_training) continue;
    const int call = graph.call_number(i);
    Row row{names[graph.layer_index(i)] + (call > 0 ? "[" + std::to_string(call) + "]" : ""),
            layer.type,
            std::string(Text(layer.out).view()),
            layer.flops,
            {}};
    const functional::Model one = alone(model, entry);
    std::vector<int> classes(one.inputs());
    classes[0] = classes_of(*entry.node);
    if (entry.node->reads_mask() && entry.node->extras().masks.count() > 0) classes.back() = 1;
    for (const int batch : batches)
      row.seconds.push_back(Runner(one, one.graph().lengths(), classes, batch).seconds());
    rows.push_back(std::move(row));
  }
  return rows;
}

void print_layers(const std::vector<Row>& rows, const std::vector<int>& batches) {
  std::size_t name = 5, type = 4, shape = 6;
  for (const Row& row : rows) {
    name = std::max(name, row.name.size());
    type = std::max(type, row.type.size());
    shape = std::max(shape, row.shape.size());
  }
  const auto cell = [](const std::string& text, std::size_t width) {
    std::printf("%-*s  ", static_cast<int>(width), text.c_str());
  };
  std::printf("Each layer alone: its time, its share of all layers' times, and its rate\n");
  cell("", name), cell("", type), cell("", shape);
  for (const int batch : batches) std::printf("%32s", ("batch of " + std::to_string(batch)).c_str());
  std::printf("\n");
  cell("layer", name), cell("type", type), cell("output", shape);
  for (std::size_t b = 0; b < batches.size(); ++b) std::printf("%12s%8s%12s", "us", "share", "GFLOP/s");
  std::printf("\n");
  std::vector<double> all(batches.size());
  for (const Row& row : rows)
    for (std::size_t b = 0; b < batches.size(); ++b) all[b] += row.seconds[b];
  for (const Row& row : rows) {
    cell(row.name, name), cell(row.type, type), cell(row.shape, shape);
    for (std::size_t b = 0; b < batches.size(); ++b)
      std::printf("%12.2f%7.1f%%%12.2f", row.seconds[b] * 1e6, 100 * row.seconds[b] / all[b],
                  row.flops * batches[b] / row.seconds[b] * 1e-9);
    std::printf("\n");
  }
}

}  // namespace

int bench(const Bench& options) {
  const functional::Model model = load(options.file);
  return about(options.file, [&]() -> int {
    functional::Lengths lengths = model.graph().lengths();
    if (options.length > 0) {
      if (!model.graph().is_open())
        throw UsageError(options.file + ": --length came for a model of fixed lengths");
      for (std::size_t k = 0; k < model.inputs(); ++k)
        if (model.graph().inputs[k]->open) lengths[k] = options.length;
    }
    const Graph graph = model.graph().of_lengths(lengths);
    const auto executor = model.executor<Mode{}>().of(lengths);
    int classes = 0;  // that every Embedding takes
    for (const Graph::Entry& entry : graph.entries)
      if (const int of_layer = classes_of(*entry.node); of_layer > 0)
        classes = classes > 0 ? std::min(classes, of_layer) : of_layer;
    std::printf("%s: %zu parameters, %.0f floating-point operations a sample\n", options.file.c_str(),
                model.count_params(), executor->plan.flops);

    std::vector<int> shown{options.batches.front()};
    if (options.batches.size() > 1) shown.push_back(options.batches.back());
    print_layers(measure_layers(model, graph, executor->plan, shown), shown);

    std::printf("The whole model\n%8s%12s%14s%16s%12s\n", "batch", "us", "us/sample", "samples/s", "GFLOP/s");
    for (const int batch : options.batches) {
      const double seconds =
          Runner(model, lengths, std::vector<int>(model.inputs(), classes), batch).seconds();
      std::printf("%8d%12.2f%14.3f%16.0f%12.2f\n", batch, seconds * 1e6, seconds * 1e6 / batch,
                  batch / seconds, executor->plan.flops * batch / seconds * 1e-9);
    }
    return ok;
  });
}

}  // namespace tool
