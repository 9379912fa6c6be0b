#pragma once
// A drawing of a model: Graphviz's text, and where `dot` is installed a picture.
#include <keratin/functional/model.hpp>

#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

extern "C" char** environ;

namespace keratin::functional {

/// The model as Graphviz's dot text: a box for each layer with its name, type and the shape of what it makes,
/// an arrow for each tensor. Keras: model_to_dot.
inline std::string model_to_dot(const Model& model) {
  const Graph& graph = model.graph();
  const std::vector<std::string> names = layer_names(model.layers());
  const auto quoted = [](const std::string& text) {
    std::string safe;
    for (const char c : text) safe += (c == '"' || c == '\\' ? std::string("\\") : std::string()) + c;
    return safe;
  };
  std::string dot = "digraph model {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (std::size_t l = 0; l < names.size(); ++l) {
    const LayerPlan& row = model.layers()[l];
    dot += "  n" + std::to_string(l) + " [label=\"" + quoted(names[l]) + "\\n" + row.type + " " +
           std::string(Text(row.out).view()) + "\"];\n";
  }
  for (int i = 0; i < static_cast<int>(graph.entries.size()); ++i)
    if (graph.made_by(i) == i)
      for (const int from : graph.entry(i).inputs)
        dot += "  n" + std::to_string(graph.layer_index(from)) + " -> n" +
               std::to_string(graph.layer_index(i)) + ";\n";
  return dot + "}\n";
}

/// Writes the drawing to a file: dot text for a name that ends with .dot, else a picture of the format that
/// the name ends with, .svg or .png, made by Graphviz's `dot`. The file appears whole or not at all. Error:
/// std::runtime_error when it cannot be written, or `dot` is not installed or fails. Keras: plot_model.
inline void plot_model(const Model& model, const std::string& file_name) {
  const std::string path = file_name.starts_with('-') ? "./" + file_name : file_name;  // no option of dot
  const std::size_t point = path.rfind('.');
  const std::string format = point == std::string::npos ? "" : path.substr(point + 1),
                    text = path + ".part.dot", picture = path + ".part";
  const auto fail = [&](const std::string& why) {
    std::remove(text.c_str());
    std::remove(picture.c_str());
    throw std::runtime_error("plot_model: '" + path + "': " + why);
  };
  if (format != "dot" && format != "svg" && format != "png")
    fail("a name that ends with .dot, .svg or .png wanted");
  const std::string dot = model_to_dot(model);
  std::FILE* const file = std::fopen(text.c_str(), "wb");
  if (!file) fail("cannot be written");
  const bool written = std::fwrite(dot.data(), 1, dot.size(), file) == dot.size();
  if (std::fclose(file) != 0 || !written) fail("cannot be written");
  if (format == "dot") {
    if (std::rename(text.c_str(), path.c_str()) != 0) fail("cannot be written");
    return;
  }
  const std::string type = "-T" + format;
  std::string arguments[] = {"dot", type, "-o", picture, text};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(),
                  arguments[3].data(), arguments[4].data(), nullptr};
  pid_t process = 0;
  int status = 0;
  if (posix_spawnp(&process, "dot", nullptr, nullptr, argv, environ) != 0)
    fail("Graphviz's dot is not installed");
  if (waitpid(process, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail(WEXITSTATUS(status) == 127 ? "Graphviz's dot is not installed" : "dot failed");
  if (std::rename(picture.c_str(), path.c_str()) != 0) fail("cannot be written");
  std::remove(text.c_str());
}

}  // namespace keratin::functional
