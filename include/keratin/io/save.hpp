#pragma once
// Models and weights into files that Keras opens: .keras, .weights.h5, .h5. Needs libhdf5, libzip and
// nlohmann-json.
#include <keratin/io/blob.hpp>
#include <keratin/io/compile_config.hpp>
#include <keratin/io/graph_config.hpp>
#include <keratin/io/hdf5_writer.hpp>
#include <keratin/io/keras.hpp>
#include <keratin/io/model_graph.hpp>
#include <keratin/io/texts.hpp>
#include <keratin/io/zip_writer.hpp>

namespace keratin::io {
namespace detail {

inline constexpr const char* keras_version = "3.0.0";  // whatever opens the files of this one opens ours

// The tensors of the layers that have weights, in Keras's order, by f(tensor's path, its parameter, its
// offset).
void each_variable(const ModelGraph& graph, const std::vector<Stored>& stored, auto f) {
  for (const Stored& at : stored) {
    const LayerPlan& layer = graph.layers[at.row];
    const std::vector<WeightPath> paths = weight_paths(at.node->type(), layer.tensors);
    for (int i = 0; i < layer.tensors.count(); ++i)
      if (const WeightPath& path = paths[static_cast<std::size_t>(i)]; !path.name.empty())
        f(at.group + at.below + path.name, layer.tensors[i], layer.tensors.offset(i));
  }
}
template <class S>
void write_tensor(Hdf5Writer& file, const std::string& path, const Shape& shape, const S* values) {
  const auto n = static_cast<std::size_t>(shape.size());
  if constexpr (std::is_same_v<S, float>) {
    file.dataset(path, shape, {values, n});
  } else {
    const std::vector<float> converted(values, values + n);
    file.dataset(path, shape, converted);
  }
}
// Keras until 3.5 looks for vars in every group on the way.
inline void add_vars(Hdf5Writer& file, const std::string& place) {
  for (std::size_t end = 0; end != place.npos;) {
    end = place.find('/', end + 1);
    const std::string group = place.substr(0, end);
    if (!group.ends_with("layers")) file.group(group + "/vars");
  }
}
template <class S>
void write_weights(Hdf5Writer& file, const ModelGraph& graph, const std::vector<Stored>& stored,
                   const S* block) {
  file.group("vars");
  for (const Stored& at : stored) {
    const LayerPlan& layer = graph.layers[at.row];
    const std::string place = at.group + at.below;
    const std::vector<WeightPath> paths = weight_paths(at.node->type(), layer.tensors);
    add_vars(file, place);
    for (const WeightPath& path : paths) add_vars(file, place + path.group);
    for (int i = 0; i < layer.tensors.count(); ++i) {
      const WeightPath& path = paths[static_cast<std::size_t>(i)];
      const S* const values = block + layer.tensors.offset(i);
      Shape shape = shape_in_files(layer.tensors[i]);
      if (layer.tensors[i].in_files == InFiles::by_name)  // Keras wants one for each token that there is
        shape.extent[0] = static_cast<int>(places_in_use(*at.node, layer.tensors, block));
      for (const std::string& name : {path.name, path.older})
        if (!name.empty()) write_tensor(file, place + name, shape, values);
    }
    if (counts_in_files(at.node->type()))
      file.counter(place + "/vars/" +
                       std::to_string(std::count_if(
                           paths.begin(), paths.end(),
                           [](const WeightPath& path) { return path.group.empty() && path.numbered; })),
                   0);
  }
}
/// What a trainer adds to the file of its model.
template <class S> struct Compiled {
  std::vector<CompiledRecord> outputs;
  Json optimizer;
  std::optional<float> learning_rate;  // none where a schedule gives it
  std::int64_t iterations;
  std::size_t trainable;  // weights that the trainer trains
  KeptByOptimizer kept;
  std::vector<const S*> blocks;  // of these, laid out as the model's
};
template <class Trainer> Compiled<typename Trainer::Scalar> compiled_of(const Trainer& trainer) {
  const auto& optimizer = trainer.optimizer();
  std::size_t k = 0;
  const auto shape = [&] {
    if constexpr (requires { trainer.model().output_shape(k); })
      return trainer.model().output_shape(k++);
    else
      return trainer.model().output_shape();
  };
  return {std::apply(
              [&](const auto&... heads) {
                return std::vector<CompiledRecord>{compiled_record(heads, shape())...};
              },
              trainer.heads()),
          optimizer_record(optimizer),
          optimizer.learning_rate.is_constant()
              ? std::optional(static_cast<float>(optimizer.learning_rate.at(0)))
              : std::nullopt,
          trainer.iterations(),
          trainer.trainable(),
          kept_by(optimizer, trainer.iterations()),
          kept_blocks(trainer)};
}
// The steps done, the learning rate, and what the optimizer keeps of each variable that is trained.
template <class S>
void write_optimizer(Hdf5Writer& file, const Compiled<S>& compiled, const ModelGraph& graph,
                     const std::vector<Stored>& stored) {
  int n = 0;
  const auto next = [&] { return "optimizer/vars/" + std::to_string(n++); };
  file.group("optimizer/vars");
  file.counter(next(), compiled.iterations);
  if (compiled.learning_rate) write_tensor(file, next(), Shape{}, &*compiled.learning_rate);
  std::vector<Variable> trained;
  each_variable(graph, stored, [&](const std::string&, const Parameter& p, std::size_t offset) {
    if (p.trainable) trained.push_back({&p, offset});
  });
  compiled.kept.each(trained.size(), [&](std::size_t v, std::size_t b) {
    if (const auto shape = compiled.kept.shape(b, shape_in_files(*trained[v].parameter)))
      write_tensor(file, next(), *shape, compiled.blocks[b] + trained[v].offset);
    else
      file.counter(next(), 0);
  });
  if (compiled.kept.scalar) write_tensor(file, next(), Shape{}, &*compiled.kept.scalar);
}

// The groups of a legacy file: a layer each, its trained weights first.
template <class S>
void write_legacy_weights(Hdf5Writer& file, const ModelGraph& graph, const std::vector<Stored>& stored,
                          const S* block) {
  const std::string root = "model_weights";
  file.group(root + "/top_level_model_weights");
  file.texts(root + "/top_level_model_weights", "weight_names", {});
  std::vector<std::string> layer_names;
  for (const Stored& at : stored) {
    const std::string group = root + "/" + at.name;
    std::vector<std::string> weight_names;
    file.group(group);
    for (const Variable& v : trained_first(variables_of(graph.layers[at.row].tensors))) {
      weight_names.push_back(at.name + "/" + v.parameter->name);
      write_tensor(file, group + "/" + weight_names.back(), shape_in_files(*v.parameter), block + v.offset);
    }
    if (counts_in_files(at.node->type())) {
      weight_names.push_back(at.name + "/count");
      file.counter(group + "/" + weight_names.back(), 0);
    }
    file.texts(group, "weight_names", weight_names);
    layer_names.push_back(at.name);
  }
  file.texts(root, "layer_names", layer_names);
  for (const std::string& where : {std::string("/"), root}) {
    file.text(where, "backend", "numpy");
    file.text(where, "keras_version", keras_version);
  }
}

// What text layers have besides their configs: Keras finds it in two places where a layer has one inside.
inline void write_texts(Hdf5Writer& file, std::map<std::string, std::string>& members,
                        const GraphWriter& writer) {
  for (const auto& [input, text] : writer.text_layers()) {
    const TextRecord record = text_record(*text.layer);
    if (record.vocabulary.empty()) continue;
    for (const std::string& group : {text.group, text.group + "/_lookup_layer"}) {
      if (group != text.group && !record.nests) continue;
      if (!record.in_config)
        members["assets/" + group + "/vocabulary.txt"] = text_of_lines(record.vocabulary);
      file.group(group + "/vars");
      const int n = static_cast<int>(record.idf_weights.size());
      if (n > 0) write_tensor(file, group + "/vars/idf_weights", Shape{n}, record.idf_weights.data());
    }
  }
}
inline Bytes as_bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }
inline bool is_legacy(const std::string& path) { return path.ends_with(".h5") || path.ends_with(".hdf5"); }

// compiled: null where the model was not.
template <class Model>
void save(const Model& model, const Compiled<typename Model::Scalar>* compiled, const std::string& path,
          const CustomLayers& custom) {
  const ModelGraph graph = graph_of(model);
  GraphWriter writer(*graph.model, graph.names, custom);
  Json record = graph.sequential ? writer.sequential() : writer.functional();
  std::vector<std::string> outputs;
  if (graph.model->has_output_names())
    for (std::size_t k = 0; k < graph.model->outputs(); ++k) outputs.push_back(graph.model->output_name(k));
  Json compile = Json::object();
  if (compiled) {
    std::size_t trainable = 0;
    for (const LayerPlan& layer : graph.layers) trainable += layer.tensors.trainable_values();
    if (trainable != compiled->trainable)
      throw FileError("layers were frozen or let free after compile(): compile the model again first");
    compile = compile_config(compiled->outputs, compiled->optimizer, outputs);
  }
  Hdf5Writer file;
  const auto* const block = model.block().data();
  if (is_legacy(path)) {
    if (writer.has_operators())
      throw FileError("Keras does not open an .h5 with operators in it: save a .keras");
    if (!writer.text_layers().empty()) throw FileError("an .h5 does not hold vocabularies: save a .keras");
    for (const LayerPlan& layer : graph.layers)
      for (int i = 0; i < layer.tensors.count(); ++i)
        if (layer.tensors[i].in_files == InFiles::not_a_weight)
          throw FileError("an .h5 does not hold what layer " + std::string(layer.type) +
                          " was adapted to: save a .keras");
    file.text("/", "model_config",
              Json{{"class_name", record["class_name"]}, {"config", record["config"]}}.dump());
    write_legacy_weights(file, graph, writer.stored(), block);
    if (compiled) {
      Json training = compile;
      training["optimizer_config"] = {{"class_name", compile["optimizer"]["class_name"]},
                                      {"config", compile["optimizer"]["config"]}};
      training.erase("optimizer");
      file.text("/", "training_config", training.dump());
    }
    return write_atomically(path, {file.bytes()});
  }
  record["compile_config"] = compile;
  std::map<std::string, std::string> texts = write_tables(record, graph, writer.stored(), block);
  write_weights(file, graph, writer.stored(), block);
  write_texts(file, texts, writer);
  if (compiled) write_optimizer(file, *compiled, graph, writer.stored());
  const std::string metadata = Json{{"keras_version", keras_version}}.dump(), config = record.dump();
  const std::vector<std::byte> weights = file.bytes();
  ZipWriter archive;
  archive.add("metadata.json", as_bytes_of(metadata));
  archive.add("config.json", as_bytes_of(config));
  archive.add("model.weights.h5", weights);
  for (const auto& [member, text] : texts) archive.add(member, as_bytes_of(text));
  archive.write(path);
}
}  // namespace detail

/// A trainer, as compile() makes it.
template <class T>
concept IsTrainer = requires(const T& t) {
  t.heads();
  t.iterations();
};

/// Saves a model, static or functional, or a trainer with its model: what it was compiled with, and what its
/// optimizer keeps, so that Keras goes on where it stands. As .keras, or as a whole model in .h5: that
/// without what the optimizer keeps, from which Keras 3 cannot go on, not even in an .h5 of its own. A static
/// chain becomes a Sequential, everything else a Functional model. The file is the old or the new one,
/// whatever happens. custom: layers of your own. Error: FileError that names the layer that files cannot
/// hold, or says why the file cannot be written. Keras: save.
template <class Model>
void save_model(const Model& model, const std::string& path, const CustomLayers& custom = {}) {
  detail::of_file(path, [&] {
    if (path.ends_with(".weights.h5")) throw FileError("is for weights alone, which save_weights writes");
    if (!path.ends_with(".keras") && !detail::is_legacy(path))
      throw FileError("a name that ends with .keras or .h5 wanted");
    if constexpr (IsTrainer<Model>) {
      const auto compiled = detail::compiled_of(model);
      detail::save(model.model(), &compiled, path, custom);
    } else {
      detail::save(model, nullptr, path, custom);
    }
  });
}

/// Saves weights alone, as .weights.h5, or as a .bin that a Model<Net, View> reads where it lies, see
/// blob.hpp. Error: FileError as above. Keras: save_weights.
template <class Model>
void save_weights(const Model& model, const std::string& path, const CustomLayers& custom = {}) {
  detail::of_file(path, [&] {
    if constexpr (requires { save_blob(model, path); })
      if (path.ends_with(".bin")) return save_blob(model, path);
    if (!path.ends_with(".weights.h5")) throw FileError("a name that ends with .weights.h5 or .bin wanted");
    const detail::ModelGraph graph = detail::graph_of(model);
    const detail::GraphWriter writer(*graph.model, graph.names, custom);
    Hdf5Writer file;
    detail::write_weights(file, graph, writer.stored(), model.block().data());
    write_atomically(path, {file.bytes()});
  });
}

}  // namespace keratin::io
