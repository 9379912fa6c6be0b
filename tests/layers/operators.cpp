#include "../check_graph.hpp"

using namespace keratin;

namespace {

template <class Spec, Spec S> struct Of : layer_of<Of<Spec, S>, Spec> {
  static constexpr Spec spec = S;
};
template <Reduction Kind, unsigned Axes, bool KeepDims = false>
using Reduce = Of<ReduceSpec<Kind>, ReduceSpec<Kind>{Axes, KeepDims}>;

constexpr SliceSpec sliced(int count, Slice a, Slice b = {}, Slice c = {}) { return {count, {a, b, c}}; }

}  // namespace

TEST_CASE("rescaling and powers") {
  check<Rescaling<2.0, -0.5>, Input<4, 3>>("core_rescaling");
  check<Rescaling<-3.0>, Input<1>>("core_rescaling_one");
  check<Rescaling<1 / 127.5, -1.0>, Input<1, 17>>("core_rescaling_steps");
  check<Rescaling<0.0, 4.0>, Input<3, 2, 3>>("core_rescaling_image");
  check<Of<PowerSpec, PowerSpec{2}>, Input<17>>();
  check<Of<PowerSpec, PowerSpec{1}>, Input<2, 3>>();
}

TEST_CASE("threshold and glu") {
  check<Of<ThresholdSpec, ThresholdSpec{0.1, 2}>, Input<17>>();
  check<Of<ThresholdSpec, ThresholdSpec{-0.25, -0.5}>, Input<2, 3>>();
  const auto x = functional::Input({2, 4});
  const functional::Model model(
      {x}, std::vector{functional::glu(x), functional::glu(x, 1), functional::threshold(x, 0.125, -3)});
  const std::vector<float> in{1, -2, 0, 2, 0.125f, 3, -1, 0.5f};
  std::vector<float> last(4), first(4), above(8);
  model.predict(in, {last, first, above});
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  CHECK(all_near(last, std::vector{0.5, -2 * sigmoid(2), 0.125 * sigmoid(-1), 3 * sigmoid(0.5)}));
  CHECK(all_near(first, std::vector{sigmoid(0.125), -2 * sigmoid(3), 0.0, 2 * sigmoid(0.5)}));
  CHECK(above == std::vector<float>{1, -3, -3, 2, -3, 3, -3, 0.5f});
  CHECK_THROWS_AS(functional::glu(functional::Input({3})), std::invalid_argument);
}

TEST_CASE("reductions along axes") {
  check<Reduce<Reduction::sum, 0>, Input<3, 4>>();
  check<Reduce<Reduction::mean, 2>, Input<3, 4, 5>>();
  check<Reduce<Reduction::mean, 5, true>, Input<3, 4, 5>>();
  check<Reduce<Reduction::max, 1>, Input<6, 3>>();
  check<Reduce<Reduction::min, 2, true>, Input<2, 17>>();
  check<Reduce<Reduction::max, 0>, Input<1>>();
  static_assert(Reduce<Reduction::sum, 8>::spec.fit(Shape{2, 3, 4}).broken == &needs_axes_that_the_input_has);
  static_assert(Reduce<Reduction::sum, 3>::spec.fit(Shape{2, 3, 4}).out == Shape{4});
  static_assert(Reduce<Reduction::sum, 3, true>::spec.fit(Shape{2, 3, 4}).out == Shape{1, 1, 4});
}

TEST_CASE("slices are Python's") {
  check<Of<SliceSpec, sliced(1, {1, 3})>, Input<5>>();
  check<Of<SliceSpec, sliced(2, {}, {-1, Slice::whole, -2})>, Input<3, 6, 2>>();
  check<Of<SliceSpec, sliced(3, {-2}, {4, 0, -1}, {0, 17, 5})>, Input<4, 5, 17>>();
  const auto shape = [](SliceSpec s, Shape in) { return s.fit(in); };
  CHECK(shape(sliced(1, {2, 100}), {5}).out == Shape{3});
  CHECK(shape(sliced(1, {-100, -1}), {5}).out == Shape{4});
  CHECK(shape(sliced(1, {-1, -100, -1}), {5}).out == Shape{5});
  CHECK(shape(sliced(1, {3, 3}), {5}).broken == &needs_a_slice_that_is_not_empty);
  CHECK(shape(sliced(1, {0, 3, 0}), {5}).broken == &needs_a_slice_that_is_not_empty);
  CHECK(shape(sliced(2, {}), {5}).broken == &needs_axes_that_the_input_has);
}
