#pragma once
#include <keratin/callbacks/monitor.hpp>
#include <keratin/io/event_file.hpp>
#include <keratin/io/graph_config.hpp>
#include <keratin/training/progress.hpp>

#include <filesystem>
#include <string>

namespace keratin::io {

/// Event files that TensorBoard opens, log_dir/train and log_dir/validation: epoch_loss and the like of each
/// epoch with the learning rate, evaluation_loss_vs_iterations and the like of each test, the model as a
/// graph where files can hold it, every histogram_freq epochs the weights, every update_freq batches
/// batch_loss and the like. Error: FileError; they cannot be written. Keras: TensorBoard.
struct TensorBoard {
  std::string log_dir = "logs";
  int histogram_freq = 0;  // 0: no histograms
  bool write_graph = true, write_steps_per_second = false;
  int update_freq = 0;    // 0: only after each epoch
  CustomLayers custom{};  // of the model, for its graph
  // What it writes to, and since when.
  EventFile train{}, validation{};
  std::int64_t batches = 0, iterations = 0;
  double batch_start = 0, epoch_start = 0;

  void on_train_begin(auto& run) {
    batches = 0;
    train = open("train");
    validation = EventFile();
    if (write_graph) put_graph(run.model());
  }
  void on_epoch_begin(auto& run) {
    iterations = run.trainer.iterations();
    epoch_start = seconds_now();
  }
  void on_train_batch_begin(TrainingState&) {
    ++batches;
    if (write_steps_per_second) batch_start = seconds_now();
  }
  void on_train_batch_end(TrainingState& run) {
    if (update_freq == 0 || batches % update_freq != 0) return;
    if (write_steps_per_second)
      train.scalar("batch_steps_per_second", 1 / (seconds_now() - batch_start), batches);
    for (const Log& log : run.logs) train.scalar("batch_" + std::string(log.name), log.value, batches);
  }
  void on_test_end(auto& run) {
    if (!validation.is_open()) validation = open("validation");
    for (const Log& log : run.logs)
      validation.scalar("evaluation_" + std::string(log.name) + "_vs_iterations", log.value,
                        run.trainer.iterations());
  }
  void on_epoch_end(auto& run) {
    const auto put = [&](EventFile& to, std::string_view name, double value) {
      to.scalar("epoch_" + std::string(name), value, run.epoch);
    };
    for (const Log& log : run.logs)
      if (log.name.starts_with("val_"))
        put(validation, log.name.substr(4), log.value);
      else if (log.name != "learning_rate")
        put(train, log.name, log.value);
    put(train, "learning_rate", keratin::detail::learning_rate_of(run.trainer));
    if (write_steps_per_second)
      put(train, "steps_per_second",
          static_cast<double>(run.trainer.iterations() - iterations) / (seconds_now() - epoch_start));
    if (histogram_freq > 0 && run.epoch % histogram_freq == 0) put_weights(run.model(), run.epoch);
  }
  void on_train_end(TrainingState&) {
    train = EventFile();
    validation = EventFile();
  }

 private:
  EventFile open(const char* name) const {
    const std::string folder = log_dir + "/" + name;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw FileError(folder + ": cannot be made: " + error.message());
    return EventFile(folder);
  }
  void put_graph(const auto& model) {
    try {
      const detail::ModelGraph graph = detail::graph_of(model);
      detail::GraphWriter writer(*graph.model, graph.names, custom);
      const Json record = graph.sequential ? writer.sequential() : writer.functional();
      train.keras_graph("keras", record.dump(), 0);
    } catch (const FileError& e) {
      keratin::detail::warn(Text("TensorBoard: no graph: ", e.what()));
    }
  }
  void put_weights(const auto& model, int epoch) {
    const std::vector<std::string> names = layer_names(model.layers());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto& tensors = model.layers()[i].tensors;
      for (int k = 0; k < tensors.count(); ++k)
        train.histogram(names[i] + "/" + tensors[k].name + "/histogram",
                        std::span(model.block().data() + tensors.offset(k),
                                  static_cast<std::size_t>(tensors[k].shape.size())),
                        epoch);
    }
  }
};

}  // namespace keratin::io
