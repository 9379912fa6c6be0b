#pragma once
// The tables of preprocessing layers in Keras's files: lists in a layer's config, or a vocabulary in a text
// file of its own. Here they are parameters.
#include <keratin/functional/adapt.hpp>
#include <keratin/io/custom_layers.hpp>
#include <keratin/io/model_graph.hpp>
#include <keratin/io/places.hpp>

#include <cfloat>
#include <charconv>
#include <functional>
#include <numeric>

namespace keratin::io::detail {

// A vocabulary: a token a line. Empty ones at the end are none, unless so many tokens are expected; Keras
// itself loses them.
inline std::vector<std::string> lines_of(const std::string& text, std::size_t expected = 0) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at <= text.size();) {
    if (lines.size() > static_cast<std::size_t>(most_exact))
      throw FileError("a vocabulary of more than 2^24 lines");
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  while (lines.size() > expected && lines.back().empty()) lines.pop_back();
  return lines;
}
inline std::string text_of_lines(const auto& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() && &line == &*lines.begin() ? "" : "\n") + line;
  return text;
}

/// How many places of a vocabulary are in use, special ones among them; 0 where a layer has none.
inline std::size_t places_in_use(const functional::Node& node, const Tensors& tensors, const auto* block) {
  const auto* const lookup = functional::spec_of<IntegerLookupSpec>(node);
  if (!lookup || tensors.count() == 0) return 0;
  const auto* const table = block + tensors.offset(0);
  return static_cast<std::size_t>(
      lookup->layout().start() +
      std::count_if(table, table + tensors[0].shape.size(), [](auto v) { return v <= most_exact; }));
}
/// A table into one with as much room or more, where nothing has the places left.
inline void copy_table(const Parameter& p, std::span<const float> from, auto to) {
  std::copy(from.begin(), from.end(), to.begin());
  for (std::size_t i = from.size(); i < to.size(); ++i)
    to[i] = std::string_view(p.name) == "order" ? static_cast<float>(i) : FLT_MAX;
}

inline std::vector<float> floats_in(const Json& list) {
  std::vector<double> numbers;
  take_numbers(list, numbers);
  return {numbers.begin(), numbers.end()};
}
inline bool is_long(const Json& list) { return list.is_array() && floats_in(list).size() > Table::most; }

// Without the special tokens that Keras may have written in front.
inline std::vector<float> without_special_tokens(std::vector<float> tokens, const IntegerLookupSpec& spec) {
  const auto oov = static_cast<std::size_t>(std::max(0, spec.num_oov_indices));
  std::vector<float> special(std::min(oov, tokens.size()), static_cast<float>(spec.oov_token.value));
  if (spec.layout().masks) special.insert(special.begin(), static_cast<float>(spec.mask_token.value));
  if (tokens.size() >= special.size() && std::equal(special.begin(), special.end(), tokens.begin()))
    tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(special.size()));
  return tokens;
}
inline std::vector<float> numbers_of_lines(const std::string& text) {
  std::vector<float> numbers;
  for (const std::string& line : lines_of(text)) {
    long long v = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), v);
    if (error != std::errc() || end != line.data() + line.size())
      throw FileError("vocabulary: '" + line.substr(0, 40) + "' came, a whole number wanted");
    if (v > most_exact || v < -most_exact)
      throw FileError("vocabulary: " + std::string(holds_whole_numbers_up_to_2_24.text));
    numbers.push_back(static_cast<float>(v));
  }
  return numbers;
}
/// A layer made of its config and of the text that an archive may have for it. in: a sample of its input.
template <LayerSpec S>
functional::Layer layer_from_config(Json config, const std::string& name, const Shape& in,
                                    const std::optional<std::string>& text) {
  const int rank = in.rank;
  const auto plain = [&] { return functional::Layer(spec_from_config<S>(config, rank), name); };
  // The list under a key, which is then null.
  [[maybe_unused]] const auto taken = [&](const char* key) {
    const Json list = config[key];
    config[key] = nullptr;
    return floats_in(list);
  };
  if constexpr (std::is_same_v<S, NormalizationSpec>) {
    if (!is_long(config.value("mean", Json()))) return plain();
    const std::vector<float> mean = taken("mean"), variance = taken("variance");
    const S spec = spec_from_config<S>(config, rank);
    const std::int64_t wanted = spec.axis.bits(in) < 0 ? 0 : spec.kept_shape(in).elements();
    for (const auto& [key, list] : {std::pair("mean", &mean), std::pair("variance", &variance)})
      if (!std::cmp_equal(list->size(), wanted))
        throw FileError(key + (": " + std::to_string(list->size())) + " numbers came, " +
                        std::to_string(wanted) + " wanted");
    return functional::beginning_with(spec, name, {mean, variance});
  } else if constexpr (std::is_same_v<S, DiscretizationSpec>) {
    const Json list = config.value("bin_boundaries", Json());
    const bool adapted = list.is_array() && !list.empty() && !config.value("num_bins", Json()).is_null();
    if (!adapted && !is_long(list)) return plain();
    const std::vector<float> boundaries = taken("bin_boundaries");
    config["num_bins"] = boundaries.size() + 1;
    return functional::beginning_with(spec_from_config<S>(config, rank), name, {boundaries});
  } else if constexpr (std::is_same_v<S, IntegerLookupSpec>) {
    const Json list = config.value("vocabulary", Json());
    if (!text && !is_long(list) && !(list.is_array() && config.value("output_mode", Json()) == "tf_idf"))
      return plain();
    std::vector<float> tokens = list.is_array() ? taken("vocabulary") : numbers_of_lines(*text);
    S spec = spec_from_config<S>(config, rank);
    for (const float token : tokens)
      if (!(std::fabs(token) <= static_cast<float>(most_exact)))
        throw FileError("vocabulary: " + std::string(holds_whole_numbers_up_to_2_24.text));
    tokens = without_special_tokens(std::move(tokens), spec);
    spec.vocabulary_size = spec.layout().start() + static_cast<int>(tokens.size());
    return functional::beginning_with(spec, name, {tokens, keratin::detail::order_of(tokens)});
  } else {
    return plain();
  }
}

/// Puts the tables that layers were adapted to into their configs in a model's record; and the texts that an
/// archive has for them, by member.
template <class S>
std::map<std::string, std::string> write_tables(Json& record, const ModelGraph& graph,
                                                const std::vector<Stored>& stored, const S* block) {
  std::map<std::string, std::string> texts;
  for (const Stored& at : stored) {
    const Tensors& tensors = graph.layers[at.row].tensors;
    if (tensors[0].in_files != InFiles::not_a_weight) continue;
    const std::vector<S> table(block + tensors.offset(0),
                               block + tensors.offset(0) + tensors[0].shape.size());
    for (Json& layer : record["config"]["layers"]) {
      Json& config = layer["config"];
      if (config["name"] != at.name) continue;
      if (layer["class_name"] == DiscretizationSpec::name) {
        config["bin_boundaries"] = table;
        continue;
      }
      std::vector<std::string> lines;
      const IntegerLookupSpec spec = spec_from_config<IntegerLookupSpec>(config, Shape::max_rank + 1);
      const Vocabulary layout = spec.layout();
      if (layout.masks) lines.push_back(std::to_string(spec.mask_token.value));
      lines.insert(lines.end(), static_cast<std::size_t>(spec.num_oov_indices),
                   std::to_string(spec.oov_token.value));
      for (const S token : table)
        if (token <= static_cast<S>(most_exact))
          lines.push_back(std::to_string(static_cast<long long>(token)));
      // Spare places are outputs in Keras where it pads.
      const int all = layout.start() + static_cast<int>(table.size());
      if (std::cmp_less(lines.size(), all)) {
        config["max_tokens"] = std::max(all, spec.depth());
        config["pad_to_max_tokens"] = true;
      }
      config["vocabulary_size"] = lines.size();
      texts["assets/" + at.group + "/vocabulary.txt"] = text_of_lines(lines);
    }
  }
  return texts;
}

}  // namespace keratin::io::detail
