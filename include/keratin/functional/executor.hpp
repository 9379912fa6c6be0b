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

class Executor {
 public:
  Plan plan;

  Executor(std::shared_ptr<const Graph> graph, Mode mode) : graph_(std::move(graph)) {
    plan.mode = mode;
    const std::size_t count = graph_->entries.size();
    std::vector<int> heads(count);
    for (std::size_t i = 0; i < count; ++i) heads[i] = fuse(i, heads);
    output_head_ = head_of_output(heads);
    if (output_head_ >= 0) {
      std::shared_ptr<const Node>& last = nodes_[static_cast<std::size_t>(output_head_)];
      activation_ = last->activation();
      if (mode.logits) last = last->without_activation();
    }
    for (std::size_t i = 0; i < count; ++i) add(i, heads[i]);
    plan.plan_steps(static_cast<std::size_t>(graph_->shape(-1).size()));
    plan_sharing();
  }

  ActivationFunction output_activation() const { return activation_; }

  template <class T, class Count>
  void forward(Count count, const float* block, const T* x, T* y, T* workspace, const Run<float>& run) const {
    const Memory<T> memory{count, x, y, workspace};
    for (const Step& step : plan.steps)
      node(step).forward(shapes(step), forward_context(plan, step, count, memory, block, run));
    if (!plan.mode.training && plan.output == 0)
      std::copy_n(x, std::ptrdiff_t{static_cast<int>(count)} * graph_->shape(-1).size(), y);
  }
  template <class T>
  void backward(int count, const float* block, T* workspace, float* scratch, float* gradient,
                GradientSink<float>& sink, const Run<float>& run) const {
    const Memory<T> memory{count, nullptr, nullptr, workspace};
    float* const sums = scratch + most_scratch<T>(count);
    std::fill_n(sums, shared_values_, 0.f);
    for (std::size_t s = plan.steps.size(); s-- > 0;) {
      const Step& step = plan.steps[s];
      if (step.output_gradient == Step::none) continue;
      const Backward<T> c = backward_context(plan, step, memory, block, gradient, scratch, run);
      const Sharing& sharing = sharing_[s];
      if (!sharing.shared) {
        node(step).backward(shapes(step), c, sink);
      } else {
        SharedGradients all(*c.tensors, sums + sharing.first);
        node(step).backward(shapes(step), c, all);
        if (sharing.last) hand_on(*c.tensors, sums + sharing.first, sink);
      }
      sum_gradients(plan, step, memory);
    }
  }
  template <class T> std::size_t scratch(int count) const { return most_scratch<T>(count) + shared_values_; }

 private:
  // What a step has to do with the other calls of its layer.
  struct Sharing {
    bool shared = false, last = false;  // last: backward has been to all others
    std::size_t first = 0;              // where the sums of its gradients begin
  };

  const Node& node(const Step& step) const { return *nodes_[static_cast<std::size_t>(step.layer)]; }
  const Shapes& shapes(const Step& step) const { return shapes_[static_cast<std::size_t>(step.layer)]; }

  // Makes the node of an entry, or has the head of the group before it take its work over. The head.
  int fuse(std::size_t i, const std::vector<int>& heads) {
    const Graph::Entry& entry = graph_->entries[i];
    nodes_.push_back(entry.call->layer->node);
    shapes_.push_back(shapes_of(entry.call->inputs));
    if (!entry.follows) return static_cast<int>(i);
    const int head = heads[i - 1];
    std::shared_ptr<const Node>& group = nodes_[static_cast<std::size_t>(head)];
    auto fused = group->fused_with(*nodes_[i], static_cast<int>(i) - head, plan.mode.training);
    if (!fused) return static_cast<int>(i);
    group = std::move(fused);
    return head;
  }

  // The head of the last group that does more than rename the shape and leaves the last axis as it is: a loss
  // on logits takes its activation over. -1 if there is none.
  int head_of_output(const std::vector<int>& heads) const {
    int at = graph_->outputs[0];
    const auto idle = [&](int i) {
      const Shapes& in = shapes_[static_cast<std::size_t>(i)];
      return graph_->entries[static_cast<std::size_t>(i)]
                 .call->layer->node->plan(in, 0, plan.mode)
                 .traits.view &&
             in[0].last() == graph_->shape(i).last();
    };
    while (at >= 0 && idle(at)) at = graph_->entries[static_cast<std::size_t>(at)].inputs[0];
    return at < 0 ? at : heads[static_cast<std::size_t>(at)];
  }

  void add(std::size_t i, int head) {
    const Graph::Entry& entry = graph_->entries[i];
    LayerPlan row = nodes_[i]->plan(shapes_[i], static_cast<int>(i), plan.mode);
    row.type = entry.call->layer->node->type();
    row.name = entry.call->layer->name;
    row.inputs = entry.inputs;
    row.head = head;
    row.out = entry.call->shape;
    if (entry.owner == static_cast<int>(i)) return plan.add(row, entry.call->layer->parameters);
    row.tensors = plan.layers[static_cast<std::size_t>(entry.owner)].tensors;
    plan.add_call(row);
  }

  // In the order of backward the call that comes first makes room for the sums, the last one hands them on.
  void plan_sharing() {
    sharing_.resize(plan.steps.size());
    std::vector<std::vector<std::size_t>> calls(plan.layers.size());
    for (std::size_t s = plan.steps.size(); s-- > 0;)
      if (plan.steps[s].output_gradient != Step::none)
        calls[static_cast<std::size_t>(graph_->entries[static_cast<std::size_t>(plan.steps[s].layer)].owner)]
            .push_back(s);
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
  template <class T> std::size_t most_scratch(int count) const {
    std::size_t most = 0;
    for (const Step& step : plan.steps)
      most = std::max(most, node(step).scratch(shapes(step), count, Unit<T>::samples > 1));
    return aligned(most);
  }

  std::shared_ptr<const Graph> graph_;              // the plan refers to its names and parameters
  std::vector<std::shared_ptr<const Node>> nodes_;  // at each head the node that does its group's work
  std::vector<Shapes> shapes_;                      // that come into each call
  std::vector<Sharing> sharing_;                    // for each step
  std::size_t shared_values_ = 0;
  int output_head_ = -1;
  ActivationFunction activation_{};
};

}  // namespace keratin::functional
