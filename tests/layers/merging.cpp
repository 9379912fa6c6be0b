// The kernels of merging layers by themselves; tests/sequential/branches.cpp has whole networks.
#include "../check_graph.hpp"

#include <Eigen/Core>

using namespace keratin;

namespace {

constexpr int count = 2;  // T's worth of samples

template <class S> using Values = std::vector<S, Eigen::aligned_allocator<S>>;

template <class T> Values<Scalar<T>> filled(std::size_t values, int k) {
  Values<Scalar<T>> v(values * count * Unit<T>::samples);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<Scalar<T>>(testing::filled(i, k));
  return v;
}

// What the kernels make of inputs of these shapes, and then of the output's gradient.
template <class T, class Spec> struct Merged {
  using S = Scalar<T>;
  std::vector<Values<S>> x, dx;
  Values<S> y, dy;
  Shape out;

  Merged(const Spec& spec, const Shapes& in) : out(spec.fit(in).out) {
    const LayerPlan layer;
    for (int i = 0; i < in.count; ++i) {
      x.push_back(filled<T>(static_cast<std::size_t>(in[i].size()), i));
      dx.push_back(filled<T>(static_cast<std::size_t>(in[i].size()), 0));
      if constexpr (requires { spec.masks; })
        if (i >= in.count - spec.masks.count())
          for (S& v : x.back()) v = v > 0 ? S{1} : S{0};
    }
    y = filled<T>(static_cast<std::size_t>(out.size()), 0);
    dy = filled<T>(static_cast<std::size_t>(out.size()), 9);
    const auto as = [](auto& v) { return reinterpret_cast<T*>(v.data()); };
    Forward<T> forward{count, as(x[0]), as(y), nullptr, &layer, nullptr};
    Backward<T> backward{count,   as(x[0]),       as(y),   as(dy),  as(dx[0]),
                         nullptr, &layer.tensors, nullptr, nullptr, nullptr};
    for (int i = 0; i < in.count; ++i) {
      forward.inputs.add(as(x[static_cast<std::size_t>(i)]));
      backward.inputs.add(as(x[static_cast<std::size_t>(i)]));
      backward.input_gradients.add(as(dx[static_cast<std::size_t>(i)]));
    }
    Spec::forward(spec.geometry(in), forward);
    Spec::backward(spec.geometry(in), backward);
  }
};

template <class T> void check_add(const Shapes& in) {
  const Merged<T, AddSpec> m(AddSpec{}, in);
  for (std::size_t i = 0; i < m.y.size(); ++i) {
    Scalar<T> sum = m.x[0][i];
    for (std::size_t k = 1; k < m.x.size(); ++k) sum += m.x[k][i];
    CHECK(m.y[i] == sum);
    for (const auto& dx : m.dx) CHECK(dx[i] == m.dy[i]);
  }
}
template <class T> void check_concatenate(int axis, const Shapes& in) {
  const Merged<T, ConcatenateSpec> m({axis}, in);
  const int along = axis < 0 ? in[0].rank + axis : axis - 1;
  int outer = 1, inner = Unit<T>::samples, first = 0;
  for (int a = 0; a < in[0].rank; ++a) (a < along ? outer : inner) *= a == along ? 1 : in[0][a];
  outer *= count;
  for (int k = 0; k < in.count; ++k) {
    const auto piece = static_cast<std::size_t>(k);
    for (int o = 0; o < outer; ++o)
      for (int e = 0; e < in[k][along]; ++e)
        for (int i = 0; i < inner; ++i) {
          const auto from = static_cast<std::size_t>((o * in[k][along] + e) * inner + i);
          const auto to = static_cast<std::size_t>((o * m.out[along] + first + e) * inner + i);
          CHECK(m.y[to] == m.x[piece][from]);
          CHECK(m.dx[piece][from] == m.dy[to]);
        }
    first += in[k][along];
  }
  CHECK(first == m.out[along]);
}

// Two inputs (steps, 3), of which the second has a mask: value(x0, x1, counts) and the gradients of both.
template <class T, class Spec> void check_masked(auto value, auto gradients) {
  constexpr std::size_t steps = 4, features = 3, width = Unit<T>::samples;
  Spec spec;
  spec.masks = {2};
  Shapes in(Shape{steps, features});
  in.add({steps, features});
  in.add({steps});
  const Merged<T, Spec> m(spec, in);
  for (std::size_t i = 0; i < m.y.size(); ++i) {
    const auto a = m.x[0][i], b = m.x[1][i];
    const bool counts = m.x[2][i / width / features * width + i % width] != 0;
    CHECK(m.y[i] == value(a, b, counts));
    CHECK(std::array{m.dx[0][i], m.dx[1][i]} == gradients(a, b, counts, m.dy[i]));
  }
  for (const auto& d : m.dx[2]) CHECK(d == 0);
}

Shapes shapes(std::initializer_list<Shape> list) {
  Shapes all;
  for (const Shape& shape : list) all.add(shape);
  return all;
}
void for_each_unit(auto f) {
  f.template operator()<float>();
  f.template operator()<double>();
  f.template operator()<Lanes>();
}

}  // namespace

TEST_CASE("Add sums its inputs and hands its gradient on") {
  for_each_unit([]<class T>() {
    check_add<T>(shapes({{17}, {17}}));
    check_add<T>(shapes({{1}, {1}, {1}}));
    check_add<T>(
        shapes({{3, 5, 2}, {3, 5, 2}, {3, 5, 2}, {3, 5, 2}, {3, 5, 2}, {3, 5, 2}, {3, 5, 2}, {3, 5, 2}}));
    check_add<T>(shapes({{4}}));
  });
}
TEST_CASE("Concatenate puts its inputs side by side along any axis") {
  for_each_unit([]<class T>() {
    check_concatenate<T>(-1, shapes({{1}, {17}, {3}}));
    check_concatenate<T>(1, shapes({{1}, {17}, {3}}));
    check_concatenate<T>(-1, shapes({{3, 16}, {3, 1}}));
    check_concatenate<T>(1, shapes({{3, 5}, {1, 5}, {4, 5}}));
    check_concatenate<T>(2, shapes({{2, 3, 5}, {2, 1, 5}}));
    check_concatenate<T>(-3, shapes({{2, 3, 5}, {1, 3, 5}}));
    check_concatenate<T>(-1, shapes({{7}}));
  });
}
TEST_CASE("Concatenate refuses what does not fit together") {
  const auto fit = [](int axis, const Shapes& in) { return ConcatenateSpec{axis}.fit(in); };
  CHECK(fit(0, shapes({{3}, {3}})).broken == &needs_an_axis_of_the_sample);
  CHECK(fit(-2, shapes({{3}, {3}})).broken == &needs_an_axis_of_the_sample);
  CHECK(fit(-1, shapes({{3}, {3, 1}})).broken == &needs_inputs_that_differ_along_its_axis_only);
  CHECK(fit(-1, shapes({{1'500'000'000}, {1'500'000'000}})).broken == &more_than_2_31_elements);
  const Fit second = fit(1, shapes({{3, 2}, {5, 2}, {5, 4}}));
  CHECK(second.input == 2);
  CHECK(second.wants == Shape{5, 2});
}
TEST_CASE("merging layers compute what Keras computes") {
  const auto check = [](const std::string& name, const auto& merge, std::initializer_list<Shape> shapes) {
    std::vector<functional::Tensor> inputs;
    for (const Shape& shape : shapes) inputs.push_back(functional::Input(shape));
    check_graph(name, inputs, {merge(inputs)});
  };
  check("subtract", Subtract{}, {{3, 17}, {3, 17}});
  check("subtract_one", Subtract{}, {{1}, {1}});
  check("subtract_steps", Subtract{}, {{4, 3}, {1, 3}});
  check("subtract_image", Subtract{}, {{2, 3, 1}, {2, 3, 2}});
  check("average", Average{}, {{17}, {17}});
  check("average_one", Average{}, {{1}, {1}, {1}, {1}, {1}});
  check("average_steps", Average{}, {{4, 3}, {4, 1}, {1, 3}});
  check("average_image", Average{}, {{2, 3, 2}, {2, 3, 2}, {2, 3, 2}});
  check("multiply_image", Multiply{}, {{2, 3, 17}, {1, 1, 17}});
  check("maximum", Maximum{}, {{17}, {17}});
  check("maximum_steps", Maximum{}, {{4, 3}, {1, 3}, {4, 1}});
  check("minimum", Minimum{}, {{17}, {17}});
  check("minimum_one", Minimum{}, {{1, 1}, {1, 1}, {1, 1}});
  check("dot", Dot<1>{}, {{17}, {17}});
  check("dot_steps", Dot<1>{}, {{3, 4}, {3, 17}});
  check("dot_across", Dot<1, 2>{}, {{3, 5}, {4, 3}});
  check("dot_normalized", Dot<2, 2, true>{}, {{3, 4}, {5, 4}});
  check("dot_one", Dot<2, 1>{}, {{1, 1}, {1, 1}});
}
TEST_CASE("a masked input leaves the other one as it is") {
  for_each_unit([]<class T>() {
    check_masked<T, MultiplySpec>([](auto a, auto b, bool counts) { return counts ? a * b : a; },
                                  [](auto a, auto b, bool counts, auto dy) {
                                    return counts ? std::array{dy * b, dy * a}
                                                  : std::array{dy, decltype(dy){}};
                                  });
    check_masked<T, MinimumSpec>([](auto a, auto b, bool counts) { return counts && b < a ? b : a; },
                                 [](auto a, auto b, bool counts, auto dy) {
                                   return counts && b < a ? std::array{decltype(dy){}, dy}
                                                          : std::array{dy, decltype(dy){}};
                                 });
  });
}
TEST_CASE("masks that merging layers read, in Keras") {
  using functional::Layer, functional::Tensor;
  const auto check = [](const std::string& name, const auto& merge, std::initializer_list<int> steps,
                        std::size_t unmasked = max_inputs, auto... behind) {
    const Layer dense(DenseSpec{.units = 3});
    std::vector<Tensor> inputs, read;
    for (const int n : steps) {
      inputs.push_back(functional::Input({n, 2}));
      const Tensor& x = inputs.back();
      read.push_back(dense(read.size() == unmasked ? x : x.then(MaskingSpec{})));
    }
    Tensor y = merge(read);
    ((y = std::move(behind)(y)), ...);
    check_graph(name, inputs, {y});
  };
  check("multiply_masked", Multiply{}, {5, 5});
  check("multiply_one_unmasked", Multiply{}, {4, 4, 4}, 1);
  check("multiply_steps_masked", Multiply{}, {4, 1});
  check("multiply_passes_mask", Multiply{}, {4, 4}, max_inputs, SimpleRNN<2>{});
  check("maximum_masked", Maximum{}, {5, 5, 5});
  check("maximum_many_masked", Maximum{}, {4, 4, 4, 4, 4, 4, 4}, 4);
  check("minimum_one_unmasked", Minimum{}, {4, 4, 4}, 1);
  check("minimum_last_masked", Minimum{}, {1, 4}, 0);
  check("concatenate_steps_masked", Concatenate<1>{}, {2, 3}, max_inputs, SimpleRNN<2>{});
  check("concatenate_steps_one_unmasked", Concatenate<1>{}, {2, 1, 3}, 1, SimpleRNN<2>{});
}
TEST_CASE("a masked input has as many axes as the others") {
  const auto x = functional::Input({4, 2}), y = functional::Input({3, 4, 2});
  CHECK_THROWS_WITH(Multiply{}(x.then(MaskingSpec{}), y),
                    "layer 2, Multiply, got (4, 2), as input 0: a masked input needs as many axes as what is "
                    "made");
}
TEST_CASE("of one input they are layers like any other") {
  check<Add<>, Input<17>>();
  check<Concatenate<>, Input<3, 5>>();
  check<Concatenate<1>, Input<1>>();
}

TEST_CASE("Add has an activation if it is given one") {
  using Given = Sequential<Input<4>, Parallel<Add<ReLU>, Branch<Dense<3>>, Branch<Dense<3>>>>;
  using Behind = Sequential<Input<4>, Parallel<Add<>, Branch<Dense<3>>, Branch<Dense<3>>>, Activation<ReLU>>;
  const std::array<float, 4> x{0.3f, -0.2f, 0.9f, -0.7f};
  CHECK(Model<Given>(1).predict(x) == Model<Behind>(1).predict(x));
}
