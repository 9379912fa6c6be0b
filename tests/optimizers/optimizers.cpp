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
  for (int t = 1; t <= 5; ++t) {
    const auto step = optimizer.template step<S>(t);
    Update<S, std::remove_const_t<decltype(step)>, Optimizer::slots> update(step, w.data(), slots.data(), 10);
    update.take(0, 1, 10, 0, g.data(), 0, {});
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
}

TEST_CASE("a rectangle of gradients lands where it belongs, and nowhere else") {
  // Rows of n out of a block with rows of 20; side by side or apart.
  for (const int n : {1, 7, 16, 20}) {
    std::vector<float> w(100, 1.f), slots(100), g(5 * 32, 1.f), expected = w;
    const auto step = SGD{.learning_rate = 0.5}.step<float>(1);
    Update<float, SGD::Step<float>, 1> update(step, w.data(), slots.data(), 100);
    update.take(n == 20 ? 0 : 3, 4, n, 20, g.data(), n == 20 ? 20 : 32, {});
    for (int r = 0; r < 4; ++r)
      for (int i = 0; i < n; ++i) expected[static_cast<std::size_t>((n == 20 ? 0 : 3) + r * 20 + i)] = 0.5f;
    CHECK(w == expected);
  }
}

TEST_CASE("penalties are added to gradients") {
  std::vector<float> w{2, -3, 0}, g{1, 1, 1}, stored(3);
  Store<float> store(w.data(), stored.data());
  store.take(0, 1, 3, 0, g.data(), 0, Regularizer{0.5, 0.25});
  CHECK(stored[0] == doctest::Approx(1 + 0.5 + 2 * 0.25 * 2));
  CHECK(stored[1] == doctest::Approx(1 - 0.5 - 2 * 0.25 * 3));
  CHECK(stored[2] == doctest::Approx(1));
  CHECK(Regularizer{0.5, 0.25}.penalty(w.data(), 3) == doctest::Approx(0.5 * 5 + 0.25 * 13));
}

TEST_CASE("settings are reflected by name") {
  static_assert(decltype(boost::hana::size(boost::hana::accessors<Adam>()))::value == 4);
  static_assert(decltype(boost::hana::size(boost::hana::accessors<SGD>()))::value == 3);
}
