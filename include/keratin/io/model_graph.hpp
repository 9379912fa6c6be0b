#pragma once
// ModelGraph: a model of either kind as files see it, a graph of layers in Keras's order.
#include <keratin/functional.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace keratin::io::detail {

struct ModelGraph {
  std::shared_ptr<const functional::Model> model;
  std::vector<std::string> names;  // of the graph's layers()
  std::vector<LayerPlan> layers;   // with the places of their weights in the block of the model itself
  bool sequential = false;         // it was a static chain that Keras's Sequential can be
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

/// The first calls of a model's layers in the order in which they run: that of a static network of the same
/// layers.
inline std::vector<int> run_order(const functional::Model& model) {
  std::vector<int> calls;
  const functional::Graph& graph = model.graph();
  for (int i = 0; i < static_cast<int>(graph.entries.size()); ++i)
    if (graph.entry(i).owner == i && graph.entry(i).layer->piece < 0) calls.push_back(i);
  return calls;
}

// Where the weights of layers begin in a model's block.
using Starts = std::map<const functional::SharedLayer*, std::size_t>;

// The model with the layers of a static one, called as_layer/dense, ..., in the place of the layer that it
// is.
inline functional::Model expanded(const functional::Model& model, const std::string& name,
                                  const LayerPlan& row, const functional::Graph::Entry& entry,
                                  Starts& starts) {
  const std::shared_ptr<functional::Model> network = entry.node->network();
  const std::vector<std::string> names = layer_names(network->layers());
  int tensor = 0;
  for (const int call : run_order(*network)) {
    functional::SharedLayer& layer = *network->graph().entry(call).layer;
    layer.name = name + "/" + names[network->graph().layer_index(call)];
    if (layer.parameters->count > 0) starts[&layer] = row.tensors.offset(tensor);
    tensor += layer.parameters->count;
  }
  network->set_trainable(row.tensors.trainable_values() > 0);
  return model.with_layer(name, *network);
}

inline ModelGraph graph_of(const functional::Model& model) {
  const functional::Graph& graph = model.graph();
  const std::vector<std::string> names = layer_names(model.layers());
  std::shared_ptr<const functional::Model> flat{std::shared_ptr<void>(), &model};
  Starts starts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (graph.layers[i] < 0) continue;
    const functional::Graph::Entry& entry = graph.entry(graph.layers[i]);
    const LayerPlan& row = model.layers()[i];
    if (entry.node->network())
      flat = std::make_shared<functional::Model>(expanded(*flat, names[i], row, entry, starts));
    else
      starts[entry.layer.get()] = row.tensors.start;
  }
  ModelGraph made{flat, plain_names(layer_names(flat->layers())), flat->layers(), false};
  for (std::size_t i = 0; i < made.layers.size(); ++i) {
    Tensors& tensors = made.layers[i].tensors;
    if (tensors.count() > 0)
      tensors = Tensors(*tensors.parameters,
                        starts.at(flat->graph().entry(flat->graph().layers[i]).layer.get()), 0);
  }
  return made;
}

template <class Net, class Storage, class S>
ModelGraph graph_of(const keratin::Model<Net, Storage, S>& model) {
  const auto made = std::make_shared<functional::Model>(functional::detail::functional_of<Net>());
  const auto& entries = made->graph().entries;
  // Keras's Sequential has no layers of several arguments, also where these are the same.
  const bool attends =
      std::any_of(entries.begin(), entries.end(), [](const auto& entry) { return entry.node->attends(); });
  ModelGraph graph{made, layer_names(made->layers()), std::vector<LayerPlan>(made->layers().size()),
                   made->graph().is_chain() && !attends};
  const auto& own = model.layers();
  const std::vector<std::string> names = layer_names(own);
  const std::vector<int> calls = run_order(*made);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::size_t row = made->graph().layer_index(calls[i]);
    graph.layers[row] = own[i];
    graph.names[row] = names[i];
  }
  graph.names = plain_names(std::move(graph.names));
  return graph;
}

}  // namespace keratin::io::detail
