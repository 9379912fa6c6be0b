// Random graphs of random layers against the plainest way to run them: every value in memory of its own, in
// double, each layer after those that it reads, gradients summed where they meet; these are held to central
// differences. What the plan does to save memory and time must not be felt.
#include "../check.hpp"

#include <Eigen/Core>
#include <functional>

using namespace keratin;
using functional::Tensor;

namespace {

constexpr int count = 5;

// A layer of the reference: its kernels in double, for any inputs.
struct Reference {
  std::function<void(const std::vector<std::vector<double>>& x, std::vector<double>& y)> forward;
  // Adds to the gradients of the inputs and of the weights.
  std::function<void(const std::vector<std::vector<double>>& x, const std::vector<double>& y,
                     const std::vector<double>& dy, std::vector<std::vector<double>>& dx)>
      backward;
};

// One layer with weights, however often it is called.
struct Weights {
  std::vector<double> w, dw;
};

template <class S>
Reference reference(const S& spec, const Shapes& in, const std::shared_ptr<Weights>& weights) {
  const auto layer = std::make_shared<std::pair<Parameters, LayerPlan>>(parameters_of(spec, in), LayerPlan{});
  layer->second.tensors = Tensors(layer->first, 0, 0);
  const std::size_t out = static_cast<std::size_t>(spec.fit(in).out.size());
  const auto pointers = [](auto& all) {
    PerInput<decltype(all[0].data())> p;
    for (auto& v : all) p.add(v.data());
    return p;
  };
  const std::size_t kept = intermediate_of(spec, in, true) * count;
  const auto intermediate = std::make_shared<std::vector<double>>(kept);
  Reference r;
  if (traits_of(spec, in).view) {  // has no kernels
    r.forward = [](const auto& x, auto& y) { y = x[0]; };
    r.backward = [](const auto&, const auto&, const auto& dy, auto& dx) {
      for (std::size_t i = 0; i < dy.size(); ++i) dx[0][i] += dy[i];
    };
    return r;
  }
  r.forward = [=](const auto& x, std::vector<double>& y) {
    y.assign(count * out, 0);
    Forward<double> c{count,
                      x[0].data(),
                      y.data(),
                      weights->w.data(),
                      &layer->second,
                      intermediate->data(),
                      {count, weights->w.data()}};
    c.inputs = pointers(x);
    S::forward(spec.geometry(in), c);
  };
  r.backward = [=](const auto& x, const auto& y, const auto& dy, auto& dx) {
    std::vector<double> gradient = dy, result = y, scratch(scratch_of<double>(spec, in, count)),
                        segment(layer->second.tensors.end), handed(layer->second.tensors.end);
    std::vector<std::vector<double>> parts;
    for (const auto& v : x) parts.emplace_back(v.size());
    Backward<double> c{count,
                       x[0].data(),
                       result.data(),
                       gradient.data(),
                       parts[0].data(),
                       weights->w.data(),
                       &layer->second.tensors,
                       intermediate->data(),
                       segment.data(),
                       scratch.data(),
                       {count, weights->w.data()}};
    c.layer = &layer->second;
    c.inputs = pointers(x);
    for (auto& part : parts) c.input_gradients.add(part.data());
    Store<double> store(weights->w.data(), handed.data());
    run_backward<S>(spec.geometry(in), c, store);
    for (std::size_t k = 0; k < parts.size(); ++k)
      for (std::size_t i = 0; i < parts[k].size(); ++i) dx[k][i] += parts[k][i];
    for (std::size_t i = 0; i < handed.size(); ++i) weights->dw[i] += handed[i];
  };
  return r;
}

// A graph, made twice: of tensors, and of references.
class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : random_{seed} {
    const int inputs = 1 + draw(3);
    for (int k = 0; k < inputs; ++k) {
      const Shape shape = draw(3) == 0 ? Shape{3, widths[draw(3)]} : Shape{widths[draw(3)]};
      add(functional::Input(shape), {}, {});
      inputs_.push_back(tensors_.back());
    }
    const int size = 3 + draw(12);
    for (int i = 0; i < size; ++i) grow();
    // Everything that nobody reads yet is an output, and now and then something else.
    for (std::size_t v = 0; v < tensors_.size(); ++v)
      if (readers_[v] == 0 || (v >= inputs_.size() && draw(8) == 0)) outputs_.push_back(v);
    if (outputs_.size() > Arrays::most) outputs_.resize(Arrays::most);
  }

  std::size_t inputs() const { return inputs_.size(); }
  bool complete() const {  // every input leads somewhere that is an output
    for (std::size_t k = 0; k < inputs_.size(); ++k)
      if (readers_[k] == 0) return false;
    return true;
  }

  void check() {
    std::vector<Tensor> outputs;
    for (const std::size_t v : outputs_) outputs.push_back(tensors_[v]);
    functional::Model model(inputs_, outputs, 3);
    take_weights(model);
    run_reference();
    for (std::size_t k = 0; k < inputs_.size(); ++k) check_slope(value_[k], gradient_[k]);
    for (const auto& weights : weights_) check_slope(weights->w, weights->dw);

    constexpr Mode training{.training = true, .input_gradient = true};
    const functional::Executor inference(model.graph(), Mode{}), trained(model.graph(), training);
    for (const auto* executor : {&inference, &trained}) check_pass<float>(*executor, model);
    for (const auto* executor : {&inference, &trained}) check_pass<Lanes>(*executor, model);
  }

 private:
  static constexpr int widths[] = {1, 3, 4};
  struct Step {
    std::vector<std::size_t> reads;
    Reference of;
  };

  int draw(int n) { return static_cast<int>(random_.word(drawn_++) % static_cast<std::uint32_t>(n)); }
  std::size_t any() { return static_cast<std::size_t>(draw(static_cast<int>(tensors_.size()))); }
  std::size_t like(const Shape& shape) {
    for (int tries = 0; tries < 20; ++tries)
      if (const std::size_t v = any(); tensors_[v].shape() == shape) return v;
    return tensors_.size();
  }

  void add(Tensor t, std::vector<std::size_t> reads, Reference of) {
    for (const std::size_t v : reads) ++readers_[v];
    tensors_.push_back(std::move(t));
    readers_.push_back(0);
    steps_.push_back({std::move(reads), std::move(of)});
  }
  template <class S> void call(const S& spec, const std::vector<std::size_t>& reads) {
    struct Made {
      functional::Layer layer;
      std::shared_ptr<Weights> weights;
    };
    std::vector<Tensor> in;
    for (const std::size_t v : reads) in.push_back(tensors_[v]);
    const Shapes shapes = functional::shapes_of(in);
    if (spec.fit(shapes).broken) return;
    const auto weights = std::make_shared<Weights>();
    const functional::Layer layer(spec, "layer" + std::to_string(weights_.size()));
    weights_.push_back(weights);
    add(layer(in), reads, reference(spec, shapes, weights));
    // The layer once more, on what has the same shape.
    if (reads.size() == 1 && draw(3) == 0)
      if (const std::size_t v = like(shapes[0]); v < tensors_.size())
        add(layer(tensors_[v]), {v}, reference(spec, shapes, weights));
  }
  void grow() {
    const std::size_t v = any(), u = like(tensors_[v].shape());
    const std::vector<std::size_t> pair = u < tensors_.size() ? std::vector{v, u} : std::vector{v};
    switch (draw(14)) {
      case 0:
      case 1:
        return call(DenseSpec{.units = widths[draw(3)], .activation = Tanh{}}, {v});
      case 2:
        return call(DenseSpec{.units = widths[draw(3)]}, {v});
      case 3:
        return call(ActivationSpec{Sigmoid{}}, {v});
      case 4:
        return call(ActivationSpec{Softmax{}}, {v});
      case 5:
        return call(RescalingSpec{-0.5, 0.25}, {v});
      case 6:
        return call(AddSpec{}, pair);
      case 7:
        return call(MultiplySpec{}, pair);
      case 8:
        return call(ConcatenateSpec{}, {v, any()});
      case 9:
        return call(ReshapeSpec(Shape{1, -1}), {v});
      case 10:
        return call(LayerNormalizationSpec{}, {v});
      case 11:
        return call(GRUSpec{.units = widths[draw(3)], .return_sequences = true}, {v});
      case 12:
        return call(ConvSpec<1>{.filters = widths[draw(3)],
                                .kernel_size = {3},
                                .padding = Padding::same,
                                .activation = Tanh{}},
                    {v});
      default:
        return call(GlobalAveragePooling1DSpec{}, {v});
    }
  }

  void take_weights(const functional::Model& model) {
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const std::string name = "layer" + std::to_string(i);
      for (const LayerPlan& row : model.layers()) {
        if (row.name != name) continue;
        const auto from = model.block().begin() + static_cast<std::ptrdiff_t>(row.tensors.start);
        weights_[i]->w.assign(from, from + static_cast<std::ptrdiff_t>(row.tensors.end - row.tensors.start));
      }
      weights_[i]->dw.assign(weights_[i]->w.size(), 0);
    }
  }
  void run_reference() {
    value_.resize(steps_.size());
    gradient_.resize(steps_.size());
    const auto inputs_of = [&](const Step& step) {
      std::vector<std::vector<double>> x;
      for (const std::size_t v : step.reads) x.push_back(value_[v]);
      return x;
    };
    for (std::size_t v = 0; v < steps_.size(); ++v) {
      const std::size_t n = count * static_cast<std::size_t>(tensors_[v].shape().size());
      if (v < inputs_.size())
        for (std::size_t i = 0; i < n; ++i)
          value_[v].push_back(static_cast<float>(testing::filled(i, static_cast<int>(v))));
      else
        steps_[v].of.forward(inputs_of(steps_[v]), value_[v]);
      gradient_[v].assign(n, 0);
    }
    for (std::size_t k = 0; k < outputs_.size(); ++k)
      for (std::size_t i = 0; i < gradient_[outputs_[k]].size(); ++i)
        gradient_[outputs_[k]][i] += direction(k, i);
    for (std::size_t v = steps_.size(); v-- > inputs_.size();) {
      // A layer that has run again since holds the intermediate values of its last call.
      steps_[v].of.forward(inputs_of(steps_[v]), value_[v]);
      std::vector<std::vector<double>> dx;
      for (const std::size_t from : steps_[v].reads) dx.emplace_back(gradient_[from].size());
      steps_[v].of.backward(inputs_of(steps_[v]), value_[v], gradient_[v], dx);
      for (std::size_t k = 0; k < dx.size(); ++k)
        for (std::size_t i = 0; i < dx[k].size(); ++i) gradient_[steps_[v].reads[k]][i] += dx[k][i];
    }
  }
  // The gradient along a direction of some values, against the outputs' change along it.
  void check_slope(std::vector<double>& values, const std::vector<double>& gradient) {
    constexpr double h = 1e-6;
    const auto along = [](std::size_t i) { return static_cast<double>(testing::filled(i, 4)); };
    const auto outputs_at = [&](double h_along) {
      const std::vector<double> kept = values;
      for (std::size_t i = 0; i < values.size(); ++i) values[i] += h_along * along(i);
      std::vector<std::vector<double>> y = value_;
      for (std::size_t v = inputs_.size(); v < steps_.size(); ++v) {
        std::vector<std::vector<double>> x;
        for (const std::size_t from : steps_[v].reads) x.push_back(y[from]);
        steps_[v].of.forward(x, y[v]);
      }
      double sum = 0;
      for (std::size_t k = 0; k < outputs_.size(); ++k)
        for (std::size_t i = 0; i < y[outputs_[k]].size(); ++i)
          sum += y[outputs_[k]][i] * static_cast<double>(direction(k, i));
      values = kept;
      return sum;
    };
    double slope = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) slope += gradient[i] * along(i);
    CHECK(near(slope, (outputs_at(h) - outputs_at(-h)) / (2 * h), 1e-6));
  }
  static float direction(std::size_t output, std::size_t i) {
    return static_cast<float>(testing::filled(i, 9 + static_cast<int>(output)));
  }

  // The plan's memory holds NaN before: nobody reads what was not written.
  template <class T> void check_pass(const functional::Executor& executor, const functional::Model& model) {
    const auto& plan = executor.plan;
    constexpr int L = Unit<T>::samples, units = (count + L - 1) / L;
    const auto poisoned = [&](std::size_t n) {
      return std::vector<float, Eigen::aligned_allocator<float>>(n * units * L,
                                                                 std::numeric_limits<float>::quiet_NaN());
    };
    auto workspace = poisoned(plan.workspace), x = poisoned(values_of(plan.inputs)),
         y = poisoned(values_of(plan.outputs));
    const Memory<T> memory{units, reinterpret_cast<T*>(x.data()), reinterpret_cast<T*>(y.data()),
                           reinterpret_cast<T*>(workspace.data())};
    std::vector<float> block(model.block().begin(), model.block().end()), gradient(block.size());
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      const std::vector<float> values(value_[k].begin(), value_[k].end());
      load_samples(Array(values), plan.inputs[k].size, {.n = count}, memory(plan, static_cast<int>(k)));
    }
    const Run<float> run{count, plan.mode.training ? block.data() : nullptr};
    executor.forward(units, block.data(), static_cast<const T*>(memory.x), memory.y, memory.workspace, run);
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      const Port& port = plan.outputs[k];
      const T* const at = plan.mode.training ? memory(plan, port.buffer) : memory.y + port.first * units;
      CHECK(all_near(rows(at, port.size), value_[outputs_[k]], 2e-5));
    }
    if (!plan.mode.training) return;
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      const Port& port = plan.outputs[k];
      if (port.gradient == keratin::Step::none) continue;
      std::vector<float> d(count * port.size);
      for (std::size_t i = 0; i < d.size(); ++i) d[i] = direction(k, i);
      load_samples(Array(d), port.size, {.n = count}, memory(plan, port.gradient));
    }
    Block<float> scratch(executor.scratch<T>(units)), segment(block.size());
    Store<float> store(block.data(), gradient.data());
    executor.backward(units, block.data(), memory.workspace, scratch.data(), segment.data(), store, run);
    for (std::size_t k = 0; k < inputs_.size(); ++k)
      if (const Port& port = plan.inputs[k]; port.gradient != keratin::Step::none)
        CHECK(all_near(rows(memory(plan, port.gradient), port.size), gradient_[k], 2e-4));
    for (const LayerPlan& row : model.layers())
      for (std::size_t i = 0; i < weights_.size(); ++i)
        if (row.name == "layer" + std::to_string(i)) {
          const auto from = gradient.begin() + static_cast<std::ptrdiff_t>(row.tensors.start);
          CHECK(all_near(std::vector<float>(from, from + static_cast<std::ptrdiff_t>(weights_[i]->dw.size())),
                         weights_[i]->dw, 2e-4));
        }
  }
  template <class T> static std::vector<float> rows(const T* at, std::size_t n) {
    std::vector<float> values(count * n);
    if constexpr (Unit<T>::samples > 1)
      kernels::lanes_to_rows(at, n, count, values.data());
    else
      std::copy_n(at, values.size(), values.begin());
    return values;
  }

  Random random_;
  std::uint32_t drawn_ = 0;
  std::vector<Tensor> tensors_, inputs_;
  std::vector<Step> steps_;
  std::vector<int> readers_;
  std::vector<std::size_t> outputs_;
  std::vector<std::shared_ptr<Weights>> weights_;
  std::vector<std::vector<double>> value_, gradient_;
};

}  // namespace

TEST_CASE("random graphs compute what their layers compute one by one") {
  int checked = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    RandomGraph graph(seed);
    if (!graph.complete()) continue;
    CAPTURE(seed);
    graph.check();
    ++checked;
  }
  CHECK(checked > 200);
}
