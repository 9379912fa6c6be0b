#pragma once
// Layers of the user's own in files.
#include <keratin/functional.hpp>
#include <keratin/io/config.hpp>

#include <functional>
#include <map>
#include <optional>

#ifdef KERATIN_RECORDS_HERE
#define KERATIN_RECORDS
#else
#define KERATIN_RECORDS inline
#endif

namespace keratin::io {

/// A layer of the user's own, by the name that a file calls it, "Package>Name" or the class.
struct CustomLayer {
  /// Makes it of its config.
  std::function<functional::Layer(const Json& config, const std::string& name)> make;
  /// Its config, of what made it; nothing where it is another one. Only saving needs that.
  std::function<std::optional<Json>(const functional::Node&)> config{};
};
using CustomLayers = std::map<std::string, CustomLayer>;

/// A layer made of a spec that KERATIN_ADAPT_STRUCT knows: its fields are the config.
template <LayerSpec S> CustomLayer custom_layer() {
  return {[](const Json& config, const std::string& name) {
            return functional::Layer(spec_from_config<S>(config, Shape::max_rank + 1), name);
          },
          [](const functional::Node& node) -> std::optional<Json> {
            const S* const own = functional::spec_of<S>(node);
            return own ? std::optional(config_from_spec(*own)) : std::nullopt;
          }};
}

namespace detail {

/// A node's config, and of a layer of the user's own the name that files have for it.
struct NodeConfig {
  Json config;
  std::string registered{};
  const char* known{};  // what files call a class of the library, where that is another name

  std::string class_name(const functional::Node& node) const {
    if (known) return known;
    return registered.empty() ? node.type() : registered.substr(registered.find('>') + 1);
  }
};
#ifdef KERATIN_NODES_ELSEWHERE
std::optional<NodeConfig> config_of_spec(const functional::Node& node);  // see records.hpp
#else
KERATIN_RECORDS std::optional<NodeConfig> config_of_spec(const functional::Node& node);
#endif
/// Nothing where neither the library nor the table knows the node.
inline std::optional<NodeConfig> node_config(const functional::Node& node, const CustomLayers& custom);
// Add and BatchNormalization have no activation in Keras.
inline void remove_what_fusion_sets(const functional::Node& node, Json& config) {
  const std::string_view type = node.type();
  if (type != AddSpec::name && type != BatchNormalizationSpec::name) return;
  if (config["activation"] != "linear")
    throw FileError("activation: Keras has none here; call a layer for it");
  config.erase("activation");
}
// Of a layer around another it has that of the layer inside.
inline std::optional<NodeConfig> wrapper_config(const functional::Node& inside, const CustomLayers& custom) {
  std::optional<NodeConfig> known = node_config(inside, custom);
  if (!known) return known;
  const std::string name = known->class_name(inside);
  remove_what_fusion_sets(inside, known->config);
  known->config["name"] = snake_case(name);
  Json record = record_of("keras.layers", name, std::move(known->config));
  if (!known->registered.empty()) record["registered_name"] = known->registered;
  return NodeConfig{{{"layer", std::move(record)}}};
}
inline std::optional<NodeConfig> node_config(const functional::Node& node, const CustomLayers& custom) {
  for (const auto& [name, layer] : custom)
    if (layer.config)
      if (std::optional<Json> config = layer.config(node)) return NodeConfig{*std::move(config), name};
  if (const auto* steps = dynamic_cast<const functional::TimeDistributedNode*>(&node))
    return wrapper_config(steps->inside(), custom);
  if (const auto* spectral = dynamic_cast<const functional::SpectralNormalizationNode*>(&node)) {
    std::optional<NodeConfig> known = wrapper_config(spectral->inside(), custom);
    if (known) known->config["power_iterations"] = spectral->power_iterations();
    return known;
  }
  return config_of_spec(node);
}

}  // namespace detail
}  // namespace keratin::io
