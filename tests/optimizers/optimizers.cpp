#include <boost/hana/accessors.hpp>
#include <boost/hana/size.hpp>

#include <keratin/optimizers.hpp>

#include "../check.hpp"

using namespace keratin;

namespace {

// Keras's five steps on ten weights of 1: gradients of 0.01, then four times 0.1, 0.2, ..., 1.
template <class S, class Optimizer>
void check_optimizer(const Optimizer& optimizer, const std::string& name) {
  CAPTURE(name);
  const std::vector<float>& wanted = golden("optimizer/" + name + "/x");
  std::vector<S> w(10, S(1)), slots(static_cast<std::size_t>(10 * Optimizer::slots)), g(10, S(0.01));
  begin_slots(optimizer, slots.data(), 10);
  for (int t = 1; t <= 5; ++t) {
    auto update = update_of(optimizer, t, w.data(), slots.data(), 10);
    update.take(0, 10, g.data(), {});
    for (std::size_t i = 0; i < 10; ++i) {
      CHECK(near(w[i], wanted[static_cast<std::size_t>(t - 1) * 10 + i], 1e-6));
      g[i] = static_cast<S>(0.1 * static_cast<double>(i + 1));
    }
  }
}
template <class Optimizer> void check_in_both(const Optimizer& optimizer, const std::string& name) {
  check_optimizer<float>(optimizer, name);
  check_optimizer<double>(optimizer, name);
}

}  // namespace

TEST_CASE("optimizers against Keras") {
  check_in_both(SGD{}, "sgd");
  check_in_both(SGD{.momentum = 0.9}, "sgd_momentum");
  check_in_both(SGD{.momentum = 0.9, .nesterov = true}, "sgd_nesterov");
  check_in_both(SGD{.learning_rate = 0.1}, "sgd_lr");
  check_in_both(Adam{}, "adam");
  check_in_both(Adam{.learning_rate = 0.01, .beta_1 = 0.8, .beta_2 = 0.95, .epsilon = 1e-5}, "adam_custom");
  check_in_both(AMSGrad{.learning_rate = 0.01}, "amsgrad");
  check_in_both(AdamW{}, "adamw");
  check_in_both(AdamW{.learning_rate = 0.02, .weight_decay = 0.1}, "adamw_custom");
  check_in_both(Adamax{.learning_rate = 0.02}, "adamax");
  check_in_both(Nadam{}, "nadam");
  check_in_both(Nadam{.learning_rate = 0.02, .beta_1 = 0.8}, "nadam_custom");
  check_in_both(RMSprop{}, "rmsprop");
  check_in_both(RMSprop{.learning_rate = 0.01, .rho = 0.8, .momentum = 0.5}, "rmsprop_momentum");
  check_in_both(RMSprop{.centered = true}, "rmsprop_centered");
  check_in_both(RMSprop{.momentum = 0.5, .centered = true}, "rmsprop_both");
  check_in_both(Adagrad{.learning_rate = 0.1}, "adagrad");
  check_in_both(Adadelta{.learning_rate = 1}, "adadelta");
  check_in_both(Lion{.learning_rate = 0.01}, "lion");
  check_in_both(Ftrl{.learning_rate = 0.1}, "ftrl");
  check_in_both(Ftrl{.learning_rate = 0.1,
                     .learning_rate_power = -0.3,
                     .l1_regularization_strength = 0.05,
                     .l2_regularization_strength = 0.1,
                     .l2_shrinkage_regularization_strength = 0.02,
                     .beta = 0.1},
                "ftrl_custom");
}

// A tile of M rows of N vectors out of a block with rows of `stride`; the last vector has n values.
template <int M, int N, class Part>
void check_tile(std::ptrdiff_t stride, Part part, const Regularizer& penalty) {
  using V = kernels::Vec<float>;
  const int n = (N - 1) * lanes<float> + part.template count<float>();
  const std::size_t size = static_cast<std::size_t>(3 + M * stride);
  std::vector<float> w(size, 1.f), slots(size), expected = w;
  const auto step = SGD{.learning_rate = 0.5}.step<float>(1);
  Update<float, SGD::Step<float>, 1> update(step, w.data(), slots.data(), size);
  V tile[M][N];
  for (auto& row : tile)
    for (V& v : row) v = V{} + 1;
  update.take_tile(3, stride, tile, part, penalty);
  for (int m = 0; m < M; ++m)
    for (int i = 0; i < n; ++i)
      expected[static_cast<std::size_t>(3 + m * stride + i)] = penalty ? 1 - 0.5f * (1 + 2 * 0.25f) : 0.5f;
  CHECK(w == expected);
}

TEST_CASE("schedules against Keras") {
  const auto check = [](const std::string& name, const LearningRate& rate) {
    CAPTURE(name);
    const std::vector<float>& wanted = golden("schedule/" + name);
    for (std::size_t step = 0; step < wanted.size(); ++step) {
      CAPTURE(step);
      CHECK(rate.at(static_cast<std::int64_t>(step)) == doctest::Approx(wanted[step]).epsilon(1e-5));
    }
  };
  check("exponential", ExponentialDecay{0.1, 10, 0.5});
  check("exponential_staircase", ExponentialDecay{0.1, 4, 0.5, true});
  check("inverse_time", InverseTimeDecay{0.1, 5, 0.5});
  check("inverse_time_staircase", InverseTimeDecay{0.1, 5, 0.5, true});
  check("polynomial", PolynomialDecay{0.1, 20, 0.01, 2});
  check("polynomial_cycle", PolynomialDecay{0.1, 7, 0.01, 0.5, true});
  check("cosine", CosineDecay{0.1, 20});
  check("cosine_alpha", CosineDecay{0.1, 25, 0.1});
  check("cosine_warmup", CosineDecay{.initial_learning_rate = 0.01,
                                     .decay_steps = 20,
                                     .alpha = 0.2,
                                     .warmup_target = 0.1,
                                     .warmup_steps = 5});
  check("cosine_restarts", CosineDecayRestarts{0.1, 4});
  check("cosine_restarts_alike", CosineDecayRestarts{0.1, 7, 1, 0.5, 0.1});
  check("cosine_restarts_lower", CosineDecayRestarts{0.1, 3, 1.5, 0.8, 0.05});
  check("piecewise", PiecewiseConstantDecay({3, 10, 17}, {1, 0.5, 0.1, 0.02}));
  CHECK(LearningRate(1).at(5) == 1);
}

TEST_CASE("a step takes the rate that the schedule has for it") {
  std::vector<float> w(1), slots(1), g(1, 1.f);
  const SGD sgd{.learning_rate = PiecewiseConstantDecay({0}, {1, 0.25})};
  for (int t = 1; t <= 3; ++t) update_of(sgd, t, w.data(), slots.data(), 1).take(0, 1, g.data(), {});
  CHECK(w[0] == -1.5f);
  CHECK(describe(SGD{.learning_rate = CosineDecay{0.1, 20}}) ==
        "SGD(learning_rate CosineDecay(initial_learning_rate 0.1, decay_steps 20, alpha 0, warmup_target 0, "
        "warmup_steps 0), momentum 0, nesterov false)");
}

// One of a hundred thousand steps: U is a product of as many factors.
TEST_CASE("Nadam's product ends") {
  CHECK(Nadam{}.scalar_slot(100'000) < 1e-38);
  CHECK(Nadam{}.scalar_slot(2) == doctest::Approx(0.9 * (1 - 0.5 * 0.96) * 0.9 * (1 - 0.5 * 0.96 * 0.96)));
}

TEST_CASE("a tile of gradients lands where it belongs, and nowhere else") {
  constexpr int L = lanes<float>, M = kernels::tile_rows, N = kernels::tile_columns;
  for (const Regularizer& penalty : {Regularizer{}, Regularizer{0, 0.25}}) {
    check_tile<M, N>(N * L, kernels::Whole{}, penalty);
    check_tile<M, N>(N * L + 5, kernels::Whole{}, penalty);
    check_tile<3, 1>(L, kernels::Whole{}, penalty);
    for (int n = 1; n < L; ++n) check_tile<4, 1>(n, kernels::Rest{n}, penalty);
    check_tile<2, 1>(L + 2, kernels::Rest{3}, penalty);
  }
}

TEST_CASE("penalties are added to gradients") {
  std::vector<float> w{2, -3, 0}, g{1, 1, 1}, stored(3);
  Store<float> store(w.data(), stored.data());
  store.take(0, 3, g.data(), Regularizer{0.5, 0.25});
  CHECK(stored[0] == doctest::Approx(1 + 0.5 + 2 * 0.25 * 2));
  CHECK(stored[1] == doctest::Approx(1 - 0.5 - 2 * 0.25 * 3));
  CHECK(stored[2] == doctest::Approx(1));
  CHECK(Regularizer{0.5, 0.25}.penalty(w.data(), 3) == doctest::Approx(0.5 * 5 + 0.25 * 13));
}

TEST_CASE("settings are reflected by name") {
  static_assert(decltype(boost::hana::size(boost::hana::accessors<Adam>()))::value == 4);
  static_assert(decltype(boost::hana::size(boost::hana::accessors<SGD>()))::value == 3);
}
