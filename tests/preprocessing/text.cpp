// Text layers against Keras.
#include <keratin/preprocessing/text.hpp>

#include "../check.hpp"
#include "texts.hpp"

using namespace keratin;

namespace {

void check_vectorization(const std::string& name, const TextVectorizationSettings& settings) {
  CAPTURE(name);
  TextVectorization layer(settings);
  layer.adapt(texts);
  CHECK(lines(layer.vocabulary()) == golden("text/" + name + "/vocabulary"));
  const functional::PreparedRows rows = layer.rows(new_texts);
  CHECK(all_near(rows.values, golden("text/" + name + "/rows"), 1e-6));
  CHECK(rows.values.size() == new_texts.size() * rows.length);
  CHECK(layer(new_texts) == rows.values);
  // The same of the vocabulary that it has.
  const TextVectorization again(settings, layer.vocabulary(), layer.lookup().idf_weights());
  CHECK(again(new_texts) == rows.values);
}
void check_lookup(const std::string& name, const StringLookupSettings& settings) {
  CAPTURE(name);
  StringLookup layer(settings);
  layer.adapt(words, 2);
  CHECK(lines(layer.vocabulary()) == golden("text/lookup_" + name + "/vocabulary"));
  CHECK(all_near(layer.rows(new_words, 2).values, golden("text/lookup_" + name + "/rows"), 1e-6));
}
void check_hashing(const std::string& name, const TextHashingSettings& settings) {
  CAPTURE(name);
  CHECK(TextHashing(settings).rows(new_words, 2).values == golden("text/hash_" + name + "/rows"));
}

}  // namespace

TEST_CASE("TextVectorization as Keras") {
  using Mode = OutputMode;
  check_vectorization("default", {});
  check_vectorization("cut", {.max_tokens = 7, .output_sequence_length = 4});
  check_vectorization("long", {.standardize = Standardize::lower, .output_sequence_length = 9});
  check_vectorization("strip", {.standardize = Standardize::strip_punctuation});
  check_vectorization("plain", {.standardize = Standardize::none});
  check_vectorization("characters", {.max_tokens = 20, .split = Split::character});
  check_vectorization("whole", {.split = Split::none, .output_sequence_length = 2});
  check_vectorization("bigrams", {.ngrams = {1, 2}});
  check_vectorization("trigrams", {.ngrams = {1, 3}, .output_mode = Mode::count});
  check_vectorization("multi_hot", {.max_tokens = 8, .output_mode = Mode::multi_hot});
  check_vectorization("count", {.output_mode = Mode::count});
  check_vectorization("padded", {.max_tokens = 30, .output_mode = Mode::count, .pad_to_max_tokens = true});
  check_vectorization("tf_idf", {.output_mode = Mode::tf_idf});
}
TEST_CASE("weights of padding are zeros") {
  TextVectorization layer({.max_tokens = 28, .output_mode = OutputMode::tf_idf, .pad_to_max_tokens = true});
  layer.adapt(texts);
  CHECK(layer.lookup().idf_weights().back() == 0);
  CHECK(all_near(layer(new_texts), golden("text/tf_idf_padded/rows"), 1e-6));
}
TEST_CASE("bytes that are no UTF-8 become U+FFFD") {
  const std::vector<std::string> broken{
      "a\xff"
      "b",
      "\xe6\x97", "\xf0\x9f\x98\x80!", "\xc3\x28\xed\xa0\x80"};
  TextVectorization layer({.standardize = Standardize::none, .split = Split::character});
  layer.adapt(std::vector<std::string>{"a b ! ( \xef\xbf\xbd \xf0\x9f\x98\x80"});
  CHECK(layer(broken) == golden("text/broken/rows"));
}
TEST_CASE("a text without a token is a row of zeros, and no text no row") {
  const TextVectorization layer({.output_mode = OutputMode::count}, {"a"});
  CHECK(layer(std::vector<std::string>{" ", "a"}) == std::vector{0.f, 0.f, 0.f, 1.f});
  CHECK(layer(std::vector<std::string>{}).empty());
  CHECK(TextVectorization({}, {"a"}).rows(std::vector<std::string>{""}).length == 0);
}

TEST_CASE("StringLookup as Keras") {
  using Mode = OutputMode;
  check_lookup("default", {});
  check_lookup("masked", {.max_tokens = 4, .mask_token = ""});
  check_lookup("several", {.num_oov_indices = 3});
  check_lookup("salted", {.num_oov_indices = 5, .salt = {true, 3, 4}});
  check_lookup("one_hot", {.mask_token = "red", .output_mode = Mode::one_hot});
  check_lookup("multi_hot", {.max_tokens = 9, .output_mode = Mode::multi_hot, .pad_to_max_tokens = true});
  check_lookup("count", {.output_mode = Mode::count});
  check_lookup("tf_idf", {.output_mode = Mode::tf_idf});
}
TEST_CASE("a vocabulary and back") {
  const StringLookup layer({.mask_token = ""}, {"", "[UNK]", "red", "green"});
  CHECK(layer.vocabulary(false) == std::vector<std::string>{"red", "green"});
  CHECK(layer.place("green") == 3);
  CHECK(layer.texts(std::vector{2.f, 1.f, 0.f, 9.f, -1.f}) ==
        std::vector<std::string>{"red", "[UNK]", "", "[UNK]", "[UNK]"});
  const StringLookup weighed({.output_mode = OutputMode::tf_idf}, {"a", "b"}, {1, 3});
  CHECK(weighed.idf_weights() == std::vector{2.f, 1.f, 3.f});
}

TEST_CASE("Hashing of texts as Keras") {
  check_hashing("default", {.num_bins = 5});
  check_hashing("masked", {.num_bins = 5, .mask_value = "red"});
  check_hashing("salted", {.num_bins = 99, .salt = {true, 7, 7}});
  check_hashing("one_hot", {.num_bins = 3, .output_mode = OutputMode::one_hot});
}
TEST_CASE("hashes of every length") {
  // TensorFlow's to_hash_bucket_fast and, with the key [133, 137], to_hash_bucket_strong.
  const auto in_bucket = [](const std::string& text, kernels::Salt salt = {}) {
    return kernels::bucket(text, 1'000'000'007, salt);
  };
  const kernels::Salt salt{true, 133, 137};
  CHECK(in_bucket("a") == 384735799);
  CHECK(in_bucket("hello world") == 253301321);
  CHECK(in_bucket("12345678901234567890") == 659610337);
  CHECK(in_bucket(std::string(40, 'x')) == 29812075);
  CHECK(in_bucket(std::string(70, 'y')) == 302708171);
  CHECK(in_bucket("a", salt) == 576261732);
  CHECK(in_bucket("hello world", salt) == 822165122);
  CHECK(in_bucket("", salt) == 276253488);
  CHECK(in_bucket(std::string(40, 'x'), salt) == 812214702);
}

TEST_CASE("text layers refuse what does not fit") {
  using Error = std::invalid_argument;
  const std::vector<std::string> none;
  CHECK_THROWS_WITH_AS(StringLookup({.num_oov_indices = 0}, {"a"}).place("b"),
                       "StringLookup: 'b' is not in the vocabulary, and num_oov_indices is 0", Error);
  CHECK_THROWS_WITH_AS(StringLookup().adapt(none), "StringLookup: adapt: no texts came, at least one wanted",
                       Error);
  CHECK_THROWS_WITH_AS(TextVectorization().adapt(none),
                       "TextVectorization: adapt: no texts came, at least one wanted", Error);
  CHECK_THROWS_WITH_AS(StringLookup({}, {"a", "a"}), "StringLookup: the vocabulary has 'a' twice", Error);
  CHECK_THROWS_AS(StringLookup({.max_tokens = 2}, {"a", "b"}), Error);
  CHECK_THROWS_AS(StringLookup({.mask_token = "m"}, {"a", "m"}), Error);
  CHECK_THROWS_AS(StringLookup({.num_oov_indices = -1}), Error);
  CHECK_THROWS_AS(StringLookup({.pad_to_max_tokens = true}), Error);
  CHECK_THROWS_AS(StringLookup({.output_mode = OutputMode::tf_idf}, {"a"}), Error);
  CHECK_THROWS_AS(StringLookup({.output_mode = OutputMode::tf_idf}).rows(words), Error);
  CHECK_THROWS_AS(StringLookup({}, {"a"}).rows(words, 3), Error);
  CHECK_THROWS_AS(StringLookup({.invert = true}, {"a"}).rows(words), Error);
  CHECK_THROWS_AS(TextVectorization({.output_mode = OutputMode::one_hot}), Error);
  CHECK_THROWS_AS(TextVectorization({.output_mode = OutputMode::count, .output_sequence_length = 3}), Error);
  CHECK_THROWS_AS(TextVectorization({.ngrams = {0}}), Error);
  CHECK_THROWS_AS(TextVectorization({}, {"a"}).rows(words, 2), Error);
  CHECK_THROWS_AS(TextHashing({.num_bins = 0}), Error);
}
