// write FOLDER: what tests/interop/keras_opens.py then opens in Keras: models of every topology, and networks
// in the middle of their training with what became of them in ten more steps. read FOLDER: goes on with what
// Keras left there.
#include <keratin/io/save.hpp>
#include <keratin/io/training_state.hpp>
#include <keratin/testing.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace keratin;

namespace {

std::filesystem::path folder;

void write_values(const std::string& name, const std::vector<float>& values) {
  std::ofstream file(folder / (name + ".f32"), std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
}
std::vector<float> read_values(const std::string& name) {
  std::ifstream file(folder / (name + ".f32"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}
std::vector<float> weights_of(const auto& model) {
  std::vector<float> values(model.count_params());
  model.get_weights(values);
  return values;
}

bool of_classes(const std::string& name) {
  return name == "masked_classifier" || name == "masked_tagger" || name == "transformer_encoder" ||
         name == "seq2seq_attention";
}

// A model saved in every form, with inputs and outputs.
void write_model(const std::string& name, const functional::Model& model) {
  std::vector<std::vector<float>> x, y;
  std::vector<Array> arrays;
  std::vector<std::span<float>> spans;
  for (std::size_t k = 0; k < model.inputs(); ++k) {
    x.emplace_back(5 * static_cast<std::size_t>(model.input_shape(k).size()));
    const std::size_t step = static_cast<std::size_t>(model.input_shape(k).last());
    for (std::size_t i = 0; i < x[k].size(); ++i) {
      x[k][i] = static_cast<float>(testing::filled(i, static_cast<int>(k)));
      if (of_classes(name) || (name == "layers_core_1" && k == 0))
        x[k][i] = static_cast<float>(i * 5 / 3 % 8);
      if (name == "layers_preprocessing_1" && k > 5)
        x[k][i] = static_cast<float>(i % 4);  // of CategoryEncoding
      if ((name == "masked_sequences" || name.starts_with("unmasked")) && i / step % 3 == 1) x[k][i] = 0;
    }
  }
  for (std::size_t k = 0; k < model.outputs(); ++k)
    y.emplace_back(5 * static_cast<std::size_t>(model.output_shape(k).size()));
  for (const auto& v : x) arrays.emplace_back(v);
  for (auto& v : y) spans.emplace_back(v);
  model.predict(Arrays(arrays.data(), arrays.size()), spans);
  for (std::size_t k = 0; k < x.size(); ++k) write_values(name + ".x" + std::to_string(k), x[k]);
  for (std::size_t k = 0; k < y.size(); ++k) write_values(name + ".y" + std::to_string(k), y[k]);
  io::save_model(model, folder / (name + ".keras"));
  io::save_weights(model, folder / (name + ".weights.h5"));
  try {
    io::save_model(model, folder / (name + ".h5"));
  } catch (const io::FileError& e) {  // with operators
    if (!std::string_view(e.what()).ends_with("save a .keras")) throw;
  }
}

// Models whose layers Keras orders by operators that no layer here stands for.
void write_operators() {
  const functional::Tensor x = functional::Input(Shape{3, 4});
  const auto a = functional::mean(x.then(DenseSpec{.units = 4}, "a")),
             b = functional::mean(Flatten{}(x.then(DenseSpec{.units = 4}, "b")));
  write_model("reduced", functional::Model(x, b - a * 2.0));
  const auto masked = x.then(MaskingSpec{}).then(DenseSpec{.units = 4}, "masked").unmasked();
  write_model(
      "unmasked",
      functional::Model(
          x,
          x.then(DenseSpec{.units = 4}, "c").then(ActivationSpec{Tanh{}}).then(LSTMSpec{.units = 2}, "left") -
              masked.then(LSTMSpec{.units = 2}, "right")));
  const auto behind = x.then(MaskingSpec{}).then(DenseSpec{.units = 4}, "behind").unmasked();
  write_model("unmasked_output", functional::Model({x}, {x.then(DenseSpec{.units = 4}, "first"), behind}));
}

// Each golden model, but those of lookups and hashes, which Keras reads with TensorFlow only.
void write_topologies() {
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(KERATIN_TEST_DATA) / "files")) {
    const std::filesystem::path& p = entry.path();
    const std::string name = p.stem();
    if (p.extension() == ".keras" && !(name.starts_with("layers_preprocessing_") && name.back() > '1'))
      write_model(name, io::load_model(p));
  }
}

constexpr std::size_t rows = 12;
std::vector<float> inputs(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(testing::filled(i, 1));
  return x;
}
std::vector<int> labels(int classes) {
  std::vector<int> y(rows);
  for (std::size_t i = 0; i < rows; ++i) y[i] = static_cast<int>(i) % classes;
  return y;
}

using Mlp = Sequential<Input<5>, Dense<7, Tanh, L2<0.01>>, Dense<6, ReLU>, Dense<3, Softmax>>;
using Images =
    Sequential<Input<7, 7, 2>, Conv2D<4, Kernel<3>, NoBias>, BatchNormalization<>, Activation<ReLU>,
               Residual<Conv2D<4, Kernel<3>, Same, Tanh>>, MaxPooling2D<>, Flatten, Dense<3, Softmax>>;
using Sequences = Sequential<Input<6, 3>, GRU<4, ReturnSequences>, LSTM<5>, Dense<1>>;

constexpr OptimizerSettings every_setting{.global_clipnorm = 0.4,
                                          .use_ema = true,
                                          .ema_momentum = 0.8,
                                          .ema_overwrite_frequency = 3,
                                          .gradient_accumulation_steps = 2};

// Three steps, saved, and ten more.
void train_model(const std::string& name, auto& model, auto trainer, const auto& targets) {
  const std::vector<float> x = inputs(rows * static_cast<std::size_t>(model.input_shape().size()));
  for (int i = 0; i < 3; ++i) trainer.train_on_batch(x, targets);
  io::save_model(trainer, folder / (name + ".keras"));
  write_values(name + ".x0", x);
  write_values(name + ".targets", std::vector<float>(targets.begin(), targets.end()));
  for (int i = 0; i < 10; ++i) trainer.train_on_batch(x, targets);
  std::vector<float> y(rows * static_cast<std::size_t>(model.output_shape().size()));
  model.predict(x, y);
  write_values(name + ".after", y);
}
template <class Net>
void train(const char* name, auto optimizer, auto loss, const auto& targets, auto... metrics) {
  Model<Net> model(1);
  train_model(name, model, compile(model, optimizer, loss, metrics...), targets);
}

// The same of a graph, by an optimizer that no other network here is trained by.
void train_by(const std::string& name, auto optimizer) {
  const functional::Tensor x = functional::Input(Shape{5});
  functional::Model model(x,
                          x.then(DenseSpec{.units = 6, .activation = Tanh{}})
                              .then(DenseSpec{.units = 3, .activation = Softmax{}}),
                          3);
  train_model(name, model, compile(model, optimizer, SparseCategoricalCrossentropy{}), labels(3));
}

// A model that Keras trained, with another head and only the end of its body trained on.
void fine_tune() {
  const std::filesystem::path examples = std::filesystem::path(KERATIN_TEST_DATA) / "../../examples";
  functional::Model model =
      io::load_model(examples / "fine_tuning/pretrained.keras")
          .with_layer("classes", functional::Layer(Dense<3, Softmax>{}, "other_classes"), 1);
  model.set_trainable(false);
  model.set_trainable({"other_classes", "features", "block3_conv"}, true);
  train_model("by_fine_tuning", model,
              compile(model, Adam{.learning_rate = 0.01}, SparseCategoricalCrossentropy{}), labels(3));
}

// Two outputs with names, weights for their losses, and a layer in between that is not trained.
void train_two_outputs() {
  const functional::Tensor x = functional::Input(Shape{5}, "numbers");
  const functional::Tensor h = x.then(DenseSpec{.units = 6, .activation = Tanh{}}, "first"),
                           frozen = h.then(DenseSpec{.units = 4, .activation = ReLU{}}, "kept");
  functional::Model model({x},
                          std::vector<std::pair<std::string, functional::Tensor>>{
                              {"kind", frozen.then(DenseSpec{.units = 3, .activation = Softmax{}}, "kinds")},
                              {"amount", h.then(DenseSpec{.units = 1}, "amounts")}});
  model.set_trainable("kept", false);
  auto trainer = compile(model, Adam{.learning_rate = 0.02},
                         ForOutput(SparseCategoricalCrossentropy{}, metrics::Accuracy{}).weighing(0.5),
                         ForOutput(MeanSquaredError{}, metrics::MeanAbsoluteError{}).weighing(2));
  const std::vector<float> values = inputs(rows * 5), amounts = inputs(rows);
  const std::vector<int> kinds = labels(3);
  const auto step = [&] { trainer.train_on_batch(values, {kinds, amounts}); };
  for (int i = 0; i < 3; ++i) step();
  io::save_model(trainer, folder / "outputs.keras");
  write_values("outputs.x0", values);
  for (int i = 0; i < 10; ++i) step();
  std::vector<float> kind(rows * 3), amount(rows);
  model.predict(values, {kind, amount});
  write_values("outputs.kind", kind);
  write_values("outputs.amount", amount);
}

// Every loss that takes values, with metrics: what evaluate() says of each.
void write_losses() {
  const functional::Tensor x = functional::Input(Shape{5}, "numbers");
  const functional::Tensor h = x.then(DenseSpec{.units = 6, .activation = Tanh{}}, "first");
  std::vector<std::pair<std::string, functional::Tensor>> outputs;
  const auto output = [&](int units, ActivationFunction activation) {
    const std::string name = "y" + std::to_string(outputs.size());
    outputs.emplace_back(name, h.then(DenseSpec{.units = units, .activation = activation}, "of_" + name));
  };
  for (int k = 0; k < 4; ++k) output(2, {});
  for (int k = 0; k < 5; ++k) output(3, Sigmoid{});
  for (int k = 0; k < 3; ++k) output(3, Softmax{});
  functional::Model model({x}, outputs);
  auto trainer = compile(
      model, SGD{}, ForOutput(Huber<>{}, metrics::RootMeanSquaredError{}, metrics::R2Score<2>{}),
      ForOutput(LogCosh{}, metrics::LogCoshError{}),
      ForOutput(CosineSimilarity{}, metrics::CosineSimilarity{}),
      ForOutput(MeanAbsolutePercentageError{}, metrics::MeanAbsolutePercentageError{}),
      ForOutput(BinaryCrossentropy<LabelSmoothing<0.2>>{}, metrics::Precision<0.45>{}, metrics::Recall<>{},
                metrics::AUC<metrics::Curve::PR, 20>{}),
      ForOutput(BinaryFocalCrossentropy<1.5, true>{}, metrics::BinaryAccuracy<0.4>{}, metrics::BinaryIoU<>{}),
      ForOutput(Dice{}, metrics::FalseNegatives<>{}), ForOutput(Tversky<0.3, 0.8>{}, metrics::Poisson{}),
      ForOutput(SquaredHinge{}, metrics::Hinge{}),
      ForOutput(KLDivergence{}, metrics::KLDivergence{}, metrics::TopKCategoricalAccuracy<2>{}),
      ForOutput(CategoricalFocalCrossentropy{}, metrics::F1Score<3>{},
                metrics::FBetaScore<3, metrics::Averaging::weighted, 2.0, 0.3>{}),
      ForOutput(
          CategoricalCrossentropy{}, metrics::Named<"sure", metrics::Precision<0.35, 0, 1>>{},
          metrics::Precision<metrics::no_threshold, 2>{}, metrics::Named<"right", metrics::Accuracy>{},
          metrics::IoU<3, 0, 2>{}, metrics::Named<"all", metrics::MeanIoU<3>>{},
          metrics::LossMetric<CategoricalFocalCrossentropy<1.5>>{},
          metrics::Named<"smooth", metrics::LossMetric<CategoricalCrossentropy<LabelSmoothing<0.1>>>>{}));
  const std::vector<float> values = inputs(rows * 5);
  std::vector<float> amounts = inputs(rows * 2), bits(rows * 3), one_hot(rows * 3);
  for (float& v : amounts) v += 1;
  for (std::size_t i = 0; i < bits.size(); ++i)
    bits[i] = static_cast<float>(i * i % 3 == 1), one_hot[i] = static_cast<float>(i % 3 == i / 3 % 3);
  std::vector<Array> targets(4, Array(amounts));
  targets.insert(targets.end(), 5, Array(bits));
  targets.insert(targets.end(), 3, Array(one_hot));
  const auto logs = trainer.evaluate(values, Arrays(targets.data(), targets.size()));
  io::save_model(trainer, folder / "losses.keras");
  write_values("losses.x0", values);
  write_values("losses.amounts", amounts);
  write_values("losses.bits", bits);
  write_values("losses.one_hot", one_hot);
  std::ofstream text(folder / "losses.txt");
  for (std::size_t i = 0; i < logs.size(); ++i) text << trainer.log_name(i) << ' ' << logs[i] << '\n';
}

int failures = 0;
void check(bool holds, const std::string& what) {
  if (!holds) std::printf("FAILED %s\n", what.c_str());
  failures += !holds;
}

// What Keras saved after three steps: ten more here, and Keras's predictions after its own.
template <class Net> void go_on(const std::string& name, auto optimizer, auto loss, const auto& targets) {
  const std::vector<float> x = inputs(rows * static_cast<std::size_t>(Net::input_size)),
                           wanted = read_values(name + ".after");
  for (const char* ending : {".keras", ".h5"}) {
    if (!std::filesystem::exists(folder / (name + ending))) continue;
    Model<Net> model(1);
    auto trainer = compile(model, optimizer, loss);
    io::load_training(trainer, folder / (name + ending));
    check(trainer.iterations() == 3, name + ending + ": steps");
    for (int i = 0; i < 10; ++i) trainer.train_on_batch(x, targets);
    std::vector<float> y(wanted.size());
    model.predict(x, y);
    double worst = 0;
    for (std::size_t i = 0; i < y.size(); ++i) worst = std::max(worst, double{std::fabs(y[i] - wanted[i])});
    std::printf("%s%s: %.1e after ten more steps\n", name.c_str(), ending, worst);
    check(worst < 1e-4 && !wanted.empty(), name + ending);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return std::puts("usage: interop write|read FOLDER"), 2;
  folder = argv[2];
  if (std::string_view(argv[1]) == "write") {
    write_topologies();
    write_operators();
    const std::vector<float> values = inputs(rows);
    train<Mlp>("mlp", Adam{.learning_rate = 0.01}, SparseCategoricalCrossentropy{}, labels(3),
               metrics::Accuracy{});
    train<Images>("images", SGD{.learning_rate = 0.05, .momentum = 0.9, .nesterov = true},
                  SparseCategoricalCrossentropy{}, labels(3));
    train<Sequences>("sequences", Adam{}, MeanSquaredError{}, values, metrics::MeanAbsoluteError{});
    fine_tune();
    train<Sequences>("by_sgd", SGD{}, MeanAbsoluteError{}, values);
    train_two_outputs();
    write_losses();
    train_by("by_amsgrad", AMSGrad{.learning_rate = 0.02});
    train_by("by_cosine",
             Adam{.learning_rate = CosineDecay{.initial_learning_rate = 0.1, .decay_steps = 10}});
    train_by("by_warmup", SGD{.learning_rate = CosineDecay{.initial_learning_rate = 0.01,
                                                           .decay_steps = 12,
                                                           .alpha = 0.1,
                                                           .warmup_target = 0.5,
                                                           .warmup_steps = 5}});
    train_by("by_pieces", SGD{.learning_rate = PiecewiseConstantDecay({2, 6}, {0.1, 0.5, 0.2})});
    train_by("by_decay", SGD{.learning_rate = ExponentialDecay{0.2, 3, 0.9, true}});
    train_by("by_adamw", AdamW{.learning_rate = 0.02, .weight_decay = 0.05});
    train_by("by_adamax", Adamax{.learning_rate = 0.02});
    train_by("by_nadam", Nadam{.learning_rate = 0.02});
    train_by("by_rmsprop", RMSprop{.learning_rate = 0.01});
    train_by("by_rmsprop_centered", RMSprop{.learning_rate = 0.01, .momentum = 0.5, .centered = true});
    train_by("by_adagrad", Adagrad{.learning_rate = 0.1});
    train_by("by_adadelta", Adadelta{.learning_rate = 1.5});
    train_by("by_lion", Lion{.learning_rate = 0.01});
    train_by("by_ftrl", Ftrl{.learning_rate = 0.1, .l1_regularization_strength = 0.01});
    train_by("by_lamb", Lamb{.learning_rate = 0.05});
    train_by("by_adafactor", With{Adafactor{.learning_rate = 0.1}, {.clipvalue = 0.1}});
    train_by("by_every_setting", With{AdamW{.learning_rate = 0.02, .weight_decay = 0.1}, every_setting});
  } else {
    go_on<Mlp>("keras_mlp", Adam{}, SparseCategoricalCrossentropy{}, labels(3));
    go_on<Mlp>("keras_mlp_settings", With{Nadam{}, {}}, SparseCategoricalCrossentropy{}, labels(3));
    go_on<Mlp>("keras_mlp_adafactor", Adafactor{}, SparseCategoricalCrossentropy{}, labels(3));
    go_on<Sequences>("keras_sequences", SGD{.momentum = 0.5}, MeanSquaredError{}, inputs(rows));
    std::printf("%d failed\n", failures);
  }
  return failures;
} catch (const std::exception& e) {
  std::printf("interop: %s\n", e.what());
  return 1;
}
