#pragma once
// Whole numbers to the places that they have in a vocabulary, or that a hash gives them: IntegerLookup,
// Hashing. Texts are looked up by the classes of preprocessing/.
#include <keratin/kernels/hash.hpp>
#include <keratin/layers/preprocessing.hpp>

#include <charconv>

namespace keratin {

inline constexpr Rule needs_a_vocabulary{
    "a vocabulary must be given, or vocabulary_size, or max_tokens, for adapt() to fill"};
inline constexpr Rule needs_oov_indices_of_at_least_0{"num_oov_indices must be at least 0"};
inline constexpr Rule needs_max_tokens_to_pad{"pad_to_max_tokens needs max_tokens"};
inline constexpr Rule vocabulary_exceeds_max_tokens{
    "the vocabulary, special tokens among it, exceeds max_tokens"};
inline constexpr Rule inverts_indices_only{"invert needs the output_mode int"};
inline constexpr Rule needs_adapted_weights{
    "tf_idf needs a vocabulary that adapt() found: its weights come with it"};
inline constexpr Rule needs_at_least_1_bin{"num_bins must be at least 1"};
inline constexpr Rule holds_whole_numbers_up_to_2_24{
    "a float holds whole numbers up to 2^24: larger ones came"};

inline constexpr int most_exact = 1 << 24;  // up to here a float holds every whole number

/// How the places of a vocabulary are laid out: one for what is masked, where there is such a token and
/// places are the output; then num_oov_indices for what the vocabulary does not have; then the vocabulary.
struct Vocabulary {
  bool masks = false;
  int num_oov_indices = 1;

  constexpr int oov_start() const { return masks ? 1 : 0; }
  constexpr int start() const { return oov_start() + num_oov_indices; }
};

/// Keras: IntegerLookup. Whole numbers, rounded towards zero, of any shape: their places in a vocabulary, in
/// one of the output modes; inverted the numbers at such places. Values are floats, so numbers up to 2^24 are
/// exact, and a vocabulary holds no larger one. One that is not in the vocabulary gets the place modulo
/// num_oov_indices among those that are kept for it; with none kept, -1 (Keras: an error). The vocabulary is
/// given, or found by adapt(): vocabulary, order (its places by ascending number) and, for tf_idf,
/// idf_weights, none of them trained. Nothing is differentiated through it.
struct IntegerLookupSpec {
  OptionalInt max_tokens{};  // special tokens among them
  int num_oov_indices = 1;
  OptionalInt mask_token{}, oov_token{-1};
  Table vocabulary{};
  OptionalInt vocabulary_size{};  // special tokens among them
  bool invert = false;
  OutputMode output_mode = OutputMode::index;
  bool pad_to_max_tokens = false;

  static constexpr const char* name = "IntegerLookup";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    if (num_oov_indices < 0 || num_oov_indices > most_exact) return needs_oov_indices_of_at_least_0;
    if (vocabulary.count > Table::most) return holds_at_most_64_values;
    for (int i = 0; i < vocabulary.count; ++i)
      if (!(vocabulary[i] >= -most_exact && vocabulary[i] <= most_exact))
        return holds_whole_numbers_up_to_2_24;
    if (entries() < 1) return needs_a_vocabulary;
    if (pad_to_max_tokens && !max_tokens.given) return needs_max_tokens_to_pad;
    if (max_tokens.given && layout().start() + entries() > max_tokens.value)
      return vocabulary_exceeds_max_tokens;
    if (invert && output_mode != OutputMode::index) return inverts_indices_only;
    if (output_mode == OutputMode::tf_idf && vocabulary.count > 0) return needs_adapted_weights;
    return detail::Encoding::fit(in, depth(), output_mode);
  }
  constexpr Parameters parameters(Shape) const {
    Parameters p;
    if (vocabulary.count > 0) return p;
    for (const char* const table : {"vocabulary", "order"})
      p.add({.name = table, .shape = {entries()}, .trainable = false, .in_files = InFiles::not_a_weight});
    if (output_mode == OutputMode::tf_idf)
      p.add({.name = "idf_weights", .shape = {depth()}, .trainable = false, .in_files = InFiles::by_name});
    return p;
  }
  constexpr Traits traits() const { return detail::encoding_traits; }

  constexpr Vocabulary layout() const {
    return {mask_token.given && output_mode == OutputMode::index, num_oov_indices};
  }
  /// Of the vocabulary without special tokens.
  constexpr int entries() const {
    if (vocabulary.count > 0) return vocabulary.count;
    const OptionalInt& all = vocabulary_size.given ? vocabulary_size : max_tokens;
    return all.given ? all.value - layout().start() : 0;
  }
  constexpr int depth() const { return pad_to_max_tokens ? max_tokens.value : layout().start() + entries(); }

  struct Geometry {
    detail::Encoding encoding;
    Table vocabulary;
    int entries;
    Vocabulary layout;
    OptionalInt mask_token, oov_token;
    bool invert;
  };
  constexpr Geometry geometry(Shape in) const {
    return {{in, depth(), output_mode}, vocabulary, entries(), layout(), mask_token, oov_token, invert};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const bool given = g.vocabulary.count > 0;
    const TableValues<S> table(g.vocabulary, given ? nullptr : c.parameter(0));
    const S* const token = table.data();
    const S* const order = given ? nullptr : c.parameter(1);
    const S* const weights = g.encoding.mode == OutputMode::tf_idf ? c.parameter(2) : nullptr;
    g.encoding.encode(static_cast<int>(c.count), c.x, c.y, weights, [&](S x) {
      const S number = std::trunc(x);
      return g.invert ? number_at(g, token, detail::whole(x)) : place_of(g, token, order, number);
    });
  }
  template <class T> static void backward(auto, const Backward<T>&) {}

 private:
  template <class S> static int number_at(const Geometry& g, const S* token, int place) {
    if (g.layout.masks && place == 0) return g.mask_token.value;
    const int i = place - g.layout.start();
    return i >= 0 && i < g.entries && token[i] <= static_cast<S>(most_exact) ? static_cast<int>(token[i])
                                                                             : g.oov_token.value;
  }
  template <class S> static int place_of(const Geometry& g, const S* token, const S* order, S number) {
    if (g.mask_token.is(number)) return g.layout.masks ? 0 : -1;
    const int i = order ? found(token, order, g.entries, number) : among(token, g.entries, number);
    if (i >= 0) return g.layout.start() + i;
    const int oov = g.layout.num_oov_indices;
    if (oov == 0) return -1;
    const S within = number - std::floor(number / static_cast<S>(oov)) * static_cast<S>(oov);
    return g.layout.oov_start() + (within > 0 && within < static_cast<S>(oov) ? static_cast<int>(within) : 0);
  }
  template <class S> static int among(const S* token, int n, S number) {
    for (int i = 0; i < n; ++i)
      if (token[i] == number) return i;
    return -1;
  }
  // By bisection. An order that is none, as before adapt(), leads nowhere, but not out of the table.
  template <class S> static int found(const S* token, const S* order, int n, S number) {
    int low = 0, high = n;
    while (low < high) {
      const int middle = low + (high - low) / 2, i = std::clamp(detail::whole(order[middle]), 0, n - 1);
      if (token[i] == number) return i;
      (token[i] < number ? low : high) = token[i] < number ? middle + 1 : middle;
    }
    return -1;
  }
};

/// At most so many places, special tokens among them. Keras: max_tokens.
template <int N> struct MaxTokens {
  KERATIN_SETS(max_tokens, N)
};
/// As many outputs as max_tokens, however many the vocabulary has. Keras: pad_to_max_tokens=True.
struct PadToMaxTokens {
  KERATIN_SETS(pad_to_max_tokens, true)
};
template <int N> struct NumOovIndices {
  KERATIN_SETS(num_oov_indices, N)
};
template <int N> struct MaskToken {
  KERATIN_SETS(mask_token, N)
};
template <int N> struct OovToken {
  KERATIN_SETS(oov_token, N)
};
/// Inverted, places without a number are 0. Keras: oov_token=None.
struct NoOovToken {
  KERATIN_SETS(oov_token, OptionalInt{})
};
/// The numbers that have places, in their order: GivenVocabulary<12, 36, 1138>. Keras: vocabulary.
template <auto... Tokens> struct GivenVocabulary {
  KERATIN_SETS(vocabulary, {Tokens...})
};
template <int N> struct VocabularySize {
  KERATIN_SETS(vocabulary_size, N)
};
/// IntegerLookup<GivenVocabulary<12, 36>, OneHot>; IntegerLookup<MaxTokens<1000>>, to be adapted.
template <class... Options>
struct IntegerLookup : layer_of<IntegerLookup<Options...>, IntegerLookupSpec, Options...> {
  static constexpr IntegerLookupSpec spec = with_options<Options...>(IntegerLookupSpec{});
};

/// Keras: Hashing of whole numbers, rounded towards zero: the bin that the hash of the number's digits falls
/// into, in one of the output modes; with a mask_value that one falls into bin 0 and the others into those
/// behind it. Numbers up to 2^24 are exact in a float. Nothing is differentiated through it.
struct HashingSpec {
  int num_bins = 0;
  OptionalInt mask_value{};
  kernels::Salt salt{};
  OutputMode output_mode = OutputMode::index;

  static constexpr const char* name = "Hashing";
  static constexpr const char* arguments = "num_bins, ...";
  /// Keras wants it of whole numbers.
  constexpr const char* dtype() const { return output_mode == OutputMode::index ? "int64" : "float32"; }

  constexpr Fit fit(Shape in) const {
    if (num_bins < 1) return needs_at_least_1_bin;
    if (output_mode == OutputMode::tf_idf) return has_no_such_output_mode;
    return detail::Encoding::fit(in, num_bins, output_mode);
  }
  constexpr Traits traits() const { return detail::encoding_traits; }

  struct Geometry {
    detail::Encoding encoding;
    int num_bins;
    OptionalInt mask_value;
    kernels::Salt salt;
  };
  constexpr Geometry geometry(Shape in) const {
    return {{in, num_bins, output_mode}, num_bins, mask_value, salt};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const bool masks = g.mask_value.given && g.num_bins > 1;
    g.encoding.encode(static_cast<int>(c.count), c.x, c.y, nullptr, [&](S x) {
      if (masks && g.mask_value.is(std::trunc(x))) return 0;
      char digits[24];
      const bool fits = x > S(-9e18) && x < S(9e18);
      const char* const end =
          std::to_chars(digits, digits + sizeof digits, fits ? static_cast<long long>(x) : 0).ptr;
      const std::string_view text(digits, static_cast<std::size_t>(end - digits));
      return static_cast<int>(kernels::bucket(text, static_cast<std::uint64_t>(g.num_bins - masks), g.salt)) +
             masks;
    });
  }
  template <class T> static void backward(auto, const Backward<T>&) {}
};

template <int N> struct MaskValue {
  KERATIN_SETS(mask_value, N)
};
/// Another hash for each salt: HashSalt<133, 137>. Keras: salt.
template <std::uint64_t First, std::uint64_t Second = First> struct HashSalt {
  KERATIN_SETS(salt, {true, First, Second})
};
/// Hashing<10>, Hashing<10, MaskValue<0>, OneHot>.
template <int Bins, class... Options>
struct Hashing : layer_of<Hashing<Bins, Options...>, HashingSpec, Options...> {
  static constexpr HashingSpec spec = with_options<Options...>(HashingSpec{Bins});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::IntegerLookupSpec, max_tokens, num_oov_indices, mask_token, oov_token,
                     vocabulary, vocabulary_size, invert, output_mode, pad_to_max_tokens);
KERATIN_ADAPT_STRUCT(keratin::HashingSpec, num_bins, mask_value, salt, output_mode);
