#include "../check.hpp"

using namespace keratin;

namespace {

std::vector<float> inputs(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(testing::filled(i, 2));
  return x;
}

// A Sequential with branches, and the graph of the same layers called: the same bits everywhere.
template <class In, class... Ls> void check_branches() {
  using Net = Sequential<In, Ls..., Flatten, Dense<3, Softmax>>;
  Model<Net> model(5);
  const functional::Tensor x = functional::Input(In::shape);
  functional::Tensor y = x;
  ((y = Ls{}(y)), ...);
  functional::Model graph(x, Dense<3, Softmax>{}(Flatten{}(y)), 5);
  CHECK(std::ranges::equal(model.block(), graph.block()));
  CHECK(graph.plan().workspace == plan<Net>().workspace);
  CHECK(graph.plan().steps.size() == plan<Net>().steps.size());

  const std::size_t n = 21;
  const std::vector<float> samples = inputs(n * Net::input_size);
  std::vector<int> labels(n);
  for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<int>(i * 7 % 3);
  auto trainer = compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  auto of_graph = compile(graph, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  CHECK(std::ranges::equal(trainer.gradient(samples, labels), of_graph.gradient(samples, labels)));
  for (int step = 0; step < 3; ++step)
    CHECK(trainer.train_on_batch(samples, labels) == of_graph.train_on_batch(samples, labels));
  CHECK(std::ranges::equal(model.block(), graph.block()));
  std::vector<float> p(3 * n), q(3 * n);
  model.predict(samples, p);
  graph.predict(samples, q);
  CHECK(p == q);
  const auto one = model.predict(Array(samples).slice(0, Net::input_size));
  CHECK(std::ranges::equal(one, graph.predict(Array(samples).slice(0, Net::input_size))));
}

}  // namespace

TEST_CASE("Residual and Parallel, called on tensors, are the Sequential's") {
  check_branches<Input<6>, Dense<4>, Residual<Dense<8, ReLU>, Dense<4>>, Activation<Tanh>>();
  check_branches<Input<6, 6, 2>, Residual<Conv2D<2, Kernel<3>, Same, ReLU>, BatchNormalization<>>,
                 Parallel<Concatenate<>, Branch<>, Branch<Conv2D<3, Kernel<1>>>,
                          Branch<Conv2D<2, Kernel<1>>, Residual<Conv2D<2, Kernel<3>, Same>>>>>();
  using Steps = Branch<Dense<3, Tanh>>;  // of rows, and of Lanes
  using Images = Branch<Conv2D<3, Kernel<3>, Same>>;
  check_branches<Input<5, 3>, Parallel<Subtract, Branch<>, Steps>, Parallel<Average, Branch<>, Steps, Steps>,
                 Parallel<Maximum, Branch<>, Steps>, Parallel<Minimum, Steps, Branch<Dense<1>>>,
                 Parallel<Multiply, Branch<>, Steps>, Parallel<Dot<1>, Branch<>, Branch<Dense<4>>>>();
  check_branches<Input<5, 4, 3>, Parallel<Subtract, Branch<>, Images>,
                 Parallel<Average, Branch<>, Images, Images>, Parallel<Maximum, Branch<>, Images>,
                 Parallel<Minimum, Images, Branch<Conv2D<1>>>, Parallel<Multiply, Branch<>, Images>>();
  check_branches<Input<6, 3>, Parallel<Dot<2, 2, true>, Branch<>, Branch<Conv1D<3, Kernel<2>>>>,
                 MaxPooling1D<>>();
}

TEST_CASE("a layer called several times has its weights once and the sum of its gradients") {
  // d(d(x)) against two layers of the same weights.
  const auto x = functional::Input({5});
  const functional::Layer shared(Dense<5, Tanh, L2<0.1>>{});
  functional::Model once(x, Dense<1>{}(shared(shared(shared(x)))), 3);
  functional::Model apart(
      x, Dense<1>{}(Dense<5, Tanh, L2<0.1>>{}(Dense<5, Tanh, L2<0.1>>{}(Dense<5, Tanh, L2<0.1>>{}(x)))), 3);
  CHECK(once.count_params() == 5 * 5 + 5 + 6);
  CHECK(apart.count_params() == 3 * (5 * 5 + 5) + 6);
  CHECK(layer_names(once.layers()) == std::vector<std::string>{"input_layer", "dense", "dense_1"});
  std::vector<float> w(once.count_params()), all(apart.count_params());
  once.get_weights(w);
  for (std::ptrdiff_t layer = 0; layer < 3; ++layer) std::copy_n(w.begin(), 30, all.begin() + layer * 30);
  std::copy_n(w.begin() + 30, 6, all.begin() + 90);
  apart.set_weights(all);

  const std::vector<float> samples = inputs(7 * 5), targets = inputs(7);
  std::vector<float> p(7), q(7);
  once.predict(samples, p);
  apart.predict(samples, q);
  CHECK(p == q);
  auto trainer = compile(once, SGD{.learning_rate = 1}, MeanSquaredError{});
  auto of_apart = compile(apart, SGD{.learning_rate = 1}, MeanSquaredError{});
  // The penalty counts once.
  CHECK(trainer.test_on_batch(samples, targets)[0] < of_apart.test_on_batch(samples, targets)[0]);
  trainer.train_on_batch(samples, targets);
  of_apart.train_on_batch(samples, targets);
  std::vector<float> after(w.size()), all_after(all.size());
  once.get_weights(after);
  apart.get_weights(all_after);
  for (std::size_t i = 0; i < 30; ++i) {
    float change = 0, penalty = i < 25 ? 2 * 0.1f * w[i] : 0;
    for (std::size_t layer = 0; layer < 3; ++layer) change += all_after[layer * 30 + i] - w[i] + penalty;
    CHECK(near(after[i] - w[i], change - penalty, 1e-5));
  }
}

TEST_CASE("the summary of a graph says what each layer reads, as Keras's") {
  const auto a = functional::Input({6}), b = functional::Input({6}, "other");
  const functional::Layer shared(Dense<5, Tanh>{});
  const auto x = Concatenate<>{}(shared(a), shared(b), Dense<3>{}(a));
  const functional::Model model({a, b}, {Dense<2>{}(x), Named<"a_very_long_name_of_a_layer", Dense<1>>{}(x)});
  CHECK(summary_text(model) == R"(Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                  ┃ Output Shape              ┃         Param # ┃ Connected to               ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ input_layer (InputLayer)      │ (None, 6)                 │               0 │ -                          │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ other (InputLayer)            │ (None, 6)                 │               0 │ -                          │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ dense (Dense)                 │ (None, 5)                 │              35 │ input_layer[0][0],         │
│                               │                           │                 │ other[0][0]                │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ dense_1 (Dense)               │ (None, 3)                 │              21 │ input_layer[0][0]          │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ concatenate (Concatenate)     │ (None, 13)                │               0 │ dense[0][0], dense[1][0],  │
│                               │                           │                 │ dense_1[0][0]              │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ dense_2 (Dense)               │ (None, 2)                 │              28 │ concatenate[0][0]          │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ a_very_long_name_of_a_layer   │ (None, 1)                 │              14 │ concatenate[0][0]          │
│ (Dense)                       │                           │                 │                            │
└───────────────────────────────┴───────────────────────────┴─────────────────┴────────────────────────────┘
 Total params: 98 (392.00 B)
 Trainable params: 98 (392.00 B)
 Non-trainable params: 0 (0.00 B)
)");
}

TEST_CASE("a part of a model, and a model with another head, take its weights") {
  const auto x = functional::Input({6});
  const auto h = Named<"hidden", Dense<5, Tanh>>{}(Dense<4, ReLU>{}(x));
  const functional::Model model(x, Named<"head", Dense<3, Softmax>>{}(h), 7);
  functional::Model body(model.input(), model.tensor("hidden"));
  body.set_weights_from(model);
  functional::Model tuned(model.input(), Dense<2>{}(model.tensor("hidden")), 9);
  tuned.set_weights_from(model);
  const std::vector<float> samples = inputs(3 * 6), targets = inputs(3 * 2);
  std::vector<float> hidden(3 * 5), y(3 * 3);
  body.predict(samples, hidden);
  const auto again = functional::Input({5});
  functional::Model head(again, model.layer("head")(again));
  head.set_weights_from(model);
  std::vector<float> p(3 * 3);
  head.predict(hidden, p);
  model.predict(samples, y);
  CHECK(all_near(p, y));

  // Only the new head learns; the body's weights stay what they are, bit by bit.
  tuned.set_trainable(false);
  tuned.set_trainable("dense_1", true);
  CHECK(summary_text(tuned).find(" Trainable params: 12 (") != std::string::npos);
  const std::vector<float> before(find_parameter(tuned, "hidden/kernel").begin(),
                                  find_parameter(tuned, "hidden/kernel").end());
  const std::vector<float> of_head(find_parameter(tuned, "dense_1/kernel").begin(),
                                   find_parameter(tuned, "dense_1/kernel").end());
  auto trainer = compile(tuned, Adam{}, MeanSquaredError{});
  trainer.train_on_batch(samples, targets);
  CHECK(std::ranges::equal(before, find_parameter(tuned, "hidden/kernel")));
  CHECK(!std::ranges::equal(of_head, find_parameter(tuned, "dense_1/kernel")));
  CHECK_THROWS_WITH(tuned.set_trainable("head", false),
                    "Model: there is no layer 'head', there are input_layer, dense, hidden, dense_1");
  CHECK_THROWS_WITH(model.tensor("hidden", 1), "Model: layer 'hidden' has no call 1");

  // A model that is called brings its weights along.
  const auto z = functional::Input({6});
  const functional::Model outer(z, body(z));
  std::vector<float> of_outer(hidden.size());
  outer.predict(samples, of_outer);
  CHECK(of_outer == hidden);
  CHECK_THROWS_WITH(body(z, z), "Model: called on 2 tensors, 1 wanted");
}

TEST_CASE("mistakes with several inputs and outputs are said") {
  const auto a = functional::Input({2}), b = functional::Input({3});
  const functional::Layer dense(DenseSpec{.units = 2});
  functional::Model model({a, b}, {dense(a), Dense<1>{}(b)});
  const std::vector<float> two(8), three(12), one(4), wrong(5);
  std::vector<float> y(8), z(4);
  CHECK_THROWS_WITH(model.predict({two, wrong}, {y, z}), "predict: 5 values for input 1 came, 4 * 3 wanted");
  CHECK_THROWS_WITH(model.predict({two, three}, {y, y}),
                    "predict: room for 8 values of output 1 came, 4 * 1 wanted");
  CHECK_THROWS_WITH(model.predict(two, y), "predict: 1 inputs and 1 outputs came, 2 and 2 wanted");
  CHECK_THROWS_WITH(model.predict({two, three}), "predict: one sample of 8 values came, 2 wanted");
  CHECK_THROWS_WITH(compile(model, SGD{}, ForOutput(MeanSquaredError{})),
                    "compile: losses for 1 outputs came, 2 wanted");
  CHECK_THROWS_WITH(compile(model, SGD{}, ForOutput(MeanSquaredError{}), ForOutput(MeanSquaredError{}),
                            ForOutput(MeanSquaredError{})),
                    "compile: losses for 3 outputs came, 2 wanted");
  CHECK_THROWS_WITH(
      compile(model, SGD{}, ForOutput(MeanSquaredError{}), ForOutput(MeanSquaredError{}).weighing(-1)),
      "compile: weight -1 of output 1 came, 0 or more wanted");
  auto trainer = compile(model, SGD{}, ForOutput(MeanSquaredError{}), ForOutput(MeanSquaredError{}));
  y = inputs(8);  // errors of predict leave NaN
  z = inputs(4);
  CHECK_THROWS_WITH(trainer.train_on_batch({two, wrong}, {y, z}),
                    "x[1]: 5 values came, a multiple of 3 wanted, for the input (3)");
  CHECK_THROWS_WITH(trainer.train_on_batch({two, std::vector<float>(9)}, {y, z}),
                    "x[1]: 3 samples came, 4 wanted, as of x[0]");
  CHECK_THROWS_WITH(trainer.train_on_batch({two, three}, {y, wrong}),
                    "y[1]: 5 values came, 4 wanted, for 4 samples");
  CHECK_THROWS_WITH(trainer.train_on_batch({two, three}, y),
                    "2 arrays of inputs and 1 of targets came, 2 and 2 wanted");
  CHECK_THROWS_WITH(Array(static_cast<const float*>(nullptr), 4),
                    "an array of 4 values at a null pointer came");
  CHECK_THROWS_WITH(functional::Model(std::vector(17, a), a),
                    "Model: 17 inputs and 1 outputs came, from 1 to 16 of each wanted");
  const functional::Layer stateful(GRUSpec{.units = 2, .stateful = true}, "gru");
  const auto s = functional::Input({4, 2});
  CHECK_THROWS_WITH(functional::Model(s, Add<>{}(stateful(s), stateful(s))),
                    "Model: GRU 'gru' is Stateful and called twice, one call wanted");

  // Outputs of one layer have names of their own; the same tensor may be an output twice, and an input one.
  functional::Model twice({a, b}, {dense(a), dense(Dense<2>{}(b)), dense(a), a});
  auto of_twice = compile(twice, SGD{}, ForOutput(MeanSquaredError{}), ForOutput(MeanSquaredError{}),
                          ForOutput(MeanSquaredError{}), ForOutput(MeanSquaredError{}));
  CHECK(of_twice.log_name(1) == "dense_1_loss");
  CHECK(of_twice.log_name(2) == "dense_1[1]_loss");
  CHECK(of_twice.log_name(4) == "input_layer_1_loss");
  std::vector<float> p(8), q(8), r(8), in(8);
  const std::vector<float> x = inputs(8), x2 = inputs(12);
  twice.predict({x, x2}, {p, q, r, in});
  CHECK(p == r);
  CHECK(in == x);
  const double both = of_twice.test_on_batch({x, x2}, {y, y, y, y})[0];
  CHECK(near(both, of_twice.test_on_batch({x, x2}, {y, y, y, x})[0] +
                       of_twice.test_on_batch({x, x2}, {p, q, p, y})[0] -
                       of_twice.test_on_batch({x, x2}, {p, q, p, x})[0]));
}

TEST_CASE("a layer is called on as many tensors as a vector has") {
  const auto x = functional::Input({2});
  std::vector<functional::Tensor> towers;
  for (int units = 1; units <= 4; ++units) towers.push_back(x.then(DenseSpec{.units = units}));
  CHECK(Concatenate<>{}(towers).shape() == Shape{10});

  // Of more than a layer may have, several layers.
  std::vector<functional::Tensor> many;
  for (int k = 0; k < 20; ++k) many.push_back(x * (k - 7.5) + 0.25 * k);
  const auto all = Named<"all", Concatenate<>>{}(many), sum = Add<ReLU>{}(many), largest = Maximum{}(many);
  const functional::Model model(x, std::vector{all, sum, largest});
  const std::vector<float> y = model.predict(std::vector<float>{0.5f, -2});
  REQUIRE(y.size() == 44);
  std::array<float, 2> added{}, most{-100, -100};
  for (std::size_t i = 0; i < 40; ++i) {
    const auto k = static_cast<float>(i / 2);
    CHECK(near(y[i], (i % 2 == 0 ? 0.5f : -2.f) * (k - 7.5f) + 0.25f * k));
    added[i % 2] += y[i];
    most[i % 2] = std::max(most[i % 2], y[i]);
  }
  CHECK(near(y[40], std::max(added[0], 0.f)));
  CHECK(near(y[41], std::max(added[1], 0.f)));
  CHECK(std::ranges::equal(std::span(y).last(2), most));
  CHECK(model.tensor("all").shape() == Shape{40});
  CHECK_THROWS_WITH(Average{}(many), "layer 2, Average, got (2), as input 0: needs from 1 to 8 inputs");
}

TEST_CASE("mistakes in a graph are said where they are made") {
  const auto x = functional::Input({4}), other = functional::Input({3}, "other");
  const functional::Layer dense(DenseSpec{.units = 2}, "shared");
  dense(x);
  CHECK_THROWS_WITH(dense(other),
                    "layer 0, Dense 'shared', got (3): its weights were made for another shape");
  CHECK_THROWS_WITH(dense(x, x), "layer 0, Dense 'shared', got (4), as input 0: takes one input");
  CHECK_THROWS_WITH(Add<>{}(x, other),
                    "layer 0, Add, got (3), as input 1: the inputs must be alike, or have one value, along "
                    "every axis; wants (4)");
  CHECK_THROWS_WITH(functional::Layer(AddSpec{})(std::vector<functional::Tensor>()),
                    "layer 0, Add, got (): needs from 1 to 8 inputs");
  CHECK_THROWS_WITH(
      functional::Model(x, dense(Dense<4>{}(other))),
      "Model: the output does not come from the input: an Input 'other' of shape (3) leads to it");
  CHECK_THROWS_WITH(functional::Model(dense(x), dense(x)),
                    "Model: the output does not come from the input: an Input of shape (4) leads to it");
  CHECK_THROWS_WITH(functional::Model({x, other}, dense(x)),
                    "Model: input 1 'other' of shape (3) leads to no output");
  CHECK_THROWS_WITH(functional::Model({x, x}, dense(x)), "Model: input 1 of shape (4) is given twice");
  CHECK_THROWS_WITH(functional::Model({other, functional::Input({3}, "other")}, Dense<1>{}(other)),
                    "Model: input 1 'other' of shape (3) leads to no output");
  const auto same = functional::Input({3}, "other");
  CHECK_THROWS_WITH(functional::Model({other, same}, other + same),
                    "Model: Input 'other': another layer has this name");
  CHECK_THROWS_WITH(functional::Model({x, other}, {dense(x), Named<"other", Dense<1>>{}(other)}),
                    "Model: Dense 'other': another layer has this name");
  const functional::Model model(x, dense(x));
  CHECK_THROWS_WITH(model.output(1), "Model: there is no output 1");
  CHECK_THROWS_WITH(model.input_name(1), "Model: there is no input 1");
  functional::Tensor moved = dense(x);
  const functional::Tensor to = std::move(moved);
  CHECK(moved.shape() == to.shape());
}

TEST_CASE("a model that begins at what a layer makes, and has its layers") {
  const auto x = functional::Input({6}), z = functional::Input({5});
  const functional::Layer shared(Dense<5, Tanh>{}, "shared");
  const auto h = Dense<5>{}(x), both = shared(h) + shared(z);
  const functional::Model model({x, z}, std::vector{Dense<3>{}(shared(both)), h}, 7);
  functional::Model behind({model.tensor("dense"), model.input(1)}, model.output());
  behind.set_weights_from(model);
  CHECK(layer_names(behind.layers())[0] == "input_layer");
  CHECK(behind.count_params() == 30 + 18);
  const std::vector<float> a = inputs(7 * 6), b = inputs(7 * 5);
  std::vector<float> y(7 * 3), hidden(7 * 5), again(7 * 3);
  model.predict({a, b}, {y, hidden});
  behind.predict({hidden, b}, again);
  CHECK(y == again);
  // It is a model as any other: parts of it, and models with it inside.
  const functional::Model part({behind.input(0), behind.input(1)}, behind.tensor("shared", 2));
  CHECK(part.output_shape() == Shape{5});
  functional::Model outer({x, z}, behind(h, z));
  outer.set_weights_from(model);
  outer.predict({a, b}, again);
  CHECK(y == again);
  CHECK(functional::Model(h, h).output_shape() == Shape{5});
}

TEST_CASE("models that are called have names of their own") {
  const auto tower = [](std::uint64_t seed) {
    const auto x = functional::Input({4}, "in");
    return functional::Model(x, Named<"act", Activation<Tanh>>{}(Named<"conv", Dense<3>>{}(x)), seed);
  };
  const functional::Model one = tower(1), two = tower(2);
  const auto a = functional::Input({4}, "in"), b = functional::Input({4}, "conv_1");
  const functional::Model model({a, b},
                                Concatenate<>{}(one(a), two(b), one(b), Named<"conv", Dense<1>>{}(a)));
  std::vector<std::string> names = layer_names(model.layers());
  std::ranges::sort(names);
  CHECK(names ==
        std::vector<std::string>{"act", "act_1", "concatenate", "conv", "conv_1", "conv_2", "conv_3", "in"});
  CHECK(model.layer("conv")(a).shape() == Shape{1});  // the one that is the graph's own
  const std::vector<float> x = inputs(4), y = inputs(4);
  const std::vector<float> all = model.predict({x, y}), of_one = one.predict(x), of_two = two.predict(y);
  CHECK(std::ranges::equal(std::span(all).first(3), of_one));
  CHECK(std::ranges::equal(std::span(all).subspan(3, 3), of_two));
  CHECK(model.with_layer("act", functional::Layer(Activation<Tanh>{})).predict({x, y}) == all);
}
