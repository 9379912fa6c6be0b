#pragma once
// What Keras's files say of training: what the model was compiled with, and what its optimizer keeps. Needs
// libzip and nlohmann-json.
#include <keratin/io/compile_config.hpp>
#include <keratin/io/keras.hpp>

namespace keratin::io {
namespace detail {

// Settings that Keras writes and that change nothing as long as they are off.
inline bool is_off(const std::string& key, const Json& value) {
  return key == "name" || key == "ema_momentum" || key == "is_legacy_optimizer" || key == "jit_compile" ||
         value.is_null() || value == false || value == 0;
}
template <class Optimizer> Optimizer optimizer_from(const Json& record) {
  const std::string name = class_of(record);
  if (lower_case(name) != lower_case(Optimizer::name))
    throw FileError("optimizer " + (name.empty() ? "(none)" : name) + " came, " + Optimizer::name +
                    " wanted");
  using Inner = typename InnerOf<Optimizer>::type;
  Optimizer optimizer;
  Json config = Json::object(), own = Json::object();
  if (record.is_object()) config = record.value("config", Json::object());
  put_settings<Inner>(own);
  const Json of_inner = put_fields(Inner{});
  const auto harmless = [&](const std::string& key, const Json& value) {
    return own.contains(key) || is_off(key, value);
  };
  try {
    if constexpr (HasSettings<Optimizer>) {
      const Json of_every = put_fields(OptimizerSettings{});
      Json every = Json::object();  // without what is off, and AdamW's own decay
      for (const auto& [key, value] : config.items())
        if (of_every.contains(key) && !of_inner.contains(key) && !value.is_null()) every[key] = value;
      take_fields(every, static_cast<OptimizerSettings&>(optimizer),
                  [](const std::string&, const Json&) { return false; });
      take_fields(config, static_cast<Inner&>(optimizer), [&](const std::string& key, const Json& value) {
        return of_every.contains(key) || harmless(key, value);
      });
    } else {
      take_fields(config, optimizer, harmless);
    }
    for (const auto& [key, value] : own.items())
      if (config.value(key, Json()) != value) wants(config.value(key, Json()), key + " " + value.dump());
  } catch (const FileError& e) {
    throw FileError(std::string(Optimizer::name) + ": " + e.what());
  }
  return optimizer;
}

// The optimizer's variables in Keras's order, by their paths.
inline std::vector<std::string> optimizer_variables(const ModelFile& file) {
  std::vector<std::string> paths;
  if (file.legacy) {
    const std::string group = "/optimizer_weights";
    if (file.weights->has("optimizer_weights"))
      for (const std::string& name : file.weights->texts(group, "weight_names"))
        paths.push_back(group + "/" + name);
  } else {
    for (int i = 0; file.weights->has("optimizer/vars/" + std::to_string(i)); ++i)
      paths.push_back("optimizer/vars/" + std::to_string(i));
  }
  return paths;
}

// Into the trainer, at the end of it.
template <class Trainer>
void load_training(Trainer& trainer, const std::string& path, const CustomLayers& custom) {
  using S = typename Trainer::Scalar;
  using Optimizer = std::remove_cvref_t<decltype(trainer.optimizer())>;
  auto& model = trainer.model();
  const ModelFile file = open_model(path);
  const ReadModel read = read_model(file, custom);
  const ModelGraph graph = graph_of(model);
  const SameLayers same = SameLayers(read.model, graph, custom, SameFor::training).checked();
  if (!file.compile.is_object() || !file.compile.contains("optimizer"))
    throw FileError("the model in it was not compiled");
  Optimizer settings = optimizer_from<Optimizer>(file.compile["optimizer"]);
  if constexpr (HasSettings<Optimizer>) {  // what files do not say
    settings.exclude_from_weight_decay = trainer.optimizer().exclude_from_weight_decay;
    settings.learning_rates = trainer.optimizer().learning_rates;
    try {
      settings.prepare(model.layers());
    } catch (const std::exception& e) {
      throw FileError(std::string(Optimizer::name) + ": " + e.what());
    }
  }
  const std::vector<std::string> paths = optimizer_variables(file);
  KeptByOptimizer in_file = kept_by(settings, 0);
  // The older of Keras 2's optimizers have each kind of slot of all variables together.
  if (file.legacy && !paths.empty() && paths[0].ends_with("/iter:0")) in_file.together = 0;
  std::vector<Variable> trained;
  for (const auto& of_layer : read.variables)
    for (const Variable& v : of_layer)
      if (v.parameter->trainable) trained.push_back(v);
  // Only a constant one is among the variables, and Keras 2 never has it there.
  const bool constant = settings.learning_rate.is_constant() &&
                        !(file.legacy && (paths.size() < 2 || !paths[1].ends_with("learning_rate")));
  const std::size_t first = constant ? 2 : 1, wanted = first + in_file.count(trained.size()),
                    block = model.block().size();
  const bool has_steps = paths.size() > first;
  if (has_steps && paths.size() != wanted)
    throw FileError("the optimizer has " + std::to_string(paths.size()) + " variables, " +
                    std::to_string(wanted) + " wanted");
  std::vector<S> kept((in_file.before() + Optimizer::slots) * block);
  std::vector<float> values;
  std::size_t next = first;
  begin_slots(settings, kept.data() + in_file.before() * block, block);
  if (has_steps)
    in_file.each(trained.size(), [&](std::size_t v, std::size_t b) {
      const std::string& from = paths[next++];
      const auto shape = in_file.shape(b, shape_in_files(*trained[v].parameter));
      if (!shape) return;
      values.resize(shape->rank > 0 ? static_cast<std::size_t>(shape->size()) : 1);
      file.weights->read(from, *shape, values);
      std::copy(values.begin(), values.end(), kept.data() + b * block + same.offset(trained[v].offset));
    });
  std::int64_t steps = 0;
  if (paths.size() >= first) {
    steps = file.weights->read_integer(paths[0]);
    if (steps < 0) throw FileError(paths[0] + ": " + std::to_string(steps) + " came, 0 or more wanted");
  }
  if (constant && paths.size() >= first) {
    float rate = 0;
    file.weights->read(paths[1], Shape{}, {&rate, 1});
    if (!std::isfinite(rate)) throw FileError(paths[1] + ": a learning rate that is not finite");
    if (rate != static_cast<float>(settings.learning_rate.at(0))) settings.learning_rate = rate;
  }
  copy_weights(read.model, same, model.block().data());
  trainer.optimizer() = settings;
  trainer.set_iterations(steps);
  const auto to = kept_blocks(trainer);
  for (std::size_t b = 0; b < to.size(); ++b) std::copy_n(kept.data() + b * block, block, to[b]);
}

}  // namespace detail

/// Goes on where a file stands: the weights, the optimizer's settings, the steps done and what it keeps are
/// those of the file; losses and metrics are the trainer's own. Penalties and what is trained have to be the
/// same. A file that was saved before the first step has no steps. Error: FileError; the network is another
/// one, the optimizer is, or something in the file is wrong; the trainer is then as it was. Keras:
/// load_model, compiled.
template <class Trainer>
void load_training(Trainer& trainer, const std::string& path, const CustomLayers& custom = {}) {
  detail::of_file(path, [&] { detail::load_training(trainer, path, custom); });
}

}  // namespace keratin::io
