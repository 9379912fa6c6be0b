// Graphs against the numbers that real Keras computed for them: tests/keras/topologies.py, where each has the
// name that it has here.
#include "../check.hpp"

using namespace keratin;

using functional::Tensor;

namespace {

constexpr std::size_t rows = 7;

struct Topology {
  std::vector<Tensor> inputs, outputs;
};

template <class Loss> std::vector<float> targets(int k, const Shape& shape) {
  const auto all = rows * static_cast<std::size_t>(shape.size()), n = static_cast<std::size_t>(shape.last());
  if (std::is_same_v<Loss, MeanSquaredError>) return filled_array(all, 20 + k);
  std::vector<float> t(all);
  for (std::size_t i = 0; i < all / n; ++i)
    if (std::is_same_v<Loss, CategoricalCrossentropy<>>)
      t[i * n + i % n] = 1;
    else
      for (std::size_t e = i * n; e < (i + 1) * n; ++e) t[e] = static_cast<float>(e % 2);
  return t;
}

bool of_classes(const std::string& name) {
  return name == "masked_classifier" || name == "masked_tagger" || name == "transformer_encoder" ||
         name == "seq2seq_attention";
}
// F(shape, k); masked networks get class numbers, or steps of zeros.
std::vector<float> input_of(const std::string& name, std::size_t k, const Shape& shape) {
  const auto n = static_cast<std::size_t>(shape.size()), steps = static_cast<std::size_t>(shape[0]);
  std::vector<float> x = filled_array(rows * n, static_cast<int>(k));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t row = i / n, step = i % n / (n / steps);
    if (of_classes(name)) x[i] = static_cast<float>((row * step + step) % 8);
    if (name == "masked_sequences" && (row + step + k) % 3 == 0) x[i] = 0;
  }
  return x;
}

template <class... Heads>
void check_model(const std::string& name, functional::Model& model, double of_weights,
                 const Heads&... heads) {
  CAPTURE(name);
  const std::string path = "topology/" + name + "/";
  fill_weights(model);

  std::vector<std::vector<float>> x, y, t;
  std::vector<Array> x_arrays, t_arrays;
  std::vector<std::span<float>> y_spans;
  for (std::size_t k = 0; k < model.inputs(); ++k) x.push_back(input_of(name, k, model.input_shape(k)));
  for (std::size_t k = 0; k < model.outputs(); ++k)
    y.emplace_back(rows * static_cast<std::size_t>(model.output_shape(k).size()));
  int head = 0;
  ((t.push_back(targets<typename Heads::Loss>(head, model.output_shape(static_cast<std::size_t>(head)))),
    ++head),
   ...);
  for (const auto& v : x) x_arrays.emplace_back(v);
  for (const auto& v : t) t_arrays.emplace_back(v);
  const Arrays inputs(x_arrays.data(), x_arrays.size()), wanted(t_arrays.data(), t_arrays.size());

  for (auto& v : y) y_spans.emplace_back(v);
  model.predict(inputs, y_spans);
  for (std::size_t k = 0; k < y.size(); ++k) CHECK(all_near(y[k], golden(path + "y" + std::to_string(k))));
  // One sample gives the same.
  Arrays first = inputs;
  for (std::size_t k = 0; k < x.size(); ++k) first[k] = x_arrays[k].slice(0, x[k].size() / rows);
  const std::vector<float> one = model.predict(first);
  std::size_t at = 0;
  for (const auto& of_batch : y)
    for (std::size_t i = 0; i < of_batch.size() / rows; ++i) CHECK(near(one[at++], of_batch[i]));
  CHECK(at == one.size());

  auto trainer = compile(model, Adam{.learning_rate = 0.01}, heads...);
  const auto gradient = trainer.gradient(inputs, wanted);
  std::vector<float> flat;
  for (const LayerPlan& layer : model.layers())
    for (int i = 0; i < layer.tensors.count(); ++i)
      if (const Parameter& p = layer.tensors[i]; p.trainable) {
        const auto from = gradient.begin() + static_cast<std::ptrdiff_t>(layer.tensors.offset(i));
        flat.insert(flat.end(), from, from + p.shape.size());
      }
  CHECK(all_near(flat, golden(path + "gradient"), 2e-5));

  std::vector<float> logs;
  const auto take = [&](const auto& values) {
    std::map<std::string_view, double> sorted;
    for (std::size_t i = 0; i < values.size(); ++i) sorted[trainer.log_name(i)] = values[i];
    for (const auto& [key, value] : sorted) logs.push_back(static_cast<float>(value));
  };
  trainer.evaluate(inputs, wanted);
  take(trainer.train_on_batch(inputs, wanted));
  const long before = testing::allocations;
  const auto second = trainer.train_on_batch(inputs, wanted), third = trainer.train_on_batch(inputs, wanted);
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
  take(second);
  take(third);
  CHECK(all_near(logs, golden(path + "logs"), 5e-5));
  std::vector<float> w(model.count_params());
  model.get_weights(w);
  CHECK(all_near(w, golden(path + "weights"), of_weights));
}

template <class... Heads>
void check_topology(const std::string& name, const Topology& topology, const Heads&... heads) {
  functional::Model model(topology.inputs, topology.outputs);
  check_model(name, model, 2e-4, heads...);
}
template <class... Metrics> auto mse(const Metrics&... metrics) {
  return ForOutput(MeanSquaredError{}, metrics...);
}
template <class... Metrics> auto cce(const Metrics&... metrics) {
  return ForOutput(CategoricalCrossentropy{}, metrics...);
}
template <class... Metrics> auto bce(const Metrics&... metrics) {
  return ForOutput(BinaryCrossentropy{}, metrics...);
}

}  // namespace

TEST_CASE("two towers with a shared layer") {
  const auto a = functional::Input({6}), b = functional::Input({6});
  const functional::Layer shared(Dense<5, Tanh>{}), top(Dense<4, ReLU>{});
  const auto x = Concatenate<>{}(top(shared(a)), Dense<3>{}(shared(b)));
  check_topology("two_towers", {{a, b}, {Dense<2>{}(x)}}, mse());
}

TEST_CASE("a residual block with a projection") {
  const auto x = functional::Input({6, 6, 3});
  auto y = Conv2D<4, Kernel<3>, Strides<2>, Same>{}(x);
  y = Activation<ReLU>{}(BatchNormalization<>{}(y));
  y = BatchNormalization<>{}(Conv2D<4, Kernel<3>, Same>{}(y));
  y = Activation<ReLU>{}(Add<>{}(Conv2D<4, Kernel<1>, Strides<2>>{}(x), y));
  check_topology("residual_block", {{x}, {Dense<3, Softmax>{}(GlobalAveragePooling2D{}(y))}},
                 cce(metrics::Accuracy{}));
}

TEST_CASE("an Inception block") {
  const auto x = functional::Input({5, 5, 4});
  const auto y = Concatenate<>{}(Conv2D<2, Kernel<1>, ReLU>{}(x),
                                 Conv2D<3, Kernel<3>, Same, ReLU>{}(Conv2D<2, Kernel<1>, ReLU>{}(x)),
                                 Conv2D<1, Kernel<5>, Same, ReLU>{}(Conv2D<2, Kernel<1>, ReLU>{}(x)),
                                 Conv2D<2, Kernel<1>>{}(MaxPooling2D<PoolSize<3>, Strides<1>, Same>{}(x)));
  check_topology("inception_block", {{x}, {Dense<2>{}(Flatten{}(y))}}, mse());
}

TEST_CASE("siamese networks, compared by the angle between what they make") {
  const auto a = functional::Input({6}), b = functional::Input({6});
  const functional::Layer embed(Dense<4, Tanh>{}), hidden(Dense<8, Tanh>{});
  const auto y = Dot<1, 1, true>{}(embed(hidden(a)), embed(hidden(b)));
  check_topology("siamese", {{a, b}, {Dense<1, Sigmoid>{}(y)}}, bce(metrics::Accuracy{}));
}

TEST_CASE("several outputs, each with a loss and a weight") {
  const auto x = functional::Input({5});
  const auto h = Dense<6, ReLU>{}(x);
  check_topology("several_outputs", {{x}, {Dense<3, Softmax>{}(h), Dense<1>{}(h), Dense<2, Sigmoid>{}(x)}},
                 cce(metrics::Accuracy{}), mse(metrics::MeanAbsoluteError{}).weighing(0.2),
                 bce().weighing(3));
}

TEST_CASE("wide and deep") {
  const auto wide = functional::Input({4}), deep = functional::Input({6});
  const auto h = Dense<5, ReLU>{}(Dense<7, ReLU>{}(deep));
  check_topology("wide_and_deep", {{wide, deep}, {Dense<1>{}(Concatenate<>{}(wide, h)), Dense<1>{}(h)}},
                 mse().weighing(0.9), mse(metrics::MeanAbsoluteError{}).weighing(0.1));
}

TEST_CASE("squeeze and excite") {
  const auto x = functional::Input({4, 4, 6});
  const auto y = Conv2D<6, Kernel<3>, Same>{}(x);
  const auto s = Dense<6, Sigmoid>{}(Dense<2, ReLU>{}(GlobalAveragePooling2D{}(y)));
  const auto z = Add<>{}(x, Multiply{}(y, Reshape<1, 1, 6>{}(s)));
  check_topology("squeeze_and_excite", {{x}, {Dense<2>{}(Flatten{}(z))}}, mse());
}

TEST_CASE("a dense block") {
  const auto x = functional::Input({8, 3});
  auto features = x;
  for (int i = 0; i < 3; ++i)
    features = Concatenate<>{}(features, Conv1D<2, Kernel<3>, Same, ReLU>{}(features));
  check_topology("dense_block", {{x}, {Dense<3, Softmax>{}(GlobalMaxPooling1D{}(features))}},
                 cce(metrics::Accuracy{}));
}

TEST_CASE("probabilities that are an output and are read on") {
  const auto x = functional::Input({5});
  const auto p = Dense<4, Softmax>{}(x);
  const auto y = Dense<2>{}(Concatenate<>{}(p, Dense<3>{}(p)));
  check_topology("probabilities_read_on", {{x}, {y, p}}, mse(), cce(metrics::Accuracy{}).weighing(0.5));
}

TEST_CASE("every merging layer, with shapes that broadcast") {
  const auto a = functional::Input({3, 4}), b = functional::Input({3, 4});
  const auto c = Dense<4, Tanh>{}(a);
  const auto d = Reshape<1, 4>{}(GlobalAveragePooling1D{}(b));
  const auto e = Dense<1>{}(b);
  auto y = Maximum{}(Subtract{}(c, b), Multiply{}(a, d, e));
  y = Average{}(y, Minimum{}(a, b, c), Add<>{}(d, e));
  y = Dot<1, 1>{}(y, Dense<5>{}(a));
  check_topology("merging", {{a, b}, {Dense<2>{}(Flatten{}(y))}}, mse());
}

TEST_CASE("layers shared between depths") {
  const auto x = functional::Input({4});
  const functional::Layer shared(Dense<4, Tanh>{}), late(Dense<4>{});
  const auto a = shared(shared(x));
  check_topology("shared_in_depth", {{x}, {Dense<1>{}(Add<>{}(late(a), shared(late(x))))}}, mse());
}

TEST_CASE("operators and functions of tensors") {
  using functional::max, functional::mean, functional::min, functional::power, functional::slice,
      functional::sum;
  const auto a = functional::Input({4, 6}), b = functional::Input({4, 6});
  const auto x = (a + b) * 2 - a * b / (b * b + 1.5) + 3 / (a * a + 1) - 0.5;
  auto y = mean(slice(x, {{1}, {-1, Slice::whole, -2}}), {1});
  const auto z = max(x, {-1}) + min(-x, {2});
  const auto s = sum(1 - x, {1, 2}, true);
  y = Concatenate<>{}(y, z, Flatten{}(s / 10));
  const auto first = slice(power(a, 2), {{0, 1}, {0, 1}});
  y = y + mean(first, {1, 2}, true).then(FlattenSpec{});
  check_topology("operators", {{a, b}, {Dense<2>{}(y)}}, mse());
}

TEST_CASE("operators and functions that are layers of other names") {
  using functional::concatenate, functional::expand_dims, functional::reshape, functional::squeeze,
      functional::stack, functional::transpose;
  const auto a = functional::Input({4, 6}), b = functional::Input({4, 6});
  auto x = Activation<Softmax>{}(matmul(a, transpose(b, {2, 1})));
  x = concatenate({Activation<ReLU>{}(matmul(x, b)), flip(a, 1)}, 1);
  auto y = stack({clip(a, -0.3, 0.4), maximum(b, 0.1)}, 1);
  y = squeeze(expand_dims(reshape(y, {8, 6}), 2), 2);
  const auto z = minimum(0.2, x * y) + maximum(x, y) + Activation<Sigmoid>{}(x)*Activation<Tanh>{}(y);
  check_topology("more_operators", {{a, b}, {Dense<2>{}(Flatten{}(z))}}, mse());
  CHECK(expand_dims(a).shape() == Shape{4, 6, 1});
  CHECK(stack({a, b}).shape() == Shape{4, 6, 2});
  CHECK_THROWS_WITH(squeeze(a),
                    "squeeze: axis -1 of a shape (4, 6) came, one of extent 1 beside others wanted");
  CHECK_THROWS_WITH(flip(a, 3), "flip: axis 3 of a shape (4, 6) came, from 1 to 2 wanted");
  CHECK_THROWS_WITH(matmul(a, b), "matmul: shapes (4, 6) and (4, 6) came, (n, k) and (k, m) wanted");
}

TEST_CASE("inputs and outputs in dicts") {
  const auto body = functional::Input({4}, "body"), title = functional::Input({3}, "title");
  const auto x = Dense<5, ReLU>{}(Concatenate<>{}(title, body));
  functional::Model model({body, title},
                          {{"department", Dense<3, Softmax>{}(x)}, {"priority", Dense<1, Sigmoid>{}(title)}});
  check_model("dict_inputs", model, 2e-4, cce(metrics::Accuracy{}).weighing(0.5), bce().weighing(2));
}

TEST_CASE("a normalization that is called several times") {
  const auto a = functional::Input({5}), b = functional::Input({4});
  const functional::Layer norm(BatchNormalization<Momentum<0.8>>{}), dense(Dense<4, Tanh>{});
  const auto y = Add<>{}(norm(dense(a)), norm(b));
  check_topology("shared_normalization", {{a, b}, {Dense<2>{}(norm(y))}}, mse());
}

TEST_CASE("a model as a layer, called twice") {
  const auto i = functional::Input({5});
  const functional::Model inner(i, Add<>{}(Dense<4, Tanh>{}(Dense<6, ReLU>{}(i)), Dense<4>{}(i)));
  const auto a = functional::Input({5}), b = functional::Input({5});
  const auto y = Concatenate<>{}(inner(a), inner(Dense<5>{}(b)));
  check_topology("nested_twice", {{a, b}, {Dense<1>{}(y)}}, mse());
}

TEST_CASE("layers that are not trained, and normalization among them") {
  const auto x = functional::Input({6, 6, 2});
  auto y = Named<"conv", Conv2D<4, Kernel<3>>>{}(Conv2D<3, Kernel<3>, ReLU>{}(x));
  y = Activation<ReLU>{}(Named<"norm", BatchNormalization<>>{}(y));
  y = GlobalAveragePooling2D{}(BatchNormalization<>{}(y));
  functional::Model model(x, Dense<3, Softmax>{}(y));
  model.set_trainable("conv", false);
  model.set_trainable("norm", false);
  // Adam makes whole steps of gradients of 1e-7, whose last digits differ.
  check_model("frozen", model, 2e-3, cce(metrics::Accuracy{}));
}

TEST_CASE("towers of different depth, their inputs in another order") {
  const auto a = functional::Input({3}), b = functional::Input({3}), c = functional::Input({3});
  const auto d = Dense<2>{}(c);
  const auto e = Dense<4, ReLU>{}(Dense<3>{}(a));
  check_topology("names_and_depths", {{b, c, a}, {Dense<2>{}(d), Dense<1>{}(Concatenate<>{}(e, b))}}, mse(),
                 mse());
}

TEST_CASE("an encoder whose states begin a decoder") {
  const auto source = functional::Input({6, 3}), target = functional::Input({4, 2});
  const auto encoded = functional::Layer(LSTM<5>{}).with_state(source);
  const auto y = functional::Layer(LSTM<5, ReturnSequences>{})(target, encoded.state[0], encoded.state[1]);
  check_topology("encoder_and_decoder", {{source, target}, {Dense<3, Softmax>{}(y)}},
                 cce(metrics::Accuracy{}));
}

TEST_CASE("states that are read on, of every recurrent layer") {
  const auto x = functional::Input({5, 3}), first = functional::Input({4});
  const auto [y, h] = functional::Layer(GRU<4, ReturnSequences, GoBackwards>{}).with_state(x);
  const auto [z, g] = functional::Layer(GRU<4, NoResetAfter>{}).with_state(y, {Dense<4>{}(first)});
  const auto s = functional::Layer(SimpleRNN<4, ReturnSequences>{})(y, g[0]);
  const auto all = Concatenate<>{}(h[0], z, g[0], Flatten{}(s));
  check_topology("states_read_on", {{x, first}, {Dense<2>{}(all)}}, mse());
}

TEST_CASE("a classifier of masked sequences") {
  const auto x = functional::Input({6});
  const auto y = x.then(EmbeddingSpec{.input_dim = 8, .output_dim = 4, .mask_zero = true});
  const auto z = LSTM<5>{}(Dropout<0.>{}(Dense<4>{}(y)));
  check_topology("masked_classifier", {{x}, {Dense<3, Softmax>{}(z)}}, cce(metrics::Accuracy{}));
}

TEST_CASE("masks that go through layers and states to the losses") {
  const auto x = functional::Input({6});
  auto y = x.then(EmbeddingSpec{.input_dim = 8, .output_dim = 4, .mask_zero = true});
  y = LayerNormalization<>{}(GRU<5, ReturnSequences>{}(y));
  const auto [back, state] = functional::Layer(LSTM<4, ReturnSequences, GoBackwards>{}).with_state(y);
  const auto z = functional::Layer(LSTM<4, ReturnSequences>{})(back, state[1], state[0]);
  check_topology("masked_tagger", {{x}, {Dense<3, Softmax>{}(z), Dense<1>{}(back)}}, cce(),
                 mse().weighing(0.5));
}

TEST_CASE("masked sequences that are merged") {
  const auto a = functional::Input({6, 3}), b = functional::Input({6, 3});
  const auto y = GRU<3, ReturnSequences, NoResetAfter>{}(a.then(MaskingSpec{}));
  const auto z = SimpleRNN<3, ReturnSequences>{}(b.then(MaskingSpec{}));
  const auto all = Concatenate<>{}(Add<>{}(y, z), y);
  check_topology("masked_sequences", {{a, b}, {Dense<2>{}(all), LSTM<2>{}(all)}}, mse(), mse());
}

TEST_CASE("a U-Net") {
  const auto x = functional::Input({8, 8, 2});
  const auto first = Conv2D<2, Kernel<3>, Same, ReLU>{}(x);
  const auto second = Conv2D<3, Kernel<3>, Same, ReLU>{}(MaxPooling2D<>{}(first));
  auto y = Conv2D<4, Kernel<3>, Same, ReLU>{}(MaxPooling2D<>{}(second));
  y = Conv2DTranspose<3, Kernel<3>, Strides<2>, Same, ReLU>{}(y);
  y = Conv2D<3, Kernel<3>, Same, ReLU>{}(Concatenate<>{}(y, second));
  y = UpSampling2D<Size<2>, Bilinear>{}(y);
  y = Conv2D<2, Kernel<3>, Same, ReLU>{}(Concatenate<>{}(Conv2D<2, Kernel<1>>{}(y), first));
  check_topology("unet", {{x}, {Conv2D<3, Kernel<1>, Softmax>{}(y)}}, cce(metrics::Accuracy{}));
}

TEST_CASE("a MobileNet") {
  using Relu6 = ReLULayer<MaxValue<6.0>>;
  const auto normalized = [](const Tensor& x) { return Relu6{}(BatchNormalization<>{}(x)); };
  const auto x = functional::Input({9, 8, 3});
  auto y = ZeroPadding2D<0, 1, 0, 1>{}(x);
  y = normalized(Conv2D<4, Kernel<3>, Strides<2>, NoBias>{}(y));
  auto z = normalized(Conv2D<8, Kernel<1>, NoBias>{}(y));
  z = normalized(DepthwiseConv2D<Kernel<3>, Same, NoBias>{}(z));
  z = BatchNormalization<>{}(Conv2D<4, Kernel<1>, NoBias>{}(z));
  y = normalized(SeparableConv2D<5, Kernel<3>, Strides<2>, Same, NoBias>{}(Add<>{}(y, z)));
  check_topology("mobilenet", {{x}, {Dense<3, Softmax>{}(GlobalAveragePooling2D{}(y))}},
                 cce(metrics::Accuracy{}));
}

namespace {

template <int Width> Tensor fed_forward(const Tensor& x) {
  return LayerNormalization<>{}(Add<>{}(x, Dense<Width>{}(Dense<6, GELU>{}(x))));
}

}  // namespace

TEST_CASE("a transformer's encoder") {
  const auto x = functional::Input({6});
  const auto y = x.then(EmbeddingSpec{.input_dim = 8, .output_dim = 4, .mask_zero = true});
  const auto z = LayerNormalization<>{}(Add<>{}(y, MultiHeadAttention<2, 3, NoBias>{}(y)));
  check_topology("transformer_encoder", {{x}, {Dense<3, Softmax>{}(Flatten{}(fed_forward<4>(z)))}},
                 cce(metrics::Accuracy{}));
}

TEST_CASE("a transformer's decoder, and the encoder that it reads") {
  using Attends = MultiHeadAttention<2, 3, NoBias>;
  const auto added = [](const Tensor& x, const Tensor& y) { return LayerNormalization<>{}(Add<>{}(x, y)); };
  const auto source = functional::Input({5, 3}), target = functional::Input({4, 2});
  auto x = Dense<5>{}(source);
  x = fed_forward<5>(added(x, Attends{}(x)));
  auto y = Dense<4>{}(target);
  y = added(y, MultiHeadAttention<2, 3, NoBias, CausalMask>{}(y));
  y = fed_forward<4>(added(y, Attends{}(y, x)));
  check_topology("transformer_decoder", {{source, target}, {Dense<3, Softmax>{}(y)}},
                 cce(metrics::Accuracy{}));
}

TEST_CASE("a vision transformer") {
  using Normalized = LayerNormalization<Epsilon<1e-6>>;
  const auto x = functional::Input({6, 6, 2});
  auto y = Reshape<9, 4>{}(Conv2D<4, Kernel<2>, Strides<2>>{}(x));
  y = Add<>{}(y, MultiHeadAttention<2, 2, NoBias>{}(Normalized{}(y)));
  y = Add<>{}(y, Dense<4>{}(Dense<6, GELU>{}(Normalized{}(y))));
  y = GlobalAveragePooling1D{}(LayerNormalization<>{}(y));
  check_topology("vision_transformer", {{x}, {Dense<3, Softmax>{}(y)}}, cce(metrics::Accuracy{}));
}

TEST_CASE("an encoder and a decoder with attention, whose masks travel on") {
  const auto source = functional::Input({6}), target = functional::Input({5});
  const auto from = source.then(EmbeddingSpec{.input_dim = 8, .output_dim = 3, .mask_zero = true});
  const auto to = target.then(EmbeddingSpec{.input_dim = 8, .output_dim = 2, .mask_zero = true});
  const auto [encoded, state] = functional::Layer(LSTM<4, ReturnSequences>{}).with_state(from);
  auto y = functional::Layer(LSTM<4, ReturnSequences>{})(to, state[0], state[1]);
  const auto seen = Attention<ScaledScores>{}(y, encoded), also = AdditiveAttention<>{}(y, encoded);
  y = Concatenate<>{}(y, seen, also);
  check_topology("seq2seq_attention", {{source, target}, {Dense<3, Softmax>{}(y), GRU<2>{}(y)}}, cce(),
                 mse().weighing(0.5));
}

TEST_CASE("weights of rows of which some are masked") {
  const auto x = functional::Input({6});
  functional::Model model(
      x, Dense<3>{}(x.then(EmbeddingSpec{.input_dim = 8, .output_dim = 4, .mask_zero = true})));
  fill_weights(model);
  auto trainer = compile(model, Adam{.learning_rate = 0.01}, mse());
  std::vector<float> logs, weights = filled_array(rows * 6, 9);
  for (float& v : weights) v = std::fabs(v);
  for (int step = 0; step < 3; ++step)
    logs.push_back(static_cast<float>(trainer.train_on_batch(
        input_of("masked_tagger", 0, {6}), filled_array(rows * 18, 20), {.sample_weight = weights})[0]));
  CHECK(all_near(logs, golden("weights/masked_rows/logs"), 5e-5));
  std::vector<float> w(model.count_params());
  model.get_weights(w);
  CHECK(all_near(w, golden("weights/masked_rows/weights"), 2e-4));
}

TEST_CASE("weights of samples, rows and classes") {
  const auto check = [](const std::string& name, const functional::Layer& layer, const auto& head,
                        const Weights& weights) {
    CAPTURE(name);
    const auto x = functional::Input({4, 3});
    functional::Model model(x, name == "rows" ? layer(x) : layer(Flatten{}(x)));
    fill_weights(model);
    const auto in = filled_array(rows * 12, 0);
    const auto t = targets<typename std::remove_cvref_t<decltype(head)>::Loss>(0, model.output_shape());
    auto trainer = compile(model, Adam{.learning_rate = 0.01}, head);
    std::vector<float> logs;
    for (int step = 0; step < 3; ++step)
      for (const double value : trainer.train_on_batch(in, t, weights))
        logs.push_back(static_cast<float>(value));
    CHECK(all_near(logs, golden("weights/" + name + "/logs"), 5e-5));
    std::vector<float> w(model.count_params());
    model.get_weights(w);
    CHECK(all_near(w, golden("weights/" + name + "/weights"), 2e-4));
  };
  std::vector<float> of_samples(rows), of_rows = filled_array(rows * 4, 9), of_classes{0.5f, 2, 1.25f};
  for (std::size_t i = 0; i < rows; ++i) of_samples[i] = 0.25f * static_cast<float>(i % 4);
  for (float& v : of_rows) v = std::fabs(v);
  check("samples", functional::Layer(Dense<3, Softmax>{}), cce(metrics::MeanAbsoluteError{}),
        {.sample_weight = of_samples});
  check("rows", functional::Layer(Dense<3, Tanh>{}), mse(metrics::MeanAbsoluteError{}),
        {.sample_weight = of_rows});
  check("classes", functional::Layer(Dense<3, Softmax>{}), cce(metrics::MeanAbsoluteError{}),
        {.class_weight = of_classes});
}
