#pragma once
// Keras's automatic names: dense, dense_1, activation, ...; and parameters by name, "dense_1/kernel".
#include <keratin/core/plan.hpp>

#include <algorithm>
#include <cctype>
#include <span>
#include <string>
#include <vector>

namespace keratin {

/// MaxPooling2D -> max_pooling2d, ReLU -> re_lu, as Keras spells it: an underscore stands before a capital
/// that begins a lower-case word or follows a lower-case letter.
[[gnu::cold]] inline std::string snake_case(std::string_view name) {
  const auto is = [&](auto test, std::size_t i) {
    return i < name.size() && test(static_cast<unsigned char>(name[i])) != 0;
  };
  std::string snake;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool follows_lower = i > 0 && is(islower, i - 1), begins_word = i > 0 && is(islower, i + 1);
    if (is(isupper, i) && (follows_lower || begins_word)) snake += '_';
    snake += static_cast<char>(tolower(static_cast<unsigned char>(name[i])));
  }
  return snake;
}

/// mean_squared_error -> MeanSquaredError.
[[gnu::cold]] inline std::string pascal_case(std::string_view snake) {
  std::string name;
  bool begins = true;
  for (const char c : snake) {
    if (c != '_') name += begins ? static_cast<char>(toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '_';
  }
  return name;
}
[[gnu::cold]] inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// The names of a plan's layers, the automatic ones filled in: type, type_1, ... that no layer was given.
[[gnu::cold]] inline std::vector<std::string> layer_names(const auto& layers) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].name.empty()) {
      names.emplace_back(layers[i].name);
      continue;
    }
    const std::string type = snake_case(layers[i].type);
    std::string name = type;
    const auto taken = [&] {
      return std::find(names.begin(), names.end(), name) != names.end() ||
             std::any_of(layers.begin(), layers.end(), [&](const LayerPlan& l) { return l.name == name; });
    };
    for (int n = 1; taken(); ++n) name = type + "_" + std::to_string(n);
    names.push_back(name);
  }
  return names;
}

/// The values of one tensor of a model's block, by its Keras path: "dense/kernel". Empty if there is none.
template <class Model> auto find_parameter(Model& model, std::string_view path) -> decltype(model.block()) {
  const auto& layers = model.layers();
  const std::vector<std::string> names = layer_names(layers);
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (int p = 0; p < layers[i].tensors.count(); ++p) {
      const Parameter& parameter = layers[i].tensors[p];
      if (names[i] + "/" + parameter.name == path)
        return model.block().subspan(layers[i].tensors.offset(p),
                                     static_cast<std::size_t>(parameter.shape.size()));
    }
  return {};
}

}  // namespace keratin
