#pragma once
// ModelGraph: a model of either kind as files see it, a graph of layers in Keras's order.
#include <keratin/functional.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace keratin::io::detail {

struct ModelGraph {
  std::shared_ptr<const functional::Model> model;
  std::vector<std::string> names;        // of the graph's layers()
  std::vector<const LayerPlan*> layers;  // where the weights of each lie in the block of the model itself
  bool sequential = false;               // it was a static chain that Keras's Sequential can be
};

// name, or name_1, name_2, ...: the first that is not taken, which it then is.
inline std::string free_name(const std::string& name, std::set<std::string>& taken) {
  std::string free = name;
  for (int n = 1; !taken.insert(free).second; ++n) free = name + "_" + std::to_string(n);
  return free;
}
// Names as Keras takes them: without a '/', and each once.
inline std::vector<std::string> plain_names(std::vector<std::string> names) {
  std::set<std::string> taken;
  for (std::string& name : names) {
    std::replace(name.begin(), name.end(), '/', '_');
    name = free_name(name, taken);
  }
  return names;
}

inline ModelGraph graph_of(const functional::Model& model) {
  ModelGraph graph{{std::shared_ptr<void>(), &model}, plain_names(layer_names(model.layers())), {}, false};
  for (const LayerPlan& layer : model.layers()) graph.layers.push_back(&layer);
  return graph;
}

/// The first calls of a model's layers in the order in which they run: that of a static network of the same
/// layers.
inline std::vector<int> run_order(const functional::Model& model) {
  std::vector<int> calls;
  const functional::Graph& graph = model.graph();
  for (int i = 0; i < static_cast<int>(graph.entries.size()); ++i)
    if (graph.entry(i).owner == i && graph.entry(i).layer->piece < 0) calls.push_back(i);
  return calls;
}

/// The same layers as a static network's, called one after the other.
template <class Net> functional::Model functional_of() {
  const functional::Tensor x = functional::Input(Net::input_shape);
  functional::Tensor y = x;
  hana::for_each(Net::layers, [&](auto type) { y = typename decltype(type)::type{}(y); });
  return functional::Model({x}, std::vector{y}, functional::Zeroed{});
}
template <class Net, class Storage, class S>
ModelGraph graph_of(const keratin::Model<Net, Storage, S>& model) {
  const auto made = std::make_shared<functional::Model>(functional_of<Net>());
  const auto& entries = made->graph().entries;
  // Keras's Sequential has no layers of several arguments, also where these are the same.
  const bool attends = std::any_of(entries.begin(), entries.end(),
                                   [](const auto& entry) { return entry.node->reads_masks(); });
  ModelGraph graph{made, layer_names(made->layers()), std::vector<const LayerPlan*>(made->layers().size()),
                   made->graph().is_chain() && !attends};
  const auto& own = model.layers();
  const std::vector<std::string> names = layer_names(own);
  const std::vector<int> calls = run_order(*made);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::size_t row = made->graph().layer_index(calls[i]);
    graph.layers[row] = &own[i];
    graph.names[row] = names[i];
  }
  graph.names = plain_names(std::move(graph.names));
  return graph;
}

}  // namespace keratin::io::detail
