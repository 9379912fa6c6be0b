#include "../check.hpp"

using namespace keratin;

TEST_CASE("recurrent layers with dropout are layers as any") {
  check<SimpleRNN<4, Dropout<0.3>>, Input<5, 3>>();
  check<LSTM<3, Dropout<0.5>, ReturnSequences>, Input<4, 17>>();
  check<GRU<17, Dropout<0.2>, GoBackwards>, Input<3, 2>>();
  check<LSTM<2, Dropout<1.0>>, Input<1, 3>>();
  check<SimpleRNN<4, Dropout<0.3>, RecurrentDropout<0.4>>, Input<5, 3>>();
  check<LSTM<3, RecurrentDropout<0.5>, ReturnSequences>, Input<4, 17>>();
  check<GRU<17, Dropout<0.2>, RecurrentDropout<0.3>, GoBackwards>, Input<3, 2>>();
  check<GRU<5, Dropout<0.5>, RecurrentDropout<0.5>, ReturnSequences, NoResetAfter>, Input<4, 2>>();
  check<LSTM<2, RecurrentDropout<1.0>>, Input<1, 3>>();
  check<Bidirectional<LSTM<3, RecurrentDropout<0.5>, ReturnSequences>>, Input<4, 5>>();
  check<Bidirectional<GRU<3, Dropout<0.5>, ReturnSequences>>, Input<4, 5>>();
}

TEST_CASE("dropout keeps its share of the features, the same ones at every step") {
  constexpr int features = 20'000;
  using Layer = SimpleRNN<1, Linear, ReturnSequences, NoBias, Dropout<0.3>>;
  using Net = Sequential<Input<2, features>, Layer>;
  const auto& layer = plan<Net, Mode{.training = true}>().layers[0];
  std::vector<float> x(2 * features, 1.f), y(2), weights(plan<Net>().block, 1.f), memory(layer.intermediate);
  const auto run = [&](std::uint32_t step, bool training) {
    Forward<float> c{1, x.data(), y.data(), weights.data(), &layer, memory.data()};
    if (training) c.run = {.samples = 1, .training = weights.data(), .random = {5, random_dropout, 2, step}};
    SimpleRNNSpec::forward(Layer::spec.geometry(Shape{2, features}), c);
    return y[0];
  };
  const float first = run(0, true);
  CHECK(first / features == doctest::Approx(1).epsilon(0.02));
  CHECK(y[1] == doctest::Approx(2 * first));                // h = sum + h
  CHECK((run(1, true) != first || run(2, true) != first));  // two sums may agree
  CHECK(run(0, true) == first);
  CHECK(run(0, false) == features);
}

namespace {

// The outputs of a linear layer whose states read themselves alone, of x = 1, 0, 0.
template <class L, class In = Input<3, 1>> std::vector<float> states_behind_dropout(int samples) {
  using Net = Sequential<In, L>;
  const auto n = static_cast<std::size_t>(samples);
  const auto& layer = plan<Net, Mode{.training = true}>().layers[0];
  const std::size_t width = static_cast<std::size_t>(layer.tensors[0].shape.size()),
                    units = Net::output_size / 3;
  std::vector<float> x(3 * n), y(n * Net::output_size), weights(plan<Net>().block),
      memory(n * layer.intermediate);
  for (std::size_t s = 0; s < n; ++s) x[3 * s] = 1;
  std::fill_n(weights.data() + layer.tensors.offset(0), width, 1.f);
  for (std::size_t i = 0; i < width; ++i) weights[layer.tensors.offset(1) + i % units * width + i] = 1;
  Forward<float> c{samples, x.data(), y.data(), weights.data(), &layer, memory.data()};
  c.run = {.samples = samples, .training = weights.data(), .random = {5, random_dropout, 2, 0}};
  L::Spec::forward(L::spec.geometry(In::shape), c);
  return y;
}

}  // namespace

TEST_CASE("recurrent dropout keeps its share of the states, the same ones at every step") {
  constexpr std::size_t units = 64, samples = 100;
  const auto y =
      states_behind_dropout<SimpleRNN<units, Linear, ReturnSequences, NoBias, RecurrentDropout<0.3>>>(
          samples);
  double sum = 0;
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t u = 0; u < units; ++u) {
      const float* const at = y.data() + s * 3 * units + u;
      const float kept = at[units];
      CHECK(at[0] == 1);
      CHECK((kept == 0 || near(kept, 1 / 0.7)));
      CHECK(near(at[2 * units], kept * kept));
      sum += kept;
    }
  CHECK(sum / (units * samples) == doctest::Approx(1).epsilon(0.02));
}

TEST_CASE("each gate drops states of its own") {
  constexpr std::size_t units = 64, samples = 100;
  const auto check_mean = [](const std::vector<float>& y) {
    double sum = 0;  // of o (f + i g), all of which are 0 or 2; with one number for all the mean is 6
    for (std::size_t s = 0; s < samples; ++s)
      for (std::size_t u = 0; u < units; ++u) sum += y[(3 * s + 1) * units + u];
    CHECK(std::ranges::count(y, 0.f) > 0);
    CHECK(sum / (units * samples) == doctest::Approx(2).epsilon(0.05));
  };
  check_mean(states_behind_dropout<LSTM<units, Linear, RecurrentActivation<Linear>, ReturnSequences, NoBias,
                                        RecurrentDropout<0.5>>>(samples));
  check_mean(states_behind_dropout<ConvLSTM1D<units, Linear, RecurrentActivation<Linear>, ReturnSequences,
                                              NoBias, RecurrentDropout<0.5>>,
                                   Input<3, 1, 1>>(samples));
}

TEST_CASE("a rate is from 0 to 1") {
  static_assert(LSTM<2, Dropout<1.5>>::spec.fit(Shape{3, 2}).broken == &needs_a_rate_from_0_to_1);
  static_assert(GRU<2, Dropout<-0.1>>::spec.fit(Shape{3, 2}).broken == &needs_a_rate_from_0_to_1);
}
