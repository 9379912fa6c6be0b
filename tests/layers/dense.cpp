#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("Dense computes what Keras computes") {
  check<Dense<3>, Input<4>>("dense_linear");
  check<Dense<7, ReLU>, Input<5>>("dense_relu");
  check<Dense<6, Sigmoid>, Input<4>>("dense_sigmoid");
  check<Dense<9, Tanh>, Input<16>>("dense_tanh");
  check<Dense<5, Softmax>, Input<6>>("dense_softmax");
  check<Dense<3, ReLU, NoBias>, Input<4>>("dense_no_bias");
  check<Dense<1>, Input<1>>("dense_one");
  check<Dense<17, ReLU>, Input<33>>("dense_wide");
  check<Dense<70, Tanh>, Input<40>>("dense_big");
}

TEST_CASE("Dense of rank 2 and more contracts the last axis") {
  check<Dense<5, Tanh>, Input<3, 4>>("dense_rank2");
  check<Dense<5, ReLU>, Input<2, 3, 4>>("dense_rank3");
  check<Dense<5, Softmax>, Input<3, 4>>("dense_softmax_rank2");
}

TEST_CASE("Dense of odd widths") {
  []<int... N>(std::integer_sequence<int, N...>) {
    (check<Dense<N, Tanh>, Input<34 - N>>(), ...);
  }(std::integer_sequence<int, 2, 15, 16, 33>());
}

// Every pair of sizes from 1 to 33, at run time: the kernels are those that the static layers above are
// bitwise equal to.
TEST_CASE("Dense of every size from 1 to 33 is the sum that it should be") {
  for (int in = 1; in <= 33; ++in)
    for (int units = 1; units <= 33; ++units) {
      const auto x = functional::Input({in});
      functional::Model model(x, x.then(DenseSpec{.units = units}));
      const std::size_t n = 3, inputs = static_cast<std::size_t>(in),
                        outputs = static_cast<std::size_t>(units);
      std::vector<float> values(n * inputs), y(n * outputs);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(testing::filled(i, 0));
      const auto kernel = find_parameter(model, "dense/kernel");
      model.predict(values, y);
      double worst = 0;
      for (std::size_t s = 0; s < n; ++s) {
        const std::vector<float> one = model.predict(Array(values).slice(s * inputs, inputs));
        for (std::size_t o = 0; o < outputs; ++o) {
          double sum = 0;
          for (std::size_t k = 0; k < inputs; ++k)
            sum += double{values[s * inputs + k]} * kernel[k * outputs + o];
          worst = std::max({worst, std::fabs(sum - y[s * outputs + o]), std::fabs(sum - one[o])});
        }
      }
      CAPTURE(in);
      CAPTURE(units);
      CHECK(worst < 1e-5);
    }
}

// From 32 rows on the weights of a wide layer are packed, some of the depth at a time.
TEST_CASE("Dense of a large batch gives the bits of small batches") {
  constexpr std::size_t n = 37, part = 20;
  for (const std::size_t in : {1u, 64u, 255u, 256u, 257u, 700u})
    for (const std::size_t units : {63u, 64u, 101u}) {
      const auto x = functional::Input({static_cast<int>(in)});
      const DenseSpec dense{.units = static_cast<int>(units), .activation = ReLU{}};
      functional::Model model(x, x.then(dense));
      std::vector<float> values(n * in), y(n * units), z(n * units);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(testing::filled(i, 0));
      model.predict(values, y);
      for (std::size_t i = 0; i < n; i += part) {
        const std::size_t rows = std::min(part, n - i);
        model.predict(Array(values).slice(i * in, rows * in), std::span(z).subspan(i * units, rows * units));
      }
      CAPTURE(in);
      CAPTURE(units);
      CHECK(y == z);
    }
}

TEST_CASE("Dense takes its options in any order") {
  using L = Dense<32, L2<1e-4>, KernelInitializer<HeNormal>, ReLU, NoBias>;
  static_assert(hana::equal(L::spec, Dense<32, ReLU, NoBias, KernelInitializer<HeNormal>, L2<1e-4>>::spec));
  static_assert(L::spec.activation == ReLU{} && !L::spec.use_bias && L::spec.kernel_regularizer.l2 == 1e-4);
  static_assert(L::spec.kernel_initializer == HeNormal::value && L::spec.kernel_regularizer.l1 == 0);
  static_assert(Dense<4, BiasInitializer<Ones>, L1<>, L2<>>::spec.kernel_regularizer ==
                Regularizer{0.01, 0.01});
}

TEST_CASE("Dense has Keras's parameters") {
  constexpr Parameters p = Dense<7>::spec.parameters(Shape{2, 5});
  static_assert(p.count == 2 && p.list[0].shape == Shape{5, 7} && p.list[1].shape == Shape{7});
  CHECK(std::string_view(p.list[0].name) == "kernel");
  CHECK(std::string_view(p.list[1].name) == "bias");
  static_assert(Dense<7, NoBias>::spec.parameters(Shape{5}).count == 1);
  static_assert(Dense<32'768>::spec.fit(Shape{65'536}).broken == &more_than_2_31_elements);
  static_assert(DenseSpec{}.fit(Shape{3}).broken == &needs_at_least_1_unit);
}
