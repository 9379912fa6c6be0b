#pragma once
// Graph: all that lies between a model's inputs and its outputs, in the order in which it runs, and once more
// in Keras's order, that of weights and of the lines of a summary.
#include <keratin/functional/tensor.hpp>

#include <unordered_map>

namespace keratin::functional {

class Graph {
 public:
  /// A call of a layer. What feeds it stands before it, a chain without a gap.
  struct Entry {
    std::shared_ptr<const Call> call;
    PerInput<int> inputs{};  // the entries that it reads; -1 - k: the model's k-th input
    int owner = 0;           // the first entry that calls this layer
    bool follows = false;    // reads the entry before it alone, and nobody else reads that
  };

  std::vector<std::shared_ptr<const Call>> inputs;
  std::vector<Entry> entries;
  std::vector<int> outputs;  // entries, or inputs as above
  std::vector<int> layers;  // every layer once, as the entry of its first call, or an input; in Keras's order

  /// Error: std::invalid_argument that says what does not belong together.
  Graph(const std::vector<Tensor>& from, const std::vector<Tensor>& to) {
    if (from.empty() || to.empty()) refuse("at least one input and one output wanted");
    for (const Tensor& t : from) add_input(t.call_);
    for (const Tensor& t : to) visit(t);
    for (const Tensor& t : to) outputs.push_back(place_.at(t.call_.get()));
    connect();
    order_like_keras();
    check_names();
  }

  const Shape& shape(int i) const { return call(i).shape; }
  /// Of an input or the first call of a layer.
  const std::string& name(int i) const { return i < 0 ? call(i).name : call(i).layer->name; }

 private:
  template <class... Parts> static void refuse(const Parts&... parts) {
    throw std::invalid_argument(Text("Model: ", parts...).c_str());
  }
  const Call& call(int i) const {
    return i < 0 ? *inputs[static_cast<std::size_t>(-1 - i)] : *entries[static_cast<std::size_t>(i)].call;
  }
  // Entries and inputs, counted from 0.
  std::size_t slot(int i) const { return static_cast<std::size_t>(i + static_cast<int>(inputs.size())); }

  void add_input(const std::shared_ptr<const Call>& call) {
    const int k = static_cast<int>(inputs.size());
    if (call->layer) refuse("input ", k, " is what a layer makes, an Input wanted");
    if (!place_.try_emplace(call.get(), -1 - k).second) refuse("input ", k, " is given twice");
    inputs.push_back(call);
  }

  // Appends what leads to a tensor, and then its call. Not recursive: graphs may be deep.
  void visit(const Tensor& output) {
    struct Visit {
      std::shared_ptr<const Call> call;
      std::size_t next;
    };
    std::vector<Visit> path;
    const auto enter = [&](const Tensor& t) {
      const void* const layer =
          t.call_->layer ? static_cast<const void*>(t.call_->layer.get()) : t.call_.get();
      met_.try_emplace(layer, met_.size());
      if (place_.contains(t.call_.get())) return;
      if (!t.call_->layer)
        refuse("the output does not come from the input", inputs.size() > 1 ? "s" : "", ": an Input",
               t.call_->name.empty() ? "" : " '", t.call_->name, t.call_->name.empty() ? "" : "'",
               " of shape ", t.shape(), " leads to it");
      path.push_back({t.call_, 0});
    };
    enter(output);
    while (!path.empty()) {
      Visit& at = path.back();
      if (at.next < at.call->inputs.size()) {
        enter(at.call->inputs[at.next++]);
        continue;
      }
      if (place_.try_emplace(at.call.get(), static_cast<int>(entries.size())).second)
        entries.push_back({.call = at.call});
      path.pop_back();
    }
  }

  void connect() {
    std::unordered_map<const Layered*, int> owners;
    std::vector<int> readers(entries.size() + inputs.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      Entry& e = entries[i];
      e.owner = owners.try_emplace(e.call->layer.get(), static_cast<int>(i)).first->second;
      for (const Tensor& t : e.call->inputs) {
        e.inputs.add(place_.at(t.call_.get()));
        ++readers[slot(e.inputs[e.inputs.count - 1])];
      }
    }
    for (const int i : outputs) ++readers[slot(i)];
    for (std::size_t i = 1; i < entries.size(); ++i) {
      const int before = static_cast<int>(i) - 1;
      entries[i].follows =
          entries[i].inputs.count == 1 && entries[i].inputs[0] == before && readers[slot(before)] == 1;
    }
    for (std::size_t k = 0; k < inputs.size(); ++k)
      if (readers[slot(-1 - static_cast<int>(k))] == 0) refuse("input ", k, " leads to no output");
  }

  // Those farthest from an output first: all calls of a layer count, and what feeds one is farther than every
  // call met so far. Where that is equal, those first that were met first on the way back from the outputs.
  void order_like_keras() {
    std::vector<int> of_call(entries.size() + inputs.size()), depth(of_call.size());  // depth: of a layer
    for (std::size_t i = entries.size(); i-- > 0;) {
      int& here = depth[slot(entries[i].owner)];
      here = std::max(here, of_call[slot(static_cast<int>(i))]);
      for (const int from : entries[i].inputs) of_call[slot(from)] = std::max(of_call[slot(from)], here + 1);
    }
    for (int k = 0; k < static_cast<int>(inputs.size()); ++k) depth[slot(-1 - k)] = of_call[slot(-1 - k)];
    for (int k = 0; k < static_cast<int>(inputs.size()); ++k) layers.push_back(-1 - k);
    for (int i = 0; i < static_cast<int>(entries.size()); ++i)
      if (entries[static_cast<std::size_t>(i)].owner == i) layers.push_back(i);
    std::stable_sort(layers.begin(), layers.end(), [&](int a, int b) {
      return depth[slot(a)] != depth[slot(b)] ? depth[slot(a)] > depth[slot(b)] : met(a) < met(b);
    });
  }
  std::size_t met(int i) const {
    return met_.at(i < 0 ? static_cast<const void*>(&call(i)) : call(i).layer.get());
  }
  void check_names() const {
    for (std::size_t i = 0; i < layers.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (!name(layers[i]).empty() && name(layers[i]) == name(layers[j]))
          refuse(layers[i] < 0 ? "Input" : call(layers[i]).layer->node->type(), " '", name(layers[i]),
                 "': ", name_given_twice.text);
  }

  std::unordered_map<const Call*, int> place_;
  std::unordered_map<const void*, std::size_t> met_;  // layers and inputs, in the order of the search
};

}  // namespace keratin::functional
