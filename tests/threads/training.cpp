// Training on several threads: a batch is cut by a rule that does not ask for their number, so that every bit
// is the same.
#include <keratin/functional.hpp>
#include <keratin/threads.hpp>

#include <functional>
#include <optional>

#include "../check.hpp"

using namespace keratin;
using functional::Tensor;

namespace {

using Layers = Sequential<Input<16, 16, 2>, RandomFlip<>, Conv2D<8, Kernel<3>, ReLU>, MaxPooling2D<>,
                          SpatialDropout2D<0.2>, Conv2D<16, Kernel<3>, Tanh, L2<1e-3>>, GaussianNoise<0.1>,
                          Flatten, Dropout<0.3>, Dense<5, Softmax>>;
constexpr std::size_t samples = 160;
static_assert(Parts(plan<Layers, Mode{.training = true}>(), samples).count == 4);

struct Data {
  std::vector<float> x, w = filled_array(samples, 5);
  std::vector<int> y = std::vector<int>(samples);

  explicit Data(std::size_t per_sample, std::size_t labels = 1, int classes = 5)
      : x(filled_array(samples * per_sample, 3)), y(samples * labels) {
    for (float& v : w) v = std::fabs(v);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<int>(i * 7 % 11) % classes;
  }
};

// All that a few steps leave behind, and what was logged on the way.
struct Trace {
  std::vector<double> numbers;

  void add(const auto& values) { numbers.insert(numbers.end(), std::begin(values), std::end(values)); }
  bool operator==(const Trace&) const = default;
};

template <class Model>
Trace trace_of(Model model, auto compiled, const Arrays& x, const Arrays& y, const Arrays& w,
               Workers* workers) {
  auto trainer = compiled(model);
  trainer.set_workers(workers);
  trainer.set_random_seed(3);
  Trace trace;
  trace.add(trainer.train_on_batch(x, y, {.sample_weight = w}));
  trace.add(trainer.gradient(x, y));
  trainer.fit(x, y, {.batch_size = 100, .sample_weight = w, .verbose = 0});
  trace.add(trainer.evaluate(x, y, 160, {.sample_weight = w}));
  trace.add(model.block());
  trace.add(trainer.slots());
  return trace;
}

template <class Model>
Trace check_threads(const Model& model, auto compiled, const Arrays& x, const Arrays& y,
                    const Arrays& w = {}) {
  const Trace alone = trace_of(model, compiled, x, y, w, nullptr);
  for (const int count : {2, 3, 5}) {
    Threads threads(count);
    CAPTURE(count);
    CHECK((trace_of(model, compiled, x, y, w, &threads) == alone));
  }
  return alone;
}

// The chain of a network's layers.
template <class In, class... Ls> functional::Model chain(const Model<Sequential<In, Ls...>>& model) {
  const Tensor x = functional::Input(In::shape);
  Tensor y = x;
  ((y = Ls{}(y)), ...);
  functional::Model graph(x, y);
  std::ranges::copy(model.block(), graph.block().begin());
  return graph;
}

const auto classifier = [](auto& model) {
  return compile(model, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
};

}  // namespace

TEST_CASE("the rule that cuts a batch") {
  constexpr auto count = [](const auto& plan, int n) { return Parts(plan, n).count; };
  using LeNet5 =
      Sequential<Input<28, 28, 1>, Conv2D<6, Kernel<5>, ReLU>, MaxPooling2D<>, Conv2D<16, Kernel<5>, ReLU>,
                 MaxPooling2D<>, Flatten, Dense<120, ReLU>, Dense<84, ReLU>, Dense<10, Softmax>>;
  constexpr const auto& lenet = plan<LeNet5, Mode{.training = true}>();
  CHECK(count(lenet, 1) == 1);
  CHECK(count(lenet, 32) == 2);
  CHECK(count(lenet, 128) >= 4);
  using Small = Sequential<Input<784>, Dense<32, ReLU>, Dense<10, Softmax>>;
  CHECK(count(plan<Small, Mode{.training = true}>(), 32) == 1);
  using Normalized = Sequential<Input<28, 28, 1>, Conv2D<6, Kernel<5>>, BatchNormalization<>>;
  CHECK(count(plan<Normalized, Mode{.training = true}>(), 1000) == 1);
  for (int n = 1; n < 400; ++n) {
    const Parts parts(lenet, n);
    int sum = 0;
    for (int part = 0; part < parts.count; ++part) {
      CHECK(parts.first(part) == sum);
      CHECK(parts.samples_of(part) > 0);
      sum += parts.samples_of(part);
    }
    CHECK(sum == n);
  }
}

TEST_CASE("convolutions and random layers: the same bits for any number of threads, and as a graph") {
  const Model<Layers> model(1);
  const Data data(16 * 16 * 2);
  const Trace alone = check_threads(model, classifier, data.x, data.y, data.w);
  CHECK((check_threads(chain(model), classifier, data.x, data.y, data.w) == alone));
  Model<Layers> other(1);
  auto fixed = compile<160>(other, Adam{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  fixed.set_random_seed(3);
  Trace in_place;
  in_place.add(fixed.train_on_batch(data.x, data.y, {.sample_weight = data.w}));
  CHECK(std::equal(in_place.numbers.begin(), in_place.numbers.end(), alone.numbers.begin(),
                   [](double a, double b) { return std::fabs(a - b) <= 1e-5; }));  // is never cut
}

TEST_CASE("a part draws and computes what the whole batch would") {
  // A layer that looks at the whole batch, and does nothing.
  using Whole = Sequential<Input<16, 16, 2>, RandomFlip<>, Conv2D<8, Kernel<3>, ReLU>, MaxPooling2D<>,
                           SpatialDropout2D<0.2>, Conv2D<16, Kernel<3>, Tanh, L2<1e-3>>, GaussianNoise<0.1>,
                           Flatten, Dropout<0.3>, ActivityRegularization<>, Dense<5, Softmax>>;
  static_assert(Parts(plan<Whole, Mode{.training = true}>(), samples).count == 1);
  const auto stays_whole = []<class Layer>(const Layer&) {
    return !goes_in_parts(plan<Sequential<Input<100>, Layer>, Mode{.training = true}>());
  };
  static_assert(stays_whole(Dense<9, ActivityL2<>>{}) && stays_whole(SpectralNormalization<Dense<9>>{}) &&
                stays_whole(BatchNormalization<>{}) && !stays_whole(Dense<9>{}));
  Model<Layers> cut(1);
  Model<Whole> whole(1);
  std::ranges::copy(cut.block(), whole.block().begin());
  const Data data(16 * 16 * 2);
  auto a = classifier(cut);
  auto b = classifier(whole);
  CHECK(a.train_on_batch(data.x, data.y) == b.train_on_batch(data.x, data.y));
  const auto of_cut = a.gradient(data.x, data.y), of_whole = b.gradient(data.x, data.y);
  CHECK(all_near(of_cut, of_whole, 1e-5));
}

TEST_CASE("Dense layers, in float and double") {
  using Net = Sequential<Input<100>, Dense<260, ReLU>, Dropout<0.2>, Dense<5, Softmax>>;
  static_assert(Parts(plan<Net, Mode{.training = true}>(), samples).count == 2);
  const Data data(100);
  const Model<Net> model(1);
  const Trace alone = check_threads(model, classifier, data.x, data.y);
  CHECK((check_threads(chain(model), classifier, data.x, data.y) == alone));
  check_threads(Model<Net, Owned, double>(1), classifier, data.x, data.y, data.w);
}

TEST_CASE("passes one by one: the bits of a step, for any number of threads") {
  using Net = Sequential<Input<100>, Dense<260, ReLU>, Dropout<0.2>, Dense<5>>;
  static_assert(Parts(plan<Net, Mode{.training = true}>(), samples).count == 2);
  const Data data(100);
  const functional::Model model = chain(Model<Net>(1));
  constexpr SparseCategoricalCrossentropy<FromLogits> loss;
  functional::Model trained = model;
  compile(trained, Adam{}, loss).train_on_batch(data.x, data.y);
  std::vector<float> alone;
  for (const int count : {1, 2, 3}) {
    Threads threads(count);
    functional::Model other = model;
    auto trainer = compile(other, Adam{});
    trainer.set_workers(&threads);
    trainer.forward(Array(data.x).slice(0, 100));  // not cut: the memory grows with the next
    trainer.backward_frozen();
    trainer.zero_gradients();
    trainer.apply_gradients();
    trainer.set_iterations(0);
    trainer.forward(data.x);
    trainer.loss(loss, data.y);
    const auto dx = trainer.backward();
    if (alone.empty()) alone.assign(dx.begin(), dx.end());
    CAPTURE(count);
    CHECK(std::ranges::equal(dx, alone));
    trainer.apply_gradients();
    CHECK(std::ranges::equal(other.block(), trained.block()));
  }
}

TEST_CASE("layers of sequences, and one that keeps the batch whole") {
  using Net = Sequential<Input<20, 8>, LSTM<32, ReturnSequences, RecurrentDropout<0.2>>,
                         Bidirectional<GRU<12, Dropout<0.2>>>, Dense<5, Softmax>>;
  static_assert(Parts(plan<Net, Mode{.training = true}>(), samples).count > 1);
  const Data data(160);
  check_threads(Model<Net>(1), classifier, data.x, data.y, data.w);
  using Normalized = Sequential<Input<160>, Dense<64>, BatchNormalization<>, ReLULayer<>, Dense<5, Softmax>>;
  check_threads(Model<Normalized>(1), classifier, data.x, data.y);
}

TEST_CASE("graphs with masks, shared layers, attention and several outputs") {
  const Tensor x = functional::Input({12}), z = functional::Input({12, 24});
  const Tensor y =
      LSTM<24, ReturnSequences>{}(x.then(EmbeddingSpec{.input_dim = 9, .output_dim = 24, .mask_zero = true}));
  const functional::Layer shared(Dense<24, Tanh>{});
  const Tensor attended = MultiHeadAttention<2, 12, Dropout<0.2>>{}(shared(z), shared(y));
  const functional::Model model({x, z}, std::vector{Dense<5, Softmax>{}(y), Dense<3>{}(Flatten{}(attended))},
                                2);
  REQUIRE(Parts(functional::Executor(model.graph(), Mode{.training = true}).plan, samples).count > 1);
  Data data(12, 12);
  for (std::size_t i = 0; i < data.x.size(); ++i) data.x[i] = static_cast<float>(i * 5 % 13 % 9);
  const auto other = filled_array(samples * 12 * 24, 4), values = filled_array(samples * 3, 6);
  check_threads(model,
                [](auto& m) {
                  return compile(m, Adam{}, ForOutput(SparseCategoricalCrossentropy{}, metrics::Accuracy{}),
                                 ForOutput(MeanSquaredError{}).weighing(0.3));
                },
                {data.x, other}, {data.y, values}, {data.w, data.w});
}

TEST_CASE("a step on threads allocates nothing") {
  Model<Layers> model(1);
  const Data data(16 * 16 * 2);
  auto trainer = classifier(model);
  Threads threads(3);
  trainer.set_workers(&threads);
  trainer.train_on_batch(data.x, data.y);
  const long before = testing::allocations;
  trainer.train_on_batch(data.x, data.y);
  trainer.train_on_batch(Array(data.x).slice(0, 100 * 512), Array(data.y).slice(0, 100));
  trainer.test_on_batch(data.x, data.y);
  CHECK(testing::allocations == before);
  CHECK(testing::allocations_are_counted());
}

TEST_CASE("what a layer throws on a thread comes out, and nothing is trained") {
  const Tensor x = functional::Input({100});
  bool fails = false;
  const functional::Layer picky = functional::Lambda(
      "picky",
      [&](std::span<const float> in, std::span<float> out) {
        if (fails && in[0] < 0) throw std::runtime_error("below zero");
        std::copy(in.begin(), in.end(), out.begin());
      },
      [](auto, auto, auto dy, auto dx) {
        for (std::size_t i = 0; i < dy.size(); ++i) dx[i] += dy[i];
      });
  functional::Model model(x, Dense<5, Softmax>{}(picky(Dense<260>{}(x))));
  const Data data(100);
  auto trainer = classifier(model);
  Threads threads(3);
  trainer.set_workers(&threads);
  trainer.train_on_batch(data.x, data.y);
  const std::vector<float> before(model.block().begin(), model.block().end());
  fails = true;
  CHECK_THROWS_WITH(trainer.train_on_batch(data.x, data.y), "below zero");
  CHECK(std::ranges::equal(model.block(), before));
  CHECK(trainer.iterations() == 1);
  fails = false;
  trainer.train_on_batch(data.x, data.y);
  CHECK(trainer.iterations() == 2);
}

TEST_CASE("threads that are busy, and how many there are") {
  Threads threads(2);
  std::atomic<int> done = 0;
  threads.for_each(4, [&](std::size_t) { threads.for_each(4, [&](std::size_t) { ++done; }); });
  CHECK(done == 16);
  threads.set_count(4);
  CHECK(threads.count() == 4);
  threads.for_each(9, [&](std::size_t) { ++done; });
  CHECK(done == 25);
  CHECK_THROWS_WITH(threads.set_count(0), "Threads: 0 came, at least 1 wanted");
  CHECK(shared_threads().count() >= 1);
  // Denormal numbers are what they are for the caller.
  std::array<std::atomic<bool>, 8> flushed{};
  const FlushDenormals flush;
  threads.for_each(8, [&](std::size_t i) {
    volatile float tiny = 1e-38f;
    tiny = tiny * 0.01f;
    flushed[i] = tiny == 0;
  });
  for (const auto& one : flushed) CHECK(one);
}
