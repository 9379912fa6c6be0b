#include <keratin/functional.hpp>
#include <keratin/keratin.hpp>
#include <keratin/testing.hpp>
#include <keratin/testing/allocations.hpp>
#include <keratin/threads.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <vector>

using namespace keratin;

TEST_CASE("every piece of work is done once") {
  for (const int count : {1, 2, 3, 8}) {
    Threads threads(count);
    CHECK(threads.count() == count);
    for (const std::size_t n : {0u, 1u, 2u, 7u, 100u}) {
      std::vector<std::atomic<int>> done(n);
      threads.for_each(n, [&](std::size_t i) { ++done[i]; });
      bool once = true;
      for (const std::atomic<int>& times : done) once = once && times == 1;
      CHECK(once);
    }
  }
}

TEST_CASE("what a piece of work throws comes out where it was given") {
  Threads threads(3);
  for (int round = 0; round < 20; ++round) {
    CHECK_THROWS_WITH(threads.for_each(50,
                                       [](std::size_t i) {
                                         if (i % 7 == 3) throw std::runtime_error("3 of 7");
                                       }),
                      "3 of 7");
    std::atomic<int> done = 0;
    threads.for_each(50, [&](std::size_t) { ++done; });
    CHECK(done == 50);
  }
}

namespace {

template <class Model> void check_predict(const Model& model, std::size_t in, std::size_t out) {
  Threads threads(3);
  for (const std::size_t n : {1u, 2u, 16u, 17u, 33u, 129u, 257u, 385u, 1000u}) {
    std::vector<float> x(n * in), y(n * out), wanted(n * out);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 0));
    model.predict(x, wanted);
    predict(model, x, y, threads);
    CAPTURE(n);
    CHECK(y == wanted);
  }
  std::vector<float> x(2 * in), y(3 * out);
  CHECK_THROWS(predict(model, x, y, threads));
}

}  // namespace

TEST_CASE("predict on threads gives the bits of predict") {
  check_predict(Model<Sequential<Input<7>, Dense<9, Tanh>, Dense<3, Softmax>>>(1), 7, 3);
  check_predict(Model<Sequential<Input<6, 6, 1>, Conv2D<4, Kernel<3>, ReLU>, Flatten, Dense<2>>>(1), 36, 2);
  const auto x = functional::Input({7});
  check_predict(functional::Model(x, x.then(DenseSpec{.units = 3})), 7, 3);
}

TEST_CASE("predict on threads allocates nothing after the first time") {
  const Model<Sequential<Input<300>, Dense<500, ReLU>, Dense<3>>> model(1);
  Threads threads(2);
  std::vector<float> x(400 * 300, 1.f), y(400 * 3), of_thread(2 * y.size());
  std::atomic<int> there = 0;
  threads.for_each(2, [&](std::size_t i) {  // each thread makes its workspace
    for (++there; there < 2;) std::this_thread::yield();
    model.predict(x, std::span(of_thread).subspan(i * y.size(), y.size()));
  });
  const long before = testing::allocations;
  predict(model, x, y, threads);
  CHECK(testing::allocations == before);
  CHECK(std::equal(y.begin(), y.end(), of_thread.begin()));
  CHECK(testing::allocations_are_counted());
}
