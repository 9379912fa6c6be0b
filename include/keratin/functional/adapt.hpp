#pragma once
// adapt() of a run-time model, and layers that were adapted before they are called.
#include <keratin/functional/model.hpp>
#include <keratin/preprocessing/adapt.hpp>

namespace keratin::functional {

/// As of a static model.
inline void adapt(Model& model, std::string_view layer, const Array& data, std::size_t batch = 0) {
  keratin::detail::adapt_layer(model, layer, data, batch, [&](auto f) {
    const std::vector<std::string> names = layer_names(model.layers());
    for (const Graph::Entry& entry : model.graph().entries) {
      if (&model.graph().entry(entry.owner) != &entry || entry.layer->piece >= 0) continue;
      const std::size_t row = model.graph().layer_index(entry.owner);
      if (row < names.size())
        with_spec(*entry.node, [&](const auto& spec) { f(spec, model.layers()[row], names[row]); });
    }
  });
}
inline void adapt(Model& model, const Array& data, std::size_t batch = 0) { adapt(model, "", data, batch); }

/// A layer whose tensors begin with these values, one after the other.
template <LayerSpec S>
Layer beginning_with(const S& spec, std::string_view name, const std::vector<std::vector<float>>& tensors) {
  auto layer = std::make_shared<SharedLayer>(std::make_shared<NodeOf<S>>(spec), std::string(name));
  for (const std::vector<float>& values : tensors) {
    layer->values.insert(layer->values.end(), values.begin(), values.end());
    layer->values.resize(aligned(layer->values.size()));
  }
  return Layer(std::move(layer));
}
/// A layer that was adapted before it is called: IntegerLookup then needs no size of its vocabulary. in: the
/// shape of a sample. Keras: layer.adapt(data).
template <keratin::detail::Adaptable S>
Layer adapted(S spec, const Shape& in, const Array& data, std::string_view name = "", std::size_t batch = 0) {
  keratin::detail::check_data(in, data);
  if constexpr (std::is_same_v<S, IntegerLookupSpec>) {
    const auto counts = keratin::detail::counts_of(spec, in, data);
    const int start = spec.layout().start(),
              most = spec.max_tokens.given ? spec.max_tokens.value - start : INT32_MAX;
    spec.vocabulary_size = start + std::min(most, static_cast<int>(counts.size()));
    return beginning_with(spec, name, keratin::detail::tables_of(spec, counts));
  }
  return beginning_with(spec, name, keratin::detail::tables_of(spec, in, data, batch));
}

}  // namespace keratin::functional
