#include "../check.hpp"

using namespace keratin;

namespace {

// Three steps of training as Keras's, and one in which every step of the sequences is masked.
void check_masked(const functional::Tensor& x, const functional::Tensor& y) {
  functional::Model model(x, y);
  int k = 0;
  for (const LayerPlan& layer : model.layers())
    for (int i = 0; i < layer.tensors.count(); ++i) {
      std::vector<float> w = filled_array(static_cast<std::size_t>(layer.tensors[i].shape.size()), ++k);
      if (!layer.tensors[i].trainable)
        for (float& v : w) ++v;
      std::ranges::copy(w, model.block().begin() + static_cast<std::ptrdiff_t>(layer.tensors.offset(i)));
    }
  const std::string name = "/batch_normalization_masked/";
  std::vector<float> made(6);
  model.predict(golden("layer" + name + "x0"), made);
  CHECK(all_near(made, golden("layer" + name + "y")));
  const std::vector<float> data = golden("trained" + name + "x"), none(data.size()),
                           targets = filled_array(10, 7);
  auto trainer = compile(model, SGD{.learning_rate = 0.1}, MeanSquaredError{});
  std::vector<double> losses;
  for (const auto* const batch : {&data, &data, &data, &none})
    losses.push_back(trainer.train_on_batch(*batch, targets)[0]);
  CHECK(all_near(losses, golden("trained" + name + "loss")));
  std::size_t next = 0;
  for (const LayerPlan& layer : model.layers())
    for (int i = 0; i < layer.tensors.count(); ++i)
      CHECK(all_near(model.block().subspan(layer.tensors.offset(i),
                                           static_cast<std::size_t>(layer.tensors[i].shape.size())),
                     golden("trained" + name + "w" + std::to_string(next++))));
}

}  // namespace

TEST_CASE("masked steps are left out of the statistics, as in Keras") {
  const functional::Tensor x = functional::Input({5, 3}),
                           y = BatchNormalization<Momentum<0.5>>{}(
                               Dense<4, Tanh>{}(functional::Layer(MaskingSpec{})(x)));
  REQUIRE(y.mask());
  check_masked(x, Dense<2>{}(Flatten{}(y)));
  // With a layer that wants Lanes, and does nothing.
  check_masked(x, Dense<2>{}(Flatten{}(MaxPooling1D<PoolSize<1>>{}(y))));
  // Normalized after all where the mask is left behind.
  const functional::Tensor behind = BatchNormalization<>{}(functional::Layer(MaskingSpec{})(x).unmasked());
  CHECK(behind.call().inputs.size() == 1);
}
TEST_CASE("a mask has all axes but the last one") {
  const functional::Tensor x = functional::Input({5, 3, 2}),
                           sequence = functional::Layer(MaskingSpec{})(functional::Input({5, 3}));
  CHECK_THROWS_WITH(
      BatchNormalization<>{}(x.with_mask(*sequence.mask())),
      "layer 2, BatchNormalization, got (5), as input 1: a mask must have all axes of the input "
      "but the last one; wants (5, 3)");
  CHECK_THROWS_WITH(
      BatchNormalization<Axis<1>>{}(sequence),
      "layer 2, BatchNormalization, got (5, 3), as input 0: axis must be one axis of a sample, and "
      "the last one of a masked input");
}

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
  const auto broken = [](Axes axis) { return BatchNormalizationSpec{.axis = axis}.fit(Shape{3, 4}).broken; };
  CHECK(broken({2}) == nullptr);
  CHECK(broken({-2}) == nullptr);
  for (const Axes axis : {Axes{}, Axes{0}, Axes{3}, Axes{-3}, Axes{1, 2}, Axes{INT32_MAX}})
    CHECK(broken(axis) == &normalizes_one_axis);
}
TEST_CASE("a BatchNormalization of another axis is not folded into the layer before it") {
  using Net = Sequential<Input<3, 4>, Dense<5>, BatchNormalization<Axis<1>>, Activation<ReLU>>;
  static_assert(plan<Net>().steps.size() == 2);
}

TEST_CASE("a softmax behind another axis is a layer of its own") {
  const Model<Sequential<Input<3, 4>, BatchNormalization<Axis<1>>, Activation<Softmax>>> model(1);
  const auto y = model.predict(filled_array(12, 1));
  for (std::size_t r = 0; r < 3; ++r)
    CHECK(y[4 * r] + y[4 * r + 1] + y[4 * r + 2] + y[4 * r + 3] == doctest::Approx(1));
}
