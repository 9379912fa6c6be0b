#include "../check.hpp"

using namespace keratin;

TEST_CASE("BatchNormalization computes what Keras computes") {
  check<BatchNormalization<>, Input<4, 3>>("batch_normalization");
  check<BatchNormalization<>, Input<17>>("batch_normalization_17");
  check<BatchNormalization<Momentum<0.5>>, Input<5, 3, 1>>("batch_normalization_one");
  check<BatchNormalization<NoScale, NoCenter>, Input<2, 2, 20>>("batch_normalization_plain");
}
TEST_CASE("BatchNormalization of another axis computes what Keras computes") {
  check<BatchNormalization<Axis<1>>, Input<3, 4>>("batch_normalization_first_axis");
  check<BatchNormalization<Axis<-2>, Momentum<0.5>>, Input<2, 3, 5>>("batch_normalization_middle_axis");
  check<BatchNormalization<Axis<1>, NoScale, Epsilon<1e-5>>, Input<3, 2, 2, 3>>(
      "batch_normalization_images_first");
}
TEST_CASE("only one axis of a sample is normalized by the batch") {
  const auto broken = [](Numbers axis) {
    return BatchNormalizationSpec{.axis = axis}.fit(Shape{3, 4}).broken;
  };
  CHECK(broken({2}) == nullptr);
  CHECK(broken({-2}) == nullptr);
  for (const Numbers axis : {Numbers{}, Numbers{0}, Numbers{3}, Numbers{-3}, Numbers{1, 2}})
    CHECK(broken(axis) == &normalizes_one_axis);
}
TEST_CASE("a BatchNormalization of another axis is not folded into the layer before it") {
  using Net = Sequential<Input<3, 4>, Dense<5>, BatchNormalization<Axis<1>>, Activation<ReLU>>;
  static_assert(plan<Net>().steps.size() == 2);
}
