// Models of Keras that take texts: they load, give Keras's outputs from the texts themselves, and come back
// from files that are written here.
#include <keratin/io/keras.hpp>
#include <keratin/io/save.hpp>

#include "../check.hpp"
#include "../preprocessing/texts.hpp"
#include "files.hpp"

using namespace keratin;

namespace {

const std::string folder = std::string(KERATIN_TEST_DATA) + "/files/text/";

// f(model) for a model of Keras's file, and for the one that comes back from a file of it written here.
void each_model(const std::string& name, auto f) {
  const TemporaryFolder here;
  CAPTURE(name);
  const functional::Model model = io::load_model(folder + name + ".keras");
  f(model);
  const std::string again = here.file(name + ".keras");
  io::save_model(model, again);
  f(io::load_model(again));
  functional::Model same = io::load_model(again);
  CHECK_NOTHROW(io::load_model(same, folder + name + ".keras"));
}
void check_texts(const std::string& name) {
  each_model(name, [&](const functional::Model& model) {
    CHECK(all_near(model.predict_texts(new_texts), golden("text/" + name + "/y")));
  });
}

}  // namespace

TEST_CASE("a classifier of texts gives Keras's probabilities") { check_texts("classifier"); }
TEST_CASE("rows of any length") { check_texts("any_length"); }
TEST_CASE("a Sequential whose first layer weighs words") { check_texts("tf_idf"); }

TEST_CASE("texts and numbers") {
  each_model("structured", [](const functional::Model& model) {
    const std::vector<std::string> colours(new_words.begin(), new_words.begin() + 4),
        pairs{"red", "x", "blue", "blue", "y", "", "green", "red"};
    std::vector<float> numbers(12), y(8);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i) / 4;
    const auto text = model.prepare(0, new_texts), colour = model.prepare(1, colours),
               pair = model.prepare(2, pairs), given = model.prepare(3, colours);
    CHECK_THROWS_AS(model.prepare(4, colours), std::invalid_argument);
    CHECK_THROWS_AS(model.prepare(2, new_words.size() > 5 ? std::span(pairs).first(3) : std::span(pairs)),
                    std::invalid_argument);
    model.predict({text.values, colour.values, pair.values, given.values, numbers}, y);
    CHECK(all_near(y, golden("text/structured/y")));
  });
}

TEST_CASE("a graph that begins with a text layer") {
  TextVectorization vectorize({.output_sequence_length = 5});
  vectorize.adapt(texts);
  const functional::Tensor x = functional::TextInput(vectorize, "review");
  functional::Tensor y = Embedding<32, 4>{}(x);
  y = Dense<1, Sigmoid>{}(GlobalAveragePooling1D{}(y));
  functional::Model model(x, y, 1);
  const auto rows = model.prepare(texts);
  CHECK(rows.length == 5);
  auto trainer = compile(model, Adam{}, BinaryCrossentropy{});
  trainer.fit(rows.values, std::vector<float>{1, 0, 1, 0, 1, 0, 1}, {.epochs = 1, .verbose = 0});
  const TemporaryFolder here;
  io::save_model(model, here.file("review.keras"));
  const functional::Model again = io::load_model(here.file("review.keras"));
  CHECK(again.predict_texts(new_texts) == model.predict_texts(new_texts));
  CHECK(again.input_name(0) == "review");
  CHECK(model.predict_texts({}).empty());
  // Of another vocabulary.
  const functional::Tensor other =
      functional::TextInput(TextVectorization({.output_sequence_length = 5}, {"a"}));
  functional::Model wrong(other, Dense<1, Sigmoid>{}(GlobalAveragePooling1D{}(Embedding<32, 4>{}(other))));
  CHECK_THROWS_AS(io::load_model(wrong, here.file("review.keras")), io::FileError);
  CHECK_THROWS_AS(io::save_model(model, here.file("review.h5")), io::FileError);
}
TEST_CASE("an empty token at the end of a vocabulary is kept") {
  StringLookup lookup({.output_mode = OutputMode::count});
  lookup.adapt(words, 2);
  CHECK(lookup.vocabulary().back().empty());
  const functional::Tensor x = functional::TextInput(lookup, "", 2);
  const functional::Model model(x, Dense<2>{}(x), 1);
  const TemporaryFolder here;
  io::save_model(model, here.file("lookup.keras"));
  CHECK(io::load_model(here.file("lookup.keras")).predict_texts(new_words) == model.predict_texts(new_words));
}
TEST_CASE("places that nothing was found for, and tokens that are not lines, come back") {
  const TemporaryFolder here;
  const auto check = [&](auto lookup, std::span<const std::string> seen) {
    lookup.adapt(seen);
    const functional::Tensor x = functional::TextInput(lookup);
    functional::Model model(x, Dense<2>{}(x), 1);
    io::save_model(model, here.file("lookup.keras"));
    CHECK(io::load_model(here.file("lookup.keras")).predict_texts(seen) == model.predict_texts(seen));
    CHECK_NOTHROW(io::load_model(model, here.file("lookup.keras")));
  };
  const std::vector<std::string> strange{"a\nb", "a", "b", "c\xe2\x80\xa8", "\r", "a"};
  for (const OutputMode mode : {OutputMode::multi_hot, OutputMode::tf_idf}) {
    check(StringLookup({.max_tokens = 12, .output_mode = mode, .pad_to_max_tokens = true}), words);
    check(StringLookup({.max_tokens = 12, .output_mode = mode, .pad_to_max_tokens = true}), strange);
    check(StringLookup({.output_mode = mode}), strange);
    check(TextVectorization({.max_tokens = 12,
                             .standardize = Standardize::none,
                             .split = Split::character,
                             .output_mode = mode}),
          strange);
  }
}
TEST_CASE("texts of nothing but white space") {
  const functional::Tensor x = functional::TextInput(TextVectorization({}, {"a"}));
  const functional::Model model(x, GlobalMaxPooling1D{}(Embedding<4, 2>{}(x)), 1);
  CHECK(model.predict_texts(std::vector<std::string>{" ", ""}).size() == 4);
}
TEST_CASE("settings of text layers that are not known are refused") {
  const auto read = [](const std::string& class_name, const char* config) {
    return io::detail::preparation_from(class_name, io::Json::parse(config), io::detail::nothing_beside(),
                                        "layers/x");
  };
  using io::FileError;
  CHECK_THROWS_AS(
      read("TextVectorization", R"({"standardize": {"class_name": "function", "config": "own"}})"),
      FileError);
  CHECK_THROWS_AS(read("TextVectorization", R"({"split": "words"})"), FileError);
  CHECK_THROWS_AS(read("TextVectorization", R"({"ragged": true})"), FileError);
  CHECK_THROWS_AS(read("TextVectorization", R"({"encoding": "latin-1"})"), FileError);
  CHECK_THROWS_AS(read("TextVectorization", R"({"ngrams": "2"})"), FileError);
  CHECK_THROWS_AS(read("TextVectorization", R"({"output_mode": "tf_idf", "vocabulary": ["a"]})"),
                  std::invalid_argument);
  CHECK_THROWS_AS(read("StringLookup", R"({"invert": true})"), FileError);
  CHECK_THROWS_AS(read("StringLookup", R"({"vocabulary": [1]})"), FileError);
  CHECK_THROWS_AS(read("StringLookup", R"({"sparse": true})"), FileError);
  CHECK_THROWS_AS(read("Hashing", R"({"num_bins": 3, "salt": "s"})"), FileError);
  CHECK(read("TextVectorization", R"({"ngrams": 2, "vocabulary": ["a b"]})")
            ->rows(std::vector<std::string>{"A, b"}, 1)
            .values == std::vector{1.f, 1.f, 2.f});
}
