// Steps of the user's own with graphs: several outputs, shared and frozen layers, an actor-critic.
#include <keratin/functional.hpp>
#include <keratin/keratin.hpp>

#include <numeric>

#include "../check.hpp"

using namespace keratin;
using functional::Tensor;

namespace {

bool same(std::span<const float> a, std::span<const float> b) { return std::ranges::equal(a, b); }

// A corridor of five places, the last of which ends an episode with a reward of 1. An agent begins at the
// first and goes left (0) or right (1).
constexpr int places = 5, most_steps = 40;
constexpr double discount = 0.9;

struct Corridor {
  int place = 0;
  bool over() const { return place == places - 1; }
  void go(int action) { place = std::max(0, place + (action == 1 ? 1 : -1)); }
};
std::array<float, places> one_hot(int place) {
  std::array<float, places> x{};
  x[static_cast<std::size_t>(place)] = 1;
  return x;
}
double right_of(std::span<const float> logits) {
  return 1 / (1 + std::exp(static_cast<double>(logits[0] - logits[1])));
}

// A policy, as logits of both actions, and the value of a place, on top of shared layers.
struct ActorCritic {
  Tensor x = functional::Input({places}), shared = Dense<16, Tanh>{}(x);
  functional::Model model{x, {Dense<2>{}(shared), Dense<1>{}(shared)}, 1};
  decltype(compile(model, Adam{})) trainer = compile(model, Adam{.learning_rate = 0.02});
  int episodes = 0;

  // One episode by the policy, and one step: the policy gradient with the value as its baseline.
  void learn() {
    std::vector<float> seen, came;  // places, and the discounted rewards from there on
    std::vector<int> actions;
    const Random random{5, 70, 0, static_cast<std::uint32_t>(episodes++)};
    Corridor corridor;
    for (int step = 0; step < most_steps && !corridor.over(); ++step) {
      const auto at = one_hot(corridor.place);
      const std::vector<float> y = model.predict(at);
      actions.push_back(uniform(random.word(static_cast<std::uint64_t>(step))) < right_of(y));
      seen.insert(seen.end(), at.begin(), at.end());
      corridor.go(actions.back());
    }
    const std::size_t steps = actions.size();
    came.resize(steps);
    double reward = corridor.over();
    for (std::size_t i = steps; i-- > 0; reward *= discount) came[i] = static_cast<float>(reward);
    trainer.forward(seen);
    const auto logits = trainer.output(0), values = trainer.output(1);
    const auto dlogits = trainer.output_gradient(0);
    for (std::size_t i = 0; i < steps; ++i) {
      const double advantage = static_cast<double>(came[i] - values[i]) / static_cast<double>(steps);
      const double d = (right_of(logits.subspan(2 * i)) - actions[i]) * advantage;
      dlogits[2 * i] = static_cast<float>(-d);
      dlogits[2 * i + 1] = static_cast<float>(d);
    }
    trainer.loss(MeanSquaredError{}, came, 1);
    trainer.backward();
    trainer.apply_gradients();
  }
};

// Two inputs through the same layer, one of them through a frozen one as well; two outputs.
functional::Model two_of_each() {
  const Tensor a = functional::Input({4}), b = functional::Input({4});
  const functional::Layer both(Dense<6, Tanh, L2<0.01>>{}, "both"), frozen(Dense<6, Sigmoid>{}, "frozen");
  functional::Model model({a, b}, {Dense<3>{}(both(a) + frozen(both(b))), Dense<2>{}(both(b))}, 3);
  model.set_trainable("frozen", false);
  return model;
}

}  // namespace

TEST_CASE("an actor-critic finds its way") {
  ActorCritic agent, again;
  for (int episode = 0; episode < 150; ++episode) {
    agent.learn();
    again.learn();
  }
  CHECK(same(agent.model.block(), again.model.block()));
  for (int place = 0; place < places - 1; ++place) {
    CAPTURE(place);
    const std::vector<float> y = agent.model.predict(one_hot(place));
    CHECK(right_of(y) > 0.9);
    const double wanted = std::pow(discount, places - 2 - place);
    CHECK(std::fabs(static_cast<double>(y[2]) - wanted) < 0.1);
  }
}

TEST_CASE("a step by hand of several inputs and outputs has the bits of the built-in one") {
  functional::Model model = two_of_each(), other = two_of_each();
  auto built_in = compile(model, Adam{}, ForOutput(MeanSquaredError{}),
                          ForOutput(CategoricalCrossentropy<FromLogits>{}).weighing(0.5));
  auto by_hand = compile(other, Adam{});
  const std::vector<float> a = filled_array(7 * 4, 0), b = filled_array(7 * 4, 1), y = filled_array(7 * 3, 2),
                           z = filled_array(7 * 2, 3);
  for (int step = 0; step < 3; ++step) {
    const auto logs = built_in.train_on_batch({a, b}, {y, z});
    by_hand.forward({a, b});
    double loss = by_hand.loss(MeanSquaredError{}, y);
    loss += by_hand.loss(CategoricalCrossentropy<FromLogits>{}, z, 1) / 2;
    for (float& d : by_hand.output_gradient(1)) d /= 2;
    by_hand.backward();
    CHECK(near(loss + by_hand.penalties(), logs[0]));
    by_hand.apply_gradients();
  }
  CHECK(same(model.block(), other.block()));
}

TEST_CASE("gradients by the inputs of a graph are the numeric ones") {
  functional::Model model = two_of_each();
  auto trainer = compile(model, SGD{});
  std::vector<float> x[2] = {filled_array(3 * 4, 0), filled_array(3 * 4, 1)};
  const std::vector<float> dy = filled_array(3 * 3, 2), dz = filled_array(3 * 2, 3);
  const auto loss = [&] {
    trainer.forward({x[0], x[1]});
    const auto y = trainer.output(0), z = trainer.output(1);
    return std::inner_product(y.begin(), y.end(), dy.begin(), 0.) +
           std::inner_product(z.begin(), z.end(), dz.begin(), 0.);
  };
  loss();
  const auto dx = trainer.backward({dy, dz});
  const std::vector<float> gradients[2] = {
      {dx.begin(), dx.end()}, {trainer.input_gradient(1).begin(), trainer.input_gradient(1).end()}};
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < x[k].size(); ++i) {
      const float before = x[k][i];
      x[k][i] = before + 0.01f;
      const double above = loss();
      x[k][i] = before - 0.01f;
      const double below = loss();
      x[k][i] = before;
      CAPTURE(k);
      CAPTURE(i);
      CHECK(near(gradients[k][i], (above - below) / 0.02, 2e-3));
    }
}
