#include <boost/hana/equal.hpp>

#include <keratin/layers/attention.hpp>

#include "../check.hpp"

using namespace keratin;

namespace {

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
