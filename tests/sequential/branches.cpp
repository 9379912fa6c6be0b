// Residual and Parallel: their plans, and what the networks compute.
#include "../check.hpp"

using namespace keratin;

namespace {

constexpr Mode training{.training = true}, with_input{.training = true, .input_gradient = true};

// No two buffers that are alive at the same time share memory.
bool never_overlaps(const auto& p) {
  for (std::size_t i = 0; i < p.buffers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Buffer &a = p.buffers[i], &b = p.buffers[j];
      if (a.external || b.external || a.first > b.last || b.first > a.last) continue;
      if (a.offset < b.offset + b.size && b.offset < a.offset + a.size) return false;
    }
  return true;
}

template <class S> std::vector<S> values(std::size_t n, int k, double scale = 1) {
  std::vector<S> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<S>(scale * testing::filled(i * i % 1009, k));
  return v;
}

// A training pass over samples in rows: the outputs, and the gradients of sum(r y).
template <class Net> struct Pass {
  using Train = detail::Execute<Net, with_input>;
  static constexpr int n = 3;
  std::vector<double> y, dx, dw, updated;  // the last: the weights, with those that layers keep up to date

  Pass(const std::vector<double>& w, const std::vector<double>& x) {
    constexpr const auto& p = Train::plan;
    std::vector<double> workspace(n * p.workspace, 7.0), scratch(Train::template scratch<double>(n)),
        segment(w.size());
    updated = w;
    const auto at = [&](int buffer) {
      return workspace.data() + n * p.buffers[static_cast<std::size_t>(buffer)].offset;
    };
    const Run<double> run{n, updated.data(), {1, random_dropout, 0, 0}};
    std::copy(x.begin(), x.end(), at(0));
    const double* const none = nullptr;
    Train::forward(n, w.data(), none, static_cast<double*>(nullptr), workspace.data(), run);
    y.assign(at(p.outputs[0].buffer), at(p.outputs[0].buffer) + n * Net::output_size);
    for (std::size_t i = 0; i < y.size(); ++i) at(p.outputs[0].gradient)[i] = testing::filled(i, 9);
    dw.resize(w.size());
    Store<double> store(w.data(), dw.data());
    Train::backward(n, w.data(), workspace.data(), scratch.data(), segment.data(), store, run);
    dx.assign(at(p.inputs[0].gradient), at(p.inputs[0].gradient) + x.size());
  }
};

// Gradients against central differences, in double.
template <class Net> void check_gradients() {
  constexpr const auto& p = plan<Net, with_input>();
  CHECK(never_overlaps(p));
  CHECK(never_overlaps(plan<Net, training>()));
  CHECK(never_overlaps(plan<Net>()));
  std::vector<double> w = values<double>(p.block, 1), x = values<double>(Pass<Net>::n * Net::input_size, 2);
  const Pass<Net> pass(w, x);
  const auto loss = [&] {
    const Pass<Net> moved(w, x);
    double sum = 0;
    for (std::size_t i = 0; i < moved.y.size(); ++i) sum += moved.y[i] * testing::filled(i, 9);
    return sum;
  };
  const auto check = [&](std::vector<double>& v, const std::vector<double>& gradient) {
    int wrong = 0;
    for (std::size_t i = 0; i < v.size(); i += v.size() / 61 + 1) {
      const double h = 1e-5, before = v[i];
      v[i] = before + h;
      const double above = loss();
      v[i] = before - h;
      const double difference = (above - loss()) / (2 * h);
      v[i] = before;
      wrong += !near(gradient[i], difference, 2e-6);
    }
    CHECK(wrong == 0);
  };
  check(x, pass.dx);
  check(w, pass.dw);

  // The trainer's plan, without the input's gradient, gives the same weight gradients; so do Lanes, and
  // predictions are those of a batch, one by one.
  if constexpr (requires { Net::input_size; }) {
    Model<Net> model(3);
    constexpr std::size_t n = 19;
    const auto in = values<float>(n * Net::input_size, 1), target = values<float>(n * Net::output_size, 2);
    std::vector<float> all(n * Net::output_size);
    model.predict(in, all);
    int different = 0;
    for (std::size_t s = 0; s < n; ++s) {
      const auto one = model.predict(Array(in).slice(s * Net::input_size, Net::input_size));
      for (std::size_t i = 0; i < one.size(); ++i)
        different += !near(one[i], all[s * Net::output_size + i], 1e-5);
    }
    CHECK(different == 0);
    Model<Net, Owned, double> exact(3);
    auto trainer = compile(model, SGD{}, MeanSquaredError{});
    auto reference = compile(exact, SGD{}, MeanSquaredError{});
    CHECK(all_near(trainer.gradient(in, target), reference.gradient(in, target), 1e-5));
  }
}

// What Keras computes for the same network; its weight j is fill(j + 1), plus 1 if it is not trained.
template <class Net> void check_keras(const std::string& name) {
  CAPTURE(name);
  Model<Net, Owned, double> model;
  int j = 0;
  for (const LayerPlan& layer : model.layers())
    for (int p = 0; p < layer.tensors.count(); ++p, ++j)
      for (std::size_t i = 0; i < static_cast<std::size_t>(layer.tensors[p].shape.size()); ++i)
        model.block()[layer.tensors.offset(p) + i] =
            testing::filled(i, j + 1) + (layer.tensors[p].trainable ? 0 : 1);
  std::vector<double> x(3 * Net::input_size), y(3 * Net::output_size);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = testing::filled(i, 0);
  model.predict(x, y);
  CHECK(all_near(y, golden(name + "/y"), 1e-5));
  const Pass<Net> pass(std::vector<double>(model.block().begin(), model.block().end()), x);
  CHECK(all_near(pass.dx, golden(name + "/dx"), 1e-5));
  std::vector<double> gradient, state;
  for (const LayerPlan& layer : model.layers())
    for (int p = 0; p < layer.tensors.count(); ++p) {
      const bool trained = layer.tensors[p].trainable;
      const auto from =
          (trained ? pass.dw : pass.updated).begin() + static_cast<std::ptrdiff_t>(layer.tensors.offset(p));
      std::vector<double>& to = trained ? gradient : state;
      to.insert(to.end(), from, from + layer.tensors[p].shape.size());
    }
  CHECK(all_near(gradient, golden(name + "/gradient"), 1e-5));
  CHECK(all_near(state, golden(name + "/state"), 1e-5));
}

using Dense3 = Sequential<Input<6>, Dense<8, Tanh>, Residual<Dense<8, ReLU>, Dense<8>>,
                          Parallel<Concatenate<>, Branch<>, Branch<Dense<5, Sigmoid>>, Branch<Dense<3>>>,
                          Dense<4, Softmax>>;
using Images = Sequential<
    Input<6, 6, 3>, Conv2D<4, Kernel<3>, Same, NoBias>, BatchNormalization<>, Activation<ReLU>,
    Residual<Conv2D<4, Kernel<3>, Same, NoBias>, BatchNormalization<>, Activation<ReLU>,
             Conv2D<4, Kernel<3>, Same>, BatchNormalization<>>,
    Activation<ReLU>,
    Parallel<Concatenate<>, Branch<Conv2D<3>>, Branch<Conv2D<2, ReLU>, Conv2D<5, Kernel<3>, Same, Tanh>>,
             Branch<AveragePooling2D<PoolSize<3>, Strides<1>, Same>>>,
    GlobalAveragePooling2D, Dense<2>>;
using Nested =
    Sequential<Input<5, 4>,
               Residual<Residual<Dense<4, Tanh>>,
                        Parallel<Add<>, Branch<>, Branch<Dense<4>>, Branch<Residual<Dense<4, ReLU>>>>>,
               Parallel<Concatenate<1>, Branch<>, Branch<Conv1D<4, Kernel<3>>>>, Flatten, Dense<3, Tanh>>;

}  // namespace

TEST_CASE("a residual adds its input to what its layers make") {
  using Net = Sequential<Input<5>, Residual<Dense<5, Tanh>>>;
  constexpr const auto& p = plan<Net>();
  static_assert(p.layers.size() == 2 && p.layers[1].inputs[0] == -1 && p.layers[1].inputs[1] == 0);
  const Model<Net> model(1);
  const Model<Sequential<Input<5>, Dense<5, Tanh>>> inner(1);
  const std::array<float, 5> x{1, -2, 3, -4, 5};
  const auto y = model.predict(x), f = inner.predict(x);
  for (std::size_t i = 0; i < 5; ++i) CHECK(y[i] == x[i] + f[i]);
  const Model<Sequential<Input<5>, Residual<>>> twice;
  for (std::size_t i = 0; i < 5; ++i) CHECK(twice.predict(x)[i] == 2 * x[i]);
  const Model<Sequential<Input<5>, Parallel<Concatenate<>, Branch<>>>> same;
  CHECK(same.predict(x) == x);
}

TEST_CASE("layers are listed in the order in which they run, with Keras's names") {
  constexpr const auto& p = plan<Nested>();
  CHECK(layer_names(p.layers) == std::vector<std::string>{"dense", "add", "dense_1", "dense_2", "add_1",
                                                          "add_2", "add_3", "conv1d", "concatenate",
                                                          "flatten", "dense_3"});
  static_assert(p.layers[5].inputs.count == 3 && p.layers[5].inputs[0] == 1 && p.layers[5].inputs[1] == 2 &&
                p.layers[5].inputs[2] == 4);
  static_assert(p.layers[6].inputs[0] == -1 && p.layers[8].out == Shape{8, 4});
  using Calls =
      Sequential<Input<4>, Named<"block", Residual<Dense<4>>>, Parallel<Named<"all", Add<>>, Branch<>>>;
  CHECK(layer_names(plan<Calls>().layers) == std::vector<std::string>{"dense", "block", "all"});
  Model<Nested> model(2);
  CHECK(find_parameter(model, "dense_2/bias").size() == 4);
  CHECK(summary_text(model).find("concatenate (Concatenate)") != std::string::npos);
  std::vector<float> w(model.count_params());
  model.get_weights(w);
  Model<Nested> other(3);
  other.set_weights(w);
  const auto x = values<float>(20, 1);
  CHECK(model.predict(x) == other.predict(x));
}

TEST_CASE("nobody writes over a value that another still reads") {
  using InPlace = Sequential<Input<5>, Dense<4>, Residual<Activation<Tanh>, Dense<4>>, Dense<2>>;
  constexpr const auto& p = plan<InPlace>();
  static_assert(p.steps.size() == 5);  // the activation cannot be fused: the Add reads what it reads
  static_assert(p.steps[1].inputs[0] != p.steps[1].output);
  static_assert(p.steps[3].output == p.steps[3].inputs[0]);  // the Add is in place
  using Behind = Sequential<Input<5>, Parallel<Concatenate<>, Branch<Dense<4>>, Branch<Activation<Tanh>>>>;
  static_assert(plan<Behind>().steps.size() == 3);  // behind the Dense in the list, but not in its branch
  using Views = Sequential<Input<5>, Dense<4>, Residual<Reshape<2, 2>, Activation<Tanh>, Flatten>>;
  static_assert(plan<Views>().steps[1].inputs[0] != plan<Views>().steps[1].output);
  using Last = Sequential<Input<5>, Dense<4>, Residual<Residual<Reshape<2, 2>, Flatten>, Activation<Tanh>>>;
  static_assert(plan<Last>().steps.size() == 3 &&
                plan<Last>().steps[1].inputs[0] == plan<Last>().steps[1].inputs[1]);
}

TEST_CASE("gradients that meet are added, and copied only where they must be") {
  using Block = Sequential<Input<8>, Dense<8>, Residual<Dense<8, Tanh>, Dense<8>>, Dense<2>>;
  constexpr const auto& p = plan<Block, training>();
  constexpr const Step &add = p.steps[3], &inner = p.steps[1];
  static_assert(add.input_gradients[0] == add.output_gradient &&
                add.input_gradients[1] == add.output_gradient);
  static_assert(inner.sums[0].to == add.output_gradient && inner.sums[0].from == inner.input_gradients[0]);
  static_assert(p.steps[0].output_gradient == add.output_gradient);
  // An activation in the last layer inside overwrites its gradient: one copy.
  using Overwrites = Sequential<Input<8>, Dense<8>, Residual<Dense<8, Tanh>>, Dense<2>>;
  constexpr const Step& copies = plan<Overwrites, training>().steps[2];
  static_assert(copies.input_gradients[0] == copies.output_gradient);
  static_assert(copies.input_gradients[1] != copies.output_gradient);
  const std::string text = describe(plan<Block, training>());
  CHECK(text.find("step 2: Dense (tanh): b1 -> b2; backward: b7 -> b8, b6 += b8\n") != std::string::npos);
  CHECK(text.find("step 4: Add: b1, b3 -> b3; backward: b6 -> b6, b6\n") != std::string::npos);
}

TEST_CASE("gradients of networks with branches, of rows") {
  check_gradients<Sequential<Input<5>, Residual<Dense<5, Tanh>>>>();
  check_gradients<Sequential<Input<5>, Dense<7, Tanh>, Residual<Dense<9, Sigmoid>, Dense<7>>, Dense<3>>>();
  check_gradients<Sequential<Input<5>, Residual<Residual<Dense<5>>, Dense<5, Tanh>, Residual<>>>>();
  check_gradients<Dense3>();
}
TEST_CASE("gradients of values with three readers, through views, activations and Dropout") {
  check_gradients<
      Sequential<Input<6>, Dense<4>, Parallel<Add<>, Branch<>, Branch<>, Branch<>>,
                 Parallel<Add<>, Branch<Dense<4>>, Branch<>, Branch<Reshape<2, 2>, Flatten>>, Dense<4>>>();
  check_gradients<
      Sequential<Input<6>, Dense<4, Tanh>,
                 Parallel<Add<>, Branch<Activation<Tanh>>, Branch<Dense<4, Sigmoid>>, Branch<>>, Dropout<0.3>,
                 Activation<Sigmoid>, Residual<Dropout<0.2>, Reshape<2, 2>, Activation<Tanh>, Flatten>>>();
  // A gradient that several values share, and the later of them is split again.
  check_gradients<
      Sequential<Input<6>, Dense<4, Tanh>,
                 Parallel<Add<>, Branch<Dense<4, Tanh>>,
                          Branch<Parallel<Add<>, Branch<>, Branch<Dense<4>>, Branch<>>>, Branch<>>,
                 Activation<Softmax>>>();
}
TEST_CASE("gradients of normalized convolutions, and nested") {
  check_gradients<Images>();
  check_gradients<Nested>();
}

TEST_CASE("Keras computes the same") {
  check_keras<Dense3>("branches_dense");
  check_keras<Images>("branches_images");
  check_keras<Nested>("branches_nested");
}

TEST_CASE("fused and apart is the same") {
  const auto compare = []<class A, class B>(std::type_identity<A>, std::type_identity<B>) {
    static_assert(plan<A>().steps.size() < plan<B>().steps.size());
    Model<A, Owned, double> a(4);
    Model<B, Owned, double> b(4);
    const auto x = values<double>(19 * A::input_size, 1), y = values<double>(19 * A::output_size, 2);
    auto train_a = compile(a, SGD{}, MeanSquaredError{});
    auto train_b = compile(b, SGD{}, MeanSquaredError{});
    CHECK(all_near(train_a.gradient(x, y), train_b.gradient(x, y), 1e-12));
    std::vector<double> p(y.size()), q(y.size());
    a.predict(x, p);
    b.predict(x, q);
    CHECK(all_near(p, q, 1e-12));
  };
  compare(std::type_identity<
              Sequential<Input<5>, Dense<7>, Residual<Dense<7>, Activation<Tanh>>, Activation<ReLU>>>{},
          std::type_identity<Sequential<Input<5>, Dense<7>, Residual<Dense<7>, Reshape<7>, Activation<Tanh>>,
                                        Reshape<7>, Activation<ReLU>>>{});
  using Layers = Sequential<Input<6, 6, 2>, Conv2D<3, Kernel<3>, Same>,
                            Residual<Conv2D<3, Kernel<3>, Same>, BatchNormalization<>>, Activation<ReLU>,
                            MaxPooling2D<>>;
  using Apart = Sequential<Input<6, 6, 2>, Conv2D<3, Kernel<3>, Same>,
                           Residual<Conv2D<3, Kernel<3>, Same>, Reshape<6, 6, 3>, BatchNormalization<>>,
                           Reshape<6, 6, 3>, Activation<ReLU>, MaxPooling2D<>>;
  static_assert(plan<Layers>().steps.size() == 4);
  compare(std::type_identity<Layers>{}, std::type_identity<Apart>{});
}

TEST_CASE("a loss on logits takes over the activation behind a residual") {
  using Net = Sequential<Input<5>, Dense<4, Tanh>, Residual<Dense<4>>, Activation<Softmax>>;
  static_assert(Model<Net>::output_activation() == Softmax{});
  Model<Net, Owned, double> model(3);
  const auto x = values<double>(3 * 5, 1);
  std::vector<double> y(3 * 4);
  for (std::size_t i = 0; i < 3; ++i) y[i * 4 + i] = 1;
  auto trainer = compile(model, SGD{}, CategoricalCrossentropy{});
  const auto span = trainer.gradient(x, y);
  const std::vector<double> gradient(span.begin(), span.end());
  for (std::size_t i = 0; i < 20; ++i) {
    const double h = 1e-6, before = model.block()[i];
    model.block()[i] = before + h;
    const double above = trainer.test_on_batch(x, y)[0];
    model.block()[i] = before - h;
    const double difference = (above - trainer.test_on_batch(x, y)[0]) / (2 * h);
    model.block()[i] = before;
    CHECK(near(gradient[i], difference, 1e-7));
  }
}

TEST_CASE("training steps allocate nothing, and train") {
  const auto train = []<class Net>(std::type_identity<Net>) {
    Model<Net> model(1);
    auto trainer = compile(model, Adam{.learning_rate = 0.01}, MeanSquaredError{});
    const auto x = values<float>(32 * Net::input_size, 1), y = values<float>(32 * Net::output_size, 2);
    const double first = trainer.train_on_batch(x, y)[0];
    const long before = testing::allocations;
    double last = 0;
    for (int i = 0; i < 100; ++i) last = trainer.train_on_batch(x, y)[0];
    trainer.evaluate(x, y);
    const bool allocated = testing::allocations != before;
    CHECK(!allocated);
    CHECK(last < first / 2);
  };
  train(std::type_identity<Nested>{});
  train(std::type_identity<Images>{});
}

TEST_CASE("no gradient is computed for what does not learn") {
  using Net =
      Sequential<Input<5>, Parallel<Concatenate<>, Branch<Activation<Tanh>>, Branch<Dense<4>>>, Dense<2>>;
  constexpr const auto& p = plan<Net, training>();
  static_assert(p.steps[0].output_gradient == Step::none && p.steps[2].input_gradients[0] == Step::none);
  static_assert(p.steps[2].input_gradients[1] != Step::none && p.steps[1].input_gradients[0] == Step::none);
}
