#pragma once
// Texts made into numbers: StringLookup, TextVectorization, TextHashing. They stand in front of a network, as
// functional::TextInput or by hand. Texts are UTF-8, taken as bytes: as in Keras only the 26 letters of ASCII
// are lower-cased, only ASCII's punctuation is stripped, and only ASCII's white space splits.
#include <keratin/functional/preparation.hpp>
#include <keratin/kernels/hash.hpp>
#include <keratin/preprocessing/adapt.hpp>

#include <optional>
#include <string_view>
#include <unordered_map>

namespace keratin {

namespace detail {

template <class... Parts> [[noreturn]] void refuse_text(const Parts&... parts) {
  throw std::invalid_argument(std::string(Text(parts...).view()));
}
inline std::size_t samples_of(std::span<const std::string> texts, int of_each) {
  if (of_each < 1 || texts.size() % static_cast<std::size_t>(of_each) != 0)
    refuse_text(texts.size(), " texts came, whole samples of ", of_each, " wanted");
  return texts.size() / static_cast<std::size_t>(of_each);
}
// The rows of samples of `texts` places each.
inline functional::PreparedRows encoded(std::span<const int> places, int of_each, int depth, OutputMode mode,
                                        const float* weights = nullptr) {
  const Shape in{of_each};
  const Shape out = Encoding::fit(in, depth, mode).out;
  const auto samples = places.size() / static_cast<std::size_t>(of_each),
             length = static_cast<std::size_t>(out.size());
  const std::vector<float> x(places.begin(), places.end());
  functional::PreparedRows rows{std::vector<float>(samples * length), length};
  Encoding(in, depth, mode)
      .encode(static_cast<int>(samples), x.data(), rows.values.data(), weights,
              [](float place) { return static_cast<int>(place); });
  return rows;
}

}  // namespace detail

/// Settings with Keras's names and defaults.
struct StringLookupSettings {
  OptionalInt max_tokens{};  // special tokens among them
  int num_oov_indices = 1;
  std::optional<std::string> mask_token{};
  std::string oov_token = "[UNK]";
  bool invert = false;  // texts() instead of rows()
  OutputMode output_mode = OutputMode::index;
  bool pad_to_max_tokens = false;
  kernels::Salt salt{};
};
/// Keras: StringLookup. Texts to their places in a vocabulary, in one of the output modes: see IntegerLookup.
/// A text that is not in the vocabulary gets one of num_oov_indices places by its hash; with none kept for
/// it, rows() refuses it.
class StringLookup final : public functional::Preparation {
 public:
  using Settings = StringLookupSettings;

  /// The vocabulary with or without the special tokens in front; none, to be adapted. idf_weights: for
  /// tf_idf, of each of its tokens. Error: std::invalid_argument.
  explicit StringLookup(Settings settings = {}, std::vector<std::string> vocabulary = {},
                        std::vector<float> idf_weights = {})
      : settings_(std::move(settings)) {
    if (settings_.num_oov_indices < 0) refuse(needs_oov_indices_of_at_least_0.text);
    if (settings_.num_oov_indices < 0 || settings_.num_oov_indices > most_exact ||
        (settings_.max_tokens.given && settings_.max_tokens.value > most_exact))
      refuse("sizes from 0 to 2^24 wanted");
    if (settings_.pad_to_max_tokens && !settings_.max_tokens.given) refuse(needs_max_tokens_to_pad.text);
    if (settings_.invert && settings_.output_mode != OutputMode::index) refuse(inverts_indices_only.text);
    if (!vocabulary.empty()) set_vocabulary(std::move(vocabulary), std::move(idf_weights));
  }

  const Settings& settings() const { return settings_; }
  Vocabulary layout() const {
    return {settings_.mask_token.has_value() && settings_.output_mode == OutputMode::index,
            settings_.num_oov_indices};
  }
  /// All tokens by their places. Keras: get_vocabulary.
  std::vector<std::string> vocabulary(bool include_special_tokens = true) const {
    std::vector<std::string> all = include_special_tokens ? special_tokens() : std::vector<std::string>{};
    all.insert(all.end(), tokens_.begin(), tokens_.end());
    return all;
  }
  int vocabulary_size() const { return layout().start() + static_cast<int>(tokens_.size()); }
  int depth() const { return settings_.pad_to_max_tokens ? settings_.max_tokens.value : vocabulary_size(); }
  /// Of each place, for tf_idf.
  const std::vector<float>& idf_weights() const { return idf_weights_; }

  void set_vocabulary(std::vector<std::string> tokens, std::vector<float> idf_weights = {}) {
    const bool weighs = settings_.output_mode == OutputMode::tf_idf;
    const std::vector<std::string> special = special_tokens();
    const bool has_special =
        tokens.size() >= special.size() && std::equal(special.begin(), special.end(), tokens.begin());
    if (weighs != !idf_weights.empty()) refuse("idf_weights belong to the output mode tf_idf");
    if (weighs && idf_weights.size() != tokens.size())
      refuse(idf_weights.size(), " idf_weights came, ", tokens.size(), " wanted, one for each token");
    if (has_special) {
      tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(special.size()));
    } else if (weighs) {
      const double sum = std::accumulate(idf_weights.begin(), idf_weights.end(), 0.0);
      idf_weights.insert(idf_weights.begin(), special.size(),
                         static_cast<float>(sum / static_cast<double>(idf_weights.size())));
    }
    take(std::move(tokens), std::move(idf_weights));
  }
  /// The most frequent tokens of samples of so many each; a sample is a document. Error:
  /// std::invalid_argument; no texts came, which Keras takes. Keras: adapt.
  void adapt(std::span<const std::string> texts, int of_each = 1) {
    if (texts.empty()) refuse("adapt: no texts came, at least one wanted");
    const std::size_t samples = detail::samples_of(texts, of_each), size = static_cast<std::size_t>(of_each);
    detail::TokenCounts<std::string> counts;
    for (std::size_t s = 0; s < samples; ++s) {
      const auto document = texts.subspan(s * size, size);
      counts.add({document.begin(), document.end()});
    }
    adapt(std::move(counts));
  }
  void adapt(detail::TokenCounts<std::string> counts) {
    if (settings_.mask_token) counts.forget(*settings_.mask_token);
    counts.forget(settings_.oov_token);
    const int start = layout().start();
    std::vector<std::string> tokens = counts.most_frequent(
        settings_.max_tokens.given ? static_cast<std::size_t>(std::max(0, settings_.max_tokens.value - start))
                                   : SIZE_MAX);
    std::vector<float> weights;
    if (settings_.output_mode == OutputMode::tf_idf)
      weights = counts.inverse_document_frequencies(tokens, start, 0);
    take(std::move(tokens), std::move(weights));
  }

  /// The place of a token; -1 for one that is dropped. Error: std::invalid_argument; it is not in the
  /// vocabulary, and no place is kept for such tokens.
  int place(std::string_view token) const {
    if (settings_.mask_token && token == *settings_.mask_token) return layout().masks ? 0 : -1;
    if (const auto found = places_.find(std::string(token)); found != places_.end()) return found->second;
    const int oov = settings_.num_oov_indices;
    if (oov == 0) refuse("'", token, "' is not in the vocabulary, and num_oov_indices is 0");
    if (oov == 1) return layout().oov_start();
    return layout().oov_start() +
           static_cast<int>(kernels::bucket(token, static_cast<std::uint64_t>(oov), settings_.salt));
  }
  /// The tokens at such places. Keras: invert=True.
  std::vector<std::string> texts(std::span<const float> places) const {
    const std::vector<std::string> all = vocabulary();
    std::vector<std::string> made;
    for (const float place : places) {
      const int i = detail::whole(place);
      made.push_back(i >= 0 && static_cast<std::size_t>(i) < all.size() ? all[static_cast<std::size_t>(i)]
                                                                        : settings_.oov_token);
    }
    return made;
  }

  const char* type() const override { return "StringLookup"; }
  Shape shape(int texts) const override {
    const Fit fit = detail::Encoding::fit({texts}, depth(), settings_.output_mode);
    if (fit.broken) refuse(fit.broken->text);
    return fit.out;
  }
  functional::PreparedRows rows(std::span<const std::string> texts, int of_each = 1) const override {
    if (settings_.invert) refuse("it is inverted: texts() takes places");
    detail::samples_of(texts, of_each);
    std::vector<int> places;
    for (const std::string& text : texts) places.push_back(place(text));
    return encode(places, of_each);
  }
  /// Rows of places that are known: any number of samples of so many.
  functional::PreparedRows encode(std::span<const int> places, int of_each) const {
    const bool weighs = settings_.output_mode == OutputMode::tf_idf;
    if (weighs && idf_weights_.empty()) refuse("tf_idf needs adapt() or idf_weights first");
    return detail::encoded(places, of_each, depth(), settings_.output_mode, idf_weights_.data());
  }
  std::vector<float> operator()(std::span<const std::string> texts) const { return rows(texts).values; }

 private:
  template <class... Parts> [[noreturn]] static void refuse(const Parts&... parts) {
    detail::refuse_text("StringLookup: ", parts...);
  }
  std::vector<std::string> special_tokens() const {
    std::vector<std::string> special(static_cast<std::size_t>(settings_.num_oov_indices),
                                     settings_.oov_token);
    if (layout().masks) special.insert(special.begin(), *settings_.mask_token);
    return special;
  }
  void take(std::vector<std::string> tokens, std::vector<float> weights) {
    std::unordered_map<std::string, int> places;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i] == settings_.mask_token)
        refuse("the vocabulary has the mask token '", tokens[i], "' in it");
      if (!places.emplace(tokens[i], layout().start() + static_cast<int>(i)).second)
        refuse("the vocabulary has '", tokens[i], "' twice");
    }
    if (settings_.max_tokens.given &&
        layout().start() + static_cast<int>(tokens.size()) > settings_.max_tokens.value)
      refuse(vocabulary_exceeds_max_tokens.text);
    tokens_ = std::move(tokens);
    places_ = std::move(places);
    if (!weights.empty()) weights.resize(static_cast<std::size_t>(depth()));
    idf_weights_ = std::move(weights);
  }
  Settings settings_;
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int> places_;
  std::vector<float> idf_weights_;
};

/// What TextVectorization does to a text first, and how it is cut into tokens: at white space, or into the
/// characters of UTF-8, where bytes that are none become U+FFFD.
enum class Standardize : unsigned char { none, lower, strip_punctuation, lower_and_strip_punctuation };
enum class Split : unsigned char { none, whitespace, character };

/// Settings with Keras's names and defaults.
struct TextVectorizationSettings {
  OptionalInt max_tokens{};  // special tokens among them
  Standardize standardize = Standardize::lower_and_strip_punctuation;
  Split split = Split::whitespace;
  std::vector<int> ngrams{};  // the widths, in the order in which they come: {1, 2} is Keras's 2
  OutputMode output_mode = OutputMode::index;
  OptionalInt output_sequence_length{};
  bool pad_to_max_tokens = false;
};
/// Keras: TextVectorization. Texts to places in a vocabulary of their tokens: place 0 is padding, 1 stands
/// for every token that is not in the vocabulary. As "int" a row is cut or padded to output_sequence_length;
/// without one it is as long as the longest of the texts that come together. Other modes make a row of the
/// vocabulary's size (of max_tokens with pad_to_max_tokens), without a place for padding.
class TextVectorization final : public functional::Preparation {
 public:
  using Settings = TextVectorizationSettings;

  /// As of StringLookup.
  explicit TextVectorization(Settings settings = {}, std::vector<std::string> vocabulary = {},
                             std::vector<float> idf_weights = {})
      : settings_(std::move(settings)),
        lookup_({.max_tokens = settings_.max_tokens,
                 .mask_token = "",
                 .output_mode = settings_.output_mode,
                 .pad_to_max_tokens = settings_.pad_to_max_tokens},
                std::move(vocabulary), std::move(idf_weights)) {
    if (settings_.output_mode == OutputMode::one_hot) refuse(has_no_such_output_mode.text);
    if (settings_.output_sequence_length.given &&
        (settings_.output_mode != OutputMode::index || settings_.output_sequence_length.value < 1))
      refuse("output_sequence_length is at least 1, and belongs to the output mode int");
    for (const int width : settings_.ngrams)
      if (width < 1) refuse("widths of ngrams are at least 1");
  }

  const Settings& settings() const { return settings_; }
  const StringLookup& lookup() const { return lookup_; }
  std::vector<std::string> vocabulary(bool include_special_tokens = true) const {
    return lookup_.vocabulary(include_special_tokens);
  }
  int vocabulary_size() const { return lookup_.vocabulary_size(); }
  void set_vocabulary(std::vector<std::string> tokens, std::vector<float> idf_weights = {}) {
    lookup_.set_vocabulary(std::move(tokens), std::move(idf_weights));
  }
  /// The most frequent tokens of texts, each of them a document. Error: as of StringLookup. Keras: adapt.
  void adapt(std::span<const std::string> texts) {
    if (texts.empty()) refuse("adapt: no texts came, at least one wanted");
    keratin::detail::TokenCounts<std::string> counts;
    for (const std::string& text : texts) counts.add(tokens(text));
    lookup_.adapt(std::move(counts));
  }

  /// What a text is cut into.
  std::vector<std::string> tokens(std::string_view text) const {
    const std::string standard = standardized(text);
    std::vector<std::string> parts = settings_.split == Split::none         ? std::vector{standard}
                                     : settings_.split == Split::whitespace ? words(standard)
                                                                            : characters(standard);
    return settings_.ngrams.empty() ? parts : joined(parts);
  }

  const char* type() const override { return "TextVectorization"; }
  Shape shape(int texts) const override {
    if (texts != 1) refuse(texts, " texts of a sample came, 1 wanted");
    if (settings_.output_mode != OutputMode::index) return {lookup_.depth()};
    return settings_.output_sequence_length.given ? Shape{settings_.output_sequence_length.value} : Shape{};
  }
  functional::PreparedRows rows(std::span<const std::string> texts, int of_each = 1) const override {
    if (of_each != 1) refuse(of_each, " texts of a sample came, 1 wanted");
    std::vector<std::vector<int>> places(texts.size());
    for (std::size_t s = 0; s < texts.size(); ++s)
      for (const std::string& token : tokens(texts[s])) places[s].push_back(lookup_.place(token));
    return settings_.output_mode == OutputMode::index ? sequences(places) : summaries(places);
  }
  std::vector<float> operator()(std::span<const std::string> texts) const { return rows(texts).values; }

 private:
  template <class... Parts> [[noreturn]] static void refuse(const Parts&... parts) {
    keratin::detail::refuse_text("TextVectorization: ", parts...);
  }
  static bool is_between(char c, char first, char last) { return c >= first && c <= last; }
  static bool is_space(char c) { return c == ' ' || is_between(c, '\t', '\r'); }
  static bool is_punctuation(char c) {
    return is_between(c, '!', '/') || is_between(c, ':', '@') || is_between(c, '[', '`') ||
           is_between(c, '{', '~');
  }
  std::string standardized(std::string_view text) const {
    const Standardize how = settings_.standardize;
    const bool lowers = how == Standardize::lower || how == Standardize::lower_and_strip_punctuation,
               strips =
                   how == Standardize::strip_punctuation || how == Standardize::lower_and_strip_punctuation;
    std::string made;
    for (const char c : text)
      if (!strips || !is_punctuation(c))
        made += lowers && is_between(c, 'A', 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
    return made;
  }
  static std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> made;
    bool inside = false;
    for (const char c : text) {
      const bool space = is_space(c);
      if (!space && !inside) made.emplace_back();
      if (!space) made.back() += c;
      inside = !space;
    }
    return made;
  }
  static std::vector<std::string> characters(const std::string& text) {
    std::vector<std::string> made;
    for (std::size_t at = 0; at < text.size();) {
      const auto [length, valid] = character_at(std::string_view(text).substr(at));
      made.push_back(valid ? text.substr(at, length) : "\xef\xbf\xbd");
      at += length;
    }
    return made;
  }
  struct Character {
    std::size_t length;
    bool valid;
  };
  // The first character, or as many bytes as one could begin with.
  static Character character_at(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return {1, true};
    if (first < 0xc2 || first > 0xf4) return {1, false};
    const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    for (std::size_t i = 1; i < length; ++i) {
      const unsigned low = i > 1           ? 0x80
                           : first == 0xe0 ? 0xa0
                           : first == 0xf0 ? 0x90
                                           : 0x80,
                     high = i > 1           ? 0xbf
                            : first == 0xed ? 0x9f
                            : first == 0xf4 ? 0x8f
                                            : 0xbf;
      if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
    }
    return {length, true};
  }
  std::vector<std::string> joined(const std::vector<std::string>& parts) const {
    std::vector<std::string> made;
    for (const int width : settings_.ngrams)
      for (std::size_t i = 0; i + static_cast<std::size_t>(width) <= parts.size(); ++i) {
        std::string gram = parts[i];
        for (std::size_t k = 1; k < static_cast<std::size_t>(width); ++k) gram += " " + parts[i + k];
        made.push_back(std::move(gram));
      }
    return made;
  }
  functional::PreparedRows sequences(const std::vector<std::vector<int>>& places) const {
    std::size_t length = 0;
    for (const std::vector<int>& of_text : places) length = std::max(length, of_text.size());
    if (settings_.output_sequence_length.given)
      length = static_cast<std::size_t>(settings_.output_sequence_length.value);
    functional::PreparedRows made{std::vector<float>(places.size() * length), length};
    for (std::size_t s = 0; s < places.size(); ++s)
      for (std::size_t i = 0; i < std::min(length, places[s].size()); ++i)
        made.values[s * length + i] = static_cast<float>(places[s][i]);
    return made;
  }
  functional::PreparedRows summaries(const std::vector<std::vector<int>>& places) const {
    functional::PreparedRows made{{}, static_cast<std::size_t>(lookup_.depth())};
    for (const std::vector<int>& of_text : places) {
      // A text without a token: one that is dropped.
      const std::vector<int> some = of_text.empty() ? std::vector{-1} : of_text;
      const functional::PreparedRows row = lookup_.encode(some, static_cast<int>(some.size()));
      made.values.insert(made.values.end(), row.values.begin(), row.values.end());
    }
    return made;
  }

  Settings settings_;
  StringLookup lookup_;
};

/// Settings with Keras's names and defaults.
struct TextHashingSettings {
  int num_bins = 0;
  std::optional<std::string> mask_value{};
  kernels::Salt salt{};
  OutputMode output_mode = OutputMode::index;
};
/// Keras: Hashing of texts: the bin that a text's hash falls into, in one of the output modes; with a
/// mask_value that one falls into bin 0 and the others into those behind it.
class TextHashing final : public functional::Preparation {
 public:
  using Settings = TextHashingSettings;

  explicit TextHashing(Settings settings) : settings_(std::move(settings)) {
    if (settings_.num_bins < 1) keratin::detail::refuse_text("Hashing: ", needs_at_least_1_bin.text);
    if (settings_.output_mode == OutputMode::tf_idf)
      keratin::detail::refuse_text("Hashing: ", has_no_such_output_mode.text);
  }

  const Settings& settings() const { return settings_; }
  int bin(std::string_view text) const {
    const bool masks = settings_.mask_value.has_value() && settings_.num_bins > 1;
    if (masks && text == *settings_.mask_value) return 0;
    return static_cast<int>(kernels::bucket(text, static_cast<std::uint64_t>(settings_.num_bins - masks),
                                            settings_.salt)) +
           masks;
  }

  const char* type() const override { return "Hashing"; }
  Shape shape(int texts) const override {
    return keratin::detail::Encoding::fit({texts}, settings_.num_bins, settings_.output_mode).out;
  }
  functional::PreparedRows rows(std::span<const std::string> texts, int of_each = 1) const override {
    keratin::detail::samples_of(texts, of_each);
    std::vector<int> bins;
    for (const std::string& text : texts) bins.push_back(bin(text));
    return keratin::detail::encoded(bins, of_each, settings_.num_bins, settings_.output_mode);
  }
  std::vector<float> operator()(std::span<const std::string> texts) const { return rows(texts).values; }

 private:
  Settings settings_;
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::StringLookupSettings, max_tokens, num_oov_indices, mask_token, oov_token,
                     invert, output_mode, pad_to_max_tokens, salt);
KERATIN_ADAPT_STRUCT(keratin::TextVectorizationSettings, max_tokens, standardize, split, ngrams, output_mode,
                     output_sequence_length, pad_to_max_tokens);
KERATIN_ADAPT_STRUCT(keratin::TextHashingSettings, num_bins, mask_value, salt, output_mode);
