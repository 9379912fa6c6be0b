#pragma once
// check_layer: everything that is true of every layer, tried on one. For the library's layers and for yours:
//   const auto report = keratin::testing::check_layer<MyLayer, Input<28, 28, 1>>();
//   CHECK_MESSAGE(report.passed(), report.text());
#include <keratin/functional.hpp>
#include <keratin/keratin.hpp>
#include <keratin/testing/allocations.hpp>

#include <boost/hana/length.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace keratin::testing {

/// What Keras computes for a layer, by the filling rule of tests/keras: batch 3, x = fill(0), weight j =
/// fill(j + 1), gradients of sum(fill(9) * y); weights that are not trained are 1 + fill(j + 1). y is that of
/// inference, gradients and the weights afterwards are those of a training pass. Empty members are not
/// compared.
struct Golden {
  std::vector<float> y, dx;
  std::vector<std::vector<float>> dw;     // of the trainable weights
  std::vector<std::vector<float>> state;  // the others, updated
};

/// What a check found wrong.
class Report {
 public:
  bool passed() const { return failures_.empty(); }
  /// One line a failure.
  std::string text() const {
    std::string all;
    for (const std::string& failure : failures_) all += failure + "\n";
    return all;
  }
  void expect(bool ok, const std::string& failure) {
    if (!ok) failures_.push_back(failure);
  }

 private:
  std::vector<std::string> failures_;
};

/// 0.5 sin(0.37 i + k), rounded to float: the values that tests/keras fills inputs and weights with.
inline double filled(std::size_t i, int k) {
  return static_cast<float>(0.5 * std::sin(0.37 * static_cast<double>(i) + k));
}

namespace detail {

struct AnyField {
  template <class T> constexpr operator T() const;
};
// How many fields an aggregate has.
template <class S, class... Fields> constexpr std::size_t fields() {
  if constexpr (requires { S{Fields{}..., AnyField{}}; })
    return fields<S, Fields..., AnyField>();
  else
    return sizeof...(Fields);
}

// A network of one layer in all its forms, and the values that the checks work on.
template <class L, class In, int Classes> class LayerCheck {
  using Net = Sequential<In, L>;
  static constexpr Mode training{.training = true, .input_gradient = true};
  using Infer = keratin::detail::Execute<Net>;
  using Train = keratin::detail::Execute<Net, training>;
  static constexpr const LayerPlan& row = plan<Net>().layers[0];
  static constexpr std::size_t in = Net::input_size, out = Net::output_size, block = plan<Net>().block;
  static constexpr int groups = 2, samples = groups * lanes<float>;

  // The outputs of a training pass, and its gradients of sum(r * y).
  template <class S> struct Pass {
    std::vector<S> y, dx, dw, weights;
  };

 public:
  Report run(const Golden& golden) {
    shapes();
    gradients();
    keras(golden);
    singles();
    across_lanes();
    partial_group();
    graph();
    trained();
    extremes();
    return report_;
  }

 private:
  void shapes() {
    const Fit fit = L::spec.fit(In::shape);
    report_.expect(!fit.broken && fit.out == Net::output_shape,
                   "fit() and the plan disagree on the output shape");
    using Spec = typename L::Spec;
    if constexpr (hana::Struct<Spec>::value && std::is_aggregate_v<Spec> && !std::is_empty_v<Spec>)
      report_.expect(decltype(hana::length(hana::accessors<Spec>()))::value == fields<Spec>(),
                     "BOOST_HANA_ADAPT_STRUCT does not list every field of the spec");
    std::size_t offset = 0;
    for (int i = 0; i < row.tensors.count(); ++i) {
      const Parameter& p = row.tensors[i];
      report_.expect(std::string_view(p.name) != "", "parameter " + std::to_string(i) + " has no name");
      for (int j = 0; j < i; ++j)
        report_.expect(std::string_view(p.name) != row.tensors[j].name,
                       std::string("two parameters ") + p.name);
      report_.expect(row.tensors.offset(i) >= offset,
                     std::string("parameter ") + p.name + " overlaps the one before");
      offset = row.tensors.offset(i) + static_cast<std::size_t>(p.shape.size());
    }
    report_.expect(offset <= block, "the parameters do not fit the block");
  }

  // Backward in double against central differences of forward in double.
  void gradients() {
    constexpr int n = 3;
    std::vector<double> w = weights<double>(), x = inputs<double>(n, 2);  // no zero, where relu has a kink
    const Pass<double> pass = train<double>(n, w, x);
    const auto loss = [&] {
      const Pass<double> moved = train<double>(n, w, x);
      double sum = 0;
      for (std::size_t i = 0; i < moved.y.size(); ++i) sum += moved.y[i] * filled(i, 9);
      return sum;
    };
    const auto check = [&](std::vector<double>& values, const std::vector<double>& gradient,
                           const char* what) {
      const std::size_t stride = values.size() / 97 + 1;  // at most a hundred of each
      for (std::size_t i = 0; i < values.size(); i += stride) {
        const double h = 1e-5, before = values[i];
        values[i] = before + h;
        const double above = loss();
        values[i] = before - h;
        const double difference = (above - loss()) / (2 * h);
        values[i] = before;
        near(gradient[i], difference, 1e-6, std::string("gradient of ") + what, i);
      }
    };
    check(x, pass.dx, "x");
    check(w, pass.dw, "parameters");
  }

  void keras(const Golden& golden) {
    const std::vector<float> w = weights<float>(), x = inputs<float>(3, 0);
    const Pass<float> pass = train<float>(3, w, x);
    compare(infer(3, w, x), golden.y, "y against Keras");
    compare(pass.dx, golden.dx, "dx against Keras");
    const auto tensor = [](const std::vector<float>& block, int i) {
      const auto from = block.begin() + static_cast<std::ptrdiff_t>(row.tensors.offset(i));
      return std::vector<float>(from, from + row.tensors[i].shape.size());
    };
    std::size_t trained = 0, kept = 0;
    for (int i = 0; i < row.tensors.count(); ++i)
      if (row.tensors[i].trainable && trained < golden.dw.size())
        compare(tensor(pass.dw, i), golden.dw[trained++], "dw against Keras");
      else if (!row.tensors[i].trainable && kept < golden.state.size())
        compare(tensor(pass.weights, i), golden.state[kept++], "updated weight against Keras");
  }

  // One sample at a time against the batch; without an allocation.
  void singles() {
    const std::vector<float> w = weights<float>(), x = inputs<float>(samples, 0), all = infer(samples, w, x);
    std::vector<float> y(out), workspace(plan<Net>().workspace);
    report_.expect(allocations_are_counted(),
                   "include <keratin/testing/count_allocations.hpp> in one source file");
    for (std::size_t s = 0; s < samples; ++s) {
      const long before = allocations;
      Infer::forward(One{}, w.data(), x.data() + s * in, y.data(), workspace.data(), Run<float>{1});
      const bool allocated = allocations != before;
      report_.expect(!allocated, "forward allocates");
      for (std::size_t i = 0; i < out; ++i)
        near(y[i], all[s * out + i], 1e-5, "one sample against the batch", i);
    }
  }

  void across_lanes() {
    const std::vector<float> w = weights<float>(), x = inputs<float>(samples, 0);
    const Pass<float> rows = train<float>(samples, w, x);
    const Pass<float> lanes = train_lanes(w, x, samples);
    compare(lanes.y, rows.y, "y in lanes");
    compare(lanes.dx, rows.dx, "dx in lanes");
    compare(lanes.dw, rows.dw, "dw in lanes");
  }

  // Fewer samples than lanes: the others hold zeros and must not be felt.
  void partial_group() {
    constexpr int n = lanes<float> + 1;
    const std::vector<float> w = weights<float>(), x = inputs<float>(n, 0);
    const Pass<float> rows = train<float>(n, w, x), lanes = train_lanes(w, x, n);
    compare(lanes.y, rows.y, "y in a partial lane group");
    compare(lanes.dx, rows.dx, "dx in a partial lane group");
    compare(lanes.dw, rows.dw, "dw in a partial lane group");
  }

  // The run-time graph gives the same bits.
  void graph() {
    const functional::Tensor x = functional::Input(In::shape);
    const functional::Model model(x, functional::Layer(L{})(x));
    const functional::Executor executor = model.executor<training>(), inference = model.executor<Mode{}>();
    const std::vector<float> w = weights<float>(), values = inputs<float>(5, 0);
    const Pass<float> fixed = train<float>(5, w, values), free = pass_of<float>(executor, 5, w, values);
    report_.expect(executor.plan.workspace == plan<Net, training>().workspace,
                   "graph and Sequential plan different workspaces");
    report_.expect(fixed.y == free.y, "y of the graph is not bitwise that of the Sequential");
    report_.expect(fixed.dx == free.dx, "dx of the graph is not bitwise that of the Sequential");
    report_.expect(fixed.dw == free.dw, "dw of the graph is not bitwise that of the Sequential");
    std::vector<float> one(out), other(out), workspace(plan<Net>().workspace);
    Infer::forward(One{}, w.data(), values.data(), one.data(), workspace.data(), Run<float>{1});
    inference.forward(One{}, w.data(), values.data(), other.data(), workspace.data(), Run<float>{1});
    report_.expect(one == other, "one sample through the graph is not bitwise that of the Sequential");
  }

  // Trained weights: the same bits from both front ends, and no allocation in a step.
  void trained() {
    const functional::Tensor x = functional::Input(In::shape);
    functional::Model graph(x, functional::Layer(L{})(x), 7);
    Model<Net> model(7);
    auto trainer = compile(model, Adam{}, MeanSquaredError{});
    auto other = compile(graph, Adam{}, MeanSquaredError{});
    const std::vector<float> values = inputs<float>(5, 0), targets = filled_values<float>(5 * out, 3);
    trainer.train_on_batch(values, targets);
    const long before = allocations;
    for (int step = 0; step < 2; ++step) trainer.train_on_batch(values, targets);
    const bool allocated = allocations != before;
    report_.expect(!allocated, "a training step allocates");
    for (int step = 0; step < 3; ++step) other.train_on_batch(values, targets);
    report_.expect(std::equal(model.block().begin(), model.block().end(), graph.block().begin()),
                   "trained weights of the graph are not bitwise those of the Sequential");
  }

  // Large, tiny and zero values: float follows double, and nothing turns into NaN.
  void extremes() {
    const std::vector<float> w = weights<float>();
    const std::vector<double> w2(w.begin(), w.end());
    for (const float v : {0.f, -0.f, 1e-38f, 1e4f, -1e4f, 1e-6f}) {
      std::vector<float> x(2 * in, v);
      for (std::size_t i = 0; i < in; i += 3) x[i] = -v;
      const std::vector<double> x2(x.begin(), x.end());
      const std::vector<float> y = infer(2, w, x);
      const std::vector<double> y2 = infer(2, w2, x2);
      for (std::size_t i = 0; i < y.size(); ++i) {
        report_.expect(std::isfinite(y[i]), "extreme values give " + std::to_string(y[i]));
        near(y[i], y2[i], 1e-4 * std::max(1.0, std::fabs(static_cast<double>(v)) * 1e-2),
             "extreme values: float against double", i);
      }
    }
  }

  template <class S> static std::vector<S> filled_values(std::size_t n, int k) {
    std::vector<S> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<S>(filled(i, k));
    return values;
  }
  template <class S> static std::vector<S> inputs(int n, int k) {
    std::vector<S> x = filled_values<S>(static_cast<std::size_t>(n) * in, k);
    if (Classes > 0)
      for (S& v : x) v = (v + S{0.5}) * Classes;
    return x;
  }
  template <class S> static std::vector<S> weights() {
    std::vector<S> w(block);
    for (int p = 0; p < row.tensors.count(); ++p)
      for (std::size_t i = 0; i < static_cast<std::size_t>(row.tensors[p].shape.size()); ++i)
        w[row.tensors.offset(p) + i] = static_cast<S>(filled(i, p + 1) + (row.tensors[p].trainable ? 0 : 1));
    return w;
  }

  template <class S> static std::vector<S> infer(int n, const std::vector<S>& w, const std::vector<S>& x) {
    std::vector<S> y(static_cast<std::size_t>(n) * out),
        workspace(static_cast<std::size_t>(n) * plan<Net>().workspace);
    Infer::forward(n, w.data(), x.data(), y.data(), workspace.data(), Run<S>{n});
    return y;
  }
  template <class S> static Pass<S> train(int n, const std::vector<S>& w, const std::vector<S>& x) {
    return pass_of<S>(Train{}, n, w, x);
  }
  static Pass<float> train_lanes(const std::vector<float>& w, const std::vector<float>& x, int n) {
    return pass_of<Lanes>(Train{}, n, w, x);
  }

  // A training pass of n samples over T's; sample s is lane s % width of T number s / width.
  template <class T>
  static Pass<Scalar<T>> pass_of(const auto& executor, int n, const std::vector<Scalar<T>>& w,
                                 const std::vector<Scalar<T>>& x) {
    using S = Scalar<T>;
    constexpr std::size_t width = Unit<T>::samples;
    const int count = (n + static_cast<int>(width) - 1) / static_cast<int>(width);
    const auto& plan = executor.plan;
    Block<S> workspace(plan.workspace * static_cast<std::size_t>(count) * width),
        scratch(executor.template scratch<T>(count)), segment(block);
    const auto at = [&](int buffer, std::size_t size, std::size_t s, std::size_t i) -> S& {
      return workspace
          .data()[(plan.buffers[static_cast<std::size_t>(buffer)].offset * static_cast<std::size_t>(count) +
                   s / width * size + i) *
                      width +
                  s % width];
    };
    for (std::size_t i = 0; i < x.size(); ++i) at(0, in, i / in, i % in) = x[i];
    Pass<S> pass;
    pass.weights = w;
    const Run<S> run{n, pass.weights.data(), {1, random_dropout, 0, 0}};
    T* const memory = reinterpret_cast<T*>(workspace.data());
    executor.forward(count, w.data(), static_cast<const T*>(nullptr), static_cast<T*>(nullptr), memory, run);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n) * out; ++i)
      pass.y.push_back(at(plan.output, out, i / out, i % out));
    pass.dw.resize(block);
    pass.dx.resize(x.size());
    const int dy = plan.output_gradient, dx = plan.input_gradient;
    for (std::size_t i = 0; i < pass.y.size(); ++i)
      at(dy, out, i / out, i % out) = static_cast<S>(filled(i, 9));
    Store<S> store(w.data(), pass.dw.data());
    executor.backward(count, w.data(), memory, scratch.data(), segment.data(), store, run);
    for (std::size_t i = 0; i < x.size(); ++i) pass.dx[i] = at(dx, in, i / in, i % in);
    return pass;
  }

  // Equal within the tolerance, relative to values above 1 and absolute below.
  void near(double value, double wanted, double tolerance, const std::string& what, std::size_t i) {
    const double scale = std::max(1.0, std::fabs(wanted));
    report_.expect(std::fabs(value - wanted) <= tolerance * scale, what + ", value " + std::to_string(i) +
                                                                       ": " + std::to_string(value) +
                                                                       ", wanted " + std::to_string(wanted));
  }
  void compare(const std::vector<float>& values, const std::vector<float>& wanted, const std::string& what) {
    if (wanted.empty()) return;
    report_.expect(values.size() == wanted.size(), what + ": " + std::to_string(values.size()) +
                                                       " values, wanted " + std::to_string(wanted.size()));
    for (std::size_t i = 0; i < std::min(values.size(), wanted.size()); ++i)
      near(values[i], wanted[i], 1e-5, what, i);
  }

  Report report_;
};

}  // namespace detail

/// Tries layer L on the input: shape rule, parameters, gradients against central differences in double, Lanes
/// and single samples against the batch, a partial lane group, the graph against the Sequential bit for bit,
/// training, allocations, extreme values and, where `golden` has values, Keras. With Classes the inputs are
/// class numbers from 0 to below Classes, none of them whole, so that a small step leads to no other class.
template <class L, class In, int Classes = 0> Report check_layer(const Golden& golden = {}) {
  return detail::LayerCheck<L, In, Classes>().run(golden);
}

}  // namespace keratin::testing
