#pragma once
// Models and weights out of Keras's files: .keras, .weights.h5, and whole models in .h5. Needs libzip and
// nlohmann-json.
#include <keratin/io/blob.hpp>
#include <keratin/io/builder.hpp>
#include <keratin/io/graph_config.hpp>
#include <keratin/io/hdf5.hpp>
#include <keratin/io/model_graph.hpp>
#include <keratin/io/texts.hpp>
#include <keratin/io/zip.hpp>

#include <set>

namespace keratin::io {

namespace detail {

// The weights of a layer into a block, from below a group of .weights.h5; all_read gets their paths.
inline void read_weights(const Hdf5& file, const LayerPlan& layer, const functional::Node& node,
                         const std::string& group, float* block, std::set<std::string>& all_read) {
  const std::vector<WeightPath> paths = weight_paths(node.type(), layer.tensors);
  for (int i = 0; i < layer.tensors.count(); ++i) {
    const Parameter& p = layer.tensors[i];
    const WeightPath& at = paths[static_cast<std::size_t>(i)];
    if (at.name.empty()) continue;
    const bool is_older = !at.older.empty() && !file.has(group + at.name) && file.has(group + at.older);
    const std::string path = group + (is_older ? at.older : at.name);
    const std::span<float> values(block + layer.tensors.offset(i), static_cast<std::size_t>(p.shape.size()));
    const std::uint64_t found = places_in_use(node, layer.tensors, block);
    if (p.in_files == InFiles::by_name && found < values.size() &&
        file.extents(path) == std::vector<std::uint64_t>{found}) {
      file.read(path, Shape{static_cast<int>(found)}, values.first(found));
      std::ranges::fill(values.subspan(found), 0.f);
    } else {
      file.read(path, shape_in_files(p), values);
    }
    all_read.insert({group + at.name, group + at.older});
    const auto here = at.more + std::count_if(paths.begin(), paths.end(), [&](const WeightPath& other) {
                        return other.group == at.group && other.numbered;
                      });
    const std::string vars = group + at.group + "/vars/";
    if (!counts_in_files(node.type()) && file.has(vars + std::to_string(here)))
      throw FileError(file.name() + ": " + vars + " has more than " + std::to_string(here) +
                      " weights, as layer '" + std::string(layer.name) + "' (" + layer.type + ") has");
  }
}
// Error: there are other weights than those that were read. What texts are weighed with is no layer's here.
inline void check_all_read(const Hdf5& file, const std::set<std::string>& all_read,
                           const GraphWriter& layout) {
  for (const std::string& path : file.floats("layers")) {
    const std::string group = path.substr(0, path.rfind("/vars/"));
    bool of_text = false;
    for (const auto& [input, text] : layout.text_layers())
      of_text = of_text || group == text.group || group == text.group + "/_lookup_layer";
    if (!of_text && !all_read.contains(path))
      throw FileError(group + " has weights of a layer that the model lacks");
  }
}

// Where a file has them: as the models inside models had them, or in one model.
inline std::vector<Stored> places_in(const Hdf5& file, const std::vector<Stored>& stored) {
  std::vector<Stored> nested = places_of_models_inside(stored);
  const bool has_all =
      std::all_of(nested.begin(), nested.end(), [&](const Stored& at) { return file.has(at.group); });
  return nested.empty() || !has_all ? stored : nested;
}

// What a group of a legacy .h5 calls its weights, without the counters that nobody reads.
inline std::vector<std::string> weight_names(const Hdf5& file, const std::string& group) {
  std::vector<std::string> names = file.texts(group, "weight_names");
  std::erase_if(names, [](const std::string& name) {
    const std::string last = name.substr(name.rfind('/') + 1);
    return last == "count" || last == "count:0";
  });
  return names;
}
// The groups of a legacy .h5 that hold weights.
inline std::vector<std::string> legacy_groups(const Hdf5& file, const std::string& root) {
  std::vector<std::string> groups;
  for (const std::string& name : file.texts(root, "layer_names"))
    if (!weight_names(file, root + name).empty()) groups.push_back(root + name);
  return groups;
}
// One of them: what is trained comes first.
inline void read_legacy_group(const Hdf5& file, const std::string& group,
                              const std::vector<Variable>& variables, const std::string& layer,
                              float* block) {
  const std::vector<std::string> names = weight_names(file, group);
  if (names.size() != variables.size())
    throw FileError(file.name() + ": " + group + " has " + std::to_string(names.size()) + " weights, " +
                    std::to_string(variables.size()) + " wanted for layer '" + layer + "'");
  const std::vector<Variable> ordered = trained_first(variables);
  for (std::size_t i = 0; i < names.size(); ++i)
    file.read(group + "/" + names[i], shape_in_files(*ordered[i].parameter),
              {block + ordered[i].offset, static_cast<std::size_t>(ordered[i].parameter->shape.size())});
}

// A layer of a model that is there, or all layers of a model inside: what a group of a legacy .h5 is for.
struct LegacyLayer {
  std::string name;
  std::vector<Variable> variables{};
  std::map<std::size_t, std::string> inside{};  // of a model inside: whose the variable at each offset is
};
inline std::vector<LegacyLayer> legacy_layers(const ModelGraph& graph, const std::vector<Stored>& stored) {
  std::vector<LegacyLayer> layers;
  const std::vector<std::string> names = layer_names(graph.model->layers());
  for (const Stored& at : stored) {
    const std::vector<Variable> variables = variables_of(graph.layers[at.row].tensors);
    if (variables.empty()) continue;
    const std::string& name = names[at.row];
    const bool inside = at.origin.find("/layers/") != at.origin.npos && name.find('/') != name.npos;
    const std::string outer = inside ? name.substr(0, name.find('/')) : at.name;
    auto layer = std::ranges::find(layers, outer, &LegacyLayer::name);
    if (!inside || layer == layers.end()) layer = layers.insert(layers.end(), {outer});
    layer->variables.insert(layer->variables.end(), variables.begin(), variables.end());
    for (const Variable& v : variables)
      if (inside) layer->inside[v.offset] = name.substr(name.rfind('/') + 1);
  }
  return layers;
}
// All groups, into the layers of a model that is there.
inline void read_legacy_weights(const Hdf5& file, const ModelGraph& graph, const std::vector<Stored>& stored,
                                float* block) {
  const std::string root = file.has_attribute("/", "layer_names") ? "/" : "/model_weights/";
  if (!file.has_attribute(root, "layer_names"))
    throw FileError("holds no weights of layers: a .weights.h5, or a .h5 of layers wanted");
  std::vector<LegacyLayer> layers = legacy_layers(graph, stored);
  const std::vector<std::string> groups = legacy_groups(file, root);
  // By name where all are called so, otherwise by their order.
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < groups.size(); ++i) places.emplace(groups[i].substr(root.size()), i);
  if (std::ranges::all_of(layers, [&](const LegacyLayer& layer) { return places.contains(layer.name); }))
    std::ranges::sort(layers, {}, [&](const LegacyLayer& layer) { return places.at(layer.name); });
  for (std::size_t i = 0; i < std::max(groups.size(), layers.size()); ++i) {
    if (i == layers.size()) throw FileError(groups[i] + " has weights of a layer that the model lacks");
    if (i == groups.size()) throw FileError("there are no weights for layer '" + layers[i].name + "'");
    const auto& [name, variables, inside] = layers[i];
    const std::vector<std::string> weights = weight_names(file, groups[i]);
    const std::vector<Variable> ordered = trained_first(variables);
    for (std::size_t k = 0; k < std::min(weights.size(), inside.size()); ++k)
      if (const std::string& of = inside.at(ordered[k].offset);
          ("/" + weights[k]).find("/" + of + "/") == std::string::npos)
        throw FileError(groups[i] + "/" + weights[k] + " came, a weight of '" + of +
                        "' wanted, a layer of the model '" + name + "'");
    read_legacy_group(file, groups[i], variables, name, block);
  }
}

/// A file that holds a whole model: what it says of it, and where its weights are.
struct ModelFile {
  Json record{}, compile{};
  std::string path{};
  FileImage image{};  // of the weights' file, in an archive
  std::optional<Hdf5> weights{};
  bool legacy = false;

  /// What there is beside the record; it refers to this.
  Beside beside() const {
    return {[this](const std::string& group) -> std::optional<std::string> {
              const std::string member = "assets/" + group + "/vocabulary.txt";
              if (legacy) return std::nullopt;
              const Zip zip(path);
              if (!zip.has(member.c_str())) return std::nullopt;
              const std::vector<unsigned char> bytes = zip.read(member.c_str(), most_json_bytes, most_packed);
              return std::string(bytes.begin(), bytes.end());
            },
            [this](const std::string& place) {
              const std::vector<std::uint64_t> extents = weights->extents(place);
              if (extents.size() != 1 || extents[0] > weights->size()) throw FileError(place + " is no list");
              std::vector<float> values(static_cast<std::size_t>(extents[0]));
              weights->read(place, Shape{static_cast<int>(extents[0])}, values);
              return values;
            }};
  }
};
// Files of weights that functions of their own read.
inline void refuse_other_weights(const std::string& path) {
  for (const auto& [end, reader] : {std::pair(".safetensors", "load_safetensors"),
                                    std::pair(".npz", "read_npz"), std::pair(".bin", "load_blob")})
    if (path.ends_with(end)) throw FileError(std::string("holds weights only: ") + reader + " reads them");
}
inline ModelFile open_model(const std::string& path) {
  refuse_other_weights(path);
  ModelFile file{.path = path};
  if (path.ends_with(".keras")) {
    const Zip zip(path);
    file.record = parse_json(zip.read("config.json", most_json_bytes, most_packed), path);
    file.image = zip.image("model.weights.h5", most_weight_bytes, most_packed);
    file.weights.emplace(file.image.bytes, path + ": model.weights.h5");
    if (file.record.is_object()) file.compile = file.record.value("compile_config", Json());
  } else {
    file.legacy = true;
    file.weights.emplace(path);
    if (!file.weights->has_attribute("/", "model_config"))
      throw FileError("holds weights only: load_weights reads them into a model that is there");
    file.record = parse_json(file.weights->text("/", "model_config"), path);
    if (file.weights->has_attribute("/", "training_config")) {
      file.compile = parse_json(file.weights->text("/", "training_config"), path);
      if (file.compile.is_object()) {
        Json& optimizer = file.compile["optimizer"] = file.compile.value("optimizer_config", Json());
        const Json name = optimizer.is_object() ? optimizer.value("class_name", Json()) : Json();
        if (name.is_string() &&
            name.get<std::string>().starts_with("Custom>"))  // as Keras 2 registers its own
          optimizer["class_name"] = name.get<std::string>().substr(7);
      }
    }
  }
  return file;
}

/// A model out of a file, and its weights in the file's order, those of each of the outermost layers
/// together.
struct ReadModel {
  functional::Model model;
  std::vector<std::vector<Variable>> variables;
};
inline ReadModel read_model(const ModelFile& file, const CustomLayers& custom) {
  const Beside beside = file.beside();
  Builder builder(custom, beside);
  builder.most_weights = file.weights->size();
  functional::Model model = builder.build(file.record);
  std::map<std::string_view, std::size_t> rows;
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    if (model.layers()[i].tensors.count() > 0) rows.emplace(model.layers()[i].name, i);
  std::vector<std::string> frozen;
  for (const Builder::Place& place : builder.places)
    if (!place.trainable && rows.contains(place.name)) frozen.push_back(place.name);
  model.set_trainable(frozen, false);
  // Models inside models become layers of the one, which remember where they were.
  const bool nests = std::any_of(builder.places.begin(), builder.places.end(),
                                 [](const Builder::Place& place) { return place.at.size() > 1; });
  ReadModel read{std::move(model), {}};
  const functional::Graph& graph = read.model.graph();
  std::map<std::string_view, const Builder::Place*> places;
  std::vector<std::string> names;
  std::optional<std::size_t> outermost;
  for (const Builder::Place& place : builder.places) {
    places.emplace(place.name, &place);
    const auto row = rows.find(place.name);
    if (row == rows.end()) continue;
    if (nests) graph.entry(graph.layers[row->second]).layer->group = place.group;
    const std::vector<Variable> of_layer = variables_of(read.model.layers()[row->second].tensors);
    if (of_layer.empty() || place.in_config) continue;
    if (outermost != place.at[0]) {
      outermost = place.at[0];
      read.variables.emplace_back();
      names.push_back(place.name);
    }
    read.variables.back().insert(read.variables.back().end(), of_layer.begin(), of_layer.end());
  }
  float* const block = read.model.block().data();
  if (!file.legacy) {
    std::set<std::string> all_read;
    for (std::size_t row = 0; row < read.model.layers().size(); ++row) {
      const LayerPlan& layer = read.model.layers()[row];
      if (layer.tensors.count() == 0) continue;
      const auto place = places.find(layer.name);
      if (place == places.end())
        throw FileError("layer '" + std::string(layer.name) + "' (" + layer.type +
                        ") was made with a name that the file does not have");
      if (!place->second->in_config)
        read_weights(*file.weights, layer, node_with_weights(read.model, row), place->second->group, block,
                     all_read);
    }
    return read;
  }
  const std::vector<std::string> groups = legacy_groups(*file.weights, "/model_weights/");
  for (std::size_t i = 0; i < read.variables.size(); ++i) {
    if (i == groups.size())
      throw FileError(file.weights->name() + ": there are no weights for layer '" + names[i] + "'");
    read_legacy_group(*file.weights, groups[i], read.variables[i], names[i], block);
  }
  if (groups.size() > read.variables.size())
    throw FileError(file.weights->name() + ": " + groups[read.variables.size()] +
                    " has weights of a layer that the model lacks");
  return read;
}

// f(), whose errors, of the graph and of JSON as well, name the file.
template <class F> std::invoke_result_t<F&> of_file(const std::string& path, F f) {
  return naming(path, [&]() -> std::invoke_result_t<F&> {
    try {
      return f();
    } catch (const Json::exception& e) {
      throw FileError(e.what());
    } catch (const std::logic_error& e) {
      throw FileError(e.what());
    }
  });
}

/// For what two models shall be the same: training also looks at penalties and at what is trained.
enum class SameFor : unsigned char { prediction, training };

/// A model that was read beside one that is there: layers that do the same, or the first difference.
class SameLayers {
 public:
  std::vector<std::pair<const LayerPlan*, const LayerPlan*>> rows;  // of what was read, of the other
  std::string difference;

  SameLayers(const functional::Model& read, const ModelGraph& own, const CustomLayers& custom,
             SameFor purpose = SameFor::prediction) {
    const std::vector<int> came = run_order(read), wanted = run_order(*own.model);
    for (std::size_t i = 0; i < std::min(came.size(), wanted.size()) && difference.empty(); ++i) {
      const std::size_t from = read.graph().layer_index(came[i]),
                        to = own.model->graph().layer_index(wanted[i]);
      const LayerPlan &a = read.layers()[from], &b = own.layers[to];
      const auto differ = [&](const std::string& one, const std::string& other) {
        if (difference.empty())
          difference = "layer '" + std::string(a.name) + "' " + one + "; layer " + std::to_string(i) +
                       " of the network, '" + own.names[to] + "', " + other;
      };
      if (text(a, purpose) != text(b, purpose)) differ("is " + text(a, purpose), "is " + text(b, purpose));
      for (int k = 0; k < std::min(a.tensors.count(), b.tensors.count()); ++k)
        if (const Shape &table = a.tensors[k].shape, &room = b.tensors[k].shape;
            is_table(a.tensors[k]) && table.size() > room.size())
          differ(std::string("has ") + a.tensors[k].name + " " + std::string(Text(table).view()),
                 "has room for " + std::string(Text(room).view()));
      const Json one = settings(read, came[i], custom, purpose),
                 other = settings(*own.model, wanted[i], custom, purpose);
      for (const auto& [key, value] : one.items())
        if (const Json& there = other.value(key, Json()); value != there)
          differ("has " + key + " " + value.dump(), "has " + there.dump());
      rows.emplace_back(&a, &b);
    }
    if (!difference.empty()) return;
    if (came.size() != wanted.size())
      difference = std::to_string(came.size()) + " layers came, " + std::to_string(wanted.size()) + " wanted";
    else
      compare_calls(read.graph(), own.model->graph());
  }
  /// Error: FileError; there is a difference.
  const SameLayers& checked() const {
    if (!difference.empty()) throw FileError(difference);
    return *this;
  }
  /// Where a tensor of the model that was read lies in the other one.
  std::size_t offset(std::size_t read) const {
    for (const auto& [a, b] : rows)
      for (int i = 0; i < a->tensors.count(); ++i)
        if (a->tensors.offset(i) == read) return b->tensors.offset(i);
    throw FileError("a tensor of no layer");
  }

 private:
  // It may have room left for more.
  static bool is_table(const Parameter& p) { return p.in_files == InFiles::not_a_weight; }
  // Who reads whom.
  void compare_calls(const functional::Graph& read, const functional::Graph& own) {
    const auto same_call = [](const functional::Graph::Entry& a, const functional::Graph::Entry& b) {
      return a.owner == b.owner &&
             std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end()) &&
             a.node->extras() == b.node->extras();
    };
    for (std::size_t i = 0; i < std::min(read.entries.size(), own.entries.size()) && difference.empty(); ++i)
      if (!same_call(read.entries[i], own.entries[i]))
        difference = "layer '" + read.entries[i].layer->name + "' (" + read.entries[i].node->type() +
                     ") is called on other tensors than in the network, or in another way";
    for (std::size_t k = 0; k < std::min(read.inputs.size(), own.inputs.size()) && difference.empty(); ++k) {
      const functional::Prepared &a = read.inputs[k]->prepared, &b = own.inputs[k]->prepared;
      if (!a.by != !b.by || a.texts != b.texts || (a.by && text_record(*a.by) != text_record(*b.by)))
        difference = "input " + std::to_string(k) + " is made of texts in another way than in the network";
    }
    if (difference.empty() &&
        (read.entries.size() != own.entries.size() || read.inputs.size() != own.inputs.size() ||
         read.outputs != own.outputs || read.masks != own.masks))
      difference = "inputs, outputs or their masks are others than those of the network";
  }
  static std::string text(const LayerPlan& l, SameFor purpose) {
    std::string s = std::string(l.type) + (l.activation.empty() ? "" : " " + std::string(l.activation)) +
                    " " + std::string(Text(l.in).view()) + " -> " + std::string(Text(l.out).view());
    for (const Parameter& p : *l.tensors.parameters) {
      s += std::string(", ") + p.name;
      if (!is_table(p)) s += " " + std::string(Text(p.shape).view());
      if (purpose == SameFor::training && !p.trainable) s += " (not trained)";
    }
    return s;
  }
  // What decides on the outputs, or on training.
  static Json settings(const functional::Model& model, int call, const CustomLayers& custom,
                       SameFor purpose) {
    std::optional<NodeConfig> known = node_config(*model.graph().entry(call).node, custom);
    Json config = known ? std::move(known->config) : Json::object();
    // Shapes say how many tokens there may be.
    for (const char* key : {"return_state", "stateful", "max_tokens", "vocabulary_size", "pad_to_max_tokens"})
      config.erase(key);
    Json deciding = Json::object();
    for (const auto& [key, value] : config.items())
      if (!key.ends_with("_initializer") &&
          (purpose == SameFor::training || !(key.ends_with("_regularizer") || key.ends_with("_constraint"))))
        deciding[key] = value;
    return deciding;
  }
};
// Copies the weights over. Nothing is changed before all are known to fit.
inline void copy_weights(const functional::Model& read, const SameLayers& same, auto* block) {
  for (const auto& [from, to] : same.rows)
    for (int i = 0; i < from->tensors.count(); ++i)
      copy_table(
          from->tensors[i],
          {read.block().data() + from->tensors.offset(i),
           static_cast<std::size_t>(from->tensors[i].shape.size())},
          std::span(block + to->tensors.offset(i), static_cast<std::size_t>(to->tensors[i].shape.size())));
}

}  // namespace detail

/// A model out of a file of Keras 3 (.keras) or of Keras 2 or 3 (.h5, whole model): its layers, its weights,
/// and which of them are trained. custom: layers of your own. Error: FileError that names the layer and says
/// what is not known here, or what is wrong with the file; nothing is left out silently. Keras: load_model.
inline functional::Model load_model(const std::string& path, const CustomLayers& custom = {}) {
  return detail::of_file(
      path, [&] { return std::move(detail::read_model(detail::open_model(path), custom).model); });
}

/// The weights of a whole model's file into a model that is there, static or functional, once every layer was
/// found to be the same: its type, its activation, its shapes. Error: FileError that names the first
/// difference; the model is then as it was.
template <class Model>
  requires requires(Model& model) { model.block(); }
void load_model(Model& model, const std::string& path, const CustomLayers& custom = {}) {
  detail::of_file(path, [&] {
    const functional::Model read = detail::read_model(detail::open_model(path), custom).model;
    const detail::ModelGraph graph = detail::graph_of(model);
    detail::copy_weights(read, detail::SameLayers(read, graph, custom).checked(), model.block().data());
  });
}

/// Weights out of a .weights.h5 file of Keras 3, or a .h5 of Keras 2 or 3, of which only they are read, into
/// a model that is there, static or functional. Layers belong together by their order: of a class in the
/// first, among those that have weights in the second. Those of models inside models, in the first, go into a
/// model that a file with the same ones made. Error: FileError; a weight is missing, is too many or has
/// another shape; the model is then as it was. Keras: load_weights.
template <class Model>
void load_weights(Model& model, const std::string& path, const CustomLayers& custom = {}) {
  detail::of_file(path, [&] {
    if (path.ends_with(".keras")) throw FileError("holds a whole model: load_model(model, path) reads it");
    if constexpr (requires { load_blob(model, path); })
      if (path.ends_with(".bin")) return load_blob(model, path);
    detail::refuse_other_weights(path);
    const Hdf5 file(path);
    const detail::ModelGraph graph = detail::graph_of(model);
    const detail::GraphWriter layout(*graph.model, graph.names, custom);
    std::vector<float> block(model.block().begin(), model.block().end());
    if (path.ends_with(".weights.h5")) {
      std::set<std::string> all_read;
      for (const detail::Stored& at : detail::places_in(file, layout.stored()))
        detail::read_weights(file, graph.layers[at.row], *at.node, at.group + at.below, block.data(),
                             all_read);
      detail::check_all_read(file, all_read, layout);
    } else
      detail::read_legacy_weights(file, graph, layout.stored(), block.data());
    std::copy(block.begin(), block.end(), model.block().begin());
  });
}

}  // namespace keratin::io
