#include "../check.hpp"

using namespace keratin;
using functional::as_layer, functional::Tensor;

namespace {

std::vector<float> inputs(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(testing::filled(i, 2));
  return x;
}
std::vector<int> labels(std::size_t n) {
  std::vector<int> y(n);
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<int>(i * 7 % 3);
  return y;
}

template <class M> std::vector<float> weights_of(const M& model) {
  std::vector<float> w(model.count_params());
  model.get_weights(w);
  return w;
}

// What flows into the model's input when ones come back from its output.
template <class T>
std::vector<float> input_gradient(functional::Model& model, const std::vector<float>& x, int n) {
  const functional::Executor executor(model.graph(), Mode{.training = true, .input_gradient = true});
  const auto& plan = executor.plan;
  const int count = (n + Unit<T>::samples - 1) / Unit<T>::samples;
  const auto units = static_cast<std::size_t>(count * Unit<T>::samples);
  Block<float> workspace(plan.workspace * units), scratch(executor.template scratch<T>(count)),
      segment(plan.block), gradient(plan.block);
  const Memory<T> memory{count, nullptr, nullptr, reinterpret_cast<T*>(workspace.data())};
  load_samples(Array(x), plan.inputs[0].size, {.n = n}, memory(plan, 0));
  std::vector<float> block(model.block().begin(), model.block().end());
  Block<float> aligned_block(block.size());
  std::ranges::copy(block, aligned_block.data());
  const Run<float> run{n, aligned_block.data()};
  executor.forward(count, aligned_block.data(), static_cast<const T*>(nullptr), static_cast<T*>(nullptr),
                   memory.workspace, run);
  const Port &in = plan.inputs[0], &out = plan.outputs[0];
  const std::vector<float> ones(static_cast<std::size_t>(n) * out.size, 1.f);
  load_samples(Array(ones), out.size, {.n = n}, memory(plan, out.gradient));
  Store<float> store(aligned_block.data(), gradient.data());
  executor.backward(count, aligned_block.data(), memory.workspace, scratch.data(), segment.data(), store,
                    run);
  std::vector<float> dx(static_cast<std::size_t>(n) * in.size);
  if constexpr (Unit<T>::samples > 1)
    kernels::lanes_to_rows(memory(plan, in.gradient), in.size, n, dx.data());
  else
    std::copy_n(memory(plan, in.gradient), dx.size(), dx.begin());
  return dx;
}

// Two models of which one has a static model where the other has its layers: the same bits everywhere.
void check_alike(functional::Model& fused, functional::Model& layers) {
  REQUIRE(fused.block().size() == layers.block().size());
  CHECK(fused.count_params() == layers.count_params());
  layers.set_weights(weights_of(fused));
  CHECK(std::ranges::equal(fused.block(), layers.block()));
  CHECK(fused.plan().lanes == layers.plan().lanes);
  CHECK(fused.plan().trainable == layers.plan().trainable);
  const auto in = static_cast<std::size_t>(fused.input_shape().size()),
             out = static_cast<std::size_t>(fused.output_shape().size());
  const std::size_t n = 21;
  const std::vector<float> x = inputs(n * in);
  const std::vector<int> y = labels(n);
  const auto same_predictions = [&] {
    std::vector<float> p(n * out), q(n * out);
    fused.predict(x, p);
    layers.predict(x, q);
    const Array one = Array(x).slice(in, in);
    return p == q && fused.predict(one) == layers.predict(one);
  };
  CHECK(same_predictions());
  if (fused.plan().lanes)
    CHECK(input_gradient<Lanes>(fused, x, static_cast<int>(n)) ==
          input_gradient<Lanes>(layers, x, static_cast<int>(n)));
  else
    CHECK(input_gradient<float>(fused, x, static_cast<int>(n)) ==
          input_gradient<float>(layers, x, static_cast<int>(n)));
  auto trainer = compile(fused, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  auto of_layers = compile(layers, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  CHECK(std::ranges::equal(trainer.gradient(x, y), of_layers.gradient(x, y)));
  for (int step = 0; step < 3; ++step) CHECK(trainer.train_on_batch(x, y) == of_layers.train_on_batch(x, y));
  CHECK(std::ranges::equal(fused.block(), layers.block()));
  CHECK(same_predictions());
  CHECK(trainer.evaluate(x, y) == of_layers.evaluate(x, y));
}

template <class In, class... Ls> struct Check {
  using Net = Sequential<In, Ls...>;
  static Tensor layers(Tensor x) {
    ((x = Ls{}(x)), ...);
    return x;
  }
  // By itself, its softmax left to the loss; or with a head behind it and a layer before it.
  static void alone() {
    const Model<Net> model(4);
    const Tensor x = functional::Input(In::shape);
    functional::Model fused(x, as_layer(model)(x)), expanded(x, layers(x));
    CHECK(weights_of(fused) == weights_of(model));
    check_alike(fused, expanded);
  }
  template <class Before> static void inside() {
    const Model<Net> model(4);
    const Tensor x = functional::Input(In::shape);
    functional::Model fused(x, Dense<3, Softmax>{}(Flatten{}(as_layer(model)(Before{}(x))))),
        expanded(x, Dense<3, Softmax>{}(Flatten{}(layers(Before{}(x)))));
    check_alike(fused, expanded);
    functional::Model first(x, Dense<3, Softmax>{}(Flatten{}(as_layer(model)(x)))),
        expanded_first(x, Dense<3, Softmax>{}(Flatten{}(layers(x))));
    check_alike(first, expanded_first);
  }
};

}  // namespace

TEST_CASE("a static model as a layer gives the bits of its layers") {
  Check<Input<6>, Dense<8, Tanh, L2<0.01>>, Dense<3, Softmax>>::alone();
  Check<Input<6>, Residual<Dense<6, ReLU>>, BatchNormalization<>, Dense<7, Sigmoid>>::inside<Dense<6>>();
  Check<Input<6, 6, 2>, Conv2D<3, Kernel<3>, ReLU>, MaxPooling2D<>, BatchNormalization<>, Flatten,
        Dense<3, Softmax>>::alone();
  Check<Input<6, 6, 2>, BatchNormalization<>,
        Parallel<Concatenate<>, Branch<Conv2D<2, Kernel<3>, Same, ReLU>>, Branch<>>,
        Conv2D<3, Kernel<1>>>::inside<LayerNormalization<>>();  // a Conv2D would take the first one over
  Check<Input<2, 3>, Flatten, Reshape<3, 2>>::inside<Dense<3>>();
}

TEST_CASE("a network of Dense layers among convolutions runs over Lanes with them") {
  const Model<Sequential<Input<12>, Dense<5, ReLU>, Dense<4, Tanh>>> model(4);
  const Tensor x = functional::Input({6, 2}), h = Flatten{}(Conv1D<2, Kernel<3>, Same>{}(x));
  functional::Model fused(x, Dense<3, Softmax>{}(as_layer(model)(h))),
      layers(x, Dense<3, Softmax>{}(Dense<4, Tanh>{}(Dense<5, ReLU>{}(h))));
  CHECK(fused.plan().lanes);
  check_alike(fused, layers);
}

template <std::size_t... I> void check_deep(std::index_sequence<I...>) {
  Check<Input<5>, Dense<3 + I * 7 % 20, Tanh>..., Dense<3, Softmax>>::alone();
}
TEST_CASE("a deep network, whose layers share their kernels") { check_deep(std::make_index_sequence<70>()); }

TEST_CASE("a static model that is called twice has its weights once") {
  const Model<Sequential<Input<6>, Dense<5, ReLU, L2<0.01>>, BatchNormalization<>, Dense<6, Tanh>>> model(4);
  const Tensor x = functional::Input({6});
  const functional::Layer shared = as_layer(model, "encoder"), first(Dense<5, ReLU, L2<0.01>>{}),
                          second(BatchNormalization<>{}), third(Dense<6, Tanh>{});
  const auto encode = [&](const Tensor& t) { return third(second(first(t))); };
  functional::Model fused(x, Dense<3, Softmax>{}(shared(shared(x)))),
      layers(x, Dense<3, Softmax>{}(encode(encode(x))));
  check_alike(fused, layers);
  CHECK(summary_text(fused).find("encoder (Sequential)") != std::string::npos);
}

TEST_CASE("probabilities that another layer reads too") {
  const Model<Sequential<Input<6>, Dense<5, ReLU>, Dense<3, Softmax>>> model(4);
  const Tensor x = functional::Input({6}), p = as_layer(model)(x),
               q = Dense<3, Softmax>{}(Dense<5, ReLU>{}(x));
  functional::Model fused(x, {p, Dense<1>{}(p)}), layers(x, {q, Dense<1>{}(q)});
  layers.set_weights(weights_of(fused));
  const std::vector<float> samples = inputs(9 * 6), values = inputs(9);
  const std::vector<int> y = labels(9);
  const ForOutput probabilities(SparseCategoricalCrossentropy{});
  const ForOutput value(MeanSquaredError{});
  auto trainer = compile(fused, Adam{}, probabilities, value),
       of_layers = compile(layers, Adam{}, probabilities, value);
  for (int step = 0; step < 3; ++step)
    CHECK(trainer.train_on_batch({samples}, {y, values}) == of_layers.train_on_batch({samples}, {y, values}));
  CHECK(std::ranges::equal(fused.block(), layers.block()));
}

TEST_CASE("the weights of a static model in a graph, and the way back") {
  using Net = Sequential<Input<6>, Dense<5>, BatchNormalization<>, Named<"inner", Dense<4, L2<0.1>>>,
                         BatchNormalization<>, Dense<3, Softmax>>;
  Model<Net> model(4);
  const Tensor x = functional::Input({6});
  functional::Model graph(x, as_layer(model, "net")(Dense<6>{}(x)));
  CHECK(graph.count_params() == Model<Net>::count_params() + 42);
  CHECK(summary_text(graph).find(" Non-trainable params: 18 (") != std::string::npos);
  std::vector<float> all = weights_of(graph);
  CHECK(std::ranges::equal(std::span(all).subspan(42), weights_of(model)));
  const auto same = [&](const char* in_graph, const char* in_model) {
    const auto a = find_parameter(graph, in_graph);
    return !a.empty() && std::ranges::equal(a, find_parameter(model, in_model));
  };
  CHECK(same("net/inner/kernel", "inner/kernel"));
  CHECK(same("net/dense_1/bias", "dense_1/bias"));

  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<float>(1 + i % 5);
  graph.set_weights(all);
  CHECK(weights_of(graph) == all);
  CHECK(!same("net/inner/kernel", "inner/kernel"));
  auto trainer = compile(graph, Adam{}, SparseCategoricalCrossentropy{});
  trainer.train_on_batch(inputs(8 * 6), labels(8));
  functional::set_weights_from(model, graph, "net");
  CHECK(same("net/batch_normalization_1/moving_variance", "batch_normalization_1/moving_variance"));
  CHECK(same("net/dense_1/bias", "dense_1/bias"));
  CHECK_THROWS_WITH(functional::set_weights_from(model, graph, "none"),
                    "Model: there is no layer 'none', there are input_layer, dense, net");
  CHECK_THROWS_WITH(functional::set_weights_from(model, graph, "dense"),
                    "set_weights_from: Dense 'dense' has other weights than the static model");
  CHECK_THROWS_WITH(as_layer(model, "net")(functional::Input({5})),
                    "layer 0, Sequential 'net', got (5): needs the input of its network; wants (6)");

  // A part of it, and a copy that is frozen.
  functional::Model frozen(x, graph.layer("net")(x));
  frozen.set_weights_from(graph);
  CHECK(std::ranges::equal(frozen.block(), model.block()));
  functional::Model same_layers(x, Dense<3, Softmax>{}(BatchNormalization<>{}(
                                       Dense<4, L2<0.1>>{}(BatchNormalization<>{}(Dense<5>{}(x))))));
  for (functional::Model* m : {&frozen, &same_layers}) m->set_trainable(false);
  CHECK(frozen.plan().trainable == 0);
  check_alike(frozen, same_layers);
  CHECK(std::ranges::equal(frozen.block(), model.block()));
}

TEST_CASE("dropout of a static model in a graph: forward and backward have one mask, calls have their own") {
  const Model<Sequential<Input<6>, Dropout<0.5>>> drop;
  const functional::Layer dropped = as_layer(drop);
  const Tensor x = functional::Input({6});
  functional::Model model(x, Dense<1>{}(dropped(Dense<6>{}(x))), 3);
  auto trainer = compile(model, SGD{}, MeanSquaredError{});
  const std::vector<float> samples = inputs(6), target{0.5f};
  const auto gradient = trainer.gradient(samples, target);
  const std::vector<float> g(gradient.begin(), gradient.end());
  // The loss is a parabola in each weight: its slope is the difference quotient.
  int zeros = 0;
  const auto loss = [&] {
    functional::Model copy = model;
    auto of_copy = compile(copy, SGD{.learning_rate = 0}, MeanSquaredError{});
    return of_copy.train_on_batch(samples, target)[0];
  };
  for (float& w : find_parameter(model, "dense/bias")) {
    const float at = w;
    w = at + 0.125f;
    const double more = loss();
    w = at - 0.125f;
    const double less = loss();
    w = at;
    const double slope = g[static_cast<std::size_t>(&w - model.block().data())];
    CHECK(near(slope, (more - less) / 0.25, 1e-4));
    zeros += slope == 0;
  }
  CHECK(zeros > 0);
  CHECK(zeros < 6);

  // x dropped twice by one layer, and once by a layer of the graph: three masks.
  const Tensor wide = functional::Input({64});
  const Model<Sequential<Input<64>, Dropout<0.5>>> drop_wide;
  const functional::Layer twice = as_layer(drop_wide);
  const functional::Model masks(wide, {twice(wide), twice(wide), Dropout<0.5>{}(wide)});
  const functional::Executor executor(masks.graph(), Mode{.training = true});
  Block<float> workspace(executor.plan.workspace), block(1);
  const Memory<float> memory{1, nullptr, nullptr, workspace.data()};
  std::fill_n(memory(executor.plan, 0), 64, 1.f);
  executor.forward(1, block.data(), static_cast<const float*>(nullptr), static_cast<float*>(nullptr),
                   workspace.data(), Run<float>{1, block.data(), {0, random_dropout}});
  std::vector<std::vector<float>> kept;
  for (const Port& port : executor.plan.outputs)
    kept.emplace_back(memory(executor.plan, port.buffer), memory(executor.plan, port.buffer) + 64);
  CHECK(kept[0] != kept[1]);
  CHECK(kept[0] != kept[2]);
  CHECK(kept[1] != kept[2]);
}

TEST_CASE("stateful layers of a static model in a graph go on from the states") {
  using Net = Sequential<Input<4, 2>, GRU<3, Stateful>, Dense<2>>;
  const Model<Net> model(4);
  const Tensor x = functional::Input({4, 2});
  functional::Model graph(x, as_layer(model)(x));
  const std::vector<float> samples = inputs(3 * 8);
  std::vector<float> p(6), q(6);
  States of_model(model, 3), of_graph(graph, 3);
  for (int batch = 0; batch < 3; ++batch) {
    model.predict(samples, p, of_model);
    graph.predict(samples, q, of_graph);
    CHECK(p == q);
  }
  auto trainer = compile(graph, Adam{}, MeanSquaredError{});
  Model<Net> alone(4);
  auto of_alone = compile(alone, Adam{}, MeanSquaredError{});
  for (int batch = 0; batch < 3; ++batch)
    CHECK(trainer.train_on_batch(samples, q) == of_alone.train_on_batch(samples, q));
  CHECK(std::ranges::equal(graph.block(), alone.block()));
}

TEST_CASE("one sample takes the latency path; steps allocate nothing") {
  using Net =
      Sequential<Input<8, 8, 1>, Conv2D<4, Kernel<3>, ReLU>, MaxPooling2D<>, Flatten, Dense<3, Softmax>>;
  const Model<Net> model(4);
  const Tensor x = functional::Input({8, 8, 1});
  functional::Model graph(x, as_layer(model)(x));
  const std::vector<float> samples = inputs(19 * 64);
  std::vector<float> y(3), all(19 * 3);
  graph.predict(Array(samples).slice(0, 64), y);
  CHECK(std::ranges::equal(y, model.predict(Array(samples).slice(0, 64))));
  auto trainer = compile(graph, Adam{}, SparseCategoricalCrossentropy{});
  const std::vector<int> classes = labels(19);
  trainer.train_on_batch(samples, classes);
  graph.predict(samples, all);
  const long before = testing::allocations;
  trainer.train_on_batch(samples, classes);
  trainer.evaluate(samples, classes);
  graph.predict(samples, all);
  graph.predict(Array(samples).slice(0, 64), y);
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
}

TEST_CASE("a model that reads its weights where they lie is a layer too") {
  using Net = Sequential<Input<6>, Dense<5, ReLU>, Dense<3>>;
  const Model<Net> owner(4);
  const Model<Net, View> view(owner.block().first<plan<Net>().block>());
  const Tensor x = functional::Input({6});
  const functional::Model graph(x, as_layer(view)(x));
  CHECK(std::ranges::equal(graph.predict(inputs(6)), owner.predict(inputs(6))));
}
