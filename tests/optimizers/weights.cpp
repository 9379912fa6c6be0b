// What holds weights: constraints after each step and penalties in the loss, of every weight, against Keras.
#include <keratin/layers.hpp>
#include <keratin/sequential/model.hpp>
#include <keratin/training/steps.hpp>
#include <keratin/training/trainer.hpp>

#include "../check.hpp"

using namespace keratin;

namespace {

// Seven steps on batches of eight.
template <class Net>
void check_run(const std::string& name, const auto& optimizer, const std::vector<float>& x) {
  CAPTURE(name);
  const std::vector<float> y = filled_array(40 * 2, 5);
  const std::size_t row = x.size() / 40;
  Model<Net> model;
  fill_weights(model);
  auto trainer = compile<8>(model, optimizer, MeanSquaredError{});
  std::vector<double> losses;
  for (std::size_t step = 0; step < 7; ++step) {
    const std::size_t first = 8 * (step % 5);
    losses.push_back(
        trainer.train_on_batch(Array(x).slice(first * row, 8 * row), Array(y).slice(first * 2, 16))[0]);
  }
  std::vector<float> w(model.count_params());
  model.get_weights(w);
  CHECK(all_near(losses, golden(name + "/loss"), 2e-5));
  CHECK(all_near(w, golden(name + "/weights"), 2e-5));
}

// The penalty of a layer's weight of that name.
template <class Layer> constexpr Regularizer penalty_of(const Shape& in, std::string_view weight) {
  const Parameters all = Layer::spec.parameters(in);
  for (int i = 0; i < all.count; ++i)
    if (all[i].name == weight) return all[i].regularizer;
  return {-1, -1};
}
constexpr Regularizer a{0.5, 0}, b{0, 0.25}, both{0.5, 0.25};
using A = L1<0.5>;
using B = L2<0.25>;
using Both = L1L2<0.5, 0.25>;

using Rows = Conv2D<3, Kernel<2>, BiasRegularizer<A>, Both>;
static_assert(penalty_of<Rows>({5, 5, 2}, "bias") == a && penalty_of<Rows>({5, 5, 2}, "kernel") == both);
using Cells = ConvLSTM1D<2, Kernel<2>, RecurrentRegularizer<A>, BiasRegularizer<B>, Both>;
static_assert(penalty_of<Cells>({3, 5, 2}, "kernel") == both && penalty_of<Cells>({3, 5, 2}, "bias") == b &&
              penalty_of<Cells>({3, 5, 2}, "recurrent_kernel") == a);
using Heads = MultiHeadAttention<2, 3, BiasRegularizer<A>, B>;
static_assert(penalty_of<Heads>({4, 6}, "query/bias") == a && penalty_of<Heads>({4, 6}, "query/kernel") == b);
using Groups = GroupNormalization<2, GammaRegularizer<A>, BetaRegularizer<B>>;
static_assert(penalty_of<Groups>({4, 6}, "gamma") == a && penalty_of<Groups>({4, 6}, "beta") == b);
using Gates = GRU<2, RecurrentRegularizer<OrthogonalRegularizer<0.5>>, BiasRegularizer<Both>>;
static_assert(penalty_of<Gates>({4, 6}, "recurrent_kernel").orthogonal == 0.5 &&
              penalty_of<Gates>({4, 6}, "bias") == both &&
              penalty_of<Gates>({4, 6}, "kernel") == Regularizer{});

}  // namespace

TEST_CASE("constraints against Keras") {
  const auto check = [](const std::string& name, const Shape& shape, const Constraint& constraint) {
    CAPTURE(name);
    REQUIRE(constraint.fits(shape));
    std::vector<float> w = filled_array(static_cast<std::size_t>(shape.size()), 1);
    std::vector<double> twice(w.begin(), w.end());
    constraint.apply(shape, w.data());
    constraint.apply(shape, twice.data());
    CHECK(all_near(w, golden("constraint/" + name), 1e-6));
    CHECK(all_near(twice, golden("constraint/" + name), 1e-6));
  };
  check("max_norm", {3, 4}, MaxNorm<0.6>::value);
  check("max_norm_rows", {3, 4}, MaxNorm<0.6, 1>::value);
  check("max_norm_filters", {2, 2, 3, 5}, MaxNorm<0.9, 0, 1, 2>::value);
  check("max_norm_middle", {2, 3, 4}, MaxNorm<0.5, 1>::value);
  check("max_norm_ends", {2, 3, 4}, MaxNorm<0.8, 0, -1>::value);
  check("max_norm_all", {2, 3}, {Constraint::norm, 0, 0, 0.4, 1});
  check("non_neg", {3, 4}, NonNeg::value);
  check("unit_norm", {3, 4}, UnitNorm<>::value);
  check("unit_norm_last", {3, 9}, UnitNorm<-1>::value);
  check("min_max_norm", {3, 4}, MinMaxNorm<0.5, 0.7, 0.8>::value);
  check("min_max_norm_bias", {11}, MinMaxNorm<0.5, 0.7>::value);
  CHECK(!MaxNorm<1.0, 1>::value.fits(Shape{3}));
  CHECK(!MaxNorm<1.0, -3>::value.fits(Shape{3, 4}));
}

TEST_CASE("the orthogonal penalty and its gradient against Keras") {
  const std::vector<float> w = filled_array(15, 1);
  const auto check = [&](const std::string& name, const Regularizer& penalty) {
    CAPTURE(name);
    std::vector<float> gradient(w.size(), 7.f);
    const double value = detail::orthogonal_penalty(penalty, Shape{3, 5}, w.data(), gradient.data());
    CHECK(near(value, golden("orthogonal/" + name)[0], 1e-6));
    CHECK(all_near(gradient, golden("orthogonal/" + name + "/gradient"), 1e-6));
    CHECK(detail::orthogonal_penalty(penalty, Shape{3, 5}, w.data()) == value);
  };
  check("rows", detail::regularizer_of<OrthogonalRegularizer<0.3>>());
  check("columns", detail::regularizer_of<OrthogonalRegularizer<0.3, OrthogonalMode::columns>>());
  const std::vector<float> zeros(6);
  std::vector<float> gradient(6, 7.f);
  CHECK(detail::orthogonal_penalty(detail::regularizer_of<OrthogonalRegularizer<>>(), Shape{2, 3},
                                   zeros.data(), gradient.data()) == 0);
  CHECK(gradient == zeros);
}

TEST_CASE("seven steps with constraints and penalties") {
  using Constrained =
      Sequential<Input<3, 2>,
                 Conv1D<3, Kernel<2>, Tanh, KernelConstraint<MaxNorm<0.5, 0, 1>>, BiasConstraint<NonNeg>>,
                 BatchNormalization<GammaConstraint<MinMaxNorm<0.3, 0.5, 0.5>>>, Flatten,
                 Dense<2, KernelConstraint<UnitNorm<>>, OrthogonalRegularizer<0.5, OrthogonalMode::columns>>>;
  check_run<Constrained>("constrained", Adam{.learning_rate = 0.02}, filled_array(40 * 6, 0, 2));
}

TEST_CASE("seven steps with penalties on every weight") {
  const SGD sgd{.learning_rate = 0.05, .momentum = 0.9};
  using Sequences =
      Sequential<Input<4>, Embedding<6, 3, EmbeddingsRegularizer<L2<0.02>>>,
                 LSTM<4, ReturnSequences, RecurrentRegularizer<L1<0.01>>, BiasRegularizer<L2<0.03>>>,
                 LayerNormalization<GammaRegularizer<L2<0.1>>, BetaRegularizer<L1<0.05>>>, Flatten,
                 Dense<2, L1L2<0.01, 0.02>, BiasRegularizer<L1<0.1>>>>;
  std::vector<float> ids(40 * 4);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<float>(i * 7 % 6);
  check_run<Sequences>("regularized/sequences", sgd, ids);
  using Images =
      Sequential<Input<6, 4>,
                 SeparableConv1D<5, Kernel<2>, DepthwiseRegularizer<L2<0.05>>, PointwiseRegularizer<L1<0.02>>,
                                 BiasRegularizer<L2<0.1>>>,
                 DepthwiseConv1D<Kernel<2>, Tanh, DepthwiseRegularizer<L1<0.03>>, BiasRegularizer<L2<0.2>>>,
                 BatchNormalization<GammaRegularizer<L1<0.1>>, BetaRegularizer<L2<0.2>>>,
                 Conv1DTranspose<3, Kernel<2>, BiasRegularizer<L1<0.05>>>,
                 EinsumDense<"abc,cd->abd", OutputShape<-1, 4>, BiasAxes<"d">, BiasRegularizer<L2<0.3>>>,
                 PReLU<SharedAxes<1>, AlphaRegularizer<L2<0.05>>>, Flatten, Dense<2>>;
  check_run<Images>("regularized/images", sgd, filled_array(40 * 24, 0, 2));
}
