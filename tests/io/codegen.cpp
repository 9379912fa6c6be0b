// The text of generated headers, and models of which there is none. tests/codegen compiles such headers.
#include <keratin/io/codegen.hpp>
#include <keratin/io/keras.hpp>

#include "../check.hpp"

using namespace keratin;
using functional::Tensor;
using io::WeightFormat;

namespace {

std::string message_of(const functional::Model& model, const io::CodegenOptions& options = {}) {
  try {
    io::generate_header(model, options);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}
// Between "using Net = " and ";", on one line.
std::string network_of(const functional::Model& model) {
  const std::string header = io::generate_header(model);
  const std::size_t first = header.find("using Net = ") + 12;
  std::string line;
  for (const char c : header.substr(first, header.find(';', first) - first))
    if (c == '\n' || (c == ' ' && !line.empty() && (line.back() == ' ' || line.back() == '<')))
      line += line.ends_with(',') ? " " : "";
    else
      line += c;
  return line;
}
functional::Model small() {
  const Tensor x = functional::Input({2});
  functional::Model model(x, Named<"score", Dense<1>>{}(Dense<2, ReLU>{}(x)));
  model.set_weights(std::vector<float>{0.1f, -0.5f, 1e-10f, -0.f, -4, -4, 1 / 3.f, 1e5f, 0.25f});
  return model;
}

}  // namespace

TEST_CASE("the header of a small network") {
  CHECK(io::generate_header(small(), {.name = "app::tiny", .test_samples = 2, .source = "tiny.keras"}) ==
        R"(#pragma once
// Generated from tiny.keras by keratin::io::generate_header: generate it again instead of changing it.
// Input (2), output (1), 9 parameters in float32.
#include <keratin/sequential/generated.hpp>

namespace app::tiny {

using namespace keratin;

using Net = Sequential<
    Input<2>,
    Dense<2, ReLU>,
    Named<"score", Dense<1>>>;
using Model = keratin::Model<Net, View>;
static_assert(plan<Net>().block == 64, "made for another version of Keratin");

alignas(64) inline constexpr float weights[] = {
    // dense/kernel (2, 2)
    0.1f, -0.5f, 1e-10f, -0.0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    // dense/bias (2)
    -4.0f, -4.0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    // score/kernel (2, 1)
    0.33333334f, 1e+05f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    // score/bias (1)
    0.25f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};

inline const Model& model() {
  static const Model model{std::span(weights).first<plan<Net>().block>()};
  return model;
}

// What the model predicted for keratin::generated::test_value when this was generated.
inline constexpr float expected[] = {
    0.25f, 0.25f,
};

/// Whether it still does, within 1e-5: relative above 1, absolute below.
inline bool self_test() { return keratin::generated::agrees(model(), expected, 0); }

}  // namespace app::tiny
)");
}

TEST_CASE("a lookup without a token for what is not in its vocabulary") {
  const Tensor x = functional::Input({2});
  const functional::Model model(x, x.then(IntegerLookupSpec{.oov_token = {}, .vocabulary = {3, 1}}));
  CHECK(network_of(model) == "Sequential<Input<2>, IntegerLookup<NoOovToken, GivenVocabulary<3.0, 1.0>>>");
}

TEST_CASE("graphs that are no Sequential with branches are refused, with the layer and the reason") {
  const Tensor x = functional::Input({4, 4}, "x"), z = functional::Input({4, 4}, "z");
  const auto model = [&](const Tensor& y) { return functional::Model(x, y); };
  const auto begins = [](const std::string& message, const char* with) {
    CAPTURE(message);
    CHECK(message.starts_with(std::string("generate_header: ") + with));
  };
  begins(message_of(functional::Model({x, z}, Add<>{}(x, z))),
         "the model has 2 inputs, 'x' and 'z' among them; one wanted");
  begins(message_of(functional::Model(x, {Flatten{}(x), Named<"two", Dense<2>>{}(x)})),
         "the model has 2 outputs, 'flatten' and 'two' among them; one wanted");
  begins(message_of(model(x)), "the model has no layer");
  const Tensor any = functional::SequenceInput({4, 4}, "any");
  begins(message_of(functional::Model(any, Dense<2>{}(any))), "input 'any' takes sequences of any length");
  CHECK(network_of(functional::Model(x, functional::Model(any, Dense<2>{}(any))(x))) ==
        "Sequential<Input<4, 4>, Dense<2>>");

  const functional::Layer shared(Dense<4>{}, "shared"), lstm(LSTM<3>{}, "lstm");
  begins(message_of(model(shared(shared(x)))), "layer 'shared' (Dense) is called more than once");
  begins(message_of(model(lstm.with_state(x).state[1])), "layer 'lstm' (LSTM) returns its states");
  begins(message_of(model(lstm(x, Dense<3>{}(Flatten{}(x)), Dense<3>{}(Flatten{}(x))))),
         "layer 'lstm' (LSTM) is given states to begin with");
  const Tensor ids = functional::Input({5}),
               masked = ids.then(EmbeddingSpec{.input_dim = 9, .output_dim = 3, .mask_zero = true});
  const Tensor other = ids.then(NotEqualSpec{.value = 3});
  const functional::Layer behind(LSTM<3>{}, "lstm");
  begins(message_of(functional::Model(ids, behind(masked.unmasked()))),
         "layer 'lstm' (LSTM) is given another mask than Keras gives it by itself");
  begins(message_of(functional::Model(ids, behind(masked.with_mask(other)))),
         "layer 'lstm' (LSTM) is given another mask than Keras gives it by itself");
  begins(message_of(model(x / 2 + mean(x, {1}))), "layer 'mean' (Mean) has no static type");
  begins(message_of(model(functional::Lambda("mine", [](std::span<const float>, std::span<float>) {})(x))),
         "layer 'mine' (Lambda) has no static type");

  // A bridge: b is read inside of and behind the sum.
  const Tensor a = Named<"a", Dense<4>>{}(x), b = Named<"b", Dense<4>>{}(x);
  begins(message_of(model(Subtract{}(Add<>{}(a, b), b))),
         "layer 'b' (Dense) is read in several branches: no Parallel or Residual holds them together");
  Tensor deep = x;
  for (int i = 0; i < 31; ++i) deep = Subtract{}(Rescaling<2.0>{}(deep), x);
  begins(message_of(model(deep)), "layer 'subtract' (Subtract) has branches inside branches, deeper than 30");
}

TEST_CASE("masks are left to the layers that make them") {
  const Tensor x = functional::Input({5}),
               y = x.then(EmbeddingSpec{.input_dim = 9, .output_dim = 3, .mask_zero = true});
  CHECK(network_of(functional::Model(x, Flatten{}(y))) ==
        "Sequential<Input<5>, Embedding<9, 3, MaskZero>, Flatten>");
  CHECK(network_of(
            functional::Model(x, LSTM<2>{}(Masking<-1.0>{}(Add<>{}(y, GRU<3, ReturnSequences>{}(y)))))) ==
        "Sequential<Input<5>, Embedding<9, 3, MaskZero>, Residual<GRU<3, ReturnSequences>>, Masking<-1.0>, "
        "LSTM<2>>");
}

TEST_CASE("what two branches make is added as by a Residual only if they are alike") {
  const Tensor x = functional::Input({3, 4});
  const auto network = [&](const Tensor& y) { return network_of(functional::Model(x, y)); };
  CHECK(network(Add<>{}(Dense<4>{}(x), x)) == "Sequential<Input<3, 4>, Residual<Dense<4>>>");
  CHECK(network(Add<>{}(x, Dense<1>{}(x))) ==
        "Sequential<Input<3, 4>, Parallel<Add<>, Branch<>, Branch<Dense<1>>>>");
  CHECK(network(Named<"sum", Add<ReLU>>{}(x, Dense<4>{}(x))) ==
        "Sequential<Input<3, 4>, Named<\"sum\", Parallel<Add<ReLU>, Branch<>, Branch<Dense<4>>>>>");
  CHECK(network(Add<>{}(x, Dense<4>{}(x), Dense<4, Tanh>{}(x))) ==
        "Sequential<Input<3, 4>, Parallel<Add<>, Branch<>, Branch<Dense<4>>, Branch<Dense<4, Tanh>>>>");
  CHECK(network(Named<"sum", Add<>>{}(x, Dense<4>{}(Dense<2>{}(x)))) ==
        "Sequential<Input<3, 4>, Named<\"sum\", Residual<Dense<2>, Dense<4>>>>");
}

TEST_CASE("options and weights that cannot be are refused") {
  for (const char* name : {"", "9", "a b", "a:b", "::a", "a::", "a::::b", "keratin", "x;"})
    CHECK(message_of(small(), {.name = name}) == "generate_header: the name '" + std::string(name) +
                                                     "' came, one of a namespace wanted, like app::lenet");
  CHECK(message_of(small(), {.test_samples = -1}) ==
        "generate_header: -1 test samples came, at least 0 wanted");
  CHECK(message_of(small(), {.weights = WeightFormat::float16}) ==
        "generate_header: layer 'score' has a weight 1e+05, too large for float16");
  CHECK(message_of(small(), {.weights = WeightFormat::bfloat16}).empty());
  functional::Model broken = small();
  broken.block()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(message_of(broken).find("the model predicts nan for a test sample") != std::string::npos);
  const std::string header = io::generate_header(broken, {.test_samples = 0});
  CHECK(header.find("    std::numeric_limits<float>::quiet_NaN(), -0.5f") != std::string::npos);
  CHECK(header.find("self_test") == std::string::npos);
}

TEST_CASE("names of files and layers stay inside comments and literals") {
  const Tensor x = functional::Input({2});
  const functional::Model model(x, functional::Layer(Dense<1>{}, "a\"\\\n\x80")(x));
  const std::string header = io::generate_header(model, {.source = "x\n#error\\"});
  CHECK(header.find("// Generated from x?#error? by ") != std::string::npos);
  CHECK(header.find("Named<\"a\\\"\\\\\\012\\200\", Dense<1>>") != std::string::npos);
  CHECK(header.find("\n    // a\"??\x80/kernel (2, 1)\n") != std::string::npos);
}

TEST_CASE("of the networks that Keras wrote, those of one input, one output and layers called once") {
  const auto network = [](const std::string& name) {
    const functional::Model model =
        io::load_model(std::string(KERATIN_TEST_DATA) + "/files/" + name + ".keras");
    const std::string refused = message_of(model);
    return refused.empty() ? network_of(model) : refused;
  };
  CHECK(network("dense_block") ==
        "Sequential<Input<8, 3>, "
        "Parallel<Concatenate<>, Branch<>, Branch<Conv1D<2, Kernel<3>, Same, ReLU>>>, "
        "Parallel<Concatenate<>, Branch<>, Branch<Conv1D<2, Kernel<3>, Same, ReLU>>>, "
        "Parallel<Concatenate<>, Branch<>, Branch<Conv1D<2, Kernel<3>, Same, ReLU>>>, "
        "GlobalMaxPooling1D, Dense<3, Softmax>>");
  CHECK(network("squeeze_and_excite") ==
        "Sequential<Input<4, 4, 6>, Residual<Conv2D<6, Kernel<3>, Same>, "
        "Parallel<Multiply, Branch<>, Branch<GlobalAveragePooling2D, Named<\"dense_1\", Dense<2, ReLU>>, "
        "Dense<6, Sigmoid>, Reshape<1, 1, 6>>>>, Flatten, Dense<2>>");
  for (const char* name : {"residual_block", "inception_block", "frozen"})
    CHECK(network(name).starts_with("Sequential<Input<"));
  CHECK(network("shared_in_depth") == "generate_header: layer 'dense' (Dense) is called more than once");
  CHECK(
      network("masked_classifier") ==
      "Sequential<Input<6>, Embedding<8, 4, MaskZero>, Dense<4>, Dropout<0.0>, LSTM<5>, Dense<3, Softmax>>");
  for (const char* name : {"masked_tagger", "probabilities_read_on", "several_outputs"})
    CHECK(network(name).find(" outputs, ") != std::string::npos);
  for (const char* name :
       {"encoder_and_decoder", "masked_sequences", "merging", "names_and_depths", "nested_twice", "operators",
        "siamese", "states_read_on", "two_towers", "wide_and_deep"})
    CHECK(network(name).find(" inputs, ") != std::string::npos);
}
