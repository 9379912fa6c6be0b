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
  std::vector<double> y, dx, dw;

  Pass(const std::vector<double>& w, const std::vector<double>& x) {
    constexpr const auto& p = Train::plan;
    std::vector<double> workspace(n * p.workspace, 7.0), scratch(Train::template scratch<double>(n)),
        segment(w.size()), updated = w;
    const auto at = [&](int buffer) { return workspace.data() + n * p.buffers[static_cast<std::size_t>(buffer)].offset; };
    const Run<double> run{n, updated.data(), {1, random_dropout, 0, 0}};
    std::copy(x.begin(), x.end(), at(0));
    const double* const none = nullptr;
    Train::forward(n, w.data(), none, static_cast<double*>(nullptr), workspace.data(), run);
    y.assign(at(p.output), at(p.output) + n * Net::output_size);
    for (std::size_t i = 0; i < y.size(); ++i) at(p.output_gradient)[i] = testing::filled(i, 9);
    dw.resize(w.size());
    Store<double> store(w.data(), dw.data());
    Train::backward(n, w.data(), workspace.data(), scratch.data(), segment.data(), store, run);
    dx.assign(at(p.input_gradient), at(p.input_gradient) + x.size());
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
      for (std::size_t i = 0; i < one.size(); ++i) different += !near(one[i], all[s * Net::output_size + i], 1e-5);
    }
    CHECK(different == 0);
    Model<Net, Owned, double> exact(3);
    auto trainer = compile(model, SGD{}, MeanSquaredError{});
    auto reference = compile(exact, SGD{}, MeanSquaredError{});
    CHECK(all_near(trainer.gradient(in, target), reference.gradient(in, target), 1e-5));
  }
}

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
  CHECK(layer_names(p.layers) == std::vector<std::string>{"dense", "add"});
}

TEST_CASE("gradients of networks with branches") {
  check_gradients<Sequential<Input<5>, Residual<Dense<5, Tanh>>>>();
  check_gradients<Sequential<Input<5>, Dense<7, Tanh>, Residual<Dense<9, Sigmoid>, Dense<7>>, Dense<3>>>();
  check_gradients<Sequential<Input<6>, Dense<7>, Parallel<Concatenate<>, Branch<Dense<3, Tanh>>, Branch<>, Branch<Dense<17>, Activation<Tanh>, Dense<2, Sigmoid>>>, Dense<4>>>();
  check_gradients<Sequential<Input<6>, Dense<4>, Parallel<Add<>, Branch<>, Branch<>, Branch<>>, Dense<4>>>();
}
