#pragma once
// Executor: a graph planned for a mode, and its forward and backward passes.
#include <keratin/core/memory.hpp>
#include <keratin/functional/graph.hpp>

namespace keratin::functional {

template <class T> using Vector = std::vector<T>;
using Plan = BasicPlan<Vector>;

/// The gradients of a layer that is called several times, summed until all calls have added theirs.
class SharedGradients final : public GradientSink<float> {
 public:
  SharedGradients(const Tensors& tensors, float* sums) : start_(tensors.start), sums_(sums) {}
  void take(std::size_t offset, int n, const float* g, const Regularizer&) override {
    float* const to = sums_ + (offset - start_);
    for (int i = 0; i < n; ++i) to[i] += g[i];
  }

 private:
  std::size_t start_;
  float* sums_;
};

/// Where the gradients of weights go that are not trained.
class Discard final : public GradientSink<float> {
 public:
  void take(std::size_t, int, const float*, const Regularizer&) override {}
};

class Executor {
 public:
  Plan plan;

  Executor(const Graph& graph, Mode mode) : graph_(graph) {
    plan.mode = mode;
    for (std::size_t k = 0; k < graph_.outputs.size(); ++k)
      if (mode.logits >> k & 1) graph_.leave_out_activation(k);
    const int count = static_cast<int>(graph_.entries.size());
    std::vector<int> heads;
    for (int i = 0; i < count; ++i) heads.push_back(fuse(i, heads));
    for (int i = 0; i < count; ++i) add(i, heads[static_cast<std::size_t>(i)]);
    for (const auto& input : graph_.inputs) plan.add_input(static_cast<std::size_t>(input->shape.size()));
    for (const int output : graph_.outputs) plan.add_output(output);
    plan.plan_steps();
    check_backward();
    plan_sharing();
  }

  template <class T, class Count>
  void forward(Count count, const float* block, const T* x, T* y, T* workspace, const Run<float>& run) const {
    const Memory<T> memory{count, x, y, workspace};
    for (const Step& step : plan.steps)
      node(step).forward(shapes(step), forward_context(plan, step, count, memory, block, run_of(step, run)));
    if (plan.mode.training) return;
    for (const Port& port : plan.outputs) {  // an input as it came, or the same value as another output
      const auto n = static_cast<std::size_t>(static_cast<int>(count));
      const T* const there = memory(plan, port.buffer);
      if (there != y + port.first * n) std::copy_n(there, port.size * n, y + port.first * n);
    }
  }
  template <class T>
  void backward(int count, const float* block, T* workspace, float* scratch, float* gradient,
                GradientSink<float>& sink, const Run<float>& run) const {
    const Memory<T> memory{count, nullptr, nullptr, workspace};
    sum_gradients(plan, plan.output_sums, memory);
    float* const sums = scratch;
    std::fill_n(sums, shared_values_, 0.f);
    scratch += aligned(shared_values_);
    for (std::size_t s = plan.steps.size(); s-- > 0;) {
      const Step& step = plan.steps[s];
      if (step.output_gradient == Step::none) continue;
      const Backward<T> c = backward_context(plan, step, memory, block, gradient, scratch, run_of(step, run));
      const Sharing& sharing = sharing_[s];
      if (is_frozen(step)) {
        Discard nowhere;
        node(step).backward(shapes(step), c, nowhere);
      } else if (!sharing.shared) {
        node(step).backward(shapes(step), c, sink);
      } else {
        SharedGradients all(*c.tensors, sums + sharing.first);
        node(step).backward(shapes(step), c, all);
        if (sharing.last) hand_on(*c.tensors, sums + sharing.first, sink);
      }
      sum_gradients(plan, step.sums, memory);
    }
  }
  /// For backward: the sums of shared layers' gradients, and behind them what any layer works with.
  template <class T> std::size_t scratch(int count) const {
    std::size_t most = 0;
    for (const Step& step : plan.steps)
      most = std::max(most, node(step).scratch(shapes(step), count, Unit<T>::samples > 1));
    return aligned(shared_values_) + most;
  }

 private:
  // What a step has to do with the other calls of its layer.
  struct Sharing {
    bool shared = false, last = false;  // last: backward has been to all others
    std::size_t first = 0;              // where the sums of its gradients begin
  };

  const Node& node(const Step& step) const { return *nodes_[static_cast<std::size_t>(step.layer)]; }
  const Shapes& shapes(const Step& step) const { return graph_.entry(step.layer).in; }

  bool is_frozen(const Step& step) const { return graph_.is_frozen(graph_.entry(step.layer)); }
  // A frozen layer runs as in inference: its moving statistics are constants. Keras: trainable = False.
  Run<float> run_of(const Step& step, Run<float> run) const {
    if (is_frozen(step)) run.training = nullptr;
    return run;
  }

  // Makes the node of a call, or has the head of the group before it take its work over. The head.
  int fuse(int i, const std::vector<int>& heads) {
    nodes_.push_back(graph_.entry(i).node);
    if (!graph_.follows(i)) return i;
    const int head = heads.back();
    std::shared_ptr<const Node>& group = nodes_[static_cast<std::size_t>(head)];
    auto fused = group->fused_with(*nodes_.back(), i - head, plan.mode.training);
    if (!fused) return i;
    group = std::move(fused);
    return head;
  }

  void add(int i, int head) {
    const Graph::Entry& entry = graph_.entry(i);
    LayerPlan row = nodes_[static_cast<std::size_t>(i)]->plan(entry.in, i, plan.mode);
    row.type = entry.layer->node->type();
    row.name = entry.layer->name;
    row.inputs = entry.inputs;
    row.head = head;
    row.out = entry.out;
    if (entry.owner == i) return plan.add(row, *entry.parameters);
    if (row.state > 0)
      throw std::invalid_argument(
          Text("Model: ", row.type, " '", row.name, "' is Stateful and called twice, one call wanted")
              .c_str());
    row.tensors = plan.layers[static_cast<std::size_t>(entry.owner)].tensors;
    plan.add_call(row);
  }

  void check_backward() const {
    for (const Step& step : plan.steps) {
      const LayerPlan& row = plan.layer_of(step);
      if (step.output_gradient != Step::none && !node(step).has_backward())
        throw std::invalid_argument(
            Text("Model: ", row.type, " '", row.name,
                 "' has no backward function, one wanted to train the layers before it")
                .c_str());
    }
  }

  // In the order of backward the call that comes first makes room for the sums, the last one hands them on.
  void plan_sharing() {
    sharing_.resize(plan.steps.size());
    std::vector<std::vector<std::size_t>> calls(plan.layers.size());
    for (std::size_t s = plan.steps.size(); s-- > 0;)
      if (plan.steps[s].output_gradient != Step::none)
        calls[static_cast<std::size_t>(graph_.entry(plan.steps[s].layer).owner)].push_back(s);
    for (std::size_t owner = 0; owner < calls.size(); ++owner) {
      const Tensors& tensors = plan.layers[owner].tensors;
      if (calls[owner].size() < 2 || tensors.trainable_values() == 0) continue;
      for (const std::size_t s : calls[owner]) sharing_[s] = {true, s == calls[owner].back(), shared_values_};
      shared_values_ += tensors.end - tensors.start;
    }
  }
  static void hand_on(const Tensors& tensors, const float* sums, GradientSink<float>& sink) {
    for (int i = 0; i < tensors.count(); ++i)
      if (tensors[i].trainable)
        sink.take(tensors.offset(i), tensors[i].shape.size(), sums + (tensors.offset(i) - tensors.start),
                  tensors[i].regularizer);
  }

  Graph graph_;                                     // the plan refers to its names and parameters
  std::vector<std::shared_ptr<const Node>> nodes_;  // at each head the node that does its group's work
  std::vector<Sharing> sharing_;                    // for each step
  std::size_t shared_values_ = 0;
};

}  // namespace keratin::functional
