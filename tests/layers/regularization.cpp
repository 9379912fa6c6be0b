#include <boost/hana/equal.hpp>

#include "../check_graph.hpp"

using namespace keratin;

namespace {

// What a layer's forward kernel makes of x in training, over T's, in rows of samples.
template <class T, class Spec>
std::vector<float> made(const Spec& spec, Shape in, const std::vector<float>& x, std::uint32_t step = 0) {
  constexpr std::size_t L = Unit<T>::samples;
  const auto size = static_cast<std::size_t>(in.size());
  const std::size_t samples = x.size() / size, count = (samples + L - 1) / L;
  Block<Scalar<T>> from(count * size * L), to(count * size * L),
      intermediate(count * L * intermediate_of(spec, in, true));
  const auto place = [&](std::size_t i) { return (i / size / L * size + i % size) * L + i / size % L; };
  for (std::size_t i = 0; i < x.size(); ++i) from.data()[place(i)] = x[i];
  Forward<T> c{};
  c.count = static_cast<int>(count);
  c.x = reinterpret_cast<const T*>(from.data()), c.y = reinterpret_cast<T*>(to.data());
  c.intermediate = reinterpret_cast<T*>(intermediate.data());
  c.run.random = {5, random_dropout, 2, step};
  Spec::forward(spec.geometry(in), c);
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(to.data()[place(i)]);
  return y;
}

struct Statistics {
  double mean = 0, variance = 0, fourth = 0;

  explicit Statistics(const std::vector<float>& values) {
    const auto n = static_cast<double>(values.size());
    for (const float v : values) mean += v / n;
    for (const float v : values) {
      const double square = (v - mean) * (v - mean);
      variance += square / n;
      fourth += square * square / n;
    }
  }
};
constexpr int many = 40'000;
const std::vector<float> ones(many, 1.f), zeros(many, 0.f);

// A network that does nothing in inference, and no step of whose plan is left there.
template <class L, class In> void check_inference(const char* name) {
  using Net = Sequential<In, L>;
  const Model<Net> model;
  const std::vector<float>& wanted = golden(std::string("layer/") + name + "/y");
  std::vector<float> y(wanted.size());
  model.predict(golden(std::string("layer/") + name + "/x0"), y);
  CHECK(y == wanted);
  static_assert(plan<Net>().steps.size() == 0);
}

}  // namespace

TEST_CASE("layers that draw at random are layers like any other") {
  check<Dropout<0.0>, Input<5>>();
  check<Dropout<0.5>, Input<3, 11>>();
  check<Dropout<0.25>, Input<131>>();
  check<Dropout<1.0>, Input<4>>();
  check<Dropout<0.5>, Input<1>>();
  check<Dropout<0.5, NoiseShape<0, 1, 0>>, Input<5, 3>>();
  check<Dropout<0.5, NoiseShape<1, 4, 1>>, Input<4, 17>>();
  check<Dropout<0.5, NoiseShape<1, 0, 0>>, Input<2, 3>>();
  check<Dropout<0.5, NoiseShape<0, 1, 1, 1>>, Input<2, 3, 1>>();
  check<Dropout<0.25, NoiseShape<0, 0, 1, 0>>, Input<2, 5, 3>>();
  check<SpatialDropout1D<0.5>, Input<7, 3>>();
  check<SpatialDropout1D<0.2>, Input<1, 17>>();
  check<SpatialDropout1D<1.0>, Input<3, 1>>();
  check<SpatialDropout1D<0.0>, Input<4, 5>>();
  check<SpatialDropout2D<0.5>, Input<3, 2, 17>>();
  check<SpatialDropout2D<0.0>, Input<1, 1, 3>>();
  check<SpatialDropout2D<0.2>, Input<5, 1, 1>>();
  check<SpatialDropout2D<1.0>, Input<1, 4, 5>>();
  check<SpatialDropout3D<0.5>, Input<2, 1, 3, 5>>();
  check<SpatialDropout3D<0.25>, Input<1, 1, 1, 17>>();
  check<SpatialDropout3D<1.0>, Input<1, 3, 2, 1>>();
  check<SpatialDropout3D<0.0>, Input<3, 2, 1, 2>>();
  check<AlphaDropout<0.0>, Input<3>>();
  check<AlphaDropout<0.25>, Input<65>>();
  check<AlphaDropout<0.5, NoiseShape<0, 1>>, Input<17>>();
  check<AlphaDropout<0.9>, Input<2, 3, 1>>();
  check<GaussianNoise<0.0>, Input<3>>();
  check<GaussianNoise<0.5>, Input<17>>();
  check<GaussianNoise<1.0>, Input<4, 33>>();
  check<GaussianNoise<0.1>, Input<1>>();
  check<GaussianDropout<0.0>, Input<1>>();
  check<GaussianDropout<0.5>, Input<3, 7>>();
  check<GaussianDropout<0.1>, Input<130>>();
  check<GaussianDropout<0.9>, Input<5, 1>>();
}

TEST_CASE("in inference they pass their input on") {
  check_inference<Dropout<0.5>, Input<5, 3>>("dropout");
  check_inference<Dropout<0.25, NoiseShape<0, 1, 3>>, Input<5, 3>>("dropout_noise_shape");
  check_inference<SpatialDropout1D<0.5>, Input<5, 3>>("spatial_dropout1d");
  check_inference<SpatialDropout2D<0.25>, Input<4, 3, 2>>("spatial_dropout2d");
  check_inference<SpatialDropout3D<0.5>, Input<2, 3, 2, 2>>("spatial_dropout3d");
  check_inference<AlphaDropout<0.1>, Input<7>>("alpha_dropout");
  check_inference<GaussianNoise<0.3>, Input<7>>("gaussian_noise");
  check_inference<GaussianDropout<0.4>, Input<3, 4>>("gaussian_dropout");
}

TEST_CASE("a value's number depends on its sample and its place there alone") {
  const Random random{77, 2, 3, 4};
  for (const int size : {1, 3, 4, 16, 17, 63, 64, 65, 100, 200}) {
    constexpr int samples = 2 * lanes<float>;
    const auto numbers = [&]<class T>() {
      using S = Scalar<T>;
      constexpr int L = Unit<T>::samples;
      std::vector<std::uint32_t> words(static_cast<std::size_t>(samples * size), 0);
      kernels::for_each_random<T>(
          samples / L, size, false, random, [](const auto& w) { return w; },
          [&](std::ptrdiff_t at, auto part, auto number) {
            for (std::ptrdiff_t i = 0; i < part.template count<S>(); ++i) {
              const std::ptrdiff_t n = at + i, unit = n / (size * L), e = n / L % size, l = n % L;
              words[static_cast<std::size_t>((unit * L + l) * size + e)] =
                  static_cast<std::uint32_t>(number[i]);
            }
          });
      return words;
    };
    const std::vector<std::uint32_t> rows = numbers.operator()<float>();
    CHECK(numbers.operator()<double>() == rows);
    CHECK(numbers.operator()<Lanes>() == rows);
    std::vector<std::uint32_t> wanted;
    for (int s = 0; s < samples; ++s)
      for (int e = 0; e < size; ++e) {
        const int blocks = (std::min(size - e / 64 * 64, 64) + 3) / 4;
        const Words words = philox<kernels::detail::noise_rounds>(
            {static_cast<std::uint32_t>(s * ((size + 3) / 4) + e / 64 * 16 + e % 64 % blocks), random.step,
             random.layer, random.purpose},
            random.seed);
        wanted.push_back(words[static_cast<std::size_t>(e % 64 / blocks)]);
      }
    CHECK(rows == wanted);
  }
}

TEST_CASE("rows and lanes draw the same, and another step something else") {
  const auto same = [](const auto& spec, Shape in) {
    std::vector<float> x = filled_array(static_cast<std::size_t>(in.size()) * 2 * lanes<float>, 1);
    const std::vector<float> rows = made<float>(spec, in, x);
    CHECK(made<Lanes>(spec, in, x) == rows);
    CHECK(all_near(made<double>(spec, in, x), rows));
    CHECK(made<float>(spec, in, x, 1) != rows);
  };
  same(DropoutSpec{0.3}, Shape{70});
  same(DropoutSpec{0.3, Numbers{0, 1, 0}}, Shape{3, 7});
  same(SpatialDropoutSpec<2>{0.5}, Shape{3, 3, 5});
  same(AlphaDropoutSpec{0.3}, Shape{5, 3});
  same(GaussianNoiseSpec{0.5}, Shape{67});
  same(GaussianDropoutSpec{0.5}, Shape{130});
}

TEST_CASE("Dropout keeps its share, and scales it") {
  for (const Shape& in : {Shape{many}, Shape{10}, Shape{1}}) {
    const std::vector<float> kept = made<float>(DropoutSpec{0.3}, in, ones);
    CHECK(std::ranges::all_of(kept, [](float v) { return v == 0.f || v == 1 / 0.7f; }));
    CHECK(Statistics(kept).mean == doctest::Approx(1).epsilon(0.01));
  }
}
TEST_CASE("values of a noise shape stay or go together") {
  constexpr int steps = 5, channels = 4, samples = 1000;
  const auto check_noise = [&](const auto& spec, bool of_the_batch, bool along_steps, bool along_channels) {
    const std::vector<float> x(steps * channels * samples, 1.f),
        y = made<float>(spec, Shape{steps, channels}, x);
    const auto at = [&](int s, int t, int c) {
      return y[static_cast<std::size_t>((s * steps + t) * channels + c)] != 0;
    };
    double kept = 0;
    bool apart = false, together = true;
    for (int s = 0; s < samples; ++s)
      for (int t = 0; t < steps; ++t)
        for (int c = 0; c < channels; ++c) {
          kept += at(s, t, c);
          together = together &&
                     at(s, t, c) == at(of_the_batch ? 0 : s, along_steps ? 0 : t, along_channels ? 0 : c);
          apart = apart || at(s, t, c) != at(0, 0, 0);
        }
    CHECK(together);
    CHECK(apart);
    if (!of_the_batch) CHECK(kept / static_cast<double>(x.size()) == doctest::Approx(0.5).epsilon(0.1));
  };
  check_noise(SpatialDropoutSpec<1>{0.5}, false, true, false);
  check_noise(DropoutSpec{0.5, Numbers{0, 1, 0}}, false, true, false);
  check_noise(DropoutSpec{0.5, Numbers{0, 0, 1}}, false, false, true);
  check_noise(DropoutSpec{0.5, Numbers{0, 1, 1}}, false, true, true);
  check_noise(DropoutSpec{0.5, Numbers{1, 0, 0}}, true, false, false);
  check_noise(DropoutSpec{0.5, Numbers{1, steps, 1}}, true, false, true);
}
TEST_CASE("AlphaDropout leaves the mean and the variance of normal numbers") {
  const std::vector<float> x = made<float>(GaussianNoiseSpec{1}, Shape{many}, zeros);
  const std::vector<float> y = made<float>(AlphaDropoutSpec{0.2}, Shape{many}, x, 1);
  CHECK(Statistics(y).mean == doctest::Approx(0).epsilon(0.02));
  CHECK(Statistics(y).variance == doctest::Approx(1).epsilon(0.02));
  const double a = 1 / std::sqrt(0.8 * (1 + 0.2 * 1.7580993408 * 1.7580993408));
  double gone = 0;
  bool known = true;
  for (const float v : made<float>(AlphaDropoutSpec{0.2}, Shape{many}, ones, 1)) {
    const bool kept = near(v, a + a * 0.2 * 1.7580993408);
    known = known && (kept || near(v, a * 0.2 * 1.7580993408 - a * 1.7580993408));
    gone += !kept;
  }
  CHECK(known);
  CHECK(gone / many == doctest::Approx(0.2).epsilon(0.02));
}
TEST_CASE("noise is normal") {
  for (const Shape& in : {Shape{many}, Shape{10}, Shape{1}}) {
    const Statistics noise(made<float>(GaussianNoiseSpec{0.5}, in, zeros));
    CHECK(std::fabs(noise.mean) < 0.01);
    CHECK(noise.variance == doctest::Approx(0.25).epsilon(0.02));
    CHECK(noise.fourth == doctest::Approx(3 * 0.25 * 0.25).epsilon(0.04));
    const Statistics factors(made<float>(GaussianDropoutSpec{0.2}, in, ones));
    CHECK(factors.mean == doctest::Approx(1).epsilon(0.01));
    CHECK(factors.variance == doctest::Approx(0.25).epsilon(0.02));
  }
  // Neighbours, which come of the same words, know nothing of each other.
  const std::vector<float> x = made<float>(GaussianNoiseSpec{1}, Shape{many}, zeros);
  for (const std::size_t apart : {1u, 16u, 32u, 48u, 64u}) {
    double sum = 0;
    for (std::size_t i = apart; i < x.size(); ++i) sum += double{x[i]} * double{x[i - apart]} / many;
    CHECK(std::fabs(sum) < 0.015);
  }
  double beyond[3] = {};
  for (const float v : x)
    for (int k = 0; k < 3; ++k) beyond[k] += std::fabs(v) > static_cast<float>(k + 1);
  CHECK(beyond[0] / many == doctest::Approx(0.3173).epsilon(0.02));
  CHECK(beyond[1] / many == doctest::Approx(0.0455).epsilon(0.05));
  CHECK(beyond[2] / many == doctest::Approx(0.0027).epsilon(0.2));
}

TEST_CASE("ActivityRegularization computes what Keras computes") {
  check<ActivityRegularization<0.3, 0.2>, Input<4, 3>>();
  check<ActivityRegularization<0.5>, Input<17>>();  // at 0, where x begins, JAX takes 1 for the slope of |x|
  check<ActivityRegularization<0.0, 0.25>, Input<5, 1>>("activity_regularization_l2");
  check<ActivityRegularization<>, Input<3>>("activity_regularization_none");
  const auto x = functional::Input({3, 1}), steps = functional::Input({1, 17});
  check_graph("activity_regularization_both", {x}, {ActivityRegularization<0.3, 0.2>{}(x)});
  check_graph("activity_regularization_steps", {steps}, {ActivityRegularization<0.5>{}(steps)});
}

namespace {

// Losses of steps and evaluations, and the weights behind them, as Keras's.
void check_trained(auto& model) {
  const std::vector<float> x = filled_array(30, 0), y = filled_array(10, 7);
  std::size_t next = 0;
  int k = 0;
  for (const LayerPlan& layer : model.layers())
    for (int i = 0; i < layer.tensors.count(); ++i)
      std::ranges::copy(filled_array(static_cast<std::size_t>(layer.tensors[i].shape.size()), ++k),
                        model.block().begin() + static_cast<std::ptrdiff_t>(layer.tensors.offset(i)));
  auto trainer = compile(model, SGD{.learning_rate = 0.1}, MeanSquaredError{});
  std::vector<double> losses;
  for (int step = 0; step < 3; ++step) losses.push_back(trainer.train_on_batch(x, y)[0]);
  losses.push_back(trainer.test_on_batch(x, y)[0]);
  losses.push_back(trainer.evaluate(x, y, 2)[0]);
  CHECK(all_near(losses, golden("trained/activity_regularization/loss")));
  for (const LayerPlan& layer : model.layers())
    for (int i = 0; i < layer.tensors.count(); ++i)
      CHECK(all_near(model.block().subspan(layer.tensors.offset(i),
                                           static_cast<std::size_t>(layer.tensors[i].shape.size())),
                     golden("trained/activity_regularization/w" + std::to_string(next++))));
}

}  // namespace

TEST_CASE("a penalty on activities is in the loss and in the gradient") {
  using First = Dense<4, Tanh, L2<0.01>>;
  using Penalty = ActivityRegularization<0.1, 0.3>;
  Model<Sequential<Input<6>, First, Penalty, Dense<2>>> rows;
  check_trained(rows);
  // A layer that wants Lanes, and does nothing.
  Model<Sequential<Input<6, 1>, MaxPooling1D<PoolSize<1>>, Flatten, First, Penalty, Dense<2>>> in_lanes;
  static_assert(plan<decltype(in_lanes)::Network>().lanes);
  check_trained(in_lanes);
  const functional::Tensor x = functional::Input({6});
  functional::Model graph(x, Dense<2>{}(Penalty{}(First{}(x))));
  check_trained(graph);
  const Model<Sequential<Input<6>, First, Penalty>> begin;
  functional::Model inside(x, Dense<2>{}(functional::as_layer(begin)(x)));
  check_trained(inside);
}

TEST_CASE("a penalty on what a layer makes is that of ActivityRegularization behind it") {
  using First = Dense<4, Tanh, L2<0.01>, ActivityL1<0.1>, ActivityL2<0.3>>;
  Model<Sequential<Input<6>, First, Dense<2>>> rows;
  check_trained(rows);
  Model<Sequential<Input<6, 1>, MaxPooling1D<PoolSize<1>>, Flatten, First, Dense<2>>> in_lanes;
  check_trained(in_lanes);
  const functional::Tensor x = functional::Input({6});
  functional::Model graph(x, Dense<2>{}(First{}(x)));
  check_trained(graph);

  check<Dense<3, Tanh, ActivityL1<0.1>, ActivityL2<0.2>>, Input<5>>("activity_dense");
  check<Conv2D<17, Kernel<2>, GELU, ActivityL2<0.3>>, Input<4, 3, 2>>("activity_conv2d");
  check<LSTM<3, ReturnSequences, ActivityL1<0.2>>, Input<4, 2>>("activity_lstm");
  check<Bidirectional<GRU<2, ActivityL2<0.2>>>, Input<3, 2>>("activity_bidirectional");
  check<ConvLSTM1D<2, Kernel<2>, ActivityL2<0.4>>, Input<2, 4, 1>>("activity_conv_lstm1d");
  check<SeparableConv2D<3, Kernel<2>, ActivityL2<0.1>>, Input<3, 3, 2>>("activity_separable");
  check<TimeDistributed<Dense<2, ActivityL2<0.5>>>, Input<3, 2>>("activity_time_distributed");
  check<Embedding<7, 3, ActivityL2<>>, Input<5>, 7>();

  // Nothing takes over a layer whose output is looked at, nor is its activation left to a loss.
  using Apart = Sequential<Input<6, 6, 1>, Conv2D<2, Kernel<3>, ActivityL2<>>, Activation<ReLU>,
                           BatchNormalization<>, Flatten, Dense<2, Softmax, ActivityL1<>>>;
  static_assert(plan<Apart>().layers[1].head == 1);
  static_assert(Model<Apart>::output_activation() == Linear{});
  static_assert(Bidirectional<GRU<2, ActivityL2<>>, MergeMode<Merging::sum>>::spec.fit(Shape{3, 2}).broken ==
                &regularizes_both_ways_side_by_side);
}

TEST_CASE("every weight may have a penalty of its own") {
  using Net =
      Sequential<Input<6>, Embedding<9, 4, EmbeddingsRegularizer<L1<0.02>, L2<0.03>>>,
                 SeparableConv1D<3, Kernel<2>, Tanh, DepthwiseRegularizer<L2<0.1>>,
                                 PointwiseRegularizer<L1<0.05>>, BiasRegularizer<L2<0.2>>>,
                 BatchNormalization<GammaRegularizer<L2<0.2>>, BetaRegularizer<L1<0.1>>>,
                 DepthwiseConv1D<Kernel<2>, DepthwiseRegularizer<L2<0.1>>, BiasRegularizer<L1<0.02>>>,
                 LSTM<2, L1<0.01>, RecurrentRegularizer<L2<0.1>>, BiasRegularizer<L1<0.05>, L2<0.04>>>,
                 Dense<2, BiasRegularizer<L2<0.3>>>>;
  Model<Net> model;
  fill_weights(model);
  std::vector<float> x(30);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 7 % 9);
  auto trainer = compile(model, SGD{.learning_rate = 0.1}, MeanSquaredError{});
  std::vector<double> losses;
  for (int step = 0; step < 3; ++step) losses.push_back(trainer.train_on_batch(x, filled_array(10, 7))[0]);
  CHECK(all_near(losses, golden("trained/penalties/loss")));
  int w = 0;
  for (const LayerPlan& layer : model.layers())
    for (int i = 0; i < layer.tensors.count(); ++i)
      CHECK(all_near(model.block().subspan(layer.tensors.offset(i),
                                           static_cast<std::size_t>(layer.tensors[i].shape.size())),
                     golden("trained/penalties/w" + std::to_string(w++))));
  using Zeroed = BatchNormalization<GammaInitializer<Zeros>, BetaInitializer<Ones>>;
  static_assert(Zeroed::spec.parameters(Shape{3})[0].initializer == Zeros::value &&
                Zeroed::spec.parameters(Shape{3})[1].initializer == Ones::value);
  static_assert(GroupNormalization<2, GammaRegularizer<L1<>>>::spec.parameters(Shape{4})[0].regularizer.l1 ==
                0.01);
  static_assert(PReLU<AlphaRegularizer<L1<>, L2<0.5>>>::spec.alpha_regularizer == Regularizer{0.01, 0.5});
  static_assert(
      GRU<2, RecurrentRegularizer<OrthogonalRegularizer<>>>::spec.recurrent_regularizer.orthogonal == 0.01);
}

TEST_CASE("rates, deviations and noise shapes that do not fit are refused") {
  static_assert(DropoutSpec{1.1}.fit(Shape{5}).broken == &needs_a_rate_from_0_to_1);
  static_assert(SpatialDropoutSpec<1>{-0.1}.fit(Shape{5, 1}).broken == &needs_a_rate_from_0_to_1);
  static_assert(SpatialDropoutSpec<1>{0.1}.fit(Shape{5}).broken == &needs_sequence_TxC);
  static_assert(SpatialDropoutSpec<2>{0.1}.fit(Shape{5, 1}).broken == &needs_image_HxWxC);
  static_assert(SpatialDropoutSpec<3>{0.1}.fit(Shape{5, 1, 1}).broken == &needs_volume_DxHxWxC);
  static_assert(AlphaDropoutSpec{1}.fit(Shape{5}).broken == &needs_a_rate_below_1);
  static_assert(GaussianDropoutSpec{1}.fit(Shape{5}).broken == &needs_a_rate_below_1);
  static_assert(GaussianNoiseSpec{1.5}.fit(Shape{5}).broken == &needs_a_deviation_from_0_to_1);
  constexpr auto broken = [](auto... extents) {
    return DropoutSpec{0.1, Numbers{extents...}}.fit(Shape{5, 3}).broken;
  };
  static_assert(broken(0, 1, 3) == nullptr && broken(1, 5, 1) == nullptr);
  static_assert(broken(0, 1) == &needs_a_noise_shape_of_the_batch);
  static_assert(broken(0, 2, 3) == &needs_a_noise_shape_of_the_batch);
  static_assert(broken(32, 1, 3) == &needs_a_noise_shape_of_the_batch);
  static_assert(Dropout<0.1, NoiseShape<0, 1>>::spec.noise_shape == Numbers{0, 1});
}
