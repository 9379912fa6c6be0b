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
}
TEST_CASE("GroupedQueryAttention computes what Keras computes") {
  check_projected<GroupedQueryAttention<3, 4, 2>, Input<5, 4>>("gqa");
  check_projected<GroupedQueryAttention<2, 3, 1, NoBias, CausalMask>, Input<4, 5>>("gqa_one_group");
  check<GroupedQueryAttention<17, 4, 4>, Input<3, 16>>();
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
