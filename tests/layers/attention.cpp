#include <boost/hana/equal.hpp>

#include <keratin/layers/attention.hpp>

#include "../check.hpp"

using namespace keratin;

using functional::Layer, functional::Tensor;

namespace {

constexpr int rows = 3;  // of the arrays

void compare(const std::string& what, const std::vector<float>& values) {
  CAPTURE(what);
  CHECK(all_near(values, golden(what), 2e-5));
}
// A training pass of a model over the arrays of a case: y, y1, ...; dx, dx1, ... and dw0, dw1, ..., but for
// `unseen`, which is 0 but for rounding.
template <class T> void check_pass(const std::string& name, const functional::Model& model, int unseen) {
  constexpr std::size_t L = Unit<T>::samples, count = (rows + L - 1) / L;
  const functional::Executor executor(model.graph(), {.training = true, .input_gradient = true});
  const functional::Plan& plan = executor.plan;
  Block<float> workspace(plan.workspace * count * L), scratch(executor.scratch<T>(int{count})),
      segment(plan.block), gradient(plan.block), weights(plan.block);
  int k = 0;
  std::vector<std::size_t> tensors;
  for (const LayerPlan& layer : model.layers())
    for (int p = 0; p < layer.tensors.count(); ++p) {
      tensors.push_back(layer.tensors.offset(p));
      const auto values = filled_array(static_cast<std::size_t>(layer.tensors[p].shape.size()), ++k);
      std::copy(values.begin(), values.end(), weights.data() + layer.tensors.offset(p));
    }
  const auto numbered = [](const std::string& what, std::size_t i) {
    return what + (i == 0 ? "" : std::to_string(i));
  };
  const auto at = [&](int buffer, std::size_t size, std::size_t i) -> float& {
    const std::size_t first = plan.buffers[static_cast<std::size_t>(buffer)].offset * count * L;
    return workspace.data()[first + (i / size / L * size + i % size) * L + i / size % L];
  };
  const std::string of = "layer/" + name + "/";
  for (std::size_t i = 0; i < plan.inputs.size(); ++i) {
    const std::vector<float>& x = golden(of + "x" + std::to_string(i));
    for (std::size_t e = 0; e < x.size(); ++e) at(static_cast<int>(i), plan.inputs[i].size, e) = x[e];
  }
  const Run<float> run{rows, weights.data(), {1, random_dropout, 0, 0}};
  T* const memory = reinterpret_cast<T*>(workspace.data());
  executor.forward(int{count}, weights.data(), static_cast<const T*>(nullptr), static_cast<T*>(nullptr),
                   memory, run);
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const Port& port = plan.outputs[i];
    std::vector<float> y(rows * port.size);
    for (std::size_t e = 0; e < y.size(); ++e) y[e] = at(port.buffer, port.size, e);
    compare(numbered(of + "y", i), y);
    const Buffer& dy = plan.buffers[static_cast<std::size_t>(port.gradient)];
    std::fill_n(workspace.data() + dy.offset * count * L, dy.size * count * L, 0.f);
    for (std::size_t e = 0; e < y.size(); ++e)
      at(port.gradient, port.size, e) = static_cast<float>(testing::filled(e, 9));
  }
  Store<float> store(weights.data(), gradient.data());
  executor.backward(int{count}, weights.data(), memory, scratch.data(), segment.data(), store, run);
  for (std::size_t i = 0; i < plan.inputs.size(); ++i) {
    const Port& port = plan.inputs[i];
    std::vector<float> dx(rows * port.size);
    for (std::size_t e = 0; e < dx.size() && port.gradient >= 0; ++e) dx[e] = at(port.gradient, port.size, e);
    compare(numbered(of + "dx", i), dx);
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (static_cast<int>(i) == unseen) continue;
    const std::string what = of + "dw" + std::to_string(i);
    compare(what, {gradient.data() + tensors[i], gradient.data() + tensors[i] + golden(what).size()});
  }
}
struct Call {
  bool causal = false, scores = false, masked = false, pairs = false;
};
void check_call(const std::string& name, std::vector<Shape> shapes, const Layer& layer, const Call& call = {},
                int unseen = -1) {
  CAPTURE(name);
  std::vector<Tensor> inputs, given;
  for (const Shape& shape : shapes) inputs.push_back(functional::Input(shape));
  for (const Tensor& x : inputs) given.push_back(call.masked ? x.then(MaskingSpec{}) : x);
  std::optional<Tensor> mask;
  if (call.pairs) {
    mask = given.back();
    given.pop_back();
  }
  std::vector<Tensor> outputs;
  if (call.scores) {
    const auto made = layer.with_scores(given, mask, call.causal);
    outputs = {made.output, made.scores};
  } else {
    outputs = {layer.with_attention_mask(given, mask, call.causal)};
  }
  CHECK(outputs[0].mask().has_value() == call.masked);
  const functional::Model model(inputs, outputs);
  check_pass<float>(name, model, unseen);
  check_pass<Lanes>(name, model, unseen);
  const auto again = model.call(inputs);  // as a model inside another one is called
  check_pass<float>(name, functional::Model(inputs, again), unseen);
}

// Without the gradient of the key's bias, which is 0 but for rounding.
template <class L, class In> void check_projected(const char* name) {
  auto golden = golden_layer(name, parameters_of(L::spec, In::shape));
  if (L::spec.use_bias) golden.dw[3].clear();
  CAPTURE(name);
  const auto report = testing::check_layer<L, In>(golden);
  CHECK_MESSAGE(report.passed(), report.text());
}

}  // namespace

TEST_CASE("MultiHeadAttention computes what Keras computes") {
  check_projected<MultiHeadAttention<2, 3>, Input<5, 4>>("mha");
  check_projected<MultiHeadAttention<1, 1, NoBias>, Input<1, 1>>("mha_one");
  check_projected<MultiHeadAttention<2, 4, OutputShape<7>, CausalMask>, Input<6, 17>>("mha_output");
  check_projected<MultiHeadAttention<2, 3, SlidingWindow<2>>, Input<7, 3>>("mha_window");
  check<MultiHeadAttention<2, 17, CausalMask, ValueDim<5>>, Input<33, 20>>();
  check<MultiHeadAttention<1, 3, SlidingWindow<4>, CausalMask, NoBias>, Input<17, 16>>();
  check_projected<MultiHeadAttention<2, 17, Gate, CausalMask>, Input<4, 3>>("mha_gate_self");
}
TEST_CASE("GroupedQueryAttention computes what Keras computes") {
  check_projected<GroupedQueryAttention<3, 4, 2>, Input<5, 4>>("gqa");
  check_projected<GroupedQueryAttention<2, 3, 1, NoBias, CausalMask>, Input<4, 5>>("gqa_one_group");
  check<GroupedQueryAttention<17, 4, 4>, Input<3, 16>>();
  check_projected<GroupedQueryAttention<2, 4, 2, Gate>, Input<4, 5>>("gqa_gate");
  check<GroupedQueryAttention<1, 6, 3>, Input<1, 17>>();
}
TEST_CASE("Attention computes what Keras computes") {
  check<Attention<>, Input<5, 4>>("attention");
  check<Attention<ScaledScores, ConcatScores, CausalMask>, Input<4, 17>>("attention_concat_scale");
  check<Attention<ScaledScores>, Input<1, 1>>("attention_one");
  check<Attention<ScaledScores, CausalMask>, Input<33, 19>>();
  check<Attention<ConcatScores>, Input<3, 16>>();
}
TEST_CASE("AdditiveAttention computes what Keras computes") {
  check<AdditiveAttention<>, Input<5, 4>>("additive");
  check<AdditiveAttention<NoScaledScores>, Input<3, 2>>("additive_plain");
  check<AdditiveAttention<CausalMask>, Input<9, 17>>();
  check<AdditiveAttention<>, Input<1, 1>>();
}

TEST_CASE("attention to other sequences, with masks and with its scores") {
  const Layer mha(MultiHeadAttention<2, 3>{});
  constexpr int key_bias = 3;
  const auto fresh = [](const auto& layer) { return Layer(layer); };
  check_call("mha", {{5, 4}}, mha, {}, key_bias);
  check_call("mha_cross", {{3, 4}, {5, 6}}, fresh(MultiHeadAttention<2, 3>{}), {}, key_bias);
  check_call("mha_key", {{3, 4}, {5, 2}, {5, 7}}, fresh(MultiHeadAttention<2, 3, NoBias>{}));
  check_call("mha_cross_causal", {{3, 4}, {5, 4}}, fresh(MultiHeadAttention<2, 3>{}), {.causal = true},
             key_bias);
  check_call("mha_value_dim", {{3, 4}, {5, 4}}, fresh(MultiHeadAttention<2, 3, ValueDim<5>>{}),
             {.scores = true}, key_bias);
  check_call("mha_masked", {{4, 3}}, fresh(MultiHeadAttention<2, 3, CausalMask>{}), {.masked = true},
             key_bias);
  check_call("mha_cross_masked", {{3, 4}, {5, 2}}, fresh(MultiHeadAttention<2, 3>{}), {.masked = true},
             key_bias);
  check_call("mha_key_masked", {{3, 4}, {4, 2}, {4, 3}}, fresh(MultiHeadAttention<2, 3>{}), {.masked = true},
             key_bias);
  check_call("mha_scores_masked", {{3, 4}, {5, 2}}, fresh(MultiHeadAttention<2, 3>{}),
             {.scores = true, .masked = true}, key_bias);
  check_call("mha_pairs", {{3, 4}, {5, 2}, {3, 5}}, fresh(MultiHeadAttention<2, 3>{}), {.pairs = true},
             key_bias);
  check_call("mha_pairs_scores", {{3, 4}, {5, 2}, {3, 5}}, fresh(MultiHeadAttention<2, 3>{}),
             {.causal = true, .scores = true, .pairs = true}, key_bias);
  check_call("mha_gate", {{5, 4}}, fresh(MultiHeadAttention<2, 3, ValueDim<5>, Gate>{}), {.scores = true},
             key_bias);
  check_call("mha_gate_key", {{3, 4}, {5, 2}, {5, 7}}, fresh(MultiHeadAttention<2, 3, NoBias, Gate>{}));
  check_call("gqa_cross", {{3, 4}, {5, 4}, {5, 4}}, fresh(GroupedQueryAttention<2, 4, 2>{}), {.scores = true},
             key_bias);
  check_call("gqa_masked", {{3, 4}, {5, 4}}, fresh(GroupedQueryAttention<2, 6, 3>{}), {.masked = true},
             key_bias);
  check_call("attention_scale", {{3, 4}, {5, 4}}, fresh(Attention<ScaledScores, CausalMask>{}));
  check_call("attention_concat", {{3, 4}, {5, 6}, {5, 4}}, fresh(Attention<ConcatScores>{}));
  check_call("attention_masked", {{3, 4}, {5, 4}}, fresh(Attention<CausalMask>{}), {.masked = true});
  check_call("additive_cross", {{3, 4}, {5, 17}, {5, 4}}, fresh(AdditiveAttention<CausalMask>{}));
  check_call("additive_masked", {{3, 4}, {5, 4}}, fresh(AdditiveAttention<>{}),
             {.scores = true, .masked = true});
}

TEST_CASE("branches are query, value and key") {
  using Net = Sequential<Input<3, 4>, Parallel<MultiHeadAttention<2, 3>, Branch<Dense<5>>, Branch<>>>;
  const Model<Net> fixed(3);
  const auto x = functional::Input({3, 4});
  functional::Model free(x, MultiHeadAttention<2, 3>{}(Dense<5>{}(x), x), 3);
  const auto in = filled_array(4 * 12, 2);
  std::vector<float> y(4 * 15), z(y.size());
  fixed.predict(in, y);
  free.predict(in, z);
  CHECK(y == z);
}

TEST_CASE("the same sequence several times is the sequence once") {
  const auto x = functional::Input({3, 4}), other = functional::Input({3, 4});
  CHECK(MultiHeadAttention<2, 3>{}(x, x, x).call().inputs.size() == 1);
  CHECK(MultiHeadAttention<2, 3>{}(x, other, other).call().inputs.size() == 2);
  CHECK(MultiHeadAttention<2, 3>{}(x, other, x).call().inputs.size() == 3);
  CHECK(MultiHeadAttention<2, 3>{}(x, x.with_mask(functional::Input({3}))).call().inputs.size() == 3);
}

TEST_CASE("dropout takes weights away in training, the same in rows and lanes") {
  constexpr int steps = 40, samples = 8;
  const auto q = functional::Input({steps, 1}), v = functional::Input({steps, steps});
  const functional::Model model(
      {q, v},
      Attention<Dropout<0.3>>{}(q, v, v.then(SliceSpec{.count = 2, .slices = {Slice{}, Slice{0, 1}}})));
  const functional::Executor executor(model.graph(), {.training = true});
  // Equal scores and an identity for the value: the output is the weights.
  const auto weights = [&]<class T>(std::type_identity<T>, std::uint32_t step, bool training) {
    constexpr std::size_t L = Unit<T>::samples;
    const std::size_t count = (samples + L - 1) / L;
    Block<float> workspace(executor.plan.workspace * count * L);
    const auto at = [&](int buffer, std::size_t s, std::size_t i) -> float& {
      const Buffer& b = executor.plan.buffers[static_cast<std::size_t>(buffer)];
      return workspace.data()[b.offset * count * L + (s / L * b.size + i) * L + s % L];
    };
    for (std::size_t s = 0; s < samples; ++s)
      for (std::size_t i = 0; i < steps; ++i) at(1, s, i * steps + i) = 1;
    float block = 0;
    executor.forward(static_cast<int>(count), &block, static_cast<const T*>(nullptr),
                     static_cast<T*>(nullptr), reinterpret_cast<T*>(workspace.data()),
                     Run<float>{samples, training ? &block : nullptr, {7, random_dropout, 0, step}});
    std::vector<float> w;
    for (std::size_t s = 0; s < samples; ++s)
      for (std::size_t i = 0; i < steps * steps; ++i) w.push_back(at(executor.plan.outputs[0].buffer, s, i));
    return w;
  };
  const std::vector<float> rows = weights(std::type_identity<float>{}, 1, true);
  CHECK(rows == weights(std::type_identity<Lanes>{}, 1, true));
  CHECK(rows != weights(std::type_identity<float>{}, 2, true));
  double gone = 0, sum = 0;
  for (const float w : rows) {
    gone += w == 0;
    sum += w;
    CHECK((w == 0 || near(w, 1 / (0.7 * steps))));
  }
  const double n = static_cast<double>(rows.size());
  CHECK(std::fabs(gone / n - 0.3) < 4 * std::sqrt(0.21 / n));
  CHECK(std::fabs(sum / samples / steps - 1) < 0.03);
  for (const float w : weights(std::type_identity<float>{}, 1, false)) CHECK(near(w, 1.0 / steps));
}

TEST_CASE("a frozen layer hands gradients on") {
  const auto x = functional::Input({5, 4});
  functional::Model model(x, Named<"attention", MultiHeadAttention<2, 3>>{}(Named<"first", Dense<4>>{}(x)),
                          1);
  model.set_trainable("attention", false);
  const std::vector<float> before(model.block().begin(), model.block().end());
  auto trainer = compile(model, SGD{.learning_rate = 0.1}, MeanSquaredError{});
  const auto in = filled_array(8 * 20, 1), y = filled_array(8 * 20, 2);
  const double first = trainer.train_on_batch(in, y)[0];
  for (int step = 0; step < 20; ++step) trainer.train_on_batch(in, y);
  CHECK(trainer.test_on_batch(in, y)[0] < first);
  const auto kernel = find_parameter(model, "attention/query/kernel");
  CHECK(std::equal(kernel.begin(), kernel.end(), before.begin() + (kernel.data() - model.block().data())));
}

TEST_CASE("attention of huge and of equal values stays finite") {
  for (const float v : {0.f, 1e-30f, 1e10f, -1e18f}) {
    const Model<Sequential<Input<5, 4>, Attention<CausalMask>>> model;
    const std::vector<float> x(20, v);
    for (const float y : model.predict(x)) CHECK(near(y / (v == 0 ? 1 : v), v == 0 ? 0 : 1));
  }
}

TEST_CASE("what does not go together is said") {
  const auto x = functional::Input({3, 4}), y = functional::Input({5, 4});
  const auto message = [](auto make) -> std::string {
    try {
      make();
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "";
  };
  CHECK(message([&] { Layer(MultiHeadAttention<2, 3>{}, "mha").with_attention_mask({x, y}, y); }) ==
        "layer 0, MultiHeadAttention 'mha', got (5, 4), as input 2: a mask needs a value for each step, an "
        "attention mask one for each step of the query and of the key; wants (3, 5)");
  CHECK(message([&] { Attention<>{}(x, y, x); }).find("as many steps as the value") != std::string::npos);
  CHECK(message([&] { Layer(Dense<3>{}).with_scores({x}); }).find("no scores") != std::string::npos);
  CHECK(message([&] {
          x.then(MultiHeadAttentionSpec{.num_heads = 2, .key_dim = 3, .return_attention_scores = true});
        }).find("with_scores") != std::string::npos);
}

TEST_CASE("attention takes its options in any order") {
  static_assert(hana::equal(MultiHeadAttention<2, 3, NoBias, ValueDim<4>, Dropout<0.5>>::spec,
                            MultiHeadAttention<2, 3, Dropout<0.5>, ValueDim<4>, NoBias>::spec));
  static_assert(MultiHeadAttentionSpec{.num_heads = 2, .key_dim = 3}.fit(Shape{5, 4}).out == Shape{5, 4});
  static_assert(MultiHeadAttentionSpec{.num_heads = 2}.fit(Shape{5, 4}).broken == &needs_heads_of_width_1);
  static_assert(MultiHeadAttentionSpec{.num_heads = 2, .key_dim = 3}.fit(Shape{5}).broken ==
                &needs_sequence_TxC);
  static_assert(AttentionSpec{.dropout = 2}.fit(Shape{5, 4}).broken == &needs_a_rate_from_0_to_1);
  static_assert(AttentionSpec{.dropout = 0.5}.traits().knows_samples &&
                !AttentionSpec{}.traits().knows_samples);
  static_assert(TimeDistributed<MultiHeadAttention<2, 3, Dropout<0.5>>>::spec.fit(Shape{2, 5, 4}).broken ==
                &needs_a_layer_for_any_sample);
  static_assert(GroupedQueryAttentionSpec{.head_dim = 2, .num_query_heads = 3, .num_key_value_heads = 2}
                    .fit(Shape{5, 4})
                    .broken == &needs_heads_in_equal_groups);
  // Values count by the projections, not by the kernels' last axes.
  constexpr Parameters p = parameters_of(MultiHeadAttention<4, 16>::spec, Shape{5, 64});
  static_assert(p[0].shape == Shape{64, 4, 16} && p[0].matrix == Shape{64, 64} &&
                p[6].matrix == Shape{64, 64});
}
