#include "tool.hpp"

#include <keratin/io/graph_config.hpp>
#include <keratin/io/model_graph.hpp>

#include <cmath>
#include <cstring>

namespace tool {
namespace {

using io::Json;

// A model as Keras would write it down, whichever version wrote the file.
Json description(const functional::Model& model) {
  const io::detail::ModelGraph graph = io::detail::graph_of(model);
  return io::detail::GraphWriter(*graph.model, graph.names, {}).functional()["config"];
}
std::string text_of(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace); }

// What is not the same, a line each.
class Differences {
 public:
  int count = 0;

  void add(const std::string& where, const std::string& what) {
    std::printf("%s: %s\n", where.c_str(), what.c_str());
    ++count;
  }
  void compare(const std::string& where, const char* what, const Json& a, const Json& b) {
    if (a != b)
      add(where, std::string(what) + " " + text_of(a) + " in the first, " + text_of(b) + " in the second");
  }
};

const Json* layer_in(const Json& description, const std::string& name) {
  for (const Json& layer : description["layers"])
    if (layer["name"] == name) return &layer;
  return nullptr;
}
void compare_layers(const Json& a, const Json& b, Differences& found) {
  for (const Json& layer : a["layers"]) {
    const std::string name = layer["name"], where = "layer '" + name + "'";
    const Json* const other = layer_in(b, name);
    if (!other) {
      found.add(where, std::string(layer["class_name"]) + ", only in the first");
      continue;
    }
    found.compare(where, "class", layer["class_name"], (*other)["class_name"]);
    if (layer["class_name"] != (*other)["class_name"]) continue;
    for (const auto& [key, value] : layer["config"].items())
      found.compare(where, key.c_str(), value, (*other)["config"].value(key, Json()));
    if (layer["inbound_nodes"] != (*other)["inbound_nodes"]) found.add(where, "reads other tensors");
  }
  for (const Json& layer : b["layers"])
    if (!layer_in(a, layer["name"]))
      found.add("layer '" + std::string(layer["name"]) + "'",
                std::string(layer["class_name"]) + ", only in the second");
  for (const char* const ports : {"input_layers", "output_layers"})
    found.compare("model", ports, a[ports], b[ports]);
}

void compare_weights(const functional::Model& a, const functional::Model& b, Differences& found) {
  const std::vector<std::string> names = layer_names(a.layers());
  for (std::size_t i = 0; i < names.size(); ++i)
    for (int p = 0; p < a.layers()[i].tensors.count(); ++p) {
      const Parameter& parameter = a.layers()[i].tensors[p];
      const std::string path = names[i] + "/" + parameter.name;
      const std::span<const float> one = find_parameter(a, path), other = find_parameter(b, path);
      if (other.empty()) continue;  // its layer was named
      if (one.size() != other.size()) {
        found.add(path, std::to_string(one.size()) + " values in the first, " + std::to_string(other.size()) +
                            " in the second");
        continue;
      }
      std::size_t differing = 0;
      double most = 0;
      for (std::size_t k = 0; k < one.size(); ++k) {
        if (std::memcmp(&one[k], &other[k], sizeof(float)) == 0 || one[k] == other[k]) continue;
        ++differing;
        const double apart = std::fabs(double{one[k]} - double{other[k]});
        most = std::max(most, std::isnan(apart) ? INFINITY : apart);
      }
      if (differing > 0)
        found.add(path, std::string(Text(differing, " of ", one.size(), " values differ, by at most ",
                                         static_cast<float>(most))
                                        .view()));
    }
}

}  // namespace

int diff(const std::string& a, const std::string& b) {
  const functional::Model one = load(a), other = load(b);
  Differences found;
  compare_layers(about(a, [&] { return description(one); }), about(b, [&] { return description(other); }),
                 found);
  compare_weights(one, other, found);
  return found.count > 0 ? differ : ok;
}

}  // namespace tool
