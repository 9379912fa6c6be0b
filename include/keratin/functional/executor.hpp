#pragma once
// Executor: a graph planned for a mode, and its forward and backward passes.
#include <keratin/core/memory.hpp>
#include <keratin/functional/graph.hpp>

#include <mutex>

namespace keratin::functional {

template <class T> using Vector = std::vector<T>;
using Plan = BasicPlan<Vector>;

/// Where the gradients of weights go that are not trained.
class Discard final : public GradientSink<float> {
 public:
  void take_rows(std::size_t, std::ptrdiff_t, int, int, const float*, std::ptrdiff_t,
                 const Regularizer&) override {}
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
    for (const auto& input : graph_.inputs) plan.add_input(input->shape);
    for (const int output : graph_.outputs) plan.add_output(output);
    for (std::size_t k = 0; k < graph_.masks.size() && mode.masks; ++k) {
      if (graph_.masks[k] == Graph::no_mask) continue;
      plan.outputs[k].mask = static_cast<int>(plan.outputs.size());
      plan.add_output(graph_.masks[k]);
    }
    plan.plan_steps();
    for (const Step& step : plan.steps) {
      const Graph::Entry& entry = graph_.entry(step.layer);
      const Node* const node = nodes_[static_cast<std::size_t>(step.layer)].get();
      work_.push_back({node, {entry.in, node->geometry(entry.in)}, graph_.is_frozen(entry)});
    }
    check_backward();
    plan_sharing();
  }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  template <class T, class Count>
  void forward(Count count, const float* block, const T* x, T* y, T* workspace, const Run<float>& run) const {
    const Memory<T> memory{count, x, y, workspace};
    for (std::size_t s = 0; s < plan.steps.size(); ++s)
      work_[s].node->forward(work_[s].place,
                             forward_context(plan, plan.steps[s], count, memory, block, work_[s].run(run)));
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
      const Work& work = work_[s];
      const Backward<T> c = backward_context(plan, step, memory, block, gradient, scratch, work.run(run));
      if (work.frozen) {
        Discard nowhere;
        work.node->backward(work.place, c, nowhere);
      } else if (!work.shared) {
        work.node->backward(work.place, c, sink);
      } else {
        SharedGradients<float> all(*c.tensors, sums + work.sums);
        work.node->backward(work.place, c, all);
        if (work.last) hand_on(*c.tensors, sums + work.sums, sink);
      }
      sum_gradients(plan, step.sums, memory);
    }
  }
  /// Whether backward hands the gradients of this step's layer on; of a shared one its last call does.
  bool hands_on(std::size_t s) const {
    return plan.steps[s].output_gradient != Step::none && !work_[s].frozen &&
           (!work_[s].shared || work_[s].last);
  }
  /// For backward: the sums of shared layers' gradients, and behind them what any layer works with.
  template <class T> std::size_t scratch(int count) const {
    std::size_t most = 0;
    for (const Work& work : work_)
      most = std::max(most, work.node->scratch(work.place.in, count, Unit<T>::samples > 1));
    return aligned(shared_values_) + most;
  }

 private:
  // A step's node and what comes into it, and what it has to do with the other calls of its layer.
  struct Work {
    const Node* node;
    Place place;
    bool frozen = false;
    bool shared = false, last = false;  // last: backward has been to all others
    std::size_t sums = 0;               // where the sums of shared gradients begin

    // A frozen layer runs as in inference: its moving statistics are constants. Keras: trainable = False.
    Run<float> run(Run<float> of_all) const {
      if (frozen) {
        of_all.frozen = of_all.training != nullptr;
        of_all.training = nullptr;
      }
      return of_all;
    }
  };

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
    row.name = graph_.name(i);
    row.inputs = entry.inputs;
    row.head = head;
    row.out = entry.out;
    row.unused = !plan.mode.masks && i >= graph_.needed;
    if (entry.owner == i) return plan.add(row, *entry.parameters);
    if (row.state > 0)
      throw std::invalid_argument(
          Text("Model: ", row.type, " '", row.name, "' is Stateful and called twice, one call wanted")
              .c_str());
    row.tensors = plan.layers[static_cast<std::size_t>(entry.owner)].tensors;
    plan.add_call(row);
  }

  void check_backward() const {
    for (std::size_t s = 0; s < plan.steps.size(); ++s) {
      const LayerPlan& row = plan.layer_of(plan.steps[s]);
      if (plan.steps[s].output_gradient != Step::none && !work_[s].node->has_backward())
        throw std::invalid_argument(
            Text("Model: ", row.type, " '", row.name,
                 "' has no backward function, one wanted to train the layers before it")
                .c_str());
    }
  }

  // In the order of backward the call that comes first makes room for the sums, the last one hands them on.
  void plan_sharing() {
    std::vector<std::vector<std::size_t>> calls(plan.layers.size());
    for (std::size_t s = plan.steps.size(); s-- > 0;)
      if (plan.steps[s].output_gradient != Step::none)
        calls[static_cast<std::size_t>(graph_.entry(plan.steps[s].layer).owner)].push_back(s);
    for (std::size_t owner = 0; owner < calls.size(); ++owner) {
      const Tensors& tensors = plan.layers[owner].tensors;
      if (calls[owner].size() < 2 || tensors.trainable_values() == 0) continue;
      for (const std::size_t s : calls[owner]) {
        work_[s].shared = true;
        work_[s].last = s == calls[owner].back();
        work_[s].sums = shared_values_;
      }
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
  std::vector<Work> work_;                          // for each step
  std::size_t shared_values_ = 0;
};

/// A graph's executors for a mode: one, or where inputs have an open axis one for each lengths that came, of
/// which the last ones are kept.
class Executors {
 public:
  static constexpr std::size_t most = 16;

  Executors(const Graph& graph, Mode mode)
      : recent_(std::make_shared<Recent>(graph, mode)),
        now_(std::make_shared<const Executor>(graph, mode)),
        lengths_(graph.lengths()) {}

  const Executor& now() const { return *now_; }
  /// Makes the executor for these lengths the one that is used now; false if it is that already.
  bool select(const Lengths& lengths) {
    if (lengths == lengths_) return false;
    now_ = of(lengths);
    lengths_ = lengths;
    return true;
  }
  /// Several threads may ask at once. Error: std::invalid_argument where a layer does not fit the lengths.
  std::shared_ptr<const Executor> of(const Lengths& lengths) const {
    if (lengths == lengths_) return now_;
    const std::lock_guard lock(recent_->mutex);
    auto& kept = recent_->kept;
    auto at = std::find_if(kept.begin(), kept.end(), [&](const auto& one) { return one.first == lengths; });
    if (at == kept.end()) {
      auto made = std::make_shared<const Executor>(recent_->graph.of_lengths(lengths), recent_->mode);
      if (kept.size() == most) kept.pop_back();
      at = kept.insert(kept.end(), {lengths, std::move(made)});
    }
    std::rotate(kept.begin(), at, at + 1);
    return kept.front().second;
  }

 private:
  struct Recent {
    Graph graph;
    Mode mode;
    std::mutex mutex{};
    std::vector<std::pair<Lengths, std::shared_ptr<const Executor>>> kept{};  // the last one used first

    Recent(const Graph& g, Mode m) : graph(g), mode(m) {}
  };

  std::shared_ptr<Recent> recent_;
  std::shared_ptr<const Executor> now_;
  Lengths lengths_;
};

}  // namespace keratin::functional
