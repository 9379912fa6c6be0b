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
/// fill(j + 1), gradients of sum(fill(9) * y) and what the layer adds to the loss; weights that are not
/// trained are 1 + fill(j + 1). y is that of inference, gradients and the weights afterwards are those of a
/// training pass. Empty members are not compared.
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
template <class Spec> constexpr bool lists_every_field() {
  if constexpr (hana::Struct<Spec>::value && std::is_aggregate_v<Spec> && !std::is_empty_v<Spec>)
    return decltype(hana::length(hana::accessors<Spec>()))::value == fields<Spec>();
  else
    return true;
}

// The passes of a network over T's, whichever front end made them. As plain functions: a std::function apiece
// took a tenth of what a check costs to compile.
template <class T> class Passes {
  using S = Scalar<T>;

 public:
  static constexpr std::size_t nowhere = SIZE_MAX;  // of a gradient that nothing is differentiated by
  std::size_t workspace, x, y, dy, dx;              // scalars a sample: in all, and where these begin

  // The executor must outlive them.
  template <class Executor> explicit Passes(const Executor& e) : executor_(&e) {
    const auto offset = [&](int i) {
      return i == Step::none ? nowhere : e.plan.buffers[static_cast<std::size_t>(i)].offset;
    };
    workspace = e.plan.workspace;
    x = offset(0), y = offset(e.plan.outputs[0].buffer), dy = offset(e.plan.outputs[0].gradient),
    dx = offset(e.plan.inputs[0].gradient);
    scratch_ = [](const void* self, int count) {
      return static_cast<const Executor*>(self)->template scratch<T>(count);
    };
    forward_ = [](const void* self, int count, const S* w, T* memory, const Run<S>& run) {
      static_cast<const Executor*>(self)->forward(count, w, static_cast<const T*>(nullptr),
                                                  static_cast<T*>(nullptr), memory, run);
    };
    backward_ = [](const void* self, int count, const S* w, T* memory, S* scratch, S* segment,
                   Store<S>& store, const Run<S>& run) {
      static_cast<const Executor*>(self)->backward(count, w, memory, scratch, segment, store, run);
    };
  }
  std::size_t scratch(int count) const { return scratch_(executor_, count); }
  void forward(int count, const S* w, T* memory, const Run<S>& run) const {
    forward_(executor_, count, w, memory, run);
  }
  void backward(int count, const S* w, T* memory, S* scratch, S* segment, Store<S>& store,
                const Run<S>& run) const {
    backward_(executor_, count, w, memory, scratch, segment, store, run);
  }

 private:
  const void* executor_;
  std::size_t (*scratch_)(const void*, int);
  void (*forward_)(const void*, int, const S*, T*, const Run<S>&);
  void (*backward_)(const void*, int, const S*, T*, S*, S*, Store<S>&, const Run<S>&);
};

// A layer and its input as the checks see them. Its types end here, so that a program compiles the checks
// once.
struct Subject {
  const LayerPlan& row;
  Fit fit;
  int classes;
  bool lists_every_field;
  std::size_t in, out, block, workspace;
  void (*infer)(int, const float*, const float*, float*, float*);
  void (*infer_double)(int, const double*, const double*, double*, double*);
  void (*infer_one)(const float*, const float*, float*, float*);
  Passes<float> rows;
  Passes<double> doubles;
  Passes<Lanes> lanes;
  functional::Tensor (*graph)(const functional::Tensor&);
  // Weights after training steps on (x, y); false if steps after the first allocate. Null: nothing to train,
  // and the passes have shown all.
  bool (*train)(int steps, const std::vector<float>& x, const std::vector<float>& y, std::vector<float>& w);
};

inline constexpr Mode training{.training = true, .input_gradient = true};

template <class S, class Net> void infer(int n, const S* w, const S* x, S* y, S* workspace) {
  keratin::detail::Execute<Net>::forward(n, w, x, y, workspace, Run<S>{n});
}

bool train(int steps, auto& model, const std::vector<float>& x, const std::vector<float>& y,
           std::vector<float>& w) {
  auto trainer = compile(model, Adam{}, MeanSquaredError{});
  trainer.train_on_batch(x, y);
  const long before = allocations;
  for (int step = 1; step < steps; ++step) trainer.train_on_batch(x, y);
  const bool allocated = allocations != before;
  w.assign(model.block().begin(), model.block().end());
  return !allocated;
}

template <class Net> constexpr decltype(Subject::train) training_of() {
  if constexpr (plan<Net>().trainable == 0)
    return nullptr;
  else
    return [](int steps, const std::vector<float>& x, const std::vector<float>& y, std::vector<float>& w) {
      Model<Net> model(7);
      return train(steps, model, x, y, w);
    };
}

template <class L, class In, int Classes> Subject subject() {
  using Net = Sequential<In, L>;
  static constexpr keratin::detail::Execute<Net, training> executor;
  return {plan<Net>().layers[0],
          L::spec.fit(In::shape),
          Classes,
          lists_every_field<typename L::Spec>(),
          Net::input_size,
          Net::output_size,
          plan<Net>().block,
          plan<Net>().workspace,
          infer<float, Net>,
          infer<double, Net>,
          [](const float* w, const float* x, float* y, float* workspace) {
            keratin::detail::Execute<Net>::forward(One{}, w, x, y, workspace, Run<float>{1});
          },
          Passes<float>(executor),
          Passes<double>(executor),
          Passes<Lanes>(executor),
          [](const functional::Tensor& x) { return functional::Layer(L{})(x); },
          training_of<Net>()};
}

// The values that the checks work on, and what they found.
class LayerCheck {
  // The outputs of a training pass, its gradients of sum(r * y) and the penalty, and the weights it leaves.
  template <class S> struct Pass {
    std::vector<S> y, dx, dw, weights;
    double penalty = 0;
    bool allocated = false;
  };

 public:
  explicit LayerCheck(const Subject& subject) : layer(subject) {}

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
    report_.expect(!layer.fit.broken && layer.fit.out == layer.row.out,
                   "fit() and the plan disagree on the output shape");
    report_.expect(layer.lists_every_field, "KERATIN_ADAPT_STRUCT does not list every field of the spec");
    const auto& tensors = layer.row.tensors;
    std::size_t offset = 0;
    for (int i = 0; i < tensors.count(); ++i) {
      const Parameter& p = tensors[i];
      report_.expect(std::string_view(p.name) != "", "parameter " + std::to_string(i) + " has no name");
      for (int j = 0; j < i; ++j)
        report_.expect(std::string_view(p.name) != tensors[j].name, std::string("two parameters ") + p.name);
      report_.expect(tensors.offset(i) >= offset,
                     std::string("parameter ") + p.name + " overlaps the one before");
      offset = tensors.offset(i) + static_cast<std::size_t>(p.shape.size());
    }
    report_.expect(offset <= layer.block, "the parameters do not fit the block");
  }

  // Backward in double against central differences of forward in double.
  void gradients() {
    constexpr int n = 3;
    std::vector<double> w = weights<double>(), x = inputs<double>(n, 2);  // no zero, where relu has a kink
    const Pass<double> pass = pass_of(layer.doubles, n, w, x);
    const auto loss = [&] {
      const Pass<double> moved = pass_of(layer.doubles, n, w, x);
      double sum = moved.penalty;
      for (std::size_t i = 0; i < moved.y.size(); ++i) sum += moved.y[i] * filled(i, 9);
      return sum;
    };
    const auto check = [&](std::vector<double>& values, const std::vector<double>& gradient, const char* what,
                           auto differentiated) {
      const std::size_t stride = values.size() / 97 + 1;  // at most a hundred of each
      for (std::size_t i = 0; i < values.size(); i += stride) {
        if (!differentiated(i)) continue;
        const double h = 1e-5, before = values[i];
        values[i] = before + h;
        const double above = loss();
        values[i] = before - h;
        const double difference = (above - loss()) / (2 * h);
        values[i] = before;
        near(gradient[i], difference, 1e-6, std::string("gradient of ") + what, i);
      }
    };
    check(x, pass.dx, "x", [](std::size_t) { return true; });
    check(w, pass.dw, "parameters", [&](std::size_t i) { return is_trained(i); });
  }

  bool is_trained(std::size_t i) const {
    const auto& tensors = layer.row.tensors;
    bool trained = false;
    for (int p = 0; p < tensors.count(); ++p)
      if (i >= tensors.offset(p)) trained = tensors[p].trainable;
    return trained;
  }

  // Keras in double, and float as near to double as sums of rounded terms can be.
  void keras(const Golden& golden) {
    const std::vector<double> w = weights<double>(), x = inputs<double>(3, 0);
    const Pass<double> pass = pass_of(layer.doubles, 3, w, x);
    const std::vector<double> y = infer(3, w, x);
    compare(y, golden.y, "y against Keras");
    compare(pass.dx, golden.dx, "dx against Keras");
    const auto& tensors = layer.row.tensors;
    const auto tensor = [&](const std::vector<double>& block, int i) {
      const auto from = block.begin() + static_cast<std::ptrdiff_t>(tensors.offset(i));
      return std::vector<double>(from, from + tensors[i].shape.size());
    };
    std::size_t trained = 0, kept = 0;
    for (int i = 0; i < tensors.count(); ++i)
      if (tensors[i].trainable && trained < golden.dw.size())
        compare(tensor(pass.dw, i), golden.dw[trained++], "dw against Keras");
      else if (!tensors[i].trainable && kept < golden.state.size())
        compare(tensor(pass.weights, i), golden.state[kept++], "updated weight against Keras");

    const std::vector<float> floats = weights<float>(), values = inputs<float>(3, 0);
    const Pass<float> rows = pass_of(layer.rows, 3, floats, values);
    compare(infer(3, floats, values), y, "y in float");
    compare(rows.dx, pass.dx, "dx in float");
    compare(rows.dw, pass.dw, "dw in float");
    compare(rows.weights, pass.weights, "updated weights in float");
  }

  // One sample at a time against the batch; without an allocation.
  void singles() {
    const std::vector<float> w = weights<float>(), x = inputs<float>(samples, 0), all = infer(samples, w, x);
    std::vector<float> y(layer.out), workspace(layer.workspace);
    report_.expect(allocations_are_counted(),
                   "include <keratin/testing/count_allocations.hpp> in one source file");
    for (std::size_t s = 0; s < samples; ++s) {
      const long before = allocations;
      layer.infer_one(w.data(), x.data() + s * layer.in, y.data(), workspace.data());
      const bool allocated = allocations != before;
      report_.expect(!allocated, "forward allocates");
      for (std::size_t i = 0; i < layer.out; ++i)
        near(y[i], all[s * layer.out + i], 1e-5, "one sample against the batch", i);
    }
  }

  void across_lanes() {
    const std::vector<float> w = weights<float>(), x = inputs<float>(samples, 0);
    const Pass<float> rows = pass_of(layer.rows, samples, w, x);
    const Pass<float> lanes = pass_of(layer.lanes, samples, w, x);
    compare(lanes.y, rows.y, "y in lanes");
    compare(lanes.dx, rows.dx, "dx in lanes");
    compare(lanes.dw, rows.dw, "dw in lanes");
    compare(lanes.weights, rows.weights, "weights after a step in lanes");
    near(lanes.penalty, rows.penalty, 1e-5, "penalty in lanes", 0);
    report_.expect(!rows.allocated && !lanes.allocated, "a training pass allocates");
  }

  // Fewer samples than lanes: the others hold zeros and must not be felt.
  void partial_group() {
    constexpr int n = keratin::lanes<float> + 1;
    const std::vector<float> w = weights<float>(), x = inputs<float>(n, 0);
    const Pass<float> rows = pass_of(layer.rows, n, w, x), lanes = pass_of(layer.lanes, n, w, x);
    compare(lanes.y, rows.y, "y in a partial lane group");
    compare(lanes.dx, rows.dx, "dx in a partial lane group");
    compare(lanes.dw, rows.dw, "dw in a partial lane group");
    compare(lanes.weights, rows.weights, "weights after a step of a partial lane group");
    near(lanes.penalty, rows.penalty, 1e-5, "penalty of a partial lane group", 0);
  }

  // The run-time graph gives the same bits.
  void graph() {
    const functional::Tensor x = functional::Input(layer.row.in);
    const functional::Model model(x, layer.graph(x));
    const functional::Executor executor(model.graph(), training), inference(model.graph(), Mode{});
    const std::vector<float> w = weights<float>(), values = inputs<float>(5, 0);
    const Passes<float> passes(executor);
    report_.expect(passes.workspace == layer.rows.workspace,
                   "graph and Sequential plan different workspaces");
    const Pass<float> fixed = pass_of(layer.rows, 5, w, values), free = pass_of(passes, 5, w, values);
    report_.expect(fixed.y == free.y, "y of the graph is not bitwise that of the Sequential");
    report_.expect(fixed.dx == free.dx, "dx of the graph is not bitwise that of the Sequential");
    report_.expect(fixed.penalty == free.penalty,
                   "penalty of the graph is not bitwise that of the Sequential");
    report_.expect(fixed.dw == free.dw, "dw of the graph is not bitwise that of the Sequential");
    const Pass<float> fixed_lanes = pass_of(layer.lanes, 5, w, values),
                      free_lanes = pass_of(Passes<Lanes>(executor), 5, w, values);
    report_.expect(fixed_lanes.y == free_lanes.y && fixed_lanes.dx == free_lanes.dx &&
                       fixed_lanes.dw == free_lanes.dw && fixed_lanes.weights == free_lanes.weights,
                   "the graph in lanes is not bitwise the Sequential");
    std::vector<float> one(layer.out), other(layer.out), workspace(layer.workspace);
    layer.infer_one(w.data(), values.data(), one.data(), workspace.data());
    inference.forward(One{}, w.data(), values.data(), other.data(), workspace.data(), Run<float>{1});
    report_.expect(one == other, "one sample through the graph is not bitwise that of the Sequential");
  }

  // Trained weights: the same bits from both front ends, and no allocation in a step.
  void trained() {
    if (!layer.train) return;
    const functional::Tensor x = functional::Input(layer.row.in);
    functional::Model graph(x, layer.graph(x), 7);
    const std::vector<float> values = inputs<float>(5, 0), targets = filled_values<float>(5 * layer.out, 3);
    std::vector<float> fixed, free;
    report_.expect(layer.train(3, values, targets, fixed), "a training step allocates");
    report_.expect(train(3, graph, values, targets, free), "a training step of the graph allocates");
    report_.expect(fixed == free, "trained weights of the graph are not bitwise those of the Sequential");
  }

  // Large, tiny and zero values: float follows double, and nothing turns into NaN.
  void extremes() {
    const std::vector<float> w = weights<float>();
    const std::vector<double> w2(w.begin(), w.end());
    for (const float v : {0.f, -0.f, 1e-38f, 1e4f, -1e4f, 1e-6f}) {
      std::vector<float> x(2 * layer.in, v);
      for (std::size_t i = 0; i < layer.in; i += 3) x[i] = -v;
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
  template <class S> std::vector<S> inputs(int n, int k) {
    std::vector<S> x = filled_values<S>(static_cast<std::size_t>(n) * layer.in, k);
    if (layer.classes > 0)
      for (S& v : x) v = (v + S{0.5}) * static_cast<S>(layer.classes);
    return x;
  }
  template <class S> std::vector<S> weights() {
    const auto& tensors = layer.row.tensors;
    std::vector<S> w(layer.block);
    for (int p = 0; p < tensors.count(); ++p)
      for (std::size_t i = 0; i < static_cast<std::size_t>(tensors[p].shape.size()); ++i)
        w[tensors.offset(p) + i] = static_cast<S>(filled(i, p + 1) + (tensors[p].trainable ? 0 : 1));
    return w;
  }

  template <class S> std::vector<S> infer(int n, const std::vector<S>& w, const std::vector<S>& x) const {
    const std::size_t count = static_cast<std::size_t>(n);
    std::vector<S> y(count * layer.out), workspace(count * layer.workspace);
    if constexpr (std::is_same_v<S, float>)
      layer.infer(n, w.data(), x.data(), y.data(), workspace.data());
    else
      layer.infer_double(n, w.data(), x.data(), y.data(), workspace.data());
    return y;
  }

  // A training pass of n samples over T's; sample s is lane s % width of T number s / width.
  template <class T>
  Pass<Scalar<T>> pass_of(const Passes<T>& passes, int n, const std::vector<Scalar<T>>& w,
                          const std::vector<Scalar<T>>& x) const {
    using S = Scalar<T>;
    constexpr std::size_t width = Unit<T>::samples;
    const int count = (n + static_cast<int>(width) - 1) / static_cast<int>(width);
    const std::size_t samples = static_cast<std::size_t>(count) * width;
    Block<S> workspace(passes.workspace * samples), scratch(passes.scratch(count)), segment(layer.block);
    const auto at = [&](std::size_t offset, std::size_t size, std::size_t s, std::size_t i) -> S& {
      return workspace.data()[offset * samples + (s / width * size + i) * width + s % width];
    };
    for (std::size_t i = 0; i < x.size(); ++i) at(passes.x, layer.in, i / layer.in, i % layer.in) = x[i];
    Pass<S> pass;
    pass.weights = w;
    pass.weights.reserve(1);  // a null pointer would say that this is inference
    const Run<S> run{n, pass.weights.data(), {1, random_dropout, 0, 0}, nullptr, &pass.penalty};
    T* const memory = reinterpret_cast<T*>(workspace.data());
    const long before = allocations;
    passes.forward(count, w.data(), memory, run);
    pass.allocated = allocations != before;
    pass.y.resize(static_cast<std::size_t>(n) * layer.out);
    for (std::size_t i = 0; i < pass.y.size(); ++i)
      pass.y[i] = at(passes.y, layer.out, i / layer.out, i % layer.out);
    if (passes.dy != passes.nowhere)
      std::fill_n(workspace.data() + passes.dy * samples, layer.out * samples,
                  S{});  // no sample, no gradient
    for (std::size_t i = 0; i < pass.y.size() && passes.dy != passes.nowhere; ++i)
      at(passes.dy, layer.out, i / layer.out, i % layer.out) = static_cast<S>(filled(i, 9));
    pass.dw.resize(layer.block);
    Store<S> store(w.data(), pass.dw.data());
    const long then = allocations;
    passes.backward(count, w.data(), memory, scratch.data(), segment.data(), store, run);
    pass.allocated = pass.allocated || allocations != then;
    pass.dx.resize(x.size());
    for (std::size_t i = 0; i < x.size() && passes.dx != passes.nowhere; ++i)
      pass.dx[i] = at(passes.dx, layer.in, i / layer.in, i % layer.in);
    return pass;
  }

  // Equal within the tolerance, relative to scales above 1 and absolute below.
  void near(double value, double wanted, double tolerance, const std::string& what, std::size_t i,
            double scale = 1) {
    scale = std::max(scale, std::fabs(wanted));
    report_.expect(std::fabs(value - wanted) <= tolerance * scale, what + ", value " + std::to_string(i) +
                                                                       ": " + std::to_string(value) +
                                                                       ", wanted " + std::to_string(wanted));
  }
  // The largest value is the scale: sums of terms of its size may cancel to little.
  template <class A, class B>
  void compare(const std::vector<A>& values, const std::vector<B>& wanted, const std::string& what,
               double tolerance = 1e-5) {
    if (wanted.empty()) return;
    report_.expect(values.size() == wanted.size(), what + ": " + std::to_string(values.size()) +
                                                       " values, wanted " + std::to_string(wanted.size()));
    double scale = 1;
    for (const B v : wanted) scale = std::max(scale, std::fabs(static_cast<double>(v)));
    for (std::size_t i = 0; i < std::min(values.size(), wanted.size()); ++i)
      near(values[i], wanted[i], tolerance, what, i, scale);
  }

  static constexpr int samples = 2 * keratin::lanes<float>;
  const Subject& layer;
  Report report_;
};

}  // namespace detail

/// Tries layer L on the input: shape rule, parameters, gradients against central differences in double, Lanes
/// and single samples against the batch, a partial lane group, the graph against the Sequential bit for bit,
/// training, allocations, extreme values and, where `golden` has values, Keras. With Classes the inputs are
/// class numbers from 0 to below Classes, none of them whole, so that a small step leads to no other class.
template <class L, class In, int Classes = 0> Report check_layer(const Golden& golden = {}) {
  return detail::LayerCheck(detail::subject<L, In, Classes>()).run(golden);
}

}  // namespace keratin::testing
