// Files that real Keras wrote: tests/keras/topologies.py made those of tests/keras/files with the outputs
// that topologies.txt holds.
#include <keratin/io/compiled_with.hpp>
#include <keratin/io/keras.hpp>
#include <keratin/io/save.hpp>
#include <keratin/io/training_state.hpp>

#include "../check.hpp"
#include "files.hpp"

#include <sstream>

using namespace keratin;

namespace {

constexpr std::size_t rows = 7;

bool of_classes(const std::string& name) {
  return name == "masked_classifier" || name == "masked_tagger" || name == "transformer_encoder" ||
         name == "seq2seq_attention";
}
// As tests/keras/topologies.py makes them.
std::vector<float> input_of(const std::string& name, std::size_t k, const Shape& shape) {
  const auto n = static_cast<std::size_t>(shape.size()), steps = static_cast<std::size_t>(shape[0]);
  std::vector<float> x(rows * n);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t row = i / n, step = i % n / (n / steps);
    x[i] = static_cast<float>(testing::filled(i, static_cast<int>(k)));
    if (of_classes(name)) x[i] = static_cast<float>((row * step + step) % 8);
    if (name == "masked_sequences" && (row + step + k) % 3 == 0) x[i] = 0;
  }
  return x;
}

void check_outputs(const functional::Model& model, const std::string& name) {
  CAPTURE(name);
  std::vector<std::vector<float>> x, y;
  std::vector<Array> arrays;
  std::vector<std::span<float>> spans;
  for (std::size_t k = 0; k < model.inputs(); ++k) x.push_back(input_of(name, k, model.input_shape(k)));
  for (std::size_t k = 0; k < model.outputs(); ++k)
    y.emplace_back(rows * static_cast<std::size_t>(model.output_shape(k).size()));
  for (const auto& v : x) arrays.emplace_back(v);
  for (auto& v : y) spans.emplace_back(v);
  model.predict(Arrays(arrays.data(), arrays.size()), spans);
  for (std::size_t k = 0; k < y.size(); ++k)
    CHECK(all_near(y[k], golden("topology/" + name + "/y" + std::to_string(k))));
}

}  // namespace

TEST_CASE("models of every topology that Keras wrote give Keras's outputs") {
  for (const char* name : {"two_towers",
                           "residual_block",
                           "inception_block",
                           "siamese",
                           "several_outputs",
                           "wide_and_deep",
                           "squeeze_and_excite",
                           "dense_block",
                           "probabilities_read_on",
                           "merging",
                           "shared_in_depth",
                           "names_and_depths",
                           "operators",
                           "nested_twice",
                           "frozen",
                           "encoder_and_decoder",
                           "states_read_on",
                           "masked_classifier",
                           "masked_tagger",
                           "masked_sequences",
                           "unet",
                           "mobilenet",
                           "transformer_encoder",
                           "transformer_decoder",
                           "vision_transformer",
                           "seq2seq_attention",
                           "more_operators",
                           "dict_inputs",
                           "shared_normalization"})
    check_outputs(io::load_model(file(std::string(name) + ".keras")), name);
}

TEST_CASE("whole models in .h5 give Keras's outputs") {
  for (const char* name : {"two_towers", "residual_block", "several_outputs", "nested_twice",
                           "encoder_and_decoder", "masked_tagger"})
    check_outputs(io::load_model(file(std::string(name) + ".h5")), name);
}

TEST_CASE("weights are read into a model that is there") {
  for (const char* name : {"two_towers", "residual_block", "several_outputs", "encoder_and_decoder"}) {
    functional::Model model = io::load_model(file(std::string(name) + ".keras"));
    model.initialize(9);
    io::load_weights(model, file(std::string(name) + ".weights.h5"));
    check_outputs(model, name);
  }
  functional::Model nested = io::load_model(file("nested_twice.keras"));  // models inside a model
  nested.initialize(9);
  io::load_weights(nested, file("nested_twice.weights.h5"));
  check_outputs(nested, "nested_twice");
  Model<Sequential<Input<6>, Dense<5, Tanh>>> other(3);
  const std::vector<float> before(other.block().begin(), other.block().end());
  CHECK(message_of([&] {
          io::load_weights(other, file("several_outputs.weights.h5"));
        }).ends_with("layers/dense/vars/0 has the shape (5, 6), (6, 5) wanted"));
  CHECK(std::ranges::equal(before, other.block()));
}

TEST_CASE("layers that are not trained stay so") {
  const functional::Model model = io::load_model(file("frozen.keras"));
  CHECK(model.plan().trainable < model.plan().parameters);
  CHECK(model.layers()[2].tensors.trainable_values() == 0);
}

TEST_CASE("a static model takes the weights of a file of the same network, and no other") {
  using Net = Sequential<Input<8, 3>, LSTM<4>, Dense<2, Softmax>>;
  Model<Net> model(2);
  const std::string wrong = message_of([&] { io::load_model(model, file("dense_block.keras")); });
  CHECK(wrong.find("layer 'conv1d' is Conv1D") != std::string::npos);
  CHECK(wrong.find("layer 0 of the network, 'lstm', is LSTM") != std::string::npos);
}

TEST_CASE("files that are no models are refused") {
  const TemporaryFolder here;
  CHECK(message_of([&] { io::load_model(here.file("none.keras")); }).find("No such file") !=
        std::string::npos);
  CHECK_FALSE(message_of([&] { io::load_model(here.write("text.keras", "no archive at all")); }).empty());
  CHECK_FALSE(message_of([&] { io::load_model(here.write("text.h5", "no HDF5 at all")); }).empty());
  CHECK(message_of([&] { io::load_model(file("two_towers.weights.h5")); }).find("holds weights only") !=
        std::string::npos);
  functional::Model there = io::load_model(file("two_towers.keras"));
  for (const auto& [name, reader] :
       {std::pair("a.npz", "read_npz"), std::pair("a.safetensors", "load_safetensors")}) {
    const std::string wanted = std::string(name) + ": holds weights only: " + reader + " reads them";
    CHECK(message_of([&, name = name] { io::load_model(name); }) == wanted);
    CHECK(message_of([&, name = name] { io::load_weights(there, name); }) == wanted);
  }
  const std::string whole = contents(file("two_towers.keras"));
  for (std::size_t keep = 0; keep < whole.size(); keep += whole.size() / 40)
    CHECK_FALSE(message_of([&] { io::load_model(here.write("cut.keras", whole.substr(0, keep))); }).empty());
}

TEST_CASE("what a layer does not know is refused by name") {
  using io::Json;
  const auto of_dense = [](const char* config) {
    return io::spec_from_config<DenseSpec>(Json::parse(config), 1);
  };
  const DenseSpec spec = of_dense(
      R"({"name": "d", "units": 7, "activation": "relu", "use_bias": false, "dtype": "float32", "bias_constraint": null,
          "kernel_initializer": {"class_name": "HeNormal", "config": {"seed": null}},
          "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.25}},
          "bias_regularizer": {"class_name": "L1L2", "config": {"l1": 0.5, "l2": 0}}})");
  CHECK(spec.units == 7);
  CHECK(spec.activation == ReLU{});
  CHECK_FALSE(spec.use_bias);
  CHECK(spec.kernel_initializer == HeNormal::value);
  CHECK(spec.kernel_regularizer == Regularizer{0, 0.25});
  CHECK(spec.bias_regularizer == Regularizer{0.5, 0});
  const char* const stft = R"({"module": "keras.initializers", "class_name": "STFT",
      "config": {"side": "imag", "window": null, "periodic": true, "scaling": "spectrum"}, "registered_name": null})";
  Initializer kernel = Ones::value;
  io::detail::take(Json::parse(stft), kernel);
  CHECK(kernel == STFT<STFTSide::imag, STFTWindow::none, STFTScaling::spectrum, true>::value);
  CHECK(io::detail::put(kernel) == Json::parse(stft));
  io::detail::take(Json::parse(R"({"class_name": "STFT", "config": {"window": "tukey"}})"),
                   kernel = Ones::value);
  CHECK(kernel == Ones::value);
  CHECK(message_of([&] { of_dense(R"({"units": 7.5})"); }) == "units: 7.5 came, a whole number wanted");
  CHECK(message_of([&] {
          of_dense(R"({"units": 7, "activation": "swoosh"})");
        }).starts_with("activation: \"swoosh\" came, one of linear, relu, sigmoid, tanh, softmax, relu6, "));
  CHECK(of_dense(R"({"units": 7, "activation": "swish"})").activation == SiLU{});
  CHECK(of_dense(R"({"units": 7, "activation": "hard_swish"})").activation == HardSiLU{});
  for (const char* other : {"sparsemax", "gelu_tanh"})  // not what Keras computes, and no name of its own
    CHECK(message_of([&] {
            of_dense((std::string(R"({"units": 7, "activation": ")") + other + "\"}").c_str());
          }).starts_with(std::string("activation: \"") + other + "\" came, one of "));
  CHECK(message_of([&] { of_dense(R"({"units": 7, "lora_rank": 4})"); }) ==
        "lora_rank: 4 came, nothing that changes the result wanted");
  CHECK(message_of([&] { of_dense(R"({"units": 7, "dtype": "float16"})"); }) ==
        "dtype: \"float16\" came, nothing that changes the result wanted");
  const auto of_lstm = [](const char* config) {
    return io::spec_from_config<LSTMSpec>(Json::parse(config), 2);
  };
  CHECK(of_lstm(R"({"units": 3, "recurrent_dropout": 0.5})").recurrent_dropout == 0.5);
  CHECK(message_of([&] { of_lstm(R"({"units": 3, "time_major": true})"); }) ==
        "time_major: true came, nothing that changes the result wanted");
}

namespace {

// A model of one call of a layer, as Keras writes it down.
std::string message_for(const char* layer, const char* node) {
  const std::string tensor =
      R"({"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}})";
  const std::string record = std::string(R"({"class_name": "Functional", "config": {"layers": [
      {"class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "x"}, "inbound_nodes": []},
      {)") + layer + R"(, "inbound_nodes": [{"args": [)" +
                             tensor + "], \"kwargs\": " + node +
                             R"(}]}], "input_layers": [["x", 0, 0]], "output_layers": [["y", 0, 0]]}})";
  const io::CustomLayers none;
  return message_of([&] { io::detail::Builder(none).build(io::Json::parse(record)); });
}

}  // namespace

TEST_CASE("what changes a result is not left out") {
  const char* const dropout = R"("class_name": "Dropout", "config": {"name": "y", "rate": 0.5})";
  CHECK(message_for(dropout, "{\"training\": false}").empty());
  CHECK(message_for(dropout, "{\"training\": true}") ==
        "layer 'y' (Dropout): a call with training true, which is not known here");
  const std::string unknown = message_for(R"("class_name": "Dens", "config": {"name": "y"})", "{}");
  CHECK(unknown.find("this class is not known here, the nearest of ") != std::string::npos);
  CHECK(unknown.find(" are Dense, ") != std::string::npos);
  CHECK(message_for(R"("class_name": "BatchNormalization", "config": {"name": "y"})",
                    "{\"training\": false}") ==
        "layer 'y' (BatchNormalization): a call with training false, which is not known here");
  CHECK(message_for(R"("class_name": "ReLU", "config": {"name": "y", "max_value": 6})", "{}").empty());
  CHECK(message_for(R"("class_name": "ReLU", "config": {"name": "y", "negative_slope": null})", "{}") ==
        "layer 'y' (ReLU): negative_slope: null came, a number wanted");
  CHECK(message_for(R"("class_name": "LeakyReLU", "config": {"name": "y", "alpha": 0.5})", "{}").empty());
  CHECK(message_for(R"("class_name": "PReLU", "config": {"name": "y", "shared_axes": ["a"]})", "{}") ==
        "layer 'y' (PReLU): shared_axes: \"a\" came, a whole number wanted");
  CHECK(message_for(
            R"("class_name": "Dense", "registered_name": "my>Dense", "config": {"name": "y", "units": 2})",
            "{}") == "layer 'y' (Dense): 'my>Dense' is a class of somebody's own, and none is given for it");
  CHECK(message_for(R"("module": "keras.src.ops.core", "class_name": "ConvertToTensor",
                      "config": {"name": "y", "dtype": "float16"})",
                    "{}") ==
        "layer 'y' (ConvertToTensor): \"float16\" came, no other type of numbers wanted");
  CHECK(message_for(R"("module": "keras.src.ops.numpy", "class_name": "ZerosLike", "config": {"name": "y"})",
                    "{}") == "'y' is an output, an operator that is known as part of a mask only");
}

TEST_CASE("global pooling that keeps its axes is followed by a Reshape") {
  const io::Json record = io::Json::parse(R"({"class_name": "Sequential", "config": {"layers": [
      {"class_name": "InputLayer", "config": {"batch_shape": [null, 2, 1, 2], "name": "x"}},
      {"class_name": "GlobalAveragePooling2D", "config": {"name": "pool", "keepdims": true}}]}})");
  const io::CustomLayers none;
  const functional::Model model = io::detail::Builder(none).build(record);
  CHECK(model.output_shape(0) == Shape{1, 1, 2});
  CHECK(model.predict(std::vector<float>{1, 2, 3, 6}) == std::vector<float>{2, 4});
  const TemporaryFolder here;
  io::save_model(model, here.file("again.keras"));
  Model<Sequential<Input<2, 1, 2>, GlobalAveragePooling2D, Reshape<1, 1, 2>>> fixed;
  CHECK_NOTHROW(io::load_model(fixed, here.file("again.keras")));
}

TEST_CASE("cycles in a file are an error") {
  const auto message = [](const char* reads_of_y, const char* input) {
    const auto dense = [](const char* name, const std::string& reads) {
      return std::string(R"({"class_name": "Dense", "config": {"units": 4, "name": ")") + name +
             R"("}, "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__",
                 "config": {"keras_history": [)" +
             reads + "]}}]}]}";
    };
    const io::CustomLayers none;
    return message_of([&] {
      io::detail::Builder(none).build(io::Json::parse(
          std::string(R"({"class_name": "Functional", "config": {"layers": [
          {"class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "x"}},)") +
          dense("z", R"("y", 0, 0)") + "," + dense("y", reads_of_y) + R"(], "input_layers": [[")" + input +
          R"(", 0, 0]], "output_layers": [["z", 0, 0]]}})"));
    });
  };
  CHECK(message(R"("x", 0, 0)", "x").empty());
  CHECK(message(R"("z", 0, 0)", "x") == "layer 'z' is in a cycle: it reads what its own output leads to");
  CHECK(message(R"("y", 0, 0)", "x") == "layer 'y' is in a cycle: it reads what its own output leads to");
  CHECK(message(R"("x", 1, 0)", "x") == "layer 'y' reads what no layer makes");
  CHECK(message(R"("x", 0, 0)", "y") == "'y' is an input, an InputLayer wanted");
}

TEST_CASE("a call may read many tensors") {
  const auto model_of = [](int reads) {
    io::Json record = io::Json::parse(R"({"class_name": "Functional", "config": {"layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "x"}},
        {"class_name": "Concatenate", "config": {"name": "y"}, "inbound_nodes": [{"args": [[]]}]}],
        "input_layers": ["x", 0, 0], "output_layers": ["y", 0, 0]}})");
    for (int k = 0; k < reads; ++k)
      record["config"]["layers"][1]["inbound_nodes"][0]["args"][0].push_back(
          io::Json::parse(R"({"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}})"));
    const io::CustomLayers none;
    return io::detail::Builder(none).build(record);
  };
  CHECK(model_of(13).output_shape() == Shape{52});
  CHECK(message_of([&] { model_of(257); }) ==
        "layer 'y' (Concatenate): 257 tensors came, at most 256 wanted");
}

TEST_CASE("lists of a wrong length are an error") {
  std::string list = "[";
  for (int i = 0; i < 70; ++i) list += (i == 0 ? "" : ",") + std::to_string(i);
  const auto config = [&](const std::string& variance) {
    return R"("class_name": "Normalization", "config": {"name": "y", "mean": )" + list +
           "], \"variance\": " + variance + "}";
  };
  CHECK(message_for(config(list + "]").c_str(), "{}") ==
        "layer 'y' (Normalization): mean: 70 numbers came, 4 wanted");
  CHECK(message_for(config("[1, 2]").c_str(), "{}") ==
        "layer 'y' (Normalization): mean: 70 numbers came, 4 wanted");
}

TEST_CASE("inputs in a dict are called by their keys, and a list of outputs may hold lists") {
  const char* const record = R"({"class_name": "Functional", "config": {"layers": [
      {"class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "x"}, "inbound_nodes": []},
      {"class_name": "InputLayer", "config": {"batch_shape": [null, 4], "name": "y"}, "inbound_nodes": []},
      {"class_name": "Add", "config": {"name": "add"}, "inbound_nodes": [{"args": [[
        {"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}},
        {"class_name": "__keras_tensor__", "config": {"keras_history": ["y", 0, 0]}}]], "kwargs": {}}]}],
      "input_layers": {"title": ["y", 0, 0], "body": ["x", 0, 0]},
      "output_layers": [["add", 0, 0], [["x", 0, 0], ["y", 0, 0]]]}})";
  const io::CustomLayers none;
  const functional::Model model = io::detail::Builder(none).build(io::Json::parse(record));
  CHECK(model.input_name(0) == "title");
  CHECK(model.input_name(1) == "body");
  CHECK(model.outputs() == 3);
}

TEST_CASE("a TimeDistributed of a layer that draws for each value is that layer") {
  const char* const record = R"({"class_name": "Sequential", "config": {"layers": [
      {"class_name": "InputLayer", "config": {"batch_shape": [null, 3, 4], "name": "x"}},
      {"class_name": "TimeDistributed", "config": {"name": "y", "layer":
        {"class_name": "Dropout", "config": {"name": "dropout", "rate": 0.5}}}}]}})";
  const io::CustomLayers none;
  const functional::Model model = io::detail::Builder(none).build(io::Json::parse(record));
  CHECK(std::string_view(model.layers()[1].type) == "Dropout");
  CHECK(model.layers()[1].name == "y");
}

TEST_CASE("a layer of the user's own is made by the user") {
  const std::string path = file("two_towers.keras");
  int made = 0;
  const io::CustomLayers custom{{"Concatenate", {[&](const io::Json&, const std::string& name) {
                                   ++made;
                                   return functional::Layer(ConcatenateSpec{}, name);
                                 }}}};
  check_outputs(io::load_model(path, custom), "two_towers");
  CHECK(made == 1);
}

namespace {

// A line of numbers for each input, and one for each output.
std::vector<std::vector<float>> lines_of(const std::string& name, std::size_t count = 2) {
  std::ifstream text(file(name + ".txt"));
  std::vector<std::vector<float>> lines;
  for (std::string line; std::getline(text, line);) {
    std::istringstream numbers(line);
    lines.emplace_back(std::istream_iterator<float>(numbers), std::istream_iterator<float>());
  }
  REQUIRE(lines.size() == count);
  return lines;
}
void check_lines(const functional::Model& model, const std::string& name) {
  CAPTURE(name);
  const std::vector<std::vector<float>> lines = lines_of(name);
  std::vector<float> y(lines[1].size());
  model.predict(lines[0], y);
  CHECK(all_near(y, lines[1]));
}
// See tests/keras/versions.py.
void check_version(const functional::Model& model, const std::string& name) {
  check_lines(model, "versions/" + name);
}

}  // namespace

TEST_CASE("every layer, as versions of Keras since 3.0 wrote it") {
  for (const char* version : {"3.0.5", "3.3.3", "3.6.0", "3.12.0", "3.15.1"})
    for (const std::string name : {"images", "sequences", "sequential"})
      check_version(io::load_model(file("versions/" + name + "_" + version + ".keras")), name);
}

TEST_CASE("every layer out of .h5 and .weights.h5") {
  for (const std::string name : {"images", "sequences", "sequential"}) {
    functional::Model model = io::load_model(file("versions/" + name + ".h5"));
    check_version(model, name);
    model.initialize(5);
    io::load_weights(model, file("versions/" + name + ".weights.h5"));
    check_version(model, name);
  }
}

// See tests/keras/keras2.py.
TEST_CASE("a graph of Keras 2, out of one file or with weights out of another") {
  functional::Model model = io::load_model(file("keras2/graph.h5"));
  const std::vector<std::vector<float>> lines = lines_of("keras2/graph", 5);
  const auto check = [&] {
    std::vector<std::vector<float>> y;
    for (std::size_t k = 0; k < 3; ++k) y.emplace_back(lines[2 + k].size());
    model.predict({lines[0], lines[1]}, {y[0], y[1], y[2]});
    for (std::size_t k = 0; k < 3; ++k) CHECK(all_near(y[k], lines[2 + k]));
  };
  check();
  for (const char* weights : {"keras2/graph_weights.h5", "keras2/graph.h5"}) {
    CAPTURE(weights);
    model.initialize(5);
    io::load_weights(model, file(weights));
    check();
  }
  const TemporaryFolder here;
  io::save_model(model, here.file("again.keras"));
  model = io::load_model(here.file("again.keras"));
  check();
}
TEST_CASE("training goes on where Keras 2 left it") {
  for (const std::string name : {"keras2/adam", "keras2/legacy_adam"}) {
    CAPTURE(name);
    Model<Sequential<Input<6>, Dense<5, ReLU>, Dense<4>, Activation<Softmax>>> model(1);
    auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
    io::load_training(trainer, file(name + ".h5"));
    CHECK(trainer.iterations() == 3);
    CHECK(trainer.optimizer().learning_rate.at(0) == doctest::Approx(0.01));
    const std::vector<std::vector<float>> lines = lines_of(name);
    for (int i = 0; i < 3; ++i) trainer.train_on_batch(lines[0], std::vector<int>{0, 1, 2, 0});
    std::vector<float> y(lines[1].size());
    model.predict(lines[0], y);
    CHECK(all_near(y, lines[1]));
    const auto compiled = io::compiled_with(file(name + ".h5"), io::load_model(file(name + ".h5")));
    CHECK(compiled->optimizer == "Adam");
    CHECK(compiled->outputs[0].metrics.at(0).function == "sparse_categorical_accuracy");
  }
}

// See tests/keras/special.py. What is read is written, and read again.
namespace {

void each_model(const std::string& name, const io::CustomLayers& custom, auto f) {
  const TemporaryFolder here;
  const functional::Model model = io::load_model(file("special/" + name), custom);
  f(model);
  io::save_model(model, here.file("again.keras"), custom);
  f(io::load_model(here.file("again.keras"), custom));
  functional::Model same = io::load_model(file("special/" + name), custom);
  io::load_model(same, here.file("again.keras"), custom);
  for (const LayerPlan& layer : same.layers())
    for (int i = 0; i < layer.tensors.count(); ++i)
      if (layer.tensors[i].trainable)
        std::fill_n(same.block().data() + layer.tensors.offset(i), layer.tensors[i].shape.size(), 0.f);
  io::save_weights(model, here.file("again.weights.h5"), custom);
  io::load_weights(same, here.file("again.weights.h5"), custom);
  f(same);
}

}  // namespace

TEST_CASE("stateful layers go on where they were, in batches of the file's size") {
  each_model("stateful.keras", {}, [](const functional::Model& model) {
    CHECK(model.input(0).call().batch_size == 2);
    const std::vector<std::vector<float>> lines = lines_of("special/stateful");
    States states(model, 2);
    const std::span<const float> x(lines[0]);
    std::vector<float> y(lines[1].size());
    const std::size_t half = y.size() / 2;
    model.predict(x.first(x.size() / 2), std::span(y).first(half), states);
    model.predict(x.last(x.size() / 2), std::span(y).last(half), states);
    CHECK(all_near(y, lines[1]));
  });
}
TEST_CASE("attention on every step") {
  const io::CustomLayers custom{{"tests>SelfAttention", io::custom_layer<MultiHeadAttentionSpec>()}};
  each_model("each_step_attends.keras", custom,
             [](const functional::Model& model) { check_lines(model, "special/each_step_attends"); });
}
TEST_CASE("vocabularies that max_tokens pads") {
  each_model("padded.keras", {},
             [](const functional::Model& model) { check_lines(model, "special/padded"); });
}
TEST_CASE("an .h5 whose configs have long lists") {
  check_lines(io::load_model(file("special/long_lists.h5")), "special/long_lists");
}
