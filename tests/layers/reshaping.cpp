#include "../check.hpp"

using namespace keratin;

TEST_CASE("Flatten and Reshape") {
  check<Flatten, Input<2, 3, 4>>("flatten");
  check<Flatten, Input<1, 1, 1>>("flatten_one");
  check<Flatten, Input<17>>("flatten_vector");
  check<Flatten, Input<1, 3, 2, 17>>("flatten_rank4");
  check<Reshape<-1, 6>, Input<2, 3, 4>>("reshape_minus_one");
  check<Reshape<3, 2, 2>, Input<12>>("reshape_rank3");
  check<Reshape<1>, Input<1, 1>>("reshape_one");
  check<Reshape<17, 1>, Input<1, 17>>("reshape_steps");
}

TEST_CASE("Reshape fills in one extent") {
  static_assert(ReshapeSpec(Shape{-1, 6}).fit(Shape{2, 3, 4}).out == Shape{4, 6});
  static_assert(ReshapeSpec(Shape{3, -1, 2}).fit(Shape{2, 3, 4}).out == Shape{3, 4, 2});
  static_assert(ReshapeSpec(Shape{-1}).fit(Shape{7}).out == Shape{7});
  static_assert(ReshapeSpec(Shape{-1, 5}).fit(Shape{24}).broken == &needs_the_same_number_of_elements);
  static_assert(ReshapeSpec(Shape{-1, 48}).fit(Shape{24}).broken == &needs_the_same_number_of_elements);
  static_assert(ReshapeSpec(Shape{4, 5}).fit(Shape{24}).broken == &needs_the_same_number_of_elements);
  static_assert(ReshapeSpec(Shape{-1, 65536, 65536, 65536, 65536}).fit(Shape{24}).broken ==
                &needs_the_same_number_of_elements);
  static_assert(ReshapeSpec(Shape{-1, -1}).fit(Shape{24}).broken == &has_more_than_one_minus_1);
  static_assert(ReshapeSpec(Shape{0, 24}).fit(Shape{24}).broken == &needs_extents_of_at_least_1);
  static_assert(ReshapeSpec(Shape{-2, 24}).fit(Shape{24}).broken == &needs_extents_of_at_least_1);
}

TEST_CASE("Permute") {
  check<Permute<3, 1, 2>, Input<2, 3, 4>>("permute");
  check<Permute<2, 1>, Input<17, 5>>("permute_matrix");
  check<Permute<2, 1, 3>, Input<3, 2, 5>>("permute_rows");
  check<Permute<1, 2>, Input<3, 2>>("permute_same");
  check<Permute<1>, Input<7>>("permute_one");
  check<Permute<4, 2, 1, 3>, Input<2, 3, 2, 3>>("permute_rank4");
  check<Permute<5, 2, 3, 4, 1>, Input<2, 3, 1, 2, 3>>();
  check<Permute<2, 1>, Input<33, 18>>();
}

// Against the definition: output axis k is input axis dims[k].
TEST_CASE("every permutation of five axes") {
  for (const Shape& in : {Shape{2, 3, 4, 5, 2}, Shape{1, 3, 1, 2, 4}, Shape{2, 1, 17, 1, 3}}) {
    std::vector<float> x(static_cast<std::size_t>(in.size()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
    std::array<int, 5> order{1, 2, 3, 4, 5};
    do {
      const PermuteSpec spec(Shape{order[0], order[1], order[2], order[3], order[4]});
      const Shape out = spec.fit(in).out;
      std::vector<float> y(x.size()), dx(x.size());
      spec.forward(spec.geometry(in), Forward<float>{1, x.data(), y.data(), nullptr, nullptr, nullptr});
      bool right = true;
      for (int i = 0; i < out.size(); ++i) {
        int rest = i, from = 0;
        for (int a = 4; a >= 0; --a) {
          int step = 1;
          for (int b = order[static_cast<std::size_t>(a)]; b < 5; ++b) step *= in[b];
          from += rest % out[a] * step;
          rest /= out[a];
        }
        right = right && y[static_cast<std::size_t>(i)] == x[static_cast<std::size_t>(from)];
      }
      CHECK(right);
      spec.backward(spec.geometry(in), Backward<float>{1, nullptr, nullptr, y.data(), dx.data(), nullptr,
                                                       nullptr, nullptr, nullptr, nullptr});
      CHECK(dx == x);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST_CASE("Permute needs each axis once") {
  static_assert(PermuteSpec(Shape{3, 1, 2}).fit(Shape{2, 3, 4}).out == Shape{4, 2, 3});
  static_assert(PermuteSpec(Shape{1}).fit(Shape{9}).out == Shape{9});
  static_assert(PermuteSpec(Shape{2, 1}).fit(Shape{2, 3, 4}).broken == &needs_each_axis_once);
  static_assert(PermuteSpec(Shape{1, 1}).fit(Shape{2, 3}).broken == &needs_each_axis_once);
  static_assert(PermuteSpec(Shape{0, 1}).fit(Shape{2, 3}).broken == &needs_each_axis_once);
  static_assert(PermuteSpec(Shape{1, 3}).fit(Shape{2, 3}).broken == &needs_each_axis_once);
  static_assert(PermuteSpec{}.fit(Shape{2, 3}).broken == &needs_each_axis_once);
}
