#pragma once
// Text layers in Keras's files: a config, a vocabulary in a text file of the archive, and weights for tf_idf.
#include <keratin/io/tables.hpp>

namespace keratin::io::detail {

/// What a file has beside a model's record: the vocabulary of the layer of a group of .weights.h5, and the
/// list of weights at a path there.
struct Beside {
  std::function<std::optional<std::string>(const std::string& group)> vocabulary;
  std::function<std::vector<float>(const std::string& path)> weights;
};

inline const Beside& nothing_beside() {
  static const Beside nothing{
      [](const std::string&) { return std::nullopt; },
      [](const std::string& path) -> std::vector<float> { throw FileError("there is no " + path); }};
  return nothing;
}

inline bool is_text_class(const std::string& name) {
  return name == "TextVectorization" || name == "StringLookup" || name == "Hashing";
}
/// Whether an InputLayer takes texts.
inline bool takes_texts(const Json& config) {
  return config.is_object() && config.value("dtype", Json()) == "string";
}
/// How many texts a sample of its batch_shape has.
inline int texts_of_each(const Json& batch_shape) {
  int texts = 1;
  if (!batch_shape.is_array() || batch_shape.empty() || batch_shape.size() > 2)
    wants(batch_shape, "(batch) or (batch, texts)");
  if (batch_shape.size() == 2 && !batch_shape[1].is_null()) take(batch_shape[1], texts);
  if (texts < 1) wants(batch_shape, "one text or more");
  return texts;
}

template <class Settings> Settings text_settings(const Json& config) {
  Settings settings;
  take_fields(config, settings, [](const std::string& key, const Json& value) {
    constexpr std::string_view known[] = {"vocabulary", "vocabulary_size", "has_input_vocabulary"};
    if (std::find(std::begin(known), std::end(known), key) != std::end(known)) return true;
    if (key == "encoding") return value == "utf-8";
    return ((key == "dtype" || key == "vocabulary_dtype") && value == "string") ||
           changes_nothing(key, value, 0);
  });
  return settings;
}
inline std::vector<std::string> tokens_in(const Json& list) {
  std::vector<std::string> tokens;
  for (const Json& token : list) take(token, tokens.emplace_back());
  return tokens;
}
// With the vocabulary that the file has for the layer.
template <class L>
L with_vocabulary(L layer, const Json& config, const Beside& file, const std::string& group) {
  const bool weighs = layer.settings().output_mode == OutputMode::tf_idf;
  if (const Json list = config.value("vocabulary", Json()); list.is_array()) {
    const Json weights = config.value("idf_weights", Json());
    layer.set_vocabulary(tokens_in(list), weighs ? floats_in(weights) : std::vector<float>{});
  } else if (const std::optional<std::string> text = file.vocabulary(group)) {
    OptionalInt size;
    take(config.value("vocabulary_size", Json()), size);
    const std::vector<std::string> tokens =
        lines_of(*text, static_cast<std::size_t>(std::max(0, size.value)));
    std::vector<float> weights;
    if (weighs) weights = file.weights(group + "/vars/idf_weights");
    // Keras writes one for each place, also for those that pad.
    if (layer.settings().pad_to_max_tokens &&
        std::cmp_equal(weights.size(), layer.settings().max_tokens.value))
      weights.resize(std::min(weights.size(), tokens.size()));
    if (!tokens.empty()) layer.set_vocabulary(tokens, weights);
  }
  return layer;
}
/// A text layer. Error: FileError, std::invalid_argument.
inline std::shared_ptr<const functional::Preparation> preparation_from(const std::string& class_name,
                                                                       const Json& config, const Beside& file,
                                                                       const std::string& group) {
  if (class_name == "Hashing")
    return std::make_shared<const TextHashing>(text_settings<TextHashingSettings>(config));
  if (class_name == "StringLookup") {
    StringLookup layer(text_settings<StringLookupSettings>(config));
    if (layer.settings().invert) throw FileError("invert: it makes texts of places, which no network reads");
    return std::make_shared<const StringLookup>(with_vocabulary(std::move(layer), config, file, group));
  }
  TextVectorization layer(text_settings<TextVectorizationSettings>(config));
  return std::make_shared<const TextVectorization>(with_vocabulary(std::move(layer), config, file, group));
}

/// Whether Keras reads a vocabulary out of lines as it was: it takes more than a line feed for the end of
/// one, and loses empty ones at the end.
inline bool are_lines(const std::vector<std::string>& tokens) {
  constexpr std::string_view ends[] = {"\n",   "\r",   "\v",       "\f",           "\x1c",
                                       "\x1d", "\x1e", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  for (const std::string& token : tokens)
    for (const std::string_view end : ends)
      if (token.find(end) != token.npos) return false;
  return tokens.empty() || !tokens.back().empty();
}
/// What a file holds of a text layer: its config, its vocabulary, its weights for tf_idf.
struct TextRecord {
  Json config;
  std::vector<std::string> vocabulary{};
  std::vector<float> idf_weights{};
  bool nests = false;      // Keras has a StringLookup inside, and everything twice
  bool in_config = false;  // the vocabulary, which cannot be lines of a text

  bool operator==(const TextRecord&) const = default;
};
inline TextRecord text_record(const functional::Preparation& layer) {
  const auto of_lookup = [](Json config, const StringLookup& lookup, bool nests) {
    TextRecord record{std::move(config), lookup.vocabulary(), lookup.idf_weights(), nests};
    const std::size_t size = record.vocabulary.size();
    record.in_config = !are_lines(record.vocabulary);
    record.config["vocabulary"] = record.in_config ? Json(record.vocabulary) : Json();
    record.config["idf_weights"] = nullptr;
    if (std::vector<float>& weights = record.idf_weights; !weights.empty()) {
      if (record.in_config)
        record.config["idf_weights"] =
            std::vector(weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(size));
      // Keras wants one for each line of its text, and all places where the config has them.
      if (!record.in_config) weights.resize(size);
    }
    record.config["vocabulary_size"] = lookup.vocabulary_size();
    return record;
  };
  if (const auto* lookup = dynamic_cast<const StringLookup*>(&layer))
    return of_lookup(put_fields(lookup->settings()), *lookup, false);
  if (const auto* text = dynamic_cast<const TextVectorization*>(&layer))
    return of_lookup(put_fields(text->settings()), text->lookup(), true);
  if (const auto* hashing = dynamic_cast<const TextHashing*>(&layer)) {
    TextRecord record{put_fields(hashing->settings())};
    record.config["dtype"] = hashing->settings().output_mode == OutputMode::index ? "int64" : "float32";
    return record;
  }
  throw FileError("class " + std::string(layer.type()) + " is not known to files");
}

}  // namespace keratin::io::detail
