// What is saved comes back as it was. That Keras itself opens it is tested in tests/interop.
#include <keratin/io/registry.hpp>
#include <keratin/io/save.hpp>
#include <keratin/io/training_state.hpp>
#include <keratin/sequential/blob.hpp>

#include "../check.hpp"
#include "files.hpp"

using namespace keratin;

namespace {

bool ends(const std::string& text, const std::string& end) { return text.ends_with(end); }

bool same_block(const auto& a, const auto& b) {
  return std::equal(a.block().begin(), a.block().end(), b.block().begin(), b.block().end());
}

std::vector<float> predictions(const functional::Model& model) {
  std::vector<std::vector<float>> x, y;
  std::vector<Array> arrays;
  std::vector<std::span<float>> spans;
  for (std::size_t k = 0; k < model.inputs(); ++k) {
    x.push_back(filled_array(3 * static_cast<std::size_t>(model.input_shape(k).size()), static_cast<int>(k)));
    for (float& v : x.back())
      v = std::fabs(v) < 0.1f ? 0 : std::round(3 * std::fabs(v));  // also class numbers
  }
  for (std::size_t k = 0; k < model.outputs(); ++k)
    y.emplace_back(3 * static_cast<std::size_t>(model.output_shape(k).size()));
  for (const auto& v : x) arrays.emplace_back(v);
  for (auto& v : y) spans.emplace_back(v);
  model.predict(Arrays(arrays.data(), arrays.size()), spans);
  std::vector<float> all;
  for (const auto& v : y) all.insert(all.end(), v.begin(), v.end());
  return all;
}

// Whether it was adapted to what only a .keras holds.
bool has_tables(const functional::Model& model) {
  for (const LayerPlan& layer : model.layers())
    for (const Parameter& p : *layer.tensors.parameters)
      if (p.in_files == InFiles::not_a_weight) return true;
  return false;
}

using Branched = Sequential<
    Input<6, 6, 2>, Named<"first", Conv2D<4, Kernel<3>, Same, ReLU>>,
    Residual<Conv2D<3, Kernel<1>, Tanh>, Conv2D<4, Kernel<3>, Same, NoBias>>,
    Parallel<Concatenate<>, Branch<Conv2D<2, Kernel<3>>>, Branch<MaxPooling2D<PoolSize<3>, Strides<1>>>>,
    Flatten, Dense<5, Softmax>>;

}  // namespace

TEST_CASE("a static model in a graph is saved as its layers, in the middle of its training") {
  using Net = Sequential<Input<6>, Dense<5, Tanh>, BatchNormalization<>, Named<"inner", Dense<4>>,
                         Activation<Sigmoid>>;
  const TemporaryFolder folder;
  const std::string path = folder.file("model.keras");
  const functional::Tensor x = functional::Input({6});
  const functional::Layer encoder = functional::as_layer(Model<Net>(4), "net");
  const functional::Tensor h = Dense<6>{}(x);
  functional::Model model(x, Dense<3, Softmax>{}(Concatenate<>{}(encoder(x), encoder(h))));
  const std::vector<float> samples = filled_array(8 * 6, 2);
  const std::vector<int> y{0, 1, 2, 0, 1, 2, 0, 1};
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{});
  trainer.train_on_batch(samples, y);
  io::save_model(trainer, path);
  functional::Model again = io::load_model(path);
  CHECK(all_near(predictions(again), predictions(trainer.model()), 1e-6));
  CHECK(!find_parameter(again, "net_inner/kernel").empty());
  auto on = compile(again, Adam{}, SparseCategoricalCrossentropy{});
  io::load_training(on, path);
  trainer.train_on_batch(samples, y);
  on.train_on_batch(samples, y);
  CHECK(all_near(predictions(on.model()), predictions(trainer.model()), 1e-6));

  functional::Model frozen = model;
  frozen.set_trainable("net", false);
  io::save_model(frozen, path);
  CHECK(io::load_model(path).plan().trainable == frozen.plan().trainable);
  io::save_weights(frozen, folder.file("model.weights.h5"));
  functional::Model other = model;
  other.initialize(9);
  io::load_weights(other, folder.file("model.weights.h5"));
  CHECK(same_block(other, frozen));
}

TEST_CASE("models of every topology come back as they were saved") {
  const TemporaryFolder folder;
  const auto golden = std::filesystem::path(KERATIN_TEST_DATA) / "files";
  int models = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden)) {
    if (entry.path().extension() != ".keras") continue;
    CAPTURE(entry.path().string());
    const functional::Model model = io::load_model(entry.path());
    io::save_model(model, folder.file("model.keras"));
    const functional::Model again = io::load_model(folder.file("model.keras"));
    CHECK(predictions(again) == predictions(model));
    CHECK(again.plan().trainable == model.plan().trainable);
    io::save_model(again, folder.file("again.keras"));  // what is written twice is the same file
    CHECK(contents(folder.file("model.keras")) == contents(folder.file("again.keras")));
    ++models;
    const std::string name = entry.path().stem();
    if (name.ends_with("operators") || name == "layers_core_1" || has_tables(model)) continue;
    io::save_model(model, folder.file("model.h5"));
    CHECK(predictions(io::load_model(folder.file("model.h5"))) == predictions(model));
    io::save_weights(model, folder.file("model.weights.h5"));
    functional::Model other = io::load_model(entry.path());
    other.initialize(7);
    io::load_weights(other, folder.file("model.weights.h5"));
    CHECK(same_block(other, model));
  }
  CHECK(models >= 20);
  CHECK(folder.files() == 4);  // nothing is left beside them
}

TEST_CASE("a static network with branches comes back as a graph, and into a network of its own type") {
  const TemporaryFolder folder;
  const Model<Branched> model(3);
  const std::vector<float> x = filled_array(72, 0);
  const auto y = model.predict(x);
  for (const char* name : {"model.keras", "model.h5"}) {
    io::save_model(model, folder.file(name));
    CHECK(all_near(io::load_model(folder.file(name)).predict(x), y, 1e-6));
    Model<Branched> other(4);
    io::load_model(other, folder.file(name));
    CHECK(same_block(other, model));
  }
  CHECK_NOTHROW(io::load_model(folder.file("model.keras")).layer("first"));
  for (const char* name : {"model.weights.h5", "model.bin"}) {
    io::save_weights(model, folder.file(name));
    Model<Branched> other(4);
    io::load_weights(other, folder.file(name));
    CHECK(same_block(other, model));
  }
  const std::string blob = contents(folder.file("model.bin"));
  CHECK(std::ranges::equal(view_of_blob<Branched>(std::as_bytes(std::span(blob))), model.block()));
  Model<Branched> other(4);
  Model<Branched, Owned, double> precise(5);
  io::load_model(precise, folder.file("model.keras"));
  CHECK(precise.block()[0] == double{model.block()[0]});
  io::save_model(precise, folder.file("precise.keras"));
  io::load_model(other, folder.file("precise.keras"));
  CHECK(same_block(other, model));

  Model<Sequential<Input<6, 6, 2>, Conv2D<4, Kernel<3>, Same>>> short_one(1);
  CHECK(ends(
      message_of([&] { io::load_model(short_one, folder.file("model.keras")); }),
      "layer 'first' is Conv2D relu (6, 6, 2) -> (6, 6, 4), kernel (3, 3, 2, 4), bias (4); layer 0 of the "
      "network, 'conv2d', is Conv2D (6, 6, 2) -> (6, 6, 4), kernel (3, 3, 2, 4), bias (4)"));
}

TEST_CASE("a setting that no shape shows is a difference") {
  const TemporaryFolder folder;
  io::save_model(Model<Sequential<Input<8, 2>, GRU<3, GoBackwards>>>(1), folder.file("model.keras"));
  Model<Sequential<Input<8, 2>, GRU<3>>> forwards(2);
  CHECK(ends(message_of([&] { io::load_model(forwards, folder.file("model.keras")); }),
             "layer 'gru' has go_backwards true; layer 0 of the network, 'gru', has false"));
}

TEST_CASE("the same layers wired in another way are a difference") {
  const TemporaryFolder folder;
  io::save_model(Model<Sequential<Input<4>, Residual<Dense<4>, Dense<4>>>>(1), folder.file("model.keras"));
  Model<Sequential<Input<4>, Dense<4>, Residual<Dense<4>>>> other(2);
  CHECK(ends(message_of([&] { io::load_model(other, folder.file("model.keras")); }),
             "layer 'add' (Add) is called on other tensors than in the network, or in another way"));
}

TEST_CASE("weights that the model lacks are an error") {
  const TemporaryFolder folder;
  io::save_weights(Model<Sequential<Input<4>, Dense<4>, Dense<4>, Dense<2>>>(1),
                   folder.file("three.weights.h5"));
  Model<Sequential<Input<4>, Dense<4>, Dense<4>>> two(2);
  CHECK(ends(message_of([&] { io::load_weights(two, folder.file("three.weights.h5")); }),
             "layers/dense_2 has weights of a layer that the model lacks"));
  // Of any class, wherever its weights are.
  const functional::Tensor x = functional::Input(Shape{3, 4});
  const functional::Tensor y = x.then(DenseSpec{.units = 4}),
                           ids = x.then(SliceSpec{.count = 1, .slices = {Slice::at(0)}});
  functional::Model model(x, y);
  const auto refused = [&](const functional::Tensor& more) {
    const std::string path = folder.file("more.weights.h5");
    io::save_weights(functional::Model(std::vector{x}, std::vector{y, more}), path);
    return message_of([&] { io::load_weights(model, path); });
  };
  const auto adapted =
      functional::adapted(IntegerLookupSpec{.output_mode = OutputMode::tf_idf}, Shape{4}, filled_array(4, 0));
  for (const auto& [more, group] :
       {std::pair(y.then(TimeDistributedSpec<DenseSpec>{{.units = 2}}), "layers/time_distributed/layer"),
        std::pair(y.then(MultiHeadAttentionSpec{.num_heads = 1, .key_dim = 2}),
                  "layers/multi_head_attention/_key_dense"),
        std::pair(y.then(LSTMSpec{.units = 2}), "layers/lstm/cell"),
        std::pair(adapted(ids), "layers/integer_lookup")})
    CHECK(ends(refused(more), std::string(group) + " has weights of a layer that the model lacks"));
  CHECK(refused(y.then(DropoutSpec{.rate = 0.5})).empty());
}

TEST_CASE("a model of many masked branches is saved in no time") {
  const TemporaryFolder folder;
  const functional::Tensor x = functional::Input(Shape{3, 2});
  functional::Tensor y = x.then(MaskingSpec{});
  for (int i = 0; i < 60; ++i) y = Add<>{}(y, y.then(DenseSpec{.units = 2}));
  CHECK_NOTHROW(
      io::save_model(functional::Model(x, y.then(LSTMSpec{.units = 2})), folder.file("model.keras")));
}

TEST_CASE("the layer in each Bidirectional is an object of its own, which Keras keeps as long as it loads") {
  const TemporaryFolder folder;
  const functional::Tensor x = functional::Input(Shape{3, 2});
  using Spec = BidirectionalSpec<LSTMSpec>;
  const Spec spec{.layer = {.units = 2, .return_sequences = true}};
  io::save_model(functional::Model(x, x.then(spec).then(spec)), folder.file("model.keras"));
  const io::Json layers = io::detail::open_model(folder.file("model.keras")).record["config"]["layers"];
  REQUIRE(layers.size() == 3);
  const io::Json a = layers[1]["config"]["layer"]["shared_object_id"],
                 b = layers[2]["config"]["layer"]["shared_object_id"];
  CHECK(a.is_number());
  CHECK(b.is_number());
  CHECK(a != b);
}

TEST_CASE("batches of stateful layers have one sample where no input says another") {
  const TemporaryFolder folder;
  const auto saved = [&](int batch_size) {
    const functional::Tensor x = functional::Input(Shape{3, 2}, "", batch_size);
    io::save_model(functional::Model(x, x.then(GRUSpec{.units = 2, .stateful = true})),
                   folder.file("model.keras"));
    return io::load_model(folder.file("model.keras")).input(0).call().batch_size;
  };
  CHECK(saved(0) == 1);
  CHECK(saved(7) == 7);
}

TEST_CASE("a vocabulary keeps its places, also where it is larger than the weights") {
  const TemporaryFolder folder;
  const std::string path = folder.file("model.keras");
  const auto check = [&](auto model, const std::vector<float>& tokens, const std::vector<float>& x) {
    auto other = model;
    std::ranges::fill(other.block(), 0.5f);
    adapt(model, tokens);
    io::save_model(model, path);
    io::load_model(other, path);
    std::vector<float> weights(model.count_params()), others(weights);
    model.get_weights(weights);
    other.get_weights(others);
    CHECK(weights == others);
    CHECK(std::ranges::equal(io::load_model(path).predict(x), other.predict(x)));
  };
  const std::vector<float> few{3, 1, 3, 4, 1, 3}, x{4, 9};
  check(Model<Sequential<Input<2>, IntegerLookup<MaxTokens<6>>>>(1), few, x);
  check(Model<Sequential<Input<2>, IntegerLookup<MaxTokens<6>, MultiHot>, Dense<2>>>(1), few, x);
  check(Model<Sequential<Input<2>, IntegerLookup<MaxTokens<6>, TfIdf>, Dense<2>>>(1), few, x);
  check(Model<Sequential<Input<2>, IntegerLookup<MaxTokens<9>, VocabularySize<6>, PadToMaxTokens, TfIdf>>>(1),
        few, x);
  std::vector<float> many(3000);
  std::iota(many.begin(), many.end(), 7.f);
  check(Model<Sequential<Input<2>, IntegerLookup<VocabularySize<3001>>>>(1), many, x);
  // Two tokens have no room for three.
  Model<Sequential<Input<2>, IntegerLookup<MaxTokens<3>>>> small(1);
  Model<Sequential<Input<2>, IntegerLookup<MaxTokens<6>>>> large(1);
  adapt(large, few);
  io::save_model(large, path);
  CHECK(ends(message_of([&] { io::load_model(small, path); }),
             "has vocabulary (3); layer 0 of the network, 'integer_lookup', has room for (2)"));
}

TEST_CASE("steps beyond 2^31 come back") {
  const TemporaryFolder folder;
  Model<Sequential<Input<4>, Dense<3>>> model(1);
  auto trainer = compile(model, SGD{}, MeanSquaredError{});
  for (const std::int64_t steps : {std::int64_t{5}, std::int64_t{1} << 31}) {
    trainer.set_iterations(steps);
    io::save_model(trainer, folder.file("model.keras"));
    trainer.set_iterations(0);
    io::load_training(trainer, folder.file("model.keras"));
    CHECK(trainer.iterations() == steps);
  }
}

TEST_CASE("a program gets the static model that it knows for a file, or a graph") {
  const TemporaryFolder folder;
  using Small = Model<Sequential<Input<4>, Dense<3, Tanh>, Dense<2>>>;
  using Large = Model<Sequential<Input<4>, Dense<30, Tanh>, Dense<2>>>;
  const std::vector<float> x = filled_array(4, 1);
  const auto load = [&](const auto& model) {
    io::save_model(model, folder.file("model.keras"));
    const auto found = io::load_known<Small, Large>(folder.file("model.keras"));
    std::visit(
        [&](const auto& m) {
          const auto y = m.predict(x);
          const auto wanted = model.predict(x);
          CHECK(std::equal(y.begin(), y.end(), wanted.begin(), wanted.end()));
        },
        found);
    return found.index();
  };
  CHECK(load(Small(3)) == 1);
  CHECK(load(Large(3)) == 2);
  CHECK(load(Model<Sequential<Input<4>, Dense<3, ReLU>, Dense<2>>>(3)) == 0);
}

TEST_CASE("training goes on where the file stands, bit for bit") {
  const TemporaryFolder folder;
  using Net = Sequential<Input<4>, Dense<6, Tanh>, BatchNormalization<>, Dense<3, Softmax>>;
  const std::vector<float> x = filled_array(40, 0);
  const std::vector<int> y{0, 1, 2, 0, 1, 2, 0, 1, 2, 0};
  const auto check = [&](const auto& settings) {
    using Optimizer = std::remove_cvref_t<decltype(settings)>;
    Model<Net> model(1), other(2);
    auto trainer = compile(model, settings, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
    for (int i = 0; i < 3; ++i) trainer.train_on_batch(x, y);
    io::save_model(trainer, folder.file("trained.keras"));
    auto next = compile(other, Optimizer{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
    io::load_training(next, folder.file("trained.keras"));
    functional::Model graph = io::load_model(folder.file("trained.keras"));
    auto of_graph = compile(graph, Optimizer{}, SparseCategoricalCrossentropy{});
    io::load_training(of_graph, folder.file("trained.keras"));
    CHECK(next.iterations() == 3);
    for (int i = 0; i < 5; ++i) {
      trainer.train_on_batch(x, y);
      next.train_on_batch(x, y);
      of_graph.train_on_batch(x, y);
    }
    CHECK(same_block(model, other));
    CHECK(same_block(model, graph));
  };
  check(Adam{.learning_rate = 0.01, .beta_1 = 0.8});
  check(SGD{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true});
  check(SGD{.learning_rate = 0.1});
  check(AMSGrad{.learning_rate = 0.01});
  check(Nadam{.learning_rate = 0.01});
  check(RMSprop{.learning_rate = 0.01, .momentum = 0.5, .centered = true});
  check(SGD{.learning_rate = CosineDecay{.initial_learning_rate = 0.1, .decay_steps = 10}, .momentum = 0.5});
  check(Lamb{.learning_rate = 0.01});
  const OptimizerSettings all{.weight_decay = 0.1,
                              .global_clipnorm = 0.5,
                              .use_ema = true,
                              .ema_momentum = 0.8,
                              .ema_overwrite_frequency = 3,
                              .gradient_accumulation_steps = 2};
  check(With{Adafactor{.learning_rate = 0.1}, all});
  check(With{AMSGrad{.learning_rate = 0.01}, all});
  check(With{AdamW{.learning_rate = 0.01, .weight_decay = 0.3}, {.clipnorm = 1}});
}

TEST_CASE("a trainer without a loss goes on where its file stands") {
  const TemporaryFolder folder;
  const functional::Tensor x = functional::Input(Shape{3});
  functional::Model model(x, x.then(DenseSpec{.units = 2}), 1), other(x, x.then(DenseSpec{.units = 2}), 2);
  auto trainer = compile(model, Adam{.learning_rate = 0.01}), next = compile(other, Adam{});
  const std::vector<float> values = filled_array(12, 0), dy = filled_array(8, 1);
  const auto step = [&](auto& of) {
    of.forward(values);
    of.backward(dy);
    of.apply_gradients();
  };
  for (int i = 0; i < 3; ++i) step(trainer);
  io::save_model(trainer, folder.file("own_steps.keras"));
  io::load_training(next, folder.file("own_steps.keras"));
  CHECK(next.iterations() == 3);
  for (int i = 0; i < 3; ++i) step(trainer), step(next);
  CHECK(same_block(model, other));
}

TEST_CASE("settings of a file that a trainer does not have are refused") {
  const TemporaryFolder folder;
  Model<Sequential<Input<4>, Dense<3>>> model(1);
  const auto saved = [&](const auto& optimizer) {
    auto trainer = compile(model, optimizer, MeanSquaredError{});
    io::save_model(trainer, folder.file("model.keras"));
  };
  const auto refusal = [&](auto&& trainer) {
    return message_of([&] { io::load_training(trainer, folder.file("model.keras")); });
  };
  saved(With{Adam{}, {.clipnorm = 1}});
  CHECK(ends(refusal(compile(model, Adam{}, MeanSquaredError{})),
             "Adam: clipnorm: 1.0 came, nothing that changes the result wanted"));
  CHECK(
      ends(refusal(compile(model, With{SGD{}, {}}, MeanSquaredError{})), "optimizer Adam came, SGD wanted"));
  saved(Adam{});
  auto excluding = compile(model, With{Adam{}, {.clipvalue = 2, .exclude_from_weight_decay = {"bias"}}},
                           MeanSquaredError{});
  CHECK(refusal(excluding).empty());
  CHECK(excluding.optimizer().clipvalue == 0);
  CHECK(excluding.optimizer().exclude_from_weight_decay.size() == 1);
  excluding.optimizer().use_ema = true;  // there is no average yet
  CHECK(ends(message_of([&] { io::save_model(excluding, folder.file("model.keras")); }),
             "the optimizer's settings were changed since the last step: do one first"));
}

TEST_CASE("an optimizer that is another one by its type is refused") {
  const TemporaryFolder folder;
  Model<Sequential<Input<4>, Dense<3>>> model(1);
  auto adam = compile(model, Adam{}, MeanSquaredError{});
  auto largest = compile(model, AMSGrad{}, MeanSquaredError{});
  io::save_model(adam, folder.file("adam.keras"));
  io::save_model(largest, folder.file("amsgrad.keras"));
  CHECK(message_of([&] {
          io::load_training(largest, folder.file("adam.keras"));
        }).find("amsgrad true wanted") != std::string::npos);
  CHECK(message_of([&] { io::load_training(adam, folder.file("amsgrad.keras")); }).find("amsgrad") !=
        std::string::npos);
}

TEST_CASE("training goes on only where as much is trained, with the same penalties") {
  const TemporaryFolder folder;
  const functional::Tensor x = functional::Input(Shape{4});
  functional::Model model(x, x.then(DenseSpec{.units = 3}, "body").then(DenseSpec{.units = 2}, "head"));
  auto trainer = compile(model, Adam{}, MeanSquaredError{});
  io::save_model(trainer, folder.file("all.keras"));
  model.set_trainable("body", false);
  CHECK(ends(message_of([&] { io::save_model(trainer, folder.file("model.keras")); }),
             "layers were frozen or let free after compile(): compile the model again first"));
  auto again = compile(model, Adam{}, MeanSquaredError{});
  CHECK(ends(
      message_of([&] { io::load_training(again, folder.file("all.keras")); }),
      "layer 'body' is Dense (4) -> (3), kernel (4, 3), bias (3); layer 0 of the network, 'body', is Dense "
      "(4) -> (3), kernel (4, 3) (not trained), bias (3) (not trained)"));
  Model<Sequential<Input<4>, Dense<3, L2<0.5>>, Dense<2>>> with_penalty(1);
  auto other = compile(with_penalty, Adam{}, MeanSquaredError{});
  CHECK(message_of([&] {
          io::load_training(other, folder.file("all.keras"));
        }).find("has kernel_regularizer null") != std::string::npos);
  CHECK_NOTHROW(io::load_model(with_penalty, folder.file("all.keras")));
}

TEST_CASE("what files cannot say of losses and metrics is refused") {
  const TemporaryFolder folder;
  Model<Sequential<Input<4>, Dense<3>>> model(1);
  const auto refused = [&](const auto& loss, const auto& metric) {
    const auto trainer = compile(model, SGD{}, loss, metric);
    return message_of([&] { io::save_model(trainer, folder.file("model.keras")); });
  };
  CHECK(ends(refused(Huber<0.5>{}, metrics::Precision<>{}), "files have no other delta than 1"));
  CHECK(ends(refused(Huber<>{}, metrics::LossMetric<Huber<0.5>>{}),
             "metric huber: Keras's files have no other delta than 1"));
  CHECK(refused(Huber<>{}, metrics::AUC<metrics::Curve::PR, 20>{}).empty());
}

TEST_CASE("training of several outputs goes on where Keras left it") {
  // What was compiled with other things is refused, and nothing is changed then.
  const TemporaryFolder folder;
  functional::Model model =
      io::load_model((std::filesystem::path(KERATIN_TEST_DATA) / "files/several_outputs.keras").string());
  auto trainer = compile(model, Adam{}, ForOutput(CategoricalCrossentropy{}),
                         ForOutput(MeanSquaredError{}, metrics::MeanAbsoluteError{}).weighing(0.2),
                         ForOutput(BinaryCrossentropy{}));
  io::save_model(trainer, folder.file("several.keras"));
  auto by_momentum = compile(model, SGD{}, ForOutput(CategoricalCrossentropy{}),
                             ForOutput(MeanSquaredError{}), ForOutput(BinaryCrossentropy{}));
  CHECK(ends(message_of([&] { io::load_training(by_momentum, folder.file("several.keras")); }),
             "optimizer Adam came, SGD wanted"));
  io::save_model(model, folder.file("plain.keras"));
  CHECK(ends(message_of([&] { io::load_training(trainer, folder.file("plain.keras")); }),
             "the model in it was not compiled"));
}

TEST_CASE("what files cannot hold is refused by name, and the old file stays") {
  const TemporaryFolder folder;
  const functional::Tensor x = functional::Input(Shape{4});
  const functional::Model plain(x, x.then(DenseSpec{.units = 3}, "kept"));
  io::save_model(plain, folder.file("model.keras"));
  const functional::Layer mine = functional::Lambda(
      "mine",
      [](std::span<const float> in, std::span<float> out) { std::copy(in.begin(), in.end(), out.begin()); });
  const functional::Model strange(x, mine(x));
  CHECK(ends(message_of([&] { io::save_model(strange, folder.file("model.keras")); }),
             "model.keras: layer 'mine' (Lambda): class Lambda is not known to files"));
  CHECK_NOTHROW(io::load_model(folder.file("model.keras")).layer("kept"));
  CHECK(ends(message_of([&] { io::save_model(plain, folder.file("model.weights.h5")); }),
             "is for weights alone, which save_weights writes"));
  CHECK(ends(message_of([&] { io::save_model(plain, folder.file("model.onnx")); }),
             "a name that ends with .keras or .h5 wanted"));
  CHECK_FALSE(message_of([&] { io::save_model(plain, folder.file("none/model.keras")); }).empty());
  const functional::Model operators(x, functional::sum(x, {-1}) * 2.0);
  CHECK(ends(message_of([&] { io::save_model(operators, folder.file("model.h5")); }),
             "Keras does not open an .h5 with operators in it: save a .keras"));
  CHECK(folder.files() == 1);
}

TEST_CASE("operators, slices and masks that were left behind come back") {
  const TemporaryFolder folder;
  const functional::Tensor x = functional::Input(Shape{5, 4});
  const functional::Tensor steps = x.then(MaskingSpec{});
  const functional::Tensor all = functional::mean(x, {}), one = functional::max(x, {2}, true);
  const functional::Tensor part = functional::slice(x, {{1, -1}, Slice::at(-2)});
  const functional::Tensor h = steps.then(LSTMSpec{.units = 3}),
                           free = steps.unmasked().then(GRUSpec{.units = 3});
  const functional::Model model(std::vector{x}, std::vector{all, one / 2.0, functional::power(part, 2),
                                                            1.0 / (h + 3.0), free - h, -x * x});
  io::save_model(model, folder.file("model.keras"));
  CHECK(predictions(io::load_model(folder.file("model.keras"))) == predictions(model));
}

TEST_CASE("names with a slash, outputs with names, open lengths and frozen layers come back") {
  const TemporaryFolder folder;
  const functional::Tensor x = functional::SequenceInput(Shape{6, 2}, "series");
  const functional::Tensor y = x.then(GRUSpec{.units = 3}, "inner/gru");
  functional::Model model(
      {x}, std::vector<std::pair<std::string, functional::Tensor>>{
               {"low", y.then(DenseSpec{.units = 1})}, {"high", y.then(DenseSpec{.units = 2}, "inner_gru")}});
  model.set_trainable("inner/gru", false);
  model.set_name("of/series");
  io::save_model(model, folder.file("model.keras"));
  const functional::Model again = io::load_model(folder.file("model.keras"));
  CHECK(again.output_name(0) == "low");
  CHECK(again.output_name(1) == "high");
  CHECK(again.input_name(0) == "series");
  CHECK(again.name() == "of_series");
  CHECK(again.with_layer("inner_gru", functional::Layer(GRUSpec{.units = 3})).name() == "of_series");
  CHECK(summary_text(again).starts_with("Model: \"of_series\"\n"));
  CHECK(again.graph().is_open());
  CHECK(again.plan().trainable == model.plan().trainable);
  const std::vector<float> series = filled_array(10, 1);
  CHECK(again.predict(series) == model.predict(series));
}

namespace {

/// y = factor x, a layer of the user's own.
struct ScaleSpec {
  double factor = 1;

  static constexpr const char* name = "Scale";
  constexpr Fit fit(Shape in) const { return in; }
  struct Geometry {
    int size;
    double factor;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), factor}; }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    for (std::ptrdiff_t i = 0; i < std::ptrdiff_t{static_cast<int>(c.count)} * g.size; ++i)
      c.y[i] = c.x[i] * static_cast<Scalar<T>>(g.factor);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    for (std::ptrdiff_t i = 0; c.dx && i < std::ptrdiff_t{c.count} * g.size; ++i)
      c.dx[i] = c.dy[i] * static_cast<Scalar<T>>(g.factor);
  }
};

}  // namespace

KERATIN_ADAPT_STRUCT(ScaleSpec, factor);

TEST_CASE("layers of the user's own are saved and read by their fields") {
  const TemporaryFolder folder;
  const io::CustomLayers custom{{"tests>Scale", io::custom_layer<ScaleSpec>()}};
  const functional::Tensor x = functional::Input(Shape{4});
  const functional::Model model(x, x.then(DenseSpec{.units = 3}).then(ScaleSpec{2.5}));
  CHECK(ends(message_of([&] { io::save_model(model, folder.file("model.keras")); }),
             "layer 'scale' (Scale): class Scale is not known to files"));
  io::save_model(model, folder.file("model.keras"), custom);
  CHECK(predictions(io::load_model(folder.file("model.keras"), custom)) == predictions(model));
  CHECK(ends(message_of([&] { io::load_model(folder.file("model.keras")); }),
             "layer 'scale' (Scale): 'tests>Scale' is a class of somebody's own, and none is given for it"));
}
