#include "../check.hpp"

using namespace keratin;

namespace {

template <Shape S, int... Axis> Reshape<S[Axis]...> nothing(std::integer_sequence<int, Axis...>);
// A layer that changes nothing, and keeps its neighbours from being fused.
template <Shape S> using Nothing = decltype(nothing<S>(std::make_integer_sequence<int, S.rank>()));

// Every other channel of a normalization turns the order of values round.
void negate_gammas(auto& model) {
  for (const LayerPlan& layer : model.layers())
    for (int i = 0; i < layer.tensors.count(); ++i)
      if (std::string_view(layer.tensors[i].name) == "gamma")
        for (std::size_t c = 0; c < static_cast<std::size_t>(layer.tensors[i].shape.size()); c += 2)
          model.block()[layer.tensors.offset(i) + c] *= -1;
}

// The same layers, fused and apart: predictions of one sample and of many, and gradients.
template <class Fused, class Apart> void compare_networks() {
  const auto compare = [&]<class S>(S tolerance) {
    Model<Fused, Owned, S> fused(5);
    Model<Apart, Owned, S> apart(5);
    negate_gammas(fused);
    negate_gammas(apart);
    constexpr std::size_t n = 19;
    std::vector<S> x(n * Fused::input_size), target(n * Fused::output_size), y(target.size()),
        z(target.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<S>(testing::filled(i * i, 1));
    for (std::size_t i = 0; i < target.size(); ++i) target[i] = static_cast<S>(testing::filled(i, 2));
    auto train_fused = compile(fused, SGD{.learning_rate = 0.1}, MeanSquaredError{});
    auto train_apart = compile(apart, SGD{.learning_rate = 0.1}, MeanSquaredError{});
    CHECK(all_near(train_fused.gradient(x, target), train_apart.gradient(x, target), tolerance));
    train_fused.train_on_batch(x, target);  // so that no statistics are as they began
    train_apart.train_on_batch(x, target);
    fused.predict(x, y);
    apart.predict(x, z);
    CHECK(all_near(y, z, tolerance));
    const std::span<const S> one(x.data(), Fused::input_size);
    CHECK(all_near(fused.predict(one), apart.predict(one), tolerance));
  };
  compare(1e-5f);
  compare(1e-12);
}
template <class In, class A, class B> void check_fusion(bool fused_in_training = true) {
  using Fused = Sequential<In, A, B>;
  constexpr Shape between = A::spec.fit(In::shape).out;
  using Apart = Sequential<In, A, Nothing<between>, B>;
  static_assert(plan<Fused>().steps.size() == 1 && plan<Apart>().steps.size() == 2);
  CHECK((plan<Fused, Mode{.training = true}>().steps.size() == 1) == fused_in_training);
  compare_networks<Fused, Apart>();
}

}  // namespace

TEST_CASE("a kernel takes over the activation behind it") {
  check_fusion<Input<5>, Dense<19>, Activation<Tanh>>();
  check_fusion<Input<6, 5, 2>, Conv2D<7, Kernel<3>>, Activation<ReLU>>();
  check_fusion<Input<6, 5>, BatchNormalization<>, Activation<ReLU>>();
  check_fusion<Input<3, 4, 2>, Conv2DTranspose<7, Kernel<3>, Strides<2>>, Activation<Tanh>>();
  check_fusion<Input<6, 3>, DepthwiseConv1D<Kernel<3>>, Activation<Sigmoid>>();
  check_fusion<Input<6, 5, 2>, SeparableConv2D<7, Kernel<3>>, Activation<ReLU>>();
}

TEST_CASE("a convolution takes over the max-pooling behind it") {
  check_fusion<Input<7, 9, 3>, Conv2D<18, Kernel<3>, Same, Tanh>, MaxPooling2D<>>();
  check_fusion<Input<11, 3>, Conv1D<5, Kernel<4>, Causal, Sigmoid>, MaxPooling1D<>>();
  check_fusion<Input<5, 4, 2>, Conv2D<32, Kernel<3>, Same, ReLU>, MaxPooling2D<>>();
}

TEST_CASE("in inference a kernel takes over the normalization behind it") {
  check_fusion<Input<6, 5, 2>, Conv2D<7, Kernel<3>>, BatchNormalization<>>(false);
  check_fusion<Input<3, 4, 3, 2>, Conv3D<5, Kernel<2>>, BatchNormalization<>>(false);
  check_fusion<Input<5>, Dense<19>, BatchNormalization<>>(false);
  check_fusion<Input<3, 5>, Dense<4, NoBias>, BatchNormalization<NoScale>>(false);
  check_fusion<Input<6, 5, 3>, DepthwiseConv2D<Kernel<3>, DepthMultiplier<2>>, BatchNormalization<>>(false);
  check_fusion<Input<6, 17>, DepthwiseConv1D<Kernel<2>, NoBias>, BatchNormalization<NoCenter>>(false);
}

TEST_CASE("a normalization in front of the max-pooling that is fused may turn the order of values round") {
  using Net = Sequential<Input<7, 8, 2>, Conv2D<3, Kernel<3>, Same>, BatchNormalization<>, Activation<ReLU>,
                         MaxPooling2D<>>;
  using Between = Reshape<7, 8, 3>;
  using Apart = Sequential<Input<7, 8, 2>, Conv2D<3, Kernel<3>, Same>, Between, BatchNormalization<>, Between,
                           Activation<ReLU>, Between, MaxPooling2D<>>;
  static_assert(plan<Net>().steps.size() == 1 && plan<Net, Mode{.training = true}>().steps.size() == 3);
  static_assert(plan<Apart>().steps.size() == 4);
  compare_networks<Net, Apart>();
}

TEST_CASE("NaN gets through a fused max-pooling") {
  Model<Sequential<Input<4, 1>, Conv1D<1>, MaxPooling1D<>>> model;
  for (const std::size_t at : {0u, 1u}) {
    std::array<float, 4> x{1, 2, 3, 4};
    x[at] = NAN;
    const auto y = model.predict(x);
    CHECK(std::isnan(y[0]));
    CHECK(std::isfinite(y[1]));
  }
}
