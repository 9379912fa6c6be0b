// What models were compiled with, out of files that Keras wrote (tests/keras/compiled.py) and out of our own.
#include <keratin/io/compiled_with.hpp>
#include <keratin/io/save.hpp>

#include "../check.hpp"
#include "files.hpp"

using namespace keratin;

namespace {

io::CompiledWith read(const std::string& path) {
  const auto compiled = io::compiled_with(path, io::load_model(path));
  REQUIRE(compiled.has_value());
  return *compiled;
}
std::string written_by_keras(const std::string& name) { return file("compiled/" + name + ".keras"); }
std::string text(const std::vector<io::CompiledSetting>& settings) {
  std::string all;
  for (const auto& [name, value, word] : settings)
    all += " " + name + "=" + (word.empty() ? std::string(Text(value).view()) : word);
  return all;
}
std::string text(const io::CompiledMetric& metric) {
  return metric.function + (metric.name != metric.function ? ":" + metric.name : "") + text(metric.settings);
}
std::string text(const io::CompiledOutput& output) {
  std::string all =
      output.loss + (output.from_logits ? " logits " : " ") + std::string(Text(output.weight).view());
  if (output.reduction != "sum_over_batch_size") all += " " + output.reduction;
  all += text(output.settings);
  for (const io::CompiledMetric& metric : output.metrics) all += " " + text(metric);
  for (const io::CompiledMetric& metric : output.weighted_metrics) all += " weighted " + text(metric);
  return all;
}

}  // namespace

TEST_CASE("losses, weights and metrics by the names of the outputs, in lists, and of one output") {
  const io::CompiledWith by_name = read(written_by_keras("by_name"));
  CHECK(by_name.optimizer == "Adam");
  REQUIRE(by_name.outputs.size() == 2);
  CHECK(text(by_name.outputs[0]) == "mse 0.3 mae");
  CHECK(text(by_name.outputs[1]) == "binary_crossentropy 2 accuracy");
  const io::CompiledWith by_lists = read(written_by_keras("by_lists"));
  REQUIRE(by_lists.outputs.size() == 2);
  CHECK(text(by_lists.outputs[0]) == "mean_squared_error 1 mean_absolute_error");
  CHECK(text(by_lists.outputs[1]) == "binary_crossentropy 1");
  const io::CompiledWith logits = read(written_by_keras("logits"));
  CHECK(logits.optimizer == "SGD");
  CHECK(text(logits.outputs.at(0)) == "sparse_categorical_crossentropy logits 1 accuracy");
  CHECK(text(read(written_by_keras("plain")).outputs.at(0)) == "sparse_categorical_crossentropy 1 accuracy");
  CHECK(text(read(written_by_keras("smoothed")).outputs.at(0)) ==
        "binary_crossentropy 1 label_smoothing=0.1");
}

TEST_CASE("what a loss is made with is written and read") {
  const TemporaryFolder folder;
  const functional::Tensor x = functional::Input(Shape{3});
  const auto dense = [&] { return x.then(DenseSpec{.units = 2}); };
  functional::Model model(x, std::vector{dense(), dense(), dense(), dense(), dense()});
  const ForOutput smooth(CategoricalCrossentropy<FromLogits, LabelSmoothing<0.1>>{});
  const auto trainer =
      compile(model, SGD{}, smooth, ForOutput(SparseCategoricalCrossentropy<FromLogits, IgnoreClass<0>>{}),
              ForOutput(Reduced<BinaryFocalCrossentropy<1.5, true, 0.25, FromLogits>, LossReduction::sum>{}),
              ForOutput(Circle<40.0, 0.25, false>{}),
              ForOutput(Reduced<Huber<>, LossReduction::mean>{}, metrics::ExactAccuracy{}));
  io::save_model(trainer, folder.file("model.keras"));
  const io::CompiledWith compiled = read(folder.file("model.keras"));
  CHECK(text(compiled.outputs.at(0)) == "categorical_crossentropy logits 1 label_smoothing=0.1");
  CHECK(text(compiled.outputs.at(1)) == "sparse_categorical_crossentropy logits 1 ignore_class=0");
  CHECK(text(compiled.outputs.at(2)) ==
        "binary_focal_crossentropy logits 1 sum gamma=1.5 alpha=0.25 apply_class_balancing=1");
  CHECK(text(compiled.outputs.at(3)) == "circle 1 gamma=40 margin=0.25 remove_diagonal=0");
  CHECK(text(compiled.outputs.at(4)) == "huber 1 exact_accuracy");
}

TEST_CASE("what metrics are made with is read of Keras's files, and written") {
  using namespace metrics;
  const io::CompiledWith by_keras = read(written_by_keras("measured"));
  const std::string
      of_kinds =
          "categorical_crossentropy 1 precision:sure thresholds=0.7 class_id=1 top_k_categorical_accuracy "
          "k=3 "
          "auc num_thresholds=100 curve=PR summation_method=interpolation "
          "f_beta_score:fbeta_score average=weighted beta=2 one_hot_io_u num_classes=3 "
          "target_class_ids=[0,2] "
          "huber delta=1 weighted recall:of_top top_k=2",
      of_bits =
          "mse 1 binary_accuracy threshold=0.4 binary_io_u target_class_ids=[0,1] threshold=0.6 "
          "true_positives thresholds=0.3 binary_crossentropy:bits from_logits=1";
  CHECK(text(by_keras.outputs.at(0)) == of_kinds);
  CHECK(text(by_keras.outputs.at(1)) == of_bits);

  const TemporaryFolder folder;
  const functional::Tensor x = functional::Input(Shape{3});
  functional::Model model(x, std::vector{x.then(DenseSpec{.units = 4, .activation = Softmax{}}),
                                         x.then(DenseSpec{.units = 1, .activation = Sigmoid{}})});
  const auto trainer = compile(
      model, SGD{},
      ForOutput(keratin::SparseCategoricalCrossentropy{}, metrics::Named<"sure", Precision<0.7, 0, 1>>{},
                IoU<4, 0, 2>{}, Weighted<metrics::Named<"all", MeanIoU<4>>>{},
                metrics::Named<"right", Accuracy>{},
                LossMetric<keratin::CategoricalCrossentropy<LabelSmoothing<0.1>>>{}),
      ForOutput(keratin::BinaryCrossentropy{}, MeanIoU<2>{}, metrics::Named<"far", LossMetric<Huber<>>>{}));
  CHECK(trainer.log_name(3) == "dense_sure");
  io::save_model(trainer, folder.file("model.keras"));
  const io::CompiledWith compiled = read(folder.file("model.keras"));
  CHECK(text(compiled.outputs.at(0)) ==
        "sparse_categorical_crossentropy 1 precision:sure thresholds=0.7 class_id=1 "
        "io_u num_classes=4 target_class_ids=[0,2] sparse_y_true=1 sparse_categorical_accuracy:right "
        "categorical_crossentropy label_smoothing=0.1 weighted mean_io_u:all num_classes=4 sparse_y_true=1");
  CHECK(text(compiled.outputs.at(1)) ==
        "binary_crossentropy 1 mean_io_u num_classes=2 sparse_y_true=1 sparse_y_pred=1 huber:far");
}

TEST_CASE("what a trainer writes is read again; a model that was not compiled has none") {
  const functional::Tensor x = functional::Input(Shape{3});
  functional::Model model(x, std::vector{x.then(DenseSpec{.units = 2}), x.then(DenseSpec{.units = 1})});
  const auto trainer =
      compile(model, SGD{}, ForOutput(CategoricalCrossentropy<FromLogits>{}, metrics::Accuracy{}),
              ForOutput(MeanAbsoluteError{}, metrics::MeanSquaredError{},
                        metrics::Weighted<metrics::MeanSquaredError>{})
                  .weighing(0.5));
  CHECK(trainer.log_name(5) == "dense_1_weighted_mean_squared_error");
  for (const char* ending : {".keras", ".h5"}) {
    const std::string path =
        (std::filesystem::temp_directory_path() / "keratin_compiled_with").string() + ending;
    io::save_model(trainer, path);
    const io::CompiledWith compiled = read(path);
    CHECK(compiled.optimizer == "SGD");
    REQUIRE(compiled.outputs.size() == 2);
    CHECK(text(compiled.outputs[0]) == "categorical_crossentropy logits 1 accuracy");
    CHECK(text(compiled.outputs[1]) ==
          "mean_absolute_error 0.5 mean_squared_error weighted mean_squared_error");
    io::save_model(model, path);
    CHECK_FALSE(io::compiled_with(path, model).has_value());
    std::filesystem::remove(path);
  }
}
