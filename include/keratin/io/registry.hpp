#pragma once
// From a file to the fastest model that a program has for it: a static one whose type it knows, or else a
// graph.
#include <keratin/io/keras.hpp>

#include <variant>

namespace keratin::io {

/// The model in a file, as the first of the known static models whose network is that of the file, layer for
/// layer, or otherwise as a functional::Model:
///   auto model = io::load_known<Model<Small>, Model<Large>>("model.keras");
///   std::visit([&](const auto& m) { m.predict(x, y); }, model);
/// custom: layers of your own. Error: FileError, as of load_model.
template <class... Known>
std::variant<functional::Model, Known...> load_known(const std::string& path,
                                                     const CustomLayers& custom = {}) {
  functional::Model read = load_model(path, custom);
  std::optional<std::variant<functional::Model, Known...>> found;
  const auto fits = [&]<class M>(std::type_identity<M>) {
    M model;
    const detail::ModelGraph graph = detail::graph_of(model);
    const detail::SameLayers same(read, graph, custom);
    if (!same.difference.empty()) return false;
    detail::copy_weights(read, same, model.block().data());
    found.emplace(std::move(model));
    return true;
  };
  (fits(std::type_identity<Known>{}) || ...);
  if (!found) found.emplace(std::move(read));
  return std::move(*found);
}

}  // namespace keratin::io
