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

TEST_CASE("a rate is from 0 to 1") {
  static_assert(LSTM<2, Dropout<1.5>>::spec.fit(Shape{3, 2}).broken == &needs_a_rate_from_0_to_1);
  static_assert(GRU<2, Dropout<-0.1>>::spec.fit(Shape{3, 2}).broken == &needs_a_rate_from_0_to_1);
}
